// Package trial is the domain of the backtests that operators ask for: what may be asked, the record that one keeps, how it
// is planned, and the pure steps of its work. How settings are compared is package backtest's part. It knows neither
// tables, queues nor objects; whoever works brings them (functions/rfm), and whoever asks brings a Store and a queue
// (functions/console).
//
// A backtest goes over the snapshot of a run that is done, whether it was applied or not: over whole parts of it, spread
// evenly over the slices. A scan walks through the table by a hash of the customers' ids, so that each part is a range of
// hashes, whole parts are a random sample, and nobody's name is needed. It reads the parts twice, one at a time: once to
// count, from which cuts, models and the population's rhythm as of the cut day follow, and once to tally what became of
// the customers by their scores. What it keeps in between does not grow with the rows but with their different values.
//
// Every step is a function of the run and the terms alone. So work that was done twice comes to the same state under the
// same key, and the report is the same whoever ends first.
package trial

import (
	"liuke/shared/backtest"
	"liuke/shared/recalc"
)

// Terms are a request with everything settled.
type Terms struct {
	Test      backtest.Terms `json:"test"`
	Customers int            `json:"customers"` // how many rows of the snapshot are read at most, if more than one part
}

// Record is what is kept of a backtest beside its report. Its steps are the parts of the snapshot, of both passes.
type Record struct {
	recalc.Job
	Terms Terms
}

const prefix = "/backtests/"

// ReportKey is the object of a backtest's Report, as JSON.
func ReportKey(r *Record) string { return "runs/" + r.Run + prefix + r.ID + ".json" }

// StateKey is the object that an invocation left behind for the next after so many parts.
func StateKey(r *Record, step int) string {
	return "runs/" + r.Run + prefix + r.ID + "/" + stepName(step) + ".json"
}
