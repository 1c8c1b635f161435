package rfm

import "slices"

// Table holds a population's values by column, for scoring it in memory. The columns are of one length.
type Table struct {
	Recency   []int32
	Frequency []int32
	Monetary  []int64
}

// Quantiles returns the cuts that divide each column into bins: the same as Counts.Quantiles, from the raw columns, and
// in time proportional to their length.
func (t *Table) Quantiles(bins int) Cuts {
	return Cuts{
		Recency:   quantiles(t.Recency, bins),
		Frequency: quantiles(t.Frequency, bins),
		Monetary:  quantiles(t.Monetary, bins),
		Above:     true,
	}
}

// Score writes each row's scores to out, which is as long as the columns.
func (t *Table) Score(c *Cuts, out []Scores) {
	s := c.Scorer()
	for i := range out {
		out[i] = s.Score(Value{t.Recency[i], t.Frequency[i], t.Monetary[i]})
	}
}

func quantiles[T int32 | int64](values []T, q int) []Cut {
	n := int64(len(values))
	if n == 0 || q < 2 {
		return nil
	}
	ranks := make([]int64, 0, 2*q)
	for k := 1; k < q; k++ {
		rank, _ := position(n, k, q)
		ranks = append(ranks, rank, min(rank+1, n-1))
	}
	at := make(map[int64]T, len(ranks))
	slices.Sort(ranks)
	selectRanks(values, 0, slices.Compact(ranks), at)
	cuts := make([]Cut, 0, q-1)
	for k := 1; k < q; k++ {
		rank, rest := position(n, k, q)
		cuts = append(cuts, between(int64(at[rank]), int64(at[min(rank+1, n-1)]), rest, q))
	}
	return cuts
}

const bucketBits = 14

// selectRanks finds the values of the ascending ranks, which count from the rank of the least of values. It counts the
// values into buckets of equal width and looks again only into the buckets that a rank falls in; each look narrows
// the range by 2^bucketBits, so that five looks suffice whatever the values are.
func selectRanks[T int32 | int64](values []T, first int64, ranks []int64, at map[int64]T) {
	if len(ranks) == 0 {
		return
	}
	least, greatest := slices.Min(values), slices.Max(values)
	span := uint64(greatest) - uint64(least)
	shift := 0
	for span>>shift >= 1<<bucketBits {
		shift++
	}
	var counts [1 << bucketBits]int64
	for _, v := range values {
		counts[(uint64(v)-uint64(least))>>shift]++
	}
	type look struct {
		ranks []int64
		first int64
		in    []T
	}
	looks := make(map[uint64]*look)
	bucket, below := uint64(0), first
	for i, rank := range ranks {
		for below+counts[bucket] <= rank {
			below += counts[bucket]
			bucket++
		}
		if shift == 0 {
			at[rank] = T(uint64(least) + bucket)
			continue
		}
		l := looks[bucket]
		if l == nil {
			l = &look{first: below, in: make([]T, 0, counts[bucket])}
			looks[bucket] = l
		}
		l.ranks = append(l.ranks, ranks[i])
	}
	if len(looks) == 0 {
		return
	}
	wanted := make([]*look, span>>shift+1)
	for b, l := range looks {
		wanted[b] = l
	}
	for _, v := range values {
		if l := wanted[(uint64(v)-uint64(least))>>shift]; l != nil {
			l.in = append(l.in, v)
		}
	}
	for _, l := range looks {
		selectRanks(l.in, l.first, l.ranks, at)
	}
}

// Rows returns the number of rows, or −1 where the columns differ in length.
func (t *Table) Rows() int {
	if len(t.Recency) != len(t.Frequency) || len(t.Recency) != len(t.Monetary) {
		return -1
	}
	return len(t.Recency)
}

// Append adds a row.
func (t *Table) Append(v Value) {
	t.Recency = append(t.Recency, v.Recency)
	t.Frequency = append(t.Frequency, v.Frequency)
	t.Monetary = append(t.Monetary, v.Monetary)
}
