package rfm

import "math"

// steps are the n distinct thresholds of one value, and what the score is, less 1, by how many of them are reached.
type steps struct {
	n     int
	at    [MaxBins]int64 // ascending
	score [MaxBins + 1]uint8
}

// stepsOf returns the steps of ascending cuts; descending scores fall by one with each threshold reached.
func stepsOf(cuts []Cut, above, descending bool) *steps {
	thresholds := thresholds[int64](cuts, above)
	s := &steps{}
	if descending {
		s.score[0] = uint8(len(cuts))
	}
	for i, t := range thresholds {
		if i == 0 || t != thresholds[i-1] {
			s.at[s.n] = t
			s.n++
			s.score[s.n] = s.score[s.n-1]
		}
		if descending {
			s.score[s.n]--
		} else {
			s.score[s.n]++
		}
	}
	return s
}

// of returns the score, less 1, of one value.
func (s *steps) of(v int64) uint8 {
	n := 0
	for n < s.n && v >= s.at[n] {
		n++
	}
	return s.score[n]
}

// mask has every bit set for a positive number and none for any other.
func mask(n int32) uint8 { return uint8(-int64(n) >> 63) }

// blockRows is how many rows are scored at a time.
const blockRows = 1 << 11

// lookups score rows without a branch on a value: days and orders by a table of the score, less 1, of every number below
// 2^16; money by comparing it with every step, of which there are few.
type lookups struct {
	recency, frequency [1 << 16]uint8
	days, orders       *steps
	least              uint8          // the score, less 1, of the least money
	last               [MaxBins]int64 // the greatest money below each threshold; for what is not used, the greatest of all
}

func lookupsOf(c *Cuts) *lookups {
	l := &lookups{days: stepsOf(c.Recency, c.Above, true), orders: stepsOf(c.Frequency, c.Above, false)}
	for v := range l.recency {
		l.recency[v], l.frequency[v] = l.days.of(int64(v)), l.orders.of(int64(v))
	}
	l.frequency[0] = 0
	for i := range l.last {
		l.last[i] = math.MaxInt64
	}
	n := 0
	for _, t := range thresholds[int64](c.Monetary, c.Above) {
		if t == math.MinInt64 { // everything reaches it
			l.least++
			continue
		}
		l.last[n] = t - 1
		n++
	}
	return l
}

// write scores at most blockRows rows from a row on.
func (l *lookups) write(r, f, m []uint8, t *Table, from int) {
	n := len(r)
	recency, frequency, monetary := t.Recency[from:from+n], t.Frequency[from:from+n], t.Monetary[from:from+n]
	if any := l.writeSmall(r, f, m, recency, frequency, monetary); any>>16 != 0 {
		for i := range r {
			r[i] = 1 + l.days.of(int64(recency[i]))&mask(frequency[i])
			f[i] = 1 + l.orders.of(int64(frequency[i]))&mask(frequency[i])
		}
	}
	if l.last[4] == math.MaxInt64 {
		return
	}
	for i, v := range monetary {
		n := uint8(0)
		for _, last := range l.last[4:] {
			n += over(v, last)
		}
		m[i] += n & mask(frequency[i])
	}
}

// writeSmall scores rows by the tables and the first four steps of money. It returns all bits that any recency or frequency
// had: their scores hold if there are 16 at most.
func (l *lookups) writeSmall(r, f, m []uint8, recency, frequency []int32, monetary []int64) (any uint32) {
	f, m, recency, frequency, monetary = f[:len(r)], m[:len(r)], recency[:len(r)], frequency[:len(r)], monetary[:len(r)]
	last := [4]int64(l.last[:])
	for i := range r {
		days, orders, money := uint32(recency[i]), uint32(frequency[i]), monetary[i]
		any |= days | orders
		ordered := mask(int32(orders))
		f[i] = 1 + l.frequency[uint16(orders)]
		r[i] = 1 + l.recency[uint16(days)]&ordered
		m[i] = 1 + (l.least+over(money, last[0])+over(money, last[1])+over(money, last[2])+over(money, last[3]))&ordered
	}
	return any
}

func over(v, last int64) (one uint8) {
	if v > last {
		one = 1
	}
	return one
}
