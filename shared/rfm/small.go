package rfm

import (
	"iter"
	"sync"
)

// Quantiles are selected from columns by counting values into buckets and looking again only into those buckets that a
// wanted rank falls in. Nothing in the loops over values branches on a value, which no processor could predict.
//
// Days and orders are small numbers: they are counted one by one (smallTally). Money is counted in buckets over the span
// that the quantiles probably lie in, by a sample. The sample decides the speed alone: what lies outside the span is
// counted in the first and last bucket and looked into as well where a rank falls there.

// smallTally counts the values of those rows whose frequency is positive. It is not ok where a value is negative or 2^16
// or more.
func smallTally(values, frequency []int32) (t Tally, ok bool) {
	counts := make([]int64, 1<<16)
	bad := uint32(0)
	var mu sync.Mutex
	parallel(len(values), func(pieces iter.Seq2[int, int]) {
		c, any := new([2][1 << 16]uint32), uint32(0)
		for from, to := range pieces {
			any |= countSmall(c, values[from:to], frequency[from:to])
		}
		mu.Lock()
		defer mu.Unlock()
		bad |= any
		for v := range counts {
			counts[v] += int64(c[0][v]) + int64(c[1][v])
		}
	})
	for v, n := range counts {
		if n > 0 {
			t.runs = append(t.runs, run{int64(v), n})
		}
	}
	t.sorted = len(t.runs)
	return t, bad>>16 == 0
}

// countSmall counts values of even and odd rows apart, so that equal neighbours do not wait for each other. It returns
// all bits that any value had.
func countSmall(c *[2][1 << 16]uint32, values, frequency []int32) (any uint32) {
	even, odd := &c[0], &c[1]
	for len(values) >= 2 && len(frequency) >= 2 {
		v, w := uint32(values[0]), uint32(values[1])
		any |= v | w
		even[uint16(v)] += positive(frequency[0])
		odd[uint16(w)] += positive(frequency[1])
		values, frequency = values[2:], frequency[2:]
	}
	for i, v := range values {
		any |= uint32(v)
		even[uint16(v)] += positive(frequency[i])
	}
	return any
}

// positive is 1 for a positive number and 0 for any other.
func positive(n int32) uint32 { return uint32(uint64(-int64(n)) >> 63) }

// quantilesOfSmall returns the cuts of the values of those rows whose frequency is positive.
func quantilesOfSmall(values, frequency []int32, q int) []Cut {
	if t, ok := smallTally(values, frequency); ok {
		return t.Quantiles(q)
	}
	wide := make([]int64, len(values))
	for i, v := range values {
		wide[i] = int64(v)
	}
	return quantiles(wide, frequency, q)
}
