package trial

import (
	"fmt"
	"strings"

	"liuke/shared/backtest"
	"liuke/shared/clv"
	"liuke/shared/fault"
)

// Report is what a backtest came to.
type Report struct {
	Sample Sampled          `json:"sample"`
	Models Models           `json:"models"`
	Notes  []string         `json:"notes"` // what the figures rest on
	Result *backtest.Result `json:"result"`
}

// Sampled is what was read of the snapshot.
type Sampled struct {
	Size
	Of      Size  `json:"of"`      // the whole snapshot
	Damaged int64 `json:"damaged"` // customers of the sample who cannot be read, and are left out
}

// Report returns the report of a work whose parts are all read; it returns an Internal error before that.
func (w *Work) Report() (*Report, error) {
	if w.step < w.Steps() || w.fit == nil {
		return nil, fault.New(fault.Internal, "the backtest has parts to read yet")
	}
	names := [rankings]string{
		byAlive: "P(alive) by " + modelName(clv.ModelMBGNBD),
		bySome:  "chance of an order by " + modelName(w.Model),
		byRisk:  "churn risk",
		byMoney: "money alone",
	}
	r := &Report{Sample: Sampled{w.size, w.of, w.damaged}, Models: w.fit.Models, Notes: w.notes()}
	var others []backtest.Comparator
	for i := range w.ranks {
		known := len(w.ranks[i].Groups()) > 0
		if known {
			others = append(others, backtest.Comparator{Name: names[i], Ranking: &w.ranks[i]})
		}
		if n := w.ranks[i].Unknown(); n > 0 && known {
			r.Notes = append(r.Notes, fmt.Sprintf("%s does not rank %d customers, of whom too little is known; its figures are of the others", names[i], n))
		}
	}
	r.Result = w.tally.Result(w.Terms, others...)
	return r, nil
}

func (w *Work) notes() []string {
	notes := []string{
		"orders count at what they are worth today: a refund that came after the cut day is known to the scores already",
		"the churn risk goes by orders alone here: activity, service and answers are not known as they were on the cut day",
	}
	if w.size.Parts < w.of.Parts {
		notes = append([]string{fmt.Sprintf("a sample of %d of %d parts of the snapshot, %d of %d customers: a part is a range of a hash of the customers' ids, so that whole parts are a random sample",
			w.size.Parts, w.of.Parts, w.size.Customers, w.of.Customers)}, notes...)
	}
	if w.damaged > 0 {
		notes = append(notes, fmt.Sprintf("%d customers cannot be read and are left out", w.damaged))
	}
	m := &w.fit.Models
	for _, refused := range []struct{ what, why string }{
		{modelName(clv.ModelMBGNBD), m.Alive.Refused},
		{modelName(w.Model), onlyWhere(w.Model != clv.ModelMBGNBD, m.Orders.Refused)},
		{"the rhythm of purchase", m.NoRhythm},
	} {
		if refused.why != "" {
			notes = append(notes, fmt.Sprintf("%s is not fitted: %s", refused.what, refused.why))
		}
	}
	return notes
}

func onlyWhere(holds bool, s string) string {
	if holds {
		return s
	}
	return ""
}

func modelName(m clv.Model) string {
	if m == clv.ModelMBGNBD {
		return "MBG/NBD"
	}
	return "BG/NBD"
}

// textSettings is how many settings the report lists as text.
const textSettings = 20

// Text returns the report as plain text.
func (r *Report) Text() string {
	var b strings.Builder
	b.WriteString(r.Result.Text(textSettings))
	b.WriteString("\n")
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "basis: %s\n", n)
	}
	return b.String()
}
