package trial

import (
	"time"

	"liuke/shared/backtest"
	"liuke/shared/customer"
	"liuke/shared/recalc"
)

// View is a backtest as GET /v1/rfm/backtests/{id} shows it.
type View struct {
	ID          string       `json:"backtest_id"`
	RunID       string       `json:"run_id"`
	State       recalc.State `json:"state"`
	Reason      string       `json:"reason,omitempty"` // why it failed
	AsOf        string       `json:"as_of"`
	HoldoutDays int32        `json:"holdout_days"`
	WindowDays  []int32      `json:"window_days"`
	Bins        []int        `json:"bins"`
	Weights     [][3]uint8   `json:"weights"` // of r, f and m
	Customers   int          `json:"customers"`
	PartsRead   int          `json:"parts_read"`    // in both passes
	PartsToRead int          `json:"parts_to_read"` // 0 while that is not known
	StartedAt   time.Time    `json:"started_at"`
	FinishedAt  *time.Time   `json:"finished_at"`
	Result      *ViewResult  `json:"result,omitempty"`
}

// ViewResult is what a backtest that is done came to.
type ViewResult struct {
	Customers int64               `json:"customers"` // with an order by the cut day
	Ordered   int64               `json:"ordered"`   // of those, in the days held out
	Sample    Sampled             `json:"sample"`
	Best      backtest.Ranked     `json:"best"`
	Chosen    backtest.Ranked     `json:"chosen"`
	Lift      []backtest.Lift     `json:"lift"` // of the chosen, by tenths
	Settings  []backtest.Ranked   `json:"settings"`
	Others    []backtest.Compared `json:"others"`
	Models    Models              `json:"models"`
	Warnings  []string            `json:"warnings"`
	Notes     []string            `json:"notes"`
}

// View returns the backtest for people at a moment, with its report where that is not nil.
func (r *Record) View(now time.Time, report *Report) View {
	v := View{
		ID: r.ID, RunID: r.Run,
		AsOf:        customer.DayTime(r.Terms.Test.AsOf).Format(time.DateOnly),
		HoldoutDays: r.Terms.Test.HoldoutDays,
		WindowDays:  r.Terms.Test.Grid.WindowDays, Bins: r.Terms.Test.Grid.Bins, Weights: [][3]uint8{},
		Customers: r.Terms.Customers, PartsRead: r.Step, PartsToRead: r.Steps,
		StartedAt: r.Started.UTC(),
	}
	v.State, v.Reason = r.Shown(now)
	for _, w := range r.Terms.Test.Grid.Weights {
		v.Weights = append(v.Weights, [3]uint8{w.R, w.F, w.M})
	}
	if !r.Finished.IsZero() {
		at := r.Finished.UTC()
		v.FinishedAt = &at
	}
	if report != nil {
		found := report.Result
		v.Result = &ViewResult{
			Customers: found.Customers, Ordered: found.Ordered, Sample: report.Sample,
			Best: found.Best(), Chosen: found.Chosen, Lift: append([]backtest.Lift{}, found.Lift...),
			Settings: found.Settings, Others: found.Others, Models: report.Models,
			Warnings: append([]string{}, found.Warnings...), Notes: append([]string{}, report.Notes...),
		}
		for i := range v.Result.Others {
			v.Result.Others[i].Lift = append([]backtest.Lift{}, v.Result.Others[i].Lift...)
		}
	}
	return v
}
