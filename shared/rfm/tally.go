package rfm

import (
	"encoding/binary"
	"math"
	"slices"

	"liuke/shared/fault"
)

// Tally counts how often each value occurs. Tallies of the parts of a population merge into that of the whole, in any
// order and grouping. The zero value is empty. It is not safe for concurrent use.
type Tally struct {
	runs   []run
	sorted int // runs[:sorted] ascend without repetition
}

type run struct {
	value int64
	count int64
}

// Add counts a value once.
func (t *Tally) Add(value int64) { t.runs = append(t.runs, run{value, 1}) }

// Merge adds what o counts; o stays as it was.
func (t *Tally) Merge(o *Tally) { t.runs = append(t.runs, o.runs...) }

// N is how many values were counted.
func (t *Tally) N() (n int64) {
	for _, r := range t.runs {
		n += r.count
	}
	return n
}

// settle sorts the runs and joins those of equal value.
func (t *Tally) settle() {
	if t.sorted == len(t.runs) {
		return
	}
	slices.SortFunc(t.runs, func(a, b run) int {
		switch {
		case a.value < b.value:
			return -1
		case a.value > b.value:
			return 1
		}
		return 0
	})
	out := t.runs[:0]
	for _, r := range t.runs {
		if n := len(out); n > 0 && out[n-1].value == r.value {
			out[n-1].count += r.count
		} else {
			out = append(out, r)
		}
	}
	t.runs, t.sorted = out, len(out)
}

// Quantiles returns the q−1 cut points that divide the population into q bins, none where nothing was counted.
func (t *Tally) Quantiles(q int) []Cut {
	t.settle()
	n := t.N()
	if n == 0 || q < 2 {
		return nil
	}
	cuts := make([]Cut, 0, q-1)
	i, before := 0, int64(0) // runs[i] is the first run that reaches beyond rank before
	for k := 1; k < q; k++ {
		rank, rest := position(n, k, q)
		for before+t.runs[i].count <= rank {
			before += t.runs[i].count
			i++
		}
		lo, hi := t.runs[i].value, t.runs[i].value
		if rest > 0 && before+t.runs[i].count <= rank+1 {
			hi = t.runs[i+1].value
		}
		cuts = append(cuts, between(lo, hi, rest, q))
	}
	return cuts
}

// append encodes the tally: the number of runs, then each run's distance from the one before and its count, as varints.
func (t *Tally) append(b []byte) []byte {
	t.settle()
	b = binary.AppendUvarint(b, uint64(len(t.runs)))
	var at int64
	for _, r := range t.runs {
		b = binary.AppendUvarint(b, uint64(r.value)-uint64(at)) // wraps around where the distance is over int64
		b = binary.AppendUvarint(b, uint64(r.count))
		at = r.value
	}
	return b
}

// decode reads a tally and returns what follows it.
func (t *Tally) decode(b []byte) ([]byte, error) {
	n, b, err := uvarint(b)
	if err != nil || n > uint64(len(b)) { // each run takes two bytes at least
		return nil, errDamaged
	}
	t.runs = make([]run, 0, n)
	var at, step, count uint64
	for range n {
		if step, b, err = uvarint(b); err != nil {
			return nil, err
		}
		if count, b, err = uvarint(b); err != nil {
			return nil, err
		}
		at += step
		if k := len(t.runs); count == 0 || count > math.MaxInt64 || k > 0 && int64(at) <= t.runs[k-1].value {
			return nil, errDamaged
		}
		t.runs = append(t.runs, run{int64(at), int64(count)})
	}
	t.sorted = len(t.runs)
	return b, nil
}

var errDamaged = fault.New(fault.Internal, "the counts are cut short or damaged")

func uvarint(b []byte) (uint64, []byte, error) {
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, errDamaged
	}
	return v, b[n:], nil
}

// Counts are the tallies of the three values of those customers of a population who ordered in the window: all that its
// quantile cuts depend on.
type Counts struct{ Recency, Frequency, Monetary Tally }

// Add counts one customer, unless without an order in the window: cuts part those who ordered.
func (c *Counts) Add(v Value) {
	if v.Frequency <= 0 {
		return
	}
	c.Recency.Add(int64(v.Recency))
	c.Frequency.Add(int64(v.Frequency))
	c.Monetary.Add(v.Monetary)
}

// Settle brings equal values together, so that the counts take as much memory as there are different values. What they
// say is the same before and after.
func (c *Counts) Settle() {
	c.Recency.settle()
	c.Frequency.settle()
	c.Monetary.settle()
}

// N is how many customers were counted.
func (c *Counts) N() int64 { return c.Recency.N() }

// Merge adds what o counts; o stays as it was.
func (c *Counts) Merge(o *Counts) {
	c.Recency.Merge(&o.Recency)
	c.Frequency.Merge(&o.Frequency)
	c.Monetary.Merge(&o.Monetary)
}

// Quantiles returns the cuts that divide each value into bins.
func (c *Counts) Quantiles(bins int) Cuts {
	return Cuts{
		Recency:   c.Recency.Quantiles(bins),
		Frequency: c.Frequency.Quantiles(bins),
		Monetary:  c.Monetary.Quantiles(bins),
		Above:     true,
	}
}

// AppendBinary appends the counts in a form that depends on what was counted alone. The error is always nil.
func (c *Counts) AppendBinary(b []byte) ([]byte, error) {
	return c.Monetary.append(c.Frequency.append(c.Recency.append(b))), nil
}

// Decode reads counts from the front of b and returns the rest. It returns an Internal error for what AppendBinary did
// not write.
func (c *Counts) Decode(b []byte) (rest []byte, err error) {
	for _, t := range []*Tally{&c.Recency, &c.Frequency, &c.Monetary} {
		if b, err = t.decode(b); err != nil {
			return nil, err
		}
	}
	return b, nil
}
