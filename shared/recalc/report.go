package recalc

import (
	"cmp"
	"maps"
	"slices"

	"liuke/shared/segment"
)

// Totals are what the customers of one segment come to in the window.
type Totals struct {
	Customers int64 `json:"customers"`
	Orders    int64 `json:"orders"`
	Revenue   int64 `json:"revenue"` // minor units, net of refunds
}

// Move counts customers who went from one label to another.
type Move struct {
	From      string `json:"from"`
	To        string `json:"to"`
	Customers int64  `json:"customers"`
}

// Result is what scoring a part, or merging parts, comes to.
type Result struct {
	Customers   int64             `json:"customers"`
	Approximate int64             `json:"approximate"`
	Differing   int64             `json:"differing"` // whose scores, label or bands are others than stood
	Segments    map[string]Totals `json:"segments"`
	Moves       map[string]int64  `json:"moves"` // by from and to, with a tab between
}

// Add counts a verdict.
func (r *Result) Add(l *Line) {
	if l.Differs() {
		r.Differing++
	}
	if !l.In {
		return
	}
	if r.Segments == nil {
		r.Segments, r.Moves = make(map[string]Totals), make(map[string]int64)
	}
	r.Customers++
	if l.Approximate {
		r.Approximate++
	}
	t := r.Segments[l.Scores.Segment]
	t.Customers++
	t.Orders += int64(l.Value.Frequency)
	t.Revenue += l.Value.Monetary
	r.Segments[l.Scores.Segment] = t
	if l.Moved() {
		r.Moves[l.From.Segment+"\t"+l.Scores.Segment]++
	}
}

// Merge adds another result; o stays as it was.
func (r *Result) Merge(o *Result) {
	if r.Segments == nil {
		r.Segments, r.Moves = make(map[string]Totals), make(map[string]int64)
	}
	r.Customers += o.Customers
	r.Approximate += o.Approximate
	r.Differing += o.Differing
	for label, t := range o.Segments {
		sum := r.Segments[label]
		r.Segments[label] = Totals{sum.Customers + t.Customers, sum.Orders + t.Orders, sum.Revenue + t.Revenue}
	}
	for move, n := range o.Moves {
		r.Moves[move] += n
	}
}

// Report is what a run that is done publishes, beside its terms and fit.
type Report struct {
	Customers   int64           `json:"customers"`
	Approximate int64           `json:"approximate"`
	Differing   int64           `json:"differing"`
	Segments    []SegmentTotals `json:"segments"` // those with customers, in the order of the model's rules
	Moves       []Move          `json:"moves"`    // of labels that stood, where the run was applied; most customers first
	Read        float64         `json:"read_units"`
	Write       float64         `json:"write_units"`
}

// SegmentTotals are a segment's totals with its name.
type SegmentTotals struct {
	Name string `json:"name"`
	Totals
}

// ReportOf makes the report of a run from its merged results and what its slices consumed of the table of customers.
func ReportOf(run *Run, r *Result, progress []*Slice) *Report {
	out := &Report{Customers: r.Customers, Approximate: r.Approximate, Differing: r.Differing}
	for _, label := range segment.RFM10().Labels() {
		if t, ok := r.Segments[string(label)]; ok {
			out.Segments = append(out.Segments, SegmentTotals{Name: string(label), Totals: t})
		}
	}
	for _, s := range progress {
		out.Read += s.Read
		out.Write += s.Write
	}
	if !run.Terms.Apply {
		return out
	}
	for _, move := range slices.Sorted(maps.Keys(r.Moves)) {
		from, to := splitMove(move)
		out.Moves = append(out.Moves, Move{From: from, To: to, Customers: r.Moves[move]})
	}
	slices.SortStableFunc(out.Moves, func(a, b Move) int { return cmp.Compare(b.Customers, a.Customers) })
	return out
}
