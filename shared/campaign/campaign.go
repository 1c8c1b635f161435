// Package campaign is the domain of runs over all customers at once: a campaign that an operator starts, one that a scene's
// schedule starts, and the simulation of a scene, which sends nothing. It says what may be asked, what a run keeps, how it is
// planned, and the pure steps of its work. It knows neither tables, queues nor objects; whoever works brings them
// (functions/rfm), and whoever asks brings a Store and a queue (functions/console, and functions/outreach each minute).
//
// A run goes over the names in the snapshot of the recalculation that was applied last, in the order of the table's hash: a
// customer who came after it is not in the run, nor is one who has become part of another since, whose person is in it by
// itself. What is known of a customer is read as it stands when the run comes to it.
//
// A real run tells outreach of each customer in the scene's audience, by a signal whose id is made of the run's. So a run
// that goes over some customers twice, since a worker was lost, tells the same again, and the ledger lets each have its
// effect once. Signals are paced: each is to be heard at a moment of its own, and the queue holds it back until then, or the
// run waits. All gates are outreach's part; the audience is asked here already, so that whom a campaign is not for costs
// nothing but a read.
package campaign

import (
	"fmt"
	"time"

	"liuke/shared/recalc"
)

// States of a run beside those that every job has.
const (
	Filed     recalc.State = "filed"     // waits for the moment at which it is to start
	Cancelled recalc.State = "cancelled" // by an operator: nothing more goes out of what waits, either
)

// Terms are a request with everything settled.
type Terms struct {
	Simulated bool      `json:"simulated,omitempty"`
	At        time.Time `json:"at"`             // when the run is to start; of a simulation, the moment at which its clock stands
	Due       bool      `json:"due,omitempty"`  // started by the scene's schedule
	Customers int       `json:"customers"`      // signalled at most, or looked at by a simulation; 0 for all
	PerSecond int       `json:"per_second"`     // signals a second, 0 for as many as there are
	Seed      uint64    `json:"seed,omitempty"` // of a simulation
	Text      string    `json:"text,omitempty"` // that a simulation is of, in the place of the scene's document; "" for that
	Key       string    `json:"key,omitempty"`  // by which an operator asked for the run, so that it is started once; "" for none
}

// Counts say how far a run has come.
type Counts struct {
	Seen      int64     `json:"seen"`      // customers of the snapshot that were looked at
	Gone      int64     `json:"gone"`      // of those, erased or become part of another since
	Audience  int64     `json:"audience"`  // of the others, those in the scene's audience
	Unjudged  int64     `json:"unjudged"`  // of the others, those for whom the audience cannot be judged: they are not in it
	Signalled int64     `json:"signalled"` // of those, whom outreach was told of, or would be
	Next      time.Time `json:"next"`      // when the next signal may be heard, by the pace
}

// Record is what is kept of a run. Its steps are customers of the snapshot.
type Record struct {
	recalc.Job
	Scene  string
	Terms  Terms
	Counts Counts
}

// Name names the run among all scenes'.
func (r *Record) Name() string { return r.Scene + "/" + r.ID }

// Message is what goes on with a run after so many customers.
func (r *Record) Message(step int) recalc.Message {
	return recalc.Message{Phase: recalc.PhaseCampaign, Run: r.Run, Scene: r.Scene, Campaign: r.ID, Step: step}
}

// Filing says that a run is on file, and for when.
type Filing struct {
	At    time.Time // to the minute
	Scene string
	ID    string
}

// Filing is how a run that is to start later is put on file: under the minute in which its moment is, or that follows.
func (r *Record) Filing() Filing {
	minute := r.Terms.At.Truncate(time.Minute)
	if minute.Before(r.Terms.At) {
		minute = minute.Add(time.Minute)
	}
	return Filing{At: minute, Scene: r.Scene, ID: r.ID}
}

// The keys of a run's objects. Those under scores/ name customers and expire (recalc.ScoresKept).
func (r *Record) folder() string { return r.Run + "/campaigns/" + r.Scene + "/" + r.ID }

// StateKey is the object that an invocation left behind for the next after so many customers.
func StateKey(r *Record, step int) string {
	return "scores/" + r.folder() + fmt.Sprintf("/state-%09d.json", step)
}

// BasisKey is what a simulation goes by: operators' documents as they stood when it began, as JSON.
func BasisKey(r *Record) string { return "runs/" + r.folder() + "/basis.json" }

// ReportKey is what a simulation came to, as JSON. It names nobody.
func ReportKey(r *Record) string { return "runs/" + r.folder() + "/report.json" }

// ExamplesKey is a few customers for each outcome of a simulation, as JSON.
func ExamplesKey(r *Record) string { return "scores/" + r.folder() + "/examples.json" }

// TableKey is the rows of a simulation from a customer on, as CSV without a header.
func TableKey(r *Record, from int) string {
	return "scores/" + r.folder() + fmt.Sprintf("/table-%09d.csv", from)
}

// RowsKey is all rows of a simulation, as CSV.
func RowsKey(r *Record) string { return "scores/" + r.folder() + "/rows.csv" }
