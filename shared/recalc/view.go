package recalc

import (
	"strings"
	"time"

	"liuke/shared/customer"
	"liuke/shared/money"
	"liuke/shared/rfm"
)

// View is a run as GET /v1/rfm/runs/{id} shows it.
type View struct {
	RunID       string        `json:"run_id"`
	State       State         `json:"state"`
	Reason      string        `json:"reason,omitempty"` // why it failed
	AsOf        string        `json:"as_of"`
	WindowDays  int32         `json:"window_days"`
	Binning     Binning       `json:"binning"`
	Applied     bool          `json:"applied"`
	Customers   int64         `json:"customers"`
	Approximate int64         `json:"approximate"` // of those, how many whose history is kept by month in part
	Changed     int64         `json:"changed"`     // whose scores, label or bands are others than stood
	Cuts        ViewCuts      `json:"cuts"`
	Segments    []ViewSegment `json:"segments"`
	Transitions []Move        `json:"transitions"`
	Models      ViewModels    `json:"models"`
	Cost        ViewCost      `json:"cost"`
	StartedAt   time.Time     `json:"started_at"`
	FinishedAt  *time.Time    `json:"finished_at"` // null until then
}

// ViewCuts are cut points for people: days, orders, and major units of money.
type ViewCuts struct {
	RecencyDays []float64 `json:"recency_days"`
	Frequency   []float64 `json:"frequency"`
	Monetary    []float64 `json:"monetary"`
}

// ViewSegment is a segment's totals; the revenue has the currency's decimals.
type ViewSegment struct {
	Name      string `json:"name"`
	Customers int64  `json:"customers"`
	Orders    int64  `json:"orders"`
	Revenue   string `json:"revenue"`
}

// ViewModels are each the parameters, {"refused": reason}, or null until the fit.
type ViewModels struct {
	BGNBD      any `json:"bg_nbd"`
	GammaGamma any `json:"gamma_gamma"`
}

// ViewCost is what the run consumed of the table of customers, in DynamoDB's units.
type ViewCost struct {
	ReadUnits  float64 `json:"read_units"`
	WriteUnits float64 `json:"write_units"`
}

// View returns the run for people.
func (r *Run) View() View {
	v := View{
		RunID: r.ID, State: r.State, Reason: r.Reason,
		AsOf:       customer.DayTime(r.Terms.AsOf).Format(time.DateOnly),
		WindowDays: r.Terms.WindowDays, Binning: r.Terms.Binning,
		Cuts:     ViewCuts{RecencyDays: []float64{}, Frequency: []float64{}, Monetary: []float64{}},
		Segments: []ViewSegment{}, Transitions: []Move{},
		StartedAt: r.Started.UTC(),
	}
	if !r.Finished.IsZero() {
		at := r.Finished.UTC()
		v.FinishedAt = &at
	}
	if r.Fit != nil {
		v.Customers, v.Approximate = r.Fit.Customers, r.Fit.Approximate
		v.Cuts.RecencyDays = floats(r.Fit.Cuts.Recency, 1)
		v.Cuts.Frequency = floats(r.Fit.Cuts.Frequency, 1)
		v.Cuts.Monetary = floats(r.Fit.Cuts.Monetary, minorUnits(r.Terms.Currency))
		m := r.Fit.Models
		v.Models.BGNBD = modelView(m.BGNBD, m.BGNBDRefused)
		v.Models.GammaGamma = modelView(m.GammaGamma, m.GammaGammaRefused)
	}
	if r.Report != nil {
		v.Applied = r.Terms.Apply
		v.Customers, v.Approximate, v.Changed = r.Report.Customers, r.Report.Approximate, r.Report.Differing
		for _, s := range r.Report.Segments {
			v.Segments = append(v.Segments, ViewSegment{s.Name, s.Customers, s.Orders, r.Terms.Currency.Format(money.Amount(s.Revenue))})
		}
		v.Transitions = append(v.Transitions, r.Report.Moves...)
		v.Cost = ViewCost{r.Report.Read, r.Report.Write}
	}
	return v
}

func floats(cuts []rfm.Cut, over int64) []float64 {
	out := make([]float64, len(cuts))
	for i, c := range cuts {
		out[i] = c.Over(over)
	}
	return out
}

func modelView[M any](m *M, refused string) any {
	switch {
	case m != nil:
		return m
	case refused != "":
		return map[string]string{"refused": refused}
	}
	return nil
}

func splitMove(move string) (from, to string) {
	from, to, _ = strings.Cut(move, "\t")
	return from, to
}
