package campaign

import (
	"context"
	"strings"
	"time"

	"liuke/shared/budget"
	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/outreach"
	"liuke/shared/scene"
	"liuke/shared/signal"
	"liuke/shared/sms"
)

// Outcome is what comes of a step for a customer.
type Outcome string

// The outcomes.
const (
	Message Outcome = "message" // would be claimed and sent
	Task    Outcome = "task"    // would be made for a person
	Held    Outcome = "held"    // by the gate, for the reason
	Passed  Outcome = "passed"  // a step that says nothing, and only branches
)

// Row is what comes of one step of a scene for one customer.
type Row struct {
	Customer customer.ID
	Step     int
	Outcome  Outcome
	At       time.Time // when it is decided for good
	Waited   string    // the gate that put it off until then, "" for none
	Gate     string    // of Held
	Reason   string
	Channel  message.Channel // of Message
	Variant  string
	Locale   string
	Segment  string
	Parts    int          // of a text message; 1 for every other
	Cost     budget.Micro // in the business's currency
	Unpriced bool         // no price is known of the channel
}

// waits bounds how often a decision is put off. Quiet hours and law open within three days.
const waits = 8

// Customer is one customer in a simulation.
type Customer struct {
	Dossier    *message.Dossier
	Signal     signal.Signal
	Suppressed map[message.Address]bool
}

func (c *Customer) isSuppressed(_ context.Context, channel message.Channel, address string) (bool, error) {
	return c.Suppressed[message.Address{Channel: channel, Address: address}], nil
}

// Follow follows the scene for one customer from when its signal is heard: each step is decided at the moment at which it
// would be, by the gates that outreach asks, with what was simulated before counted against the caps, and as if nobody
// answered, followed a link or met the goal, and every message were delivered. It tells each step's row to tell.
func (b *Basis) Follow(m *Money, c Customer, tell func(Row)) {
	d, sc := c.Dossier, b.Scene
	at := c.Signal.Time
	if sc.Delay > 0 {
		at = wholeMinute(at.Add(sc.Delay))
	}
	contact, first := d.Contact, scene.First{}
	variant := ""
	if sc.Experiment != nil {
		variant = sc.Experiment.Variants[sc.Experiment.Assign(d.Person)].ID
	}
	ask := sc.Ask(c.Signal)
	for step := 0; step != scene.Exit; {
		next := outreach.Candidate(d, sc, c.Signal, ask, b.Surveys[ask.Survey], at)
		next.Contact, next.Variant, next.First, next.Ways = contact, variant, first, b.Ways
		next.Step, next.Invited = step, step > 0 && first.Sent
		if step == 0 {
			if last, ok := d.Contact.EnteredLast(sc.ID); ok {
				next.Entered = last.At
			}
		}
		_ = outreach.Suppressed(context.Background(), &next, c.isSuppressed) // a look at what was read before: it cannot fail
		row, v := b.decide(&next, m)
		tell(row)
		if row.Outcome == Message || row.Outcome == Task {
			if step == 0 {
				first = scene.First{Sent: row.Outcome == Message, Delivered: row.Outcome == Message}
			}
			if counts(sc, row.Outcome) {
				if after, err := contact.Add(next.Stamp()); err == nil {
					contact = after
				}
			}
			if ask.Survey != "" {
				if step == 0 {
					contact = contact.Ask(ask.Survey, next.Now)
				}
				if after, ok := next.Reminder(); ok {
					step, at = step+1, next.Now.Add(after).Truncate(time.Minute)
					continue
				}
			}
		}
		if step >= len(sc.Steps) { // a reminder
			return
		}
		if step = sc.Onward(step, v.Gate); step != scene.Exit {
			at = wholeMinute(next.Now.Add(sc.Steps[step].After))
		}
	}
}

// counts reports whether what comes of a step counts against the caps: a task only where the scene has limits of its own.
func counts(sc *scene.Scene, o Outcome) bool { return o == Message || len(sc.Caps) > 0 }

// decide decides on a candidate, and again whenever it is put off; it moves the candidate's clock on.
func (b *Basis) decide(c *scene.Candidate, m *Money) (Row, scene.Verdict) {
	sc := c.Scene
	row := Row{Customer: c.Person, Step: c.Step, Variant: c.Variant, Segment: c.Scores.Segment}
	v := b.Rules.Decide(*c)
	for n := 0; v.Outcome == scene.Defer && n < waits; n++ {
		row.Waited, c.Now = v.Gate, v.Until
		v = b.Rules.Decide(*c)
	}
	row.At = c.Now
	switch {
	case v.Outcome != scene.Pass:
		row.Outcome, row.Gate, row.Reason = Held, v.Gate, v.Reason
		return row, v
	case !sc.Step(c.Step).Speaks():
		row.Outcome = Passed
		return row, v
	case sc.Named(c.Step) == message.Task:
		row.Outcome, row.Channel, row.Locale, row.Parts = Task, message.Task, scene.DefaultLocale, 1
		return row, v
	}
	row.Outcome, row.Channel, row.Parts = Message, c.Channel(), 1
	row.Locale = sc.Locale(c.Profile.Locale())
	if row.Channel == message.SMS {
		b.measure(c, &row)
	}
	cost, err := b.Settings.CostOf(row.Channel, row.Parts)
	row.Cost, row.Unpriced = cost, err != nil
	if reason := m.spend(b, &row); reason != "" {
		row = Row{Customer: row.Customer, Step: row.Step, Variant: row.Variant, Segment: row.Segment, At: row.At, Waited: row.Waited,
			Outcome: Held, Gate: scene.GateBudget, Reason: reason}
		return row, scene.Verdict{Outcome: scene.Hold, Gate: scene.GateBudget, Reason: reason}
	}
	return row, v
}

// sampleLink is as long as links to a customer's own pages are.
var sampleLink = "https://example.com/u/" + strings.Repeat("x", 80)

// measure says in how many parts a text message goes out, and in which locale.
func (b *Basis) measure(c *scene.Candidate, row *Row) {
	e := message.New(c.Scene.ID, c.Step, c.Scene.Named(c.Step), c.Signal)
	say := scene.Saying{
		Step: c.Step, Variant: c.Variant, Segment: c.Scores.Segment, Channel: message.SMS, Sender: "sample",
		Links: scene.Links{Unsubscribe: sampleLink, Preferences: sampleLink}, Stop: "Reply STOP", Code: "SAMPLE-CODE",
	}
	if said, err := c.Scene.Render(say, c.Profile, e); err == nil {
		row.Locale, row.Parts = said.Locale, max(sms.Measure(said.Text).Segments, 1)
	}
}

func wholeMinute(t time.Time) time.Time {
	if whole := t.Truncate(time.Minute); whole.Before(t) {
		return whole.Add(time.Minute)
	}
	return t
}

// Money is what a simulation has spent, by account of the budget; nothing was spent before it.
type Money struct {
	Spent map[string]budget.Micro `json:"spent"`
}

// spend sets the cost of a message aside, or says why it cannot be.
func (m *Money) spend(b *Basis, row *Row) (reason string) {
	limits := b.Settings.LimitsOf(b.Scene, b.Currency)
	accounts := limits.Accounts(b.Scene.ID, budget.Day(row.At, b.Zone))
	switch {
	case len(accounts) == 0:
		return ""
	case row.Unpriced:
		return budget.ReasonUnpriced
	case row.Cost > limits.Dearest:
		return budget.ReasonDear
	}
	for _, a := range accounts {
		if m.Spent[a.ID]+row.Cost > a.Limit {
			return budget.ReasonSpent
		}
	}
	if m.Spent == nil {
		m.Spent = map[string]budget.Micro{}
	}
	for _, a := range accounts {
		m.Spent[a.ID] += row.Cost
	}
	return ""
}
