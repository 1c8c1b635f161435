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

// QuantileBands adds the bands that the cut points of q bins fall into.
func (t *Tally) QuantileBands(q int, into Bands) {
	t.settle()
	n := t.N()
	if n == 0 {
		return
	}
	ends := make([]int64, len(t.runs)) // ranks before which each run ends
	var sum int64
	for i, r := range t.runs {
		sum += r.count
		ends[i] = sum
	}
	for k := 1; k < q; k++ {
		rank, _ := position(n, k, q)
		for _, r := range []int64{rank, min(rank+1, n-1)} {
			i, _ := slices.BinarySearch(ends, r+1)
			into.Add(t.runs[i].value)
		}
	}
}
