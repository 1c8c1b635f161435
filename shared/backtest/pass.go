package backtest

import (
	"encoding/binary"

	"liuke/shared/customer"
	"liuke/shared/rfm"
)

// Counts are what the first pass learns: for each window, how often each value occurs. Counts of the parts of a population
// merge into those of the whole, in any order and grouping.
type Counts struct {
	windows []rfm.Counts // in the grid's order
	loose   int          // customers since equal values were last brought together
}

// maxLoose is how many customers are counted before equal values are brought together, so that memory follows the
// different values.
const maxLoose = 1 << 17

// NewCounts returns the empty counts of terms that are valid.
func NewCounts(t *Terms) *Counts { return &Counts{windows: make([]rfm.Counts, len(t.Grid.WindowDays))} }

// Add counts one customer by the same terms.
func (c *Counts) Add(t *Terms, h *customer.History) {
	for i := range c.windows {
		if v, ok := t.window(i).Of(h); ok {
			c.windows[i].Add(v)
		}
	}
	if c.loose++; c.loose == maxLoose {
		c.loose = 0
		for i := range c.windows {
			c.windows[i].Settle()
		}
	}
}

func (t *Terms) window(i int) rfm.Window { return rfm.Window{AsOf: t.AsOf, Days: t.Grid.WindowDays[i]} }

// Merge adds what o counts by the same terms; o stays as it was.
func (c *Counts) Merge(o *Counts) {
	for i := range c.windows {
		c.windows[i].Merge(&o.windows[i])
	}
}

// AppendBinary appends the counts in a form that depends on what was counted alone. The error is always nil.
func (c *Counts) AppendBinary(b []byte) ([]byte, error) {
	b = binary.AppendUvarint(b, uint64(len(c.windows)))
	for i := range c.windows {
		b, _ = c.windows[i].AppendBinary(b)
	}
	return b, nil
}

// Decode reads counts from the front of b and returns the rest. It returns an Internal error for what AppendBinary did
// not write.
func (c *Counts) Decode(b []byte) (rest []byte, err error) {
	in := reader{b: b}
	windows := make([]rfm.Counts, in.length(3))
	if in.bad || len(windows) > maxWindows {
		return nil, errDamaged
	}
	b = in.b
	for i := range windows {
		if b, err = windows[i].Decode(b); err != nil {
			return nil, err
		}
	}
	c.windows = windows
	return b, nil
}

// Cuts are the quantile cuts of every window, by number of bins, both in the grid's order.
type Cuts [][]rfm.Cuts

// Cuts returns the cuts of the customers that were counted, by the same terms.
func (c *Counts) Cuts(t *Terms) Cuts {
	out := make(Cuts, len(c.windows))
	for i := range c.windows {
		for _, bins := range t.Grid.Bins {
			out[i] = append(out[i], c.windows[i].Quantiles(bins))
		}
	}
	return out
}

// outcomes are how many customers of one score ordered in the time held out, and how many did not.
type outcomes struct{ ordered, not int64 }

func (o *outcomes) add(ordered bool) {
	if ordered {
		o.ordered++
	} else {
		o.not++
	}
}

// Tally is what the second pass learns: outcomes by the three scores, for every window and number of bins, and by days since
// the last order. Tallies of the parts of a population merge into that of the whole, in any order and grouping.
type Tally struct {
	cells   [][]outcomes // by window and bins; in each, by (r·bins + f)·bins + m, from 0
	recency Ranking
}

// NewTally returns the empty tally of terms that are valid.
func NewTally(t *Terms) *Tally {
	tally := &Tally{}
	for range t.Grid.WindowDays {
		for _, bins := range t.Grid.Bins {
			tally.cells = append(tally.cells, make([]outcomes, bins*bins*bins))
		}
	}
	return tally
}

// Scorer scores customers for the second pass. It is safe for concurrent use.
type Scorer struct {
	terms   *Terms
	scorers [][]*rfm.Scorer
}

// NewScorer returns the scorer by the cuts of the first pass under the same terms.
func NewScorer(t *Terms, cuts Cuts) *Scorer {
	s := &Scorer{terms: t}
	for _, window := range cuts {
		var row []*rfm.Scorer
		for i := range window {
			row = append(row, window[i].Scorer())
		}
		s.scorers = append(s.scorers, row)
	}
	return s
}

// Outcome says what became of a customer: whether there was an order in the days held out. Customers without an order by
// the day that scores are of are not in the backtest.
func (t *Terms) Outcome(h *customer.History) (ordered, in bool) {
	for p := range h.Days() {
		if p.Orders <= 0 {
			continue
		}
		in = in || p.Day <= t.AsOf
		ordered = ordered || p.Day > t.AsOf && p.Day <= t.AsOf+t.HoldoutDays
	}
	return ordered, in
}

// Add counts one customer.
func (t *Tally) Add(s *Scorer, h *customer.History) {
	ordered, in := s.terms.Outcome(h)
	if !in {
		return
	}
	at := 0
	for i, row := range s.scorers {
		v, _ := s.terms.window(i).Of(h)
		if i == 0 {
			t.recency.Add(-float64(v.Recency), ordered)
		}
		for j, scorer := range row {
			x, bins := scorer.Score(v), s.terms.Grid.Bins[j]
			t.cells[at][(int(x.R-1)*bins+int(x.F-1))*bins+int(x.M-1)].add(ordered)
			at++
		}
	}
}

// Merge adds what o counts by the same terms; o stays as it was.
func (t *Tally) Merge(o *Tally) {
	for i, cells := range t.cells {
		for k := range cells {
			cells[k].ordered += o.cells[i][k].ordered
			cells[k].not += o.cells[i][k].not
		}
	}
	t.recency.Merge(&o.recency)
}

// AppendBinary appends the tally in a form that depends on what was counted alone. The error is always nil.
func (t *Tally) AppendBinary(b []byte) ([]byte, error) {
	b = binary.AppendUvarint(b, uint64(len(t.cells)))
	for _, cells := range t.cells {
		b = binary.AppendUvarint(b, uint64(len(cells)))
		for _, c := range cells {
			b = binary.AppendUvarint(b, uint64(c.ordered))
			b = binary.AppendUvarint(b, uint64(c.not))
		}
	}
	return t.recency.AppendBinary(b)
}

// Decode reads a tally from the front of b and returns the rest. It returns an Internal error for what AppendBinary did
// not write.
func (t *Tally) Decode(b []byte) (rest []byte, err error) {
	in := reader{b: b}
	var out Tally
	for range in.length(1) {
		cells := make([]outcomes, in.length(2))
		for k := range cells {
			cells[k] = outcomes{in.count(), in.count()}
		}
		if in.bad {
			return nil, errDamaged
		}
		out.cells = append(out.cells, cells)
	}
	if in.bad {
		return nil, errDamaged
	}
	if rest, err = out.recency.Decode(in.b); err != nil {
		return nil, err
	}
	*t = out
	return rest, nil
}
