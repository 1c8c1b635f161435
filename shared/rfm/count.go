package rfm

import (
	"iter"
	"sync"
)

// rowCounts count the values of rows: days and orders, which are small numbers, one by one, and money by bucket. Nothing in
// the loop over rows branches on a value, which no processor could predict, and each row is read once.
type rowCounts struct {
	recency, frequency [1 << 16]int64
	monetary           [buckets]int64
	any                uint32 // all bits that any recency or frequency had: the counts of both hold if there are 16 at most
}

// countRows counts the rows of those who ordered.
func (t *Table) countRows(g grid) *rowCounts {
	sum := &rowCounts{}
	var mu sync.Mutex
	parallel(t.Rows(), func(pieces iter.Seq2[int, int]) {
		c := &pieceCounts{}
		for from, to := range pieces {
			c.add(g, t.Recency[from:to], t.Frequency[from:to], t.Monetary[from:to])
		}
		mu.Lock()
		defer mu.Unlock()
		sum.any |= c.any
		for v := range c.recency {
			sum.recency[v] += int64(c.recency[v])
			sum.frequency[v] += int64(c.frequency[v])
		}
		for b := range c.monetary {
			sum.monetary[b] += int64(c.monetary[b])
		}
	})
	sum.frequency[0] = 0
	return sum
}

// pieceCounts are the rowCounts of one goroutine.
type pieceCounts struct {
	recency, frequency [1 << 16]uint32
	monetary           [buckets]uint32
	any                uint32
}

func (c *pieceCounts) add(g grid, recency, frequency []int32, monetary []int64) {
	recency, frequency = recency[:len(monetary)], frequency[:len(monetary)]
	any := c.any
	for i, v := range monetary {
		r, f := uint32(recency[i]), uint32(frequency[i])
		one := positive(int32(f))
		any |= r | f
		c.recency[uint16(r)] += one
		c.frequency[uint16(f)]++
		c.monetary[g.bucket(v)] += one
	}
	c.any = any
}

// positive is 1 for a positive number and 0 for any other.
func positive(n int32) uint32 { return uint32(uint64(-int64(n)) >> 63) }

// small returns the tally of days or orders.
func small(counts *[1 << 16]int64) *Tally {
	t := &Tally{}
	for v, n := range counts {
		if n > 0 {
			t.runs = append(t.runs, run{int64(v), n})
		}
	}
	t.sorted = len(t.runs)
	return t
}

func wide(values []int32) []int64 {
	out := make([]int64, len(values))
	for i, v := range values {
		out[i] = int64(v)
	}
	return out
}
