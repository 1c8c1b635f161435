package rfm

import (
	"iter"
	"math/bits"
	"slices"
	"sync"
)

// selection finds the values of ranks among those whose frequency is positive, in columns of any numbers. Values are
// counted in buckets over the span that the quantiles probably lie in, by a sample, and looked at again only where a
// wanted rank falls in a bucket of several values. The sample decides the speed alone: what lies outside the span is in
// the first and last bucket, and is looked at again as well where a rank falls there.
type selection struct {
	values    []int64
	frequency []int32 // nil where all count
	grid      grid
	counts    [buckets]int64
}

// quantiles returns the cuts of the values, which are counted.
func (s *selection) quantiles(q int) []Cut {
	n := total(s.counts[:])
	if n == 0 || q < 2 {
		return nil
	}
	ranks := make([]int64, 0, 2*q)
	for k := 1; k < q; k++ {
		rank, _ := position(n, k, q)
		ranks = append(ranks, rank, min(rank+1, n-1))
	}
	slices.Sort(ranks)
	at := make(map[int64]int64, len(ranks))
	s.find(0, slices.Compact(ranks), at)
	cuts := make([]Cut, 0, q-1)
	for k := 1; k < q; k++ {
		rank, rest := position(n, k, q)
		cuts = append(cuts, between(at[rank], at[min(rank+1, n-1)], rest, q))
	}
	return cuts
}

const (
	bucketBits = 15 // 128 KB of counters, which the second-level cache of a processor holds
	buckets    = 1 << bucketBits
)

// grid lays buckets over a span of values: bucket b holds those from least + b << shift on. The first and the last hold what
// lies outside as well, unless closed says that nothing does.
type grid struct {
	least  uint64 // the value with its sign bit turned, which makes signed order unsigned
	shift  uint8
	closed bool
}

const sign = 1 << 63

func gridOf(least, greatest int64, closed bool) grid {
	g := grid{least: uint64(least) ^ sign, closed: closed}
	for (uint64(greatest)-uint64(least))>>g.shift >= buckets {
		g.shift++
	}
	return g
}

// bucket returns the bucket of a value without a branch.
func (g *grid) bucket(v int64) uint16 {
	d, under := bits.Sub64(uint64(v)^sign, g.least, 0)
	d = (d & (under - 1)) >> (g.shift & 63)
	over := int64(-(d >> bucketBits)) >> 63 // every bit where d is beyond the last bucket
	return uint16(d|uint64(over)) & (buckets - 1)
}

// single returns the value of a bucket that holds one alone.
func (g *grid) single(bucket int) (v int64, ok bool) {
	return int64((g.least + uint64(bucket)) ^ sign), g.shift == 0 && (g.closed || bucket > 0 && bucket < buckets-1)
}

// guess returns the grid over what the q-quantiles probably lie in, by an evenly spaced sample.
func guess(values []int64, q int) grid {
	const size = 1 << 12
	if len(values) <= size {
		return whole(values)
	}
	sample := make([]int64, size)
	for i := range sample {
		sample[i] = values[i*(len(values)/size)]
	}
	slices.Sort(sample)
	const slack = size / 26 // six standard errors of a rank near a fifth
	low, high := sample[max(size/q-slack, 0)], sample[min(size-size/q+slack, size-1)]
	margin := high/64 - low/64 + 1
	if low-margin > low || high+margin < high { // beyond the ends of int64
		return whole(values)
	}
	return gridOf(low-margin, high+margin, false)
}

func whole(values []int64) grid {
	if len(values) == 0 {
		return gridOf(0, 0, true)
	}
	return gridOf(slices.Min(values), slices.Max(values), true)
}

// count counts the values into the buckets.
func (s *selection) count() {
	for i, v := range s.values {
		one := uint32(1)
		if s.frequency != nil {
			one = positive(s.frequency[i])
		}
		s.counts[s.grid.bucket(v)] += int64(one)
	}
}

// look is a bucket to look at again.
type look struct {
	ranks []int64
	first int64 // the rank of its least value
	in    []int64
}

// find writes the values of the ascending ranks, which count from the rank of the least of all values.
func (s *selection) find(first int64, ranks []int64, at map[int64]int64) {
	looks := make(map[uint16]*look)
	bucket, below := 0, first
	for i, rank := range ranks {
		for below+s.counts[bucket] <= rank {
			below += s.counts[bucket]
			bucket++
		}
		if v, ok := s.grid.single(bucket); ok {
			at[rank] = v
			continue
		}
		l := looks[uint16(bucket)]
		if l == nil {
			l = &look{first: below, in: make([]int64, 0, s.counts[bucket])}
			looks[uint16(bucket)] = l
		}
		l.ranks = append(l.ranks, ranks[i])
	}
	if len(looks) == 0 {
		return
	}
	s.gather(looks)
	for _, l := range looks {
		l.find(at)
	}
}

// find looks at the values of one bucket. Each look narrows their span by 2^bucketBits, so that five suffice whatever they
// are.
func (l *look) find(at map[int64]int64) {
	const sorted = 1 << 14
	if len(l.in) > sorted {
		inner := selection{values: l.in, grid: whole(l.in)}
		inner.count()
		inner.find(l.first, l.ranks, at)
		return
	}
	slices.Sort(l.in)
	for _, rank := range l.ranks {
		at[rank] = l.in[rank-l.first]
	}
}

// gather fills the looks with the values that lie in their buckets.
func (s *selection) gather(looks map[uint16]*look) {
	var wanted [buckets]uint8
	for b := range looks {
		wanted[b] = 1
	}
	var mu sync.Mutex
	parallel(len(s.values), func(pieces iter.Seq2[int, int]) {
		block := make([]int64, 1<<10)
		g := s.grid
		for from, to := range pieces {
			for ; from < to; from += len(block) {
				n := 0
				for i, v := range s.values[from:min(from+len(block), to)] {
					keep := uint32(wanted[g.bucket(v)])
					if s.frequency != nil {
						keep &= positive(s.frequency[from+i])
					}
					block[n&(1<<10-1)] = v // kept, or written over by the next
					n += int(keep)
				}
				mu.Lock()
				for _, v := range block[:n] {
					l := looks[g.bucket(v)]
					l.in = append(l.in, v)
				}
				mu.Unlock()
			}
		}
	})
}
