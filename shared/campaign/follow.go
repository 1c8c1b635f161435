package campaign

import (
	"context"
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
	Failed  Outcome = "failed"  // would be claimed, and then not be sent, for the reason
	Held    Outcome = "held"    // by the gate, for the reason
	Passed  Outcome = "passed"  // a step that says nothing, and only branches
)

// Row is what comes of one step of a scene for one customer.
type Row struct {
	Customer customer.ID
	Step     int
	Outcome  Outcome
	At       time.Time       // when it is decided for good
	Waited   string          // the gate that put it off until then, "" for none
	Gate     string          // of Held
	Reason   string          // of Held and Failed
	Channel  message.Channel // of Message and Failed
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
// answered, followed a link or met the goal, and every message that can be made were delivered. It takes from the means what
// messages take, and tells each step's row to tell.
func (b *Basis) Follow(m *outreach.Means, c Customer, tell func(Row)) {
	d, sc := c.Dossier, b.Scene
	at := c.Signal.Time
	if sc.Delay > 0 {
		at = wholeMinute(at.Add(sc.Delay))
	}
	contact, first := d.Contact, scene.First{}
	variant, carries := "", false
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
		row, v := b.decide(&next, m, carries)
		tell(row)
		if row.Outcome == Message || row.Outcome == Task || row.Outcome == Failed {
			if step == 0 {
				first = scene.First{Sent: row.Outcome == Message, Delivered: row.Outcome == Message}
				carries = row.Outcome != Task && outreach.Takes(sc, false)
			}
			if counts(sc, row.Outcome) {
				if after, err := contact.Add(next.Stamp()); err == nil {
					contact = after
				}
			}
			if ask.Survey != "" {
				if step == 0 && row.Outcome != Failed {
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

// counts reports whether what comes of a step counts against the caps: a message that is sent, and a task where the scene has limits of
// its own.
func counts(sc *scene.Scene, o Outcome) bool { return o == Message || o == Task && len(sc.Caps) > 0 }

// decide decides on a candidate, and again whenever it is put off; it moves the candidate's clock on.
// Its message may carry the code of the journey's first.
func (b *Basis) decide(c *scene.Candidate, m *outreach.Means, carries bool) (Row, scene.Verdict) {
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
	v = b.claim(c, m, carries, &row)
	return row, v
}

// claim takes what the candidate's message needs, and makes it as it would be sent; or the row says why not.
func (b *Basis) claim(c *scene.Candidate, m *outreach.Means, carries bool, row *Row) scene.Verdict {
	e := message.New(c.Scene.ID, c.Step, c.Scene.Named(c.Step), c.Signal)
	held := func(gate, reason string) scene.Verdict {
		row.Outcome, row.Gate, row.Reason = Held, gate, reason
		return scene.Verdict{Outcome: scene.Hold, Gate: gate, Reason: reason}
	}
	reserved, why := m.Afford(&b.Settings, c, b.Currency, b.Zone, e.ID)
	if why != "" {
		return held(scene.GateBudget, why)
	}
	if why := m.Give(c, carries); why != "" {
		m.Spent.Change(reserved.Release())
		return held(scene.GateOffer, why)
	}
	row.Outcome, row.Channel, row.Parts = Message, c.Channel(), 1
	said, failed, _ := outreach.Say(c.Scene, b.saying(c, e.ID), c.Profile, e)
	if failed == "" {
		failed = b.unfit(c, e.ID, said)
	}
	if failed != "" {
		m.Spent.Change(reserved.Release())
		row.Outcome, row.Reason = Failed, failed
		return scene.Verdict{}
	}
	row.Locale = said.Locale
	if row.Channel == message.SMS {
		row.Parts = max(sms.Measure(said.Text).Segments, 1)
	}
	cost, err := b.Settings.CostOf(row.Channel, row.Parts)
	if row.Cost, row.Unpriced = cost, err != nil; err == nil {
		m.Spent.Change(reserved.Settle(cost))
	}
	return scene.Verdict{}
}

func wholeMinute(t time.Time) time.Time {
	if whole := t.Truncate(time.Minute); whole.Before(t) {
		return whole.Add(time.Minute)
	}
	return t
}
