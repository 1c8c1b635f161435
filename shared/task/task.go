// Package task is what a person is asked to do about a customer: who is to do it, until when, how far it is, and what
// came of it. Tasks are made by scenes of the channel task, by outreach, and edited by operators, in console; both keep
// them under the customer, by way of steps that are pure functions here. A step is written only on condition that the
// version is still the one that was read.
//
// A task goes
//
//	open ⇄ in_progress               whoever takes it on, or puts it back
//	open | in_progress → done        with an outcome
//	open | in_progress → cancelled   nothing is to be done after all
//
// and stays where it has ended. While it has not, its due time escalates it (see Task.Escalate).
//
// Due times run on the clock: a task due in 15 minutes is due in 15 minutes on a Sunday night as well. Business hours are
// not known here; whoever keeps them sets longer times, or moves the due time of a task.
package task

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/signal"
)

// State says how far a task is.
type State string

// The states. Done and Cancelled are final.
const (
	Open       State = "open"
	InProgress State = "in_progress"
	Done       State = "done"
	Cancelled  State = "cancelled"
)

// Closed reports whether nothing is left to do.
func (s State) Closed() bool { return s == Done || s == Cancelled }

// Outcome says what came of a task that is done.
type Outcome string

// The outcomes.
const (
	Resolved     Outcome = "resolved"      // what was wrong is right again
	Compensated  Outcome = "compensated"   // it could not be righted, and was made up for
	Unreachable  Outcome = "unreachable"   // the customer was tried for and not reached
	NotJustified Outcome = "not_justified" // nothing was wrong on this side
	Other        Outcome = "other"         // the note says what
)

// Outcomes lists the outcomes.
func Outcomes() []Outcome { return []Outcome{Resolved, Compensated, Unreachable, NotJustified, Other} }

// Task is one thing to do about one customer. Times are zero where the thing has not happened; they are kept to the
// millisecond.
type Task struct {
	Customer customer.ID // whom the signal named; the task stays under this one where another absorbs it
	Entry    string      // id of the ledger's entry that made it, which tells it among all customers' tasks
	Version  int64       // +1 with each write; 0 for a task that is not stored yet

	Scene      string // that calls for it: the code of what is to be done
	Occasion   string // id of the signal that set it off
	Survey     string // whose answer it is about, "" for none
	Invitation string // that was answered
	Metric     string // that the score is of, such as "nps"; "" where the survey measures nothing
	Score      int    // on the metric's scale
	Title      string // one line, by the scene; "" where the scene's text could not be made
	Text       string // what to do, by the scene

	Tier        string // the customer's, when the task was made; "" where none was known
	Owner       string // who is to do it, as operators call each other; "" for nobody yet
	State       State
	Outcome     Outcome // of a task that is done
	Note        string  // of whoever did it
	Created     time.Time
	Due         time.Time // a whole minute
	Started     time.Time // when it was last taken on
	Closed      time.Time // when it was done or cancelled
	Alarm       time.Time // the minute when it escalates next, where it is not closed by then; zero for never
	Escalations []Escalation
}

// Escalation is one time that a task was not done when it should have been.
type Escalation struct {
	At   time.Time `json:"at"`
	From string    `json:"from"` // who owned it before
	To   string    `json:"to"`   // who has owned it since
}

// Limits of what texts hold, so that a task stays small. What scenes say is cut, what operators write is refused.
const (
	MaxTitleBytes = 200
	MaxTextBytes  = 1000
	MaxOwnerBytes = 128
	MaxNoteBytes  = 4096
)

// MaxDue is how far away a due time may be. What waits for its minute names the customer: nothing of one who is erased
// is left after a month.
const MaxDue = 28 * 24 * time.Hour

// entryBytes is how long the id of a ledger's entry is.
const entryBytes = 26

// ID names a task among all: the entry's id and the customer's, in base64url. It is no secret and no name for a log: it
// holds the customer's id.
type ID string

// ID returns the task's id.
func (t *Task) ID() ID {
	return ID(base64.RawURLEncoding.EncodeToString([]byte(t.Entry + string(t.Customer))))
}

// Parse returns the customer and the entry whose task an id names. It returns NotFound for what no task is called.
func (id ID) Parse() (c customer.ID, entry string, err error) {
	none := fault.New(fault.NotFound, "there is no such task")
	if len(id) > base64.RawURLEncoding.EncodedLen(entryBytes+customer.MaxIDBytes) {
		return "", "", none
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(string(id))
	if err != nil || len(raw) <= entryBytes || strings.ContainsAny(string(id), "\r\n") {
		return "", "", none
	}
	entry = string(raw[:entryBytes])
	if strings.Trim(entry, "abcdefghijklmnopqrstuvwxyz234567") != "" {
		return "", "", none
	}
	if c, err = customer.ParseID(string(raw[entryBytes:])); err != nil {
		return "", "", none
	}
	return c, entry, nil
}

// Brief is what a scene says of a task.
type Brief struct{ Title, Text string }

// New returns the task that an entry of the ledger makes, for a customer of the tier. It is due as the policy has it.
func New(e *message.Entry, brief Brief, tier string, p *Policy, now time.Time) Task {
	t := Task{
		Customer: e.Customer, Entry: e.ID, Scene: e.Scene, Occasion: e.Occasion, Tier: tier, Owner: p.OwnerOf(tier), State: Open,
		Title: cut(line(brief.Title), MaxTitleBytes), Text: cut(clean(brief.Text), MaxTextBytes),
		Created: now, Due: minute(now.Add(p.DueIn(tier))),
	}
	if p.Levels > 0 {
		t.Alarm = t.Due
	}
	if e.Kind == signal.AnswerGiven {
		var d signal.AnswerData
		if json.Unmarshal(e.Data, &d) == nil { // a task whose cause cannot be read is one all the same
			t.Survey, t.Invitation, t.Metric, t.Score = d.Survey, d.Invitation, d.Kind, d.Score
		}
	}
	return t
}

// minute returns the first whole minute that is not before.
func minute(at time.Time) time.Time {
	whole := at.UTC().Truncate(time.Minute)
	if whole.Before(at) {
		whole = whole.Add(time.Minute)
	}
	return whole
}

// Overdue reports whether a task should have been done by now and is not.
func (t *Task) Overdue(now time.Time) bool { return !t.State.Closed() && !now.Before(t.Due) }

// Level is how often the task was escalated.
func (t *Task) Level() int { return len(t.Escalations) }

// DueSignal is the signal that the task's alarm is filed as.
func (t *Task) DueSignal() (signal.Signal, error) {
	data, err := json.Marshal(signal.TaskData{Task: string(t.ID())})
	if err != nil {
		return signal.Signal{}, err
	}
	return signal.Signal{
		ID: signal.TaskDueID(string(t.ID())), Kind: signal.TaskDue, Customer: t.Customer, Time: t.Alarm, Data: data,
	}, nil
}

// DueID is the id that the task's alarm is filed under. It is not the entry's, which a scene may have filed itself under.
func (t *Task) DueID() string { return "task-" + t.Entry }

// againPrefix begins the names of invitations that ask somebody again.
const againPrefix = "again-"

// Again is the signal that asks the customer once more, of a task about an answer that is done. It is not ok for any
// other, nor for an answer that was itself asked for again: nobody is asked for ever. The signal is a pure function of the
// task, so that sending it twice asks once.
func (t *Task) Again() (sig signal.Signal, ok bool, err error) {
	if t.State != Done || t.Survey == "" || t.Invitation == "" || strings.HasPrefix(t.Invitation, againPrefix) {
		return signal.Signal{}, false, nil
	}
	sum := sha256.Sum256([]byte(t.ID()))
	invitation := againPrefix + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
	data, err := json.Marshal(signal.RequestData{Survey: t.Survey, Invitation: invitation, Again: true})
	if err != nil {
		return signal.Signal{}, false, err
	}
	return signal.Signal{
		ID: signal.RequestID(t.Survey, invitation), Kind: signal.Requested, Customer: t.Customer, Time: t.Closed, Data: data,
	}, true, nil
}

// cut shortens a text to so many bytes at the end of a character.
func cut(s string, most int) string {
	const mark = "…"
	if len(s) <= most {
		return s
	}
	s = s[:most-len(mark)]
	for s != "" && !utf8.ValidString(s) { // the cut went through a character: s was valid before
		s = s[:len(s)-1]
	}
	return s + mark
}
