package rfm

import (
	"math"
	"slices"
)

// steps are the distinct thresholds of one value and what the score is, less 1, by how many of them are reached.
type steps struct {
	n     int
	at    [MaxBins]int64     // ascending; what is not used is never reached or makes no difference
	score [MaxBins + 1]uint8 // by the number of steps reached
}

// stepsOf returns the steps of ascending cuts; descending scores fall by one with each threshold reached.
func stepsOf(cuts []Cut, above, descending bool) *steps {
	thresholds := thresholds[int64](cuts, above)
	s := &steps{}
	for i := range s.at {
		s.at[i] = math.MaxInt64
	}
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
	for i := s.n + 1; i < len(s.score); i++ {
		s.score[i] = s.score[s.n]
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

// smallLookup scores days and orders: a table holds the score, less 1, of every number below 2^16.
type smallLookup struct {
	steps *steps
	table [1 << 16]uint8
}

func smallLookupOf(s *steps) *smallLookup {
	l := &smallLookup{steps: s}
	for v := range l.table {
		l.table[v] = s.of(int64(v))
	}
	return l
}

// write writes the scores of at most blockRows values, 1 where the frequency is not positive.
func (l *smallLookup) write(out []uint8, values, frequency []int32) {
	values, frequency = values[:len(out)], frequency[:len(out)]
	any := uint32(0)
	for i := range out {
		v := uint32(values[i])
		any |= v
		out[i] = 1 + l.table[uint16(v)]&mask(frequency[i])
	}
	if any>>16 == 0 {
		return
	}
	for i := range out {
		out[i] = 1 + l.steps.of(int64(values[i]))&mask(frequency[i])
	}
}

// lookup scores money: a table says how many steps the first value of a bucket reaches, and one comparison whether the
// value itself reaches the next.
type lookup struct {
	steps *steps
	grid  grid
	table *[buckets]uint8 // nil where two steps share a bucket
}

func lookupOf(s *steps) *lookup {
	l := &lookup{steps: s, table: new([buckets]uint8)}
	if s.n == 0 {
		return l
	}
	l.grid = gridOf(s.at[0], s.at[s.n-1], false)
	of := make([]uint16, s.n)
	for i := range of {
		of[i] = l.grid.bucket(s.at[i])
	}
	if len(slices.Compact(slices.Clone(of))) < s.n {
		l.table = nil
		return l
	}
	for b, n := 1, 0; b < buckets; b++ {
		// The steps in earlier buckets are reached by all values of this one, and that on its first value too; the
		// comparison finds any other.
		for n < s.n && int(of[n]) < b {
			n++
		}
		l.table[b] = uint8(n)
	}
	return l
}

// write writes the scores of values, 1 where the frequency is not positive.
func (l *lookup) write(out []uint8, values []int64, frequency []int32) {
	values, frequency = values[:len(out)], frequency[:len(out)]
	if l.table == nil {
		for i := range out {
			out[i] = 1 + l.steps.of(values[i])&mask(frequency[i])
		}
		return
	}
	g, table := l.grid, l.table
	var at [16]int64
	var score [16]uint8
	copy(at[:], l.steps.at[:])
	copy(score[:], l.steps.score[:])
	for i := range out {
		v := values[i]
		n := table[g.bucket(v)]
		var one uint8
		if v >= at[n&15] {
			one = 1
		}
		out[i] = 1 + score[(n+one)&15]&mask(frequency[i])
	}
}
