// Package message is the ledger of what customers are sent, and the record of how often. It is pure: every change is a
// step from one entry to the next, and whoever keeps entries writes a step only on condition that the revision is
// still the one that was read.
//
// An entry is one message of one scene to one customer for one occasion. It goes
//
//	(none) → held | deferred | claimed        outreach: what the gates say
//	deferred → held | deferred | claimed      outreach, when it comes due
//	claimed → sending | held | failed         dispatch: the one step that lets a sender through
//	sending → sent | failed | claimed         dispatch: accepted, refused for good, definitely not sent
//	sending → unknown                         dispatch: nobody can tell any more; never sent again
//	unknown → sent | failed                   receipts: the provider's own word
//
// An entry of the channel task sends nothing: outreach takes it from none or deferred to done, in one transaction with the
// task that it makes for a person. There it ends; how far the task is, the task says (see package task). So does an entry of a
// step that only branches.
//
// The entry of a journey's first step also keeps what came of it: orders and whatever else the scene has for its goal are
// booked on it (see Convert), whatever its state, for those as well who got nothing for comparison.
//
// A provider takes no idempotency token, so a message is let through to it at most once between definite refusals:
// what stays unknown is at most a lost message, never a second one.
package message

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"time"

	"liuke/shared/budget"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/offer"
	"liuke/shared/signal"
	"liuke/shared/survey"
)

// State says how far an entry has come.
type State string

// The states. Held, Failed, Sent and Done are final, but for what receipts add.
const (
	Held     State = "held"     // a gate said no; Gate and Reason say which and why
	Deferred State = "deferred" // waits for its minute; Due says which
	Claimed  State = "claimed"  // passed the gates and counts against the caps; to be sent
	Sending  State = "sending"  // handed to the provider, or about to be
	Sent     State = "sent"     // the provider took it
	Failed   State = "failed"   // the provider refused it for good, or it could not be made
	Unknown  State = "unknown"  // the provider may or may not have taken it
	Done     State = "done"     // a task was made of it, or a journey went on; nothing is sent
)

// Channel names a way to reach a customer, as consent is given for it.
type Channel string

// The channels that scenes use.
const (
	Email   Channel = "email"
	SMS     Channel = "sms"
	Push    Channel = "push"    // to the customer's app
	Webhook Channel = "webhook" // a post to a system or a group's bot, which may pass it on to the customer
	Task    Channel = "task"    // reaches no customer: it gives a person something to do
)

// Channels returns all channels.
func Channels() []Channel { return []Channel{Email, SMS, Push, Webhook, Task} }

// Entry is one message of the ledger. Times are zero where the thing has not happened; they are kept to the
// millisecond.
type Entry struct {
	Customer customer.ID
	ID       string
	Revision int64 // +1 with each write; 0 for an entry that is not stored yet
	Scene    string
	Step     int
	Channel  Channel
	Occasion string          // id of the signal that set it off
	Kind     signal.Kind     // of that signal
	Data     json.RawMessage // of that signal: what the content is made from
	State    State
	Gate     string // the gate that held or deferred it
	Reason   string // why it was held, deferred, refused or lost: a code, never personal data
	Locale   string // of the content that was sent
	Attempt  string // id of the one try that stepped to sending last
	Provider string // the provider's id of the message

	Invitation Invitation // that the message carries; the zero value for none

	Variant string      // of the scene's, that the customer was drawn for; "" where there are none
	Code    offer.Given // the coupon's code that the message carries; the zero value for none
	// Reserved is what the message may cost, and where that is set aside. Once the message was sent it is what it did cost, set
	// aside nowhere any more; of one that is never sent it is nothing.
	Reserved budget.Reservation
	// Changes are made to the budget's counters by the step that led here. They are not kept: whoever writes the step writes
	// them with it, in one transaction.
	Changes []budget.Change

	Came  string // of a step that waited for an event: id of the signal that it came; "" where it did not
	Worth int64  // of step 0: what the orders among Goals are worth now, in minor units of the business's currency
	Goals []Goal // of step 0: what met the scene's goal since, sorted by id; at most MaxGoals

	Caused     time.Time // when the cause happened
	Decided    time.Time // when the gates were first asked
	Due        time.Time // the minute that a deferred entry waits for
	Claimed    time.Time
	Attempted  time.Time // when it last stepped to sending
	Sent       time.Time
	Delivered  time.Time // the recipient's server took it
	Bounced    time.Time // the recipient's server refused it for good
	Complained time.Time // the recipient called it spam
	Rejected   time.Time // the provider took it and then would not send it

	// What the customer did with it. Opened is a hint at most: mail programs load images on their own.
	Opened       time.Time // when it was first shown, as far as an image tells
	Clicked      time.Time // when a person first followed a link; see Visit
	Prefetched   time.Time // when a program followed one last
	Link         string    // which link that was, for telling people from programs
	Unsubscribed time.Time // by the message's own link
	Converted    time.Time // of step 0: when the scene's goal was first met by what was not taken back
}

// Invitation is the invitation to a survey that a message carries. It and the cell that it counts in are fixed at the
// claim; reminders carry that of the message that they remind of.
type Invitation struct {
	Survey string
	ID     string
	Cell   survey.Cell
}

// Invited reports whether the message has invited the customer to a survey, and when: as it was handed to the provider,
// in the try that succeeded. That moment is written before the message goes out, so that whoever counts can be told of
// it before. A reminder invites nobody anew.
func (e *Entry) Invited() (at time.Time, ok bool) {
	if e.State != Sent || e.Step > 0 || e.Invitation.Survey == "" {
		return time.Time{}, false
	}
	if e.Attempted.IsZero() {
		return e.Sent, true
	}
	return e.Attempted, true
}

// ID is the id of the entry for a customer's scene, occasion (a signal's id), step and channel: lower-case base32 of 16
// bytes of a SHA-256. It tells the entry among all customers' entries: signals of many customers have one cause in
// common, such as a recalculation, and wait side by side for their minute.
func ID(c customer.ID, scene, occasion string, step int, channel Channel) string {
	h := sha256.New()
	var n [8]byte
	for _, part := range []string{string(c), scene, occasion, string(channel)} {
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	binary.BigEndian.PutUint64(n[:], uint64(step))
	h.Write(n[:])
	return idText(h.Sum(nil)[:idLength])
}

// idLength is how many bytes an id stands for.
const idLength = 16

var idCoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func idText(b []byte) string { return idCoding.EncodeToString(b) }

func idBytes(id string) ([]byte, error) {
	b, err := idCoding.DecodeString(id)
	if err != nil || len(b) != idLength {
		return nil, fault.New(fault.Internal, "that is no id of an entry")
	}
	return b, nil
}

// New returns the entry that a scene's step has for a signal, before anything is decided.
func New(scene string, step int, channel Channel, s signal.Signal) Entry {
	return Entry{
		Customer: s.Customer,
		ID:       ID(s.Customer, scene, s.ID, step, channel),
		Scene:    scene,
		Step:     step,
		Channel:  channel,
		Occasion: s.ID,
		Kind:     s.Kind,
		Data:     s.Data,
		Caused:   s.Time,
	}
}

// Job is the body of one message on the messages queue.
type Job struct {
	Customer customer.ID `json:"customer,omitempty"`
	Entry    string      `json:"entry,omitempty"`
	Test     *Test       `json:"test,omitempty"` // in their place: what an operator looks at a scene by
}

// Test is a message that an operator sends to a named address to see what a scene looks like: ready to be sent, but for the
// mark that it is a test. It has no entry; TestRecord is what became of it.
type Test struct {
	ID            string            `json:"id"`    // as long as an entry's
	Asked         time.Time         `json:"asked"` // when the operator asked for it
	Scene         string            `json:"scene"`
	Channel       Channel           `json:"channel"`
	To            string            `json:"to"`
	Subject       string            `json:"subject,omitempty"`
	Title         string            `json:"title,omitempty"`
	Text          string            `json:"text,omitempty"`
	HTML          string            `json:"html,omitempty"`
	Data          map[string]string `json:"data,omitempty"`
	JSON          json.RawMessage   `json:"json,omitempty"`
	Transactional bool              `json:"transactional,omitempty"`
}

// Open reports whether the gates are still to decide: there is no entry yet, or it waits.
func (e Entry) Open() bool { return e.State == "" || e.State == Deferred }

// Hold is the step to held: by a gate of outreach, or by dispatch that looks at consent and suppression again.
func (e Entry) Hold(gate, reason string, now time.Time) (Entry, error) {
	if !e.Open() && e.State != Claimed {
		return e, e.forbidden(Held)
	}
	e.decide(now)
	e.State, e.Gate, e.Reason, e.Due = Held, gate, reason, time.Time{}
	return e.release(), nil
}

// Defer is the step to deferred until the minute due.
func (e Entry) Defer(gate, reason string, due, now time.Time) (Entry, error) {
	if !e.Open() {
		return e, e.forbidden(Deferred)
	}
	e.decide(now)
	e.State, e.Gate, e.Reason, e.Due = Deferred, gate, reason, due
	return e, nil
}

// Claim is the step to claimed. It is written together with the contact record that counts it.
func (e Entry) Claim(now time.Time) (Entry, error) {
	if !e.Open() {
		return e, e.forbidden(Claimed)
	}
	e.decide(now)
	e.State, e.Gate, e.Reason, e.Due, e.Claimed = Claimed, "", "", time.Time{}, now
	return e, nil
}

// Finish is the step to done of an entry of the channel task. It is written together with the task.
func (e Entry) Finish(now time.Time) (Entry, error) {
	if !e.Open() || e.Channel != Task {
		return e, e.forbidden(Done)
	}
	e.decide(now)
	e.State, e.Gate, e.Reason, e.Due, e.Claimed = Done, "", "", time.Time{}, now
	return e, nil
}

// Branch is the step to done of an entry whose step says nothing: the journey goes on.
func (e Entry) Branch(now time.Time) (Entry, error) {
	if !e.Open() {
		return e, e.forbidden(Done)
	}
	e.decide(now)
	e.State, e.Gate, e.Reason, e.Due = Done, "", "", time.Time{}
	return e, nil
}

func (e *Entry) decide(now time.Time) {
	if e.Decided.IsZero() {
		e.Decided = now
	}
}

// Begin is the step from claimed to sending that lets one sender through. The attempt is an id of that sender's own,
// by which it knows its step again when the answer to the write was lost.
func (e Entry) Begin(attempt string, now time.Time) (Entry, error) {
	if e.State != Claimed {
		return e, e.forbidden(Sending)
	}
	e.State, e.Attempt, e.Attempted, e.Reason = Sending, attempt, now, ""
	return e, nil
}

// Accept is the step to sent: the provider took the message under its id. It also settles unknown, and completes an
// entry that a receipt settled first.
func (e Entry) Accept(provider, locale string, now time.Time) (Entry, error) {
	switch e.State {
	case Sending, Unknown:
		e.State, e.Sent, e.Reason = Sent, now, ""
	case Sent, Failed:
		if e.Locale != "" || (e.State == Failed && e.Rejected.IsZero()) {
			return e, e.forbidden(Sent)
		}
	default:
		return e, e.forbidden(Sent)
	}
	e.Provider, e.Locale = provider, locale
	return e, nil
}

// Fail is the step to failed: the message cannot be made (from claimed), or the provider refused it for good.
func (e Entry) Fail(reason string) (Entry, error) {
	if e.State != Sending && e.State != Claimed {
		return e, e.forbidden(Failed)
	}
	e.State, e.Reason = Failed, reason
	return e.release(), nil
}

// PutBack is the step from sending back to claimed: the provider has definitely not taken the message and may later.
func (e Entry) PutBack(reason string) (Entry, error) {
	if e.State != Sending {
		return e, e.forbidden(Claimed)
	}
	e.State, e.Reason = Claimed, reason
	return e, nil
}

// Lose is the step from sending to unknown: no answer, or one that says nothing of whether the message was taken.
func (e Entry) Lose(reason string) (Entry, error) {
	if e.State != Sending {
		return e, e.forbidden(Unknown)
	}
	e.State, e.Reason = Unknown, reason
	return e, nil
}

func (e Entry) forbidden(to State) error {
	from := e.State
	if from == "" {
		from = "none"
	}
	return fault.New(fault.Conflict, "an entry goes from %s to %s never", from, to)
}
