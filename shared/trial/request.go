package trial

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"liuke/shared/backtest"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/pattern"
	"liuke/shared/recalc"
	"liuke/shared/request"
)

// Bounds of what may be asked. They hold the memory of a worker and the size of the report.
const (
	DefaultHoldoutDays = 90
	MaxHoldoutDays     = 3_650
	DefaultCustomers   = 200_000
	MaxCustomers       = 1_000_000
	MaxWindows         = 8
	MaxSettings        = 10_000
	maxWindowDays      = 36_525
)

// Request is what an operator asks for.
type Request struct {
	RunID       string  `json:"run_id"`       // over whose snapshot; the run that stands
	AsOf        string  `json:"as_of"`        // YYYY-MM-DD, scores are of the end of that day; as late as the holdout lets it be
	HoldoutDays *int    `json:"holdout_days"` // DefaultHoldoutDays
	WindowDays  []int   `json:"window_days"`  // 0 is the whole history; of these three, backtest.DefaultGrid
	Bins        []int   `json:"bins"`
	Weights     [][]int `json:"weights"`   // of r, f and m each
	Customers   *int    `json:"customers"` // how many to take a sample of; DefaultCustomers
}

var runID = pattern.New(`^[A-Za-z0-9.:_-]{1,64}$`)

// ParseRequest reads a request's JSON, strictly: a JSON object, {} for the defaults. It returns an Invalid error that says
// what to change, with the pointer to the member at fault.
func ParseRequest(body []byte) (Request, error) {
	var r Request
	if err := request.Parse(body, &r); err != nil {
		return Request{}, err
	}
	if r.RunID != "" && !runID().MatchString(r.RunID) {
		return Request{}, noRun()
	}
	return r, nil
}

func noRun() error { return fault.At("/run_id", "there is no such run, or not any more") }

// Terms settles a request over a run that is done. It returns an Invalid error at the field that is wrong.
func (r Request) Terms(run *recalc.Run) (Terms, error) {
	t := Terms{Customers: DefaultCustomers, Test: backtest.Terms{HoldoutDays: DefaultHoldoutDays, Grid: backtest.DefaultGrid()}}
	if r.Customers != nil {
		t.Customers = *r.Customers
	}
	if t.Customers < 1 || t.Customers > MaxCustomers {
		return Terms{}, fault.At("/customers", "customers is a number from 1 to %d", MaxCustomers)
	}
	if r.HoldoutDays != nil {
		if *r.HoldoutDays < 1 || *r.HoldoutDays > MaxHoldoutDays {
			return Terms{}, fault.At("/holdout_days", "holdout_days is a number from 1 to %d", MaxHoldoutDays)
		}
		t.Test.HoldoutDays = int32(*r.HoldoutDays)
	}
	if err := r.cut(run, &t.Test); err != nil {
		return Terms{}, err
	}
	if err := r.grid(&t.Test.Grid); err != nil {
		return Terms{}, err
	}
	return t, pointed(t.Test.Validate())
}

// cut settles the day that scores are of.
func (r *Request) cut(run *recalc.Run, t *backtest.Terms) error {
	latest := run.Terms.AsOf - t.HoldoutDays
	t.AsOf = latest
	if r.AsOf != "" {
		date, err := time.Parse(time.DateOnly, r.AsOf)
		if err != nil {
			return fault.At("/as_of", "as_of is a date such as 1998-06-30")
		}
		t.AsOf = customer.DayOf(date, time.UTC)
	}
	if t.AsOf > latest {
		return fault.At("/as_of", "the %d days held out after as_of end with the run's day at the latest: as_of is %s or before",
			t.HoldoutDays, customer.DayTime(latest).Format(time.DateOnly))
	}
	return nil
}

// grid takes over what the request says of the grid.
func (r *Request) grid(g *backtest.Grid) error {
	if r.WindowDays != nil {
		g.WindowDays = nil
		for i, days := range r.WindowDays {
			if days < 0 || days > maxWindowDays {
				return fault.At(fmt.Sprintf("/window_days/%d", i), "a window is 0 for the whole history, or at most %d days", maxWindowDays)
			}
			g.WindowDays = append(g.WindowDays, int32(days))
		}
	}
	if len(g.WindowDays) > MaxWindows {
		return fault.At("/window_days", "at most %d windows are compared at once", MaxWindows)
	}
	if r.Bins != nil {
		g.Bins = slices.Clone(r.Bins)
	}
	if r.Weights != nil {
		g.Weights = nil
		for i, w := range r.Weights {
			if len(w) != 3 || slices.Min(w) < 0 || slices.Max(w) > backtest.MaxWeight {
				return fault.At(fmt.Sprintf("/weights/%d", i), "weights are three numbers from 0 to %d: of recency, frequency and money", backtest.MaxWeight)
			}
			g.Weights = append(g.Weights, backtest.Weights{R: uint8(w[0]), F: uint8(w[1]), M: uint8(w[2])})
		}
	}
	if n := len(g.WindowDays) * len(g.Bins) * len(g.Weights); n > MaxSettings {
		return fault.At("/weights", "windows, bins and weights make %d settings, and at most %d are compared at once", n, MaxSettings)
	}
	return nil
}

// pointed moves the pointer of an error about the grid to where the request has it.
func pointed(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		f.Pointer = strings.TrimPrefix(f.Pointer, "/grid")
	}
	return err
}
