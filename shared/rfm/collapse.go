package rfm

import (
	"math/bits"
	"slices"
)

// A tally of a very large population would hold as many values as there are customers. Its quantiles depend on the values
// around a few ranks alone, so that two looks at the parts suffice in bounded memory: the first with all values collapsed
// into bands, which tells the bands that the ranks fall into; the second with those bands whole, and the others collapsed.

// bandBits are the leading digits, in binary, that values of one band share.
const bandBits = 11

// band returns the least value, in absolute terms, of the band that a value is in: values below 2^bandBits are bands of
// their own, and larger ones share a band with what has the same sign, size and leading digits. There are some 100,000.
func band(v int64) int64 {
	u := uint64(v)
	if v < 0 {
		u = -u
	}
	if drop := bits.Len64(u) - bandBits; drop > 0 {
		u = u >> drop << drop
	}
	if v < 0 {
		return int64(-u)
	}
	return int64(u)
}

// Bands is a set of bands of values.
type Bands map[int64]bool

// Add adds the band of a value.
func (b Bands) Add(v int64) { b[band(v)] = true }

// Len is how many different values the tally may hold: an upper bound.
func (t *Tally) Len() int { return len(t.runs) }

// Collapse makes one value of each band that is not whole. Ranks keep their band, and those in whole bands their value.
func (t *Tally) Collapse(whole Bands) {
	t.settle()
	for i := range t.runs {
		if b := band(t.runs[i].value); !whole[b] {
			t.runs[i].value = b
		}
	}
	t.sorted = -1 // negative bands stand at their other end; sort again
	t.settle()
}

// Bands adds the bands that ranks fall into, from 0, each below the number of values; what is not is passed over.
func (t *Tally) Bands(into Bands, ranks ...int64) {
	t.settle()
	ends := make([]int64, len(t.runs)) // ranks before which each run ends
	var sum int64
	for i, r := range t.runs {
		sum += r.count
		ends[i] = sum
	}
	for _, rank := range ranks {
		if rank >= 0 && rank < sum {
			i, _ := slices.BinarySearch(ends, rank+1)
			into.Add(t.runs[i].value)
		}
	}
}

// QuantileRanks returns the ranks among n values that the k-th of q-quantiles lies between.
func QuantileRanks(n int64, k, q int) []int64 {
	rank, _ := position(n, k, q)
	return []int64{rank, rank + 1}
}

// AddCuts adds the bands on either side of cut points.
func (b Bands) AddCuts(cuts []Cut) {
	for _, c := range cuts {
		floor := c.Num / c.Den
		for _, v := range []int64{floor - 1, floor, floor + 1} {
			b.Add(v)
		}
	}
}

// Quantile returns the k-th of the q-quantiles; false where nothing was counted.
func (t *Tally) Quantile(k, q int) (cut Cut, ok bool) {
	t.settle()
	n := t.N()
	if n == 0 {
		return Cut{}, false
	}
	rank, rest := position(n, k, q)
	lo := t.at(rank)
	return between(lo, t.at(min(rank+1, n-1)), rest, q), true
}

// at returns the value of a rank.
func (t *Tally) at(rank int64) int64 {
	for _, r := range t.runs {
		if rank -= r.count; rank < 0 {
			return r.value
		}
	}
	return 0
}
