// Package archive is the domain of what is done to the lake's events in the background: compaction, replays, and, for one
// customer, erasure and export. It says what may be asked for, what the messages on the queue of the archive hold, and
// what is kept of a job; it knows neither tables, queues nor objects. Whoever works brings them (functions/archive), and
// whoever asks brings a Store and a Queue (functions/console and the schedule alike).
//
// Each message is safe to repeat, at any time and beside itself, and one that does not come to its end within an
// invocation goes on in another, as a message to itself.
//
// # Replays
//
// A replay feeds the events that were received in [From, To) through profile again. Nothing counts twice, exactly: an
// event is in the lake only after it has had its effect, so that what a replay brings has been counted. Orders, links,
// traits, consent, groups and answers know the events that made them, and take in what they miss; activity, which is but
// a count, takes in nothing from a replay, and so stays what it is however often one runs. A replay sets off no scene,
// and its events do not go into the lake again. Customers who were erased stay so: their events cannot be opened.
//
// So a replay restores money, profiles, consent and links after a loss of records, and applies a change of how they are
// read to what has been; it does not restore counts of activity: those of a table that was restored to a moment are as
// they were at that moment.
package archive

import (
	"time"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

// Task says what a message is for.
type Task string

// The tasks.
const (
	Compact Task = "compact" // a day's hours into its shards
	Replay  Task = "replay"  // a day of a replay; without a day, its beginning
	Erase   Task = "erase"   // a customer, for good
	Export  Task = "export"  // all that is known of a customer, as a file
)

// Message is the body of one message on the archive's queue.
type Message struct {
	Task Task   `json:"task"`
	Day  Day    `json:"day,omitempty"` // of Compact and Replay
	Job  string `json:"job,omitempty"` // of Replay and Export: the record's id
	// Customer is whom Erase and Export are about, as the request named them.
	Customer customer.ID `json:"customer,omitempty"`
	// After and Count are how far a day of a Replay is: the object and how many of its lines are done, and what was
	// done so far.
	After Position `json:"after,omitzero"`
	Count Count    `json:"count,omitzero"`
	// Pieces are the objects that an Export has written up to Day, which is done.
	Pieces []string `json:"pieces,omitempty"`
	// Again says that an Erase is the second, which waits until whatever was under way during the first has ended.
	Again bool `json:"again,omitempty"`
}

// Position is a place in the objects of a day, in the order of reading.
type Position struct {
	Stage int    `json:"stage"` // lake.Stage
	Key   string `json:"key"`
	Lines int    `json:"lines"` // that are done of the object; -1 for all
}

// Count says what became of lines.
type Count struct {
	Events  int `json:"events"`            // sent to be folded again
	Erased  int `json:"erased,omitempty"`  // of customers whose key is gone
	Damaged int `json:"damaged,omitempty"` // lines or objects that cannot be read
}

// Add adds another count.
func (c *Count) Add(o Count) {
	c.Events += o.Events
	c.Erased += o.Erased
	c.Damaged += o.Damaged
}

// Day is a UTC day, such as 2026-01-31.
type Day string

// DayOf returns the UTC day of a moment.
func DayOf(t time.Time) Day { return Day(t.UTC().Format(time.DateOnly)) }

// Start returns when the day begins. It returns an Invalid error for what is no day.
func (d Day) Start() (time.Time, error) {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}, fault.New(fault.Invalid, "a day is written like 2026-01-31")
	}
	return t, nil
}
