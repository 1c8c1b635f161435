// Package recalc is the domain of a recalculation: what may be asked for, the record that a run keeps, how it is planned,
// and the pure steps of its phases. It knows neither tables, queues nor objects; whoever runs a phase brings them
// (functions/rfm), and whoever starts one brings a Store and a Queue (functions/console and the schedule alike).
//
// A run reads every customer once and goes through these phases, each a message on a queue, each safe to repeat:
//
//	snapshot  a slice of the table into parts: rows, and a summary that merges (Summarize)
//	fit       cut points and models from all summaries (FitOf)
//	score     a part's rows against the fit, compared with the scores that stood at the snapshot (Scorer)
//	publish   the merged results: the run's report, one CSV, the index of segment members
//
// One run is under way at a time: it holds a lease until its deadline, which its progress puts off. After the deadline
// the next plan marks it failed and takes over. Scores are a function of the rows, the terms and the fit alone, so that
// phases repeated in any order come to the same result.
package recalc

import (
	"time"

	"liuke/shared/clv"
	"liuke/shared/customer"
	"liuke/shared/document"
)

// Lease is how long a run may make no progress before the next plan takes over. Workers stop at it as well, and Grace
// is how long a plan waits beyond it, so that clocks that differ by less let no two runs write at once.
const (
	Lease = time.Hour
	Grace = time.Minute
)

// Phase is a step of a run.
type Phase string

// The phases. Plan is a scheduled run that waits for the one that is under way.
const (
	PhasePlan     Phase = "plan"
	PhaseSnapshot Phase = "snapshot"
	PhaseFit      Phase = "fit"
	PhaseScore    Phase = "score"
	PhasePublish  Phase = "publish"
	PhaseBacktest Phase = "backtest" // of a run that is done; see package trial
	PhaseCampaign Phase = "campaign" // of a run that is done; see package campaign
)

// Message is the body of one message on the queue of recalculations.
type Message struct {
	Phase Phase  `json:"phase"`
	Run   string `json:"run"`
	Slice int    `json:"slice"`
	Part  int    `json:"part"`
	// Row is the row of the part that scoring goes on from; those before it are written.
	Row int `json:"row,omitempty"`
	// Write is what writing those consumed, in write units.
	Write float64 `json:"write,omitempty"`
	// Resumed says that the fit goes on from the tiling that an invocation before has left behind.
	Resumed bool `json:"resumed,omitempty"`
	// ScheduledAt is when the schedule meant PhasePlan to run.
	ScheduledAt time.Time `json:"scheduled_at,omitzero"`
	// Backtest is the id of PhaseBacktest's; Campaign of PhaseCampaign's, of the scene. Step is how many steps of it are done.
	Backtest string `json:"backtest,omitempty"`
	Scene    string `json:"scene,omitempty"`
	Campaign string `json:"campaign,omitempty"`
	Step     int    `json:"step,omitempty"`
	// Wait is how long the queue holds the message back, at most 15 minutes.
	Wait time.Duration `json:"-"`
}

// State says how far a run is.
type State string

// The states of a run.
const (
	Running State = "running"
	Done    State = "done"
	Failed  State = "failed"
)

// Run is the record of one recalculation.
type Run struct {
	ID       string
	State    State
	Reason   string // why it failed
	Terms    Terms
	Started  time.Time
	Finished time.Time
	Deadline time.Time // when it counts as lost unless it makes progress
	Slices   int
	Landed   []int // slices whose snapshot is complete
	Scored   []int // slices whose parts are all scored
	Fit      *Fit  // nil until the fit
	Report   *Report
	// Documents are what operators had set when the run was planned. They are written with the run, and read apart.
	Documents []document.Document
}

// Complete reports whether a set of slices holds them all.
func (r *Run) Complete(slices []int) bool { return len(slices) == r.Slices }

// Slice is the progress of one slice of a run's scan.
type Slice struct {
	Number int
	Parts  []Part
	Cursor customer.ID // where the scan goes on; "" before the first part and where Done
	Done   bool
	Scored []int // parts that are scored
	Read   float64
	Write  float64
}

// Part is a piece of a slice: its rows and their summary are two objects of the same name. The name holds a hash of the
// rows, so that workers who happen to scan the same piece twice at different moments do not mix theirs.
type Part struct {
	Name string `json:"name"`
	Rows int    `json:"rows"`
}

// Row is what a snapshot keeps of a customer: the item as it stood when it was scanned.
type Row struct {
	ID       customer.ID
	Customer string // the pseudonym by which the lake knows the customer, "" where there is none
	History  []byte // customer.History, encoded
	Activity []byte // customer.Activity, encoded
	Signs    []byte // customer.Signs, encoded
	Seen     int64  // Unix seconds
	Last     int64  // Unix seconds
	Standing customer.Scores
}

// ForecastDays is how far ahead orders are expected.
const ForecastDays = 90

// Horizon is the future that CLV sums over: a year, discounted as the document of the economics has it, or by 1 % a month.
// Without that document worth is revenue net of refunds, not margin: the suite is told no costs.
func (o *Options) Horizon() clv.Horizon {
	h := clv.Horizon{Months: 12, Monthly: 0.01, Margin: 1}
	if o.Economics != nil {
		h.Monthly, h.Margin = o.Economics.Monthly, o.Economics.Margin
	}
	return h
}
