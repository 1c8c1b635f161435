package recalc

import (
	"cmp"
	"time"

	"liuke/shared/churn"
	"liuke/shared/clv"
	"liuke/shared/customer"
	"liuke/shared/money"
	"liuke/shared/occasion"
	"liuke/shared/rfm"
	"liuke/shared/segment"
)

// View is a run as GET /v1/rfm/runs/{id} shows it.
type View struct {
	RunID       string                  `json:"run_id"`
	State       State                   `json:"state"`
	Reason      string                  `json:"reason,omitempty"` // why it failed
	AsOf        string                  `json:"as_of"`
	WindowDays  int32                   `json:"window_days"`
	Binning     Binning                 `json:"binning"`
	Applied     bool                    `json:"applied"`
	Customers   int64                   `json:"customers"`
	Approximate int64                   `json:"approximate"` // of those, how many whose history is kept by month in part
	Changed     int64                   `json:"changed"`     // whose scores, labels or band are others than stood
	Cuts        ViewCuts                `json:"cuts"`
	Drift       *rfm.Drift              `json:"drift"` // of the cuts since the run that stood; null where there was none
	Segments    []ViewSegment           `json:"segments"`
	Transitions []segment.Move          `json:"transitions"`
	Models      ViewModels              `json:"models"`
	Risk        ViewRisk                `json:"risk"`
	Occasions   map[occasion.Kind]int64 `json:"occasions"` // that outreach was told of
	Cost        ViewCost                `json:"cost"`
	StartedAt   time.Time               `json:"started_at"`
	FinishedAt  *time.Time              `json:"finished_at"` // null until then
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

// ViewModels are each the parameters with their standard errors, {"refused": reason}, or null until the fit and for the
// model of orders that the run did not use.
type ViewModels struct {
	Used       clv.Model      `json:"used"`      // of the models of orders: what was asked for, or the other where that was refused
	Customers  int64          `json:"customers"` // that the models are fitted on
	BGNBD      any            `json:"bg_nbd"`
	MBGNBD     any            `json:"mbg_nbd"`
	GammaGamma any            `json:"gamma_gamma"`
	Rhythm     any            `json:"rhythm"`
	GroupedBy  GroupedBy      `json:"grouped_by"`
	Groups     *clv.GroupFits `json:"groups"`
}

// ViewRisk is how many customers have each band of churn risk, and how many have come into a higher one.
type ViewRisk struct {
	Low      int64 `json:"low"`
	Medium   int64 `json:"medium"`
	High     int64 `json:"high"`
	Unknown  int64 `json:"unknown"`
	Warnings int64 `json:"warnings"`
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
		Segments: []ViewSegment{}, Transitions: []segment.Move{}, Occasions: map[occasion.Kind]int64{},
		Models:    ViewModels{Used: r.Terms.Model, GroupedBy: r.Terms.GroupedBy},
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
		v.Drift = r.Fit.Drift
		m := r.Fit.Models
		v.Models.Customers, v.Models.Groups = m.Customers, m.Groups
		if fitted := m.Orders.Orders(); fitted != nil {
			v.Models.Used = fitted.Model()
		}
		refusal := cmp.Or(m.Instead, m.Orders.Refused)
		if m.Orders.MBGNBD != nil || r.Terms.Model == clv.ModelMBGNBD {
			v.Models.MBGNBD = modelView(m.Orders.MBGNBD, refusal)
		}
		if m.Orders.BGNBD != nil || r.Terms.Model != clv.ModelMBGNBD {
			v.Models.BGNBD = modelView(m.Orders.BGNBD, refusal)
		}
		v.Models.GammaGamma = modelView(m.Spend, m.SpendRefused)
		v.Models.Rhythm = modelView(m.Rhythm, m.NoRhythm)
	}
	if r.Report != nil {
		v.Applied = r.Terms.Apply
		v.Customers, v.Approximate, v.Changed = r.Report.Customers, r.Report.Approximate, r.Report.Differing
		for _, s := range r.Report.Segments {
			v.Segments = append(v.Segments, SegmentView(s, r.Terms.Currency))
		}
		v.Transitions = append(v.Transitions, r.Report.Moves...)
		risk := r.Report.Risk
		v.Risk = ViewRisk{risk[churn.Low], risk[churn.Medium], risk[churn.High], risk[churn.Unknown], r.Report.Warnings}
		for kind, n := range r.Report.Occasions {
			v.Occasions[kind] = n
		}
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

// SegmentView returns the totals of a label for people.
func SegmentView(t segment.LabelTotals, c money.Currency) ViewSegment {
	return ViewSegment{string(t.Name), t.Customers, t.Orders, c.Format(money.Amount(t.Revenue))}
}
