package measure

import (
	"encoding/json"
	"time"

	"liuke/shared/budget"
	"liuke/shared/experiment"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/money"
)

// Tally is what customers who were enrolled have come to: those of one shard of an hour, or of many.
type Tally struct {
	Arms map[string]*experiment.Counters `json:"arms,omitempty"` // by variant; "" of a scene without
	Held experiment.Counters             `json:"held"`
	Cost budget.Micro                    `json:"cost,omitempty"` // of all messages
}

// Add counts a customer by all of its entries, of the first step and of further ones, in any order.
func (t *Tally) Add(e *Enrolment, entries []message.Entry) {
	j, cost := journey(e, entries)
	t.Cost += cost
	arm := &t.Held
	if !e.Held {
		if t.Arms == nil {
			t.Arms = map[string]*experiment.Counters{}
		}
		if t.Arms[e.Variant] == nil {
			t.Arms[e.Variant] = &experiment.Counters{}
		}
		arm = t.Arms[e.Variant]
	}
	arm.Add(j)
}

// journey is how far a customer has come, and what that has cost.
func journey(e *Enrolment, entries []message.Entry) (j experiment.Journey, cost budget.Micro) {
	j.Before = e.Before
	until := e.At.Add(e.Window)
	within := func(at time.Time) bool { return !at.IsZero() && !at.After(until) }
	for i := range entries {
		m := &entries[i]
		j.Sent = j.Sent || m.State == message.Sent
		j.Delivered = j.Delivered || !m.Delivered.IsZero()
		j.Opened = j.Opened || !m.Opened.IsZero()
		j.Clicked = j.Clicked || !m.Clicked.IsZero()
		j.Unsubscribed = j.Unsubscribed || !m.Unsubscribed.IsZero()
		j.Complained = j.Complained || !m.Complained.IsZero()
		if within(m.Converted) {
			j.Converted = true
			j.Net += money.Amount(m.Worth)
		}
		cost += m.Reserved.Cost
	}
	return j, cost
}

// Plus adds the customers of another tally; o stays as it was.
func (t *Tally) Plus(o *Tally) {
	for id, c := range o.Arms {
		if t.Arms == nil {
			t.Arms = map[string]*experiment.Counters{}
		}
		sum := *c
		if before := t.Arms[id]; before != nil {
			sum = before.Plus(*c)
		}
		t.Arms[id] = &sum
	}
	t.Held = t.Held.Plus(o.Held)
	t.Cost += o.Cost
}

// Empty reports whether nobody is counted.
func (t *Tally) Empty() bool { return len(t.Arms) == 0 && t.Held.Assigned == 0 }

// Encode spells a tally as JSON text, alike for what is alike.
func (t *Tally) Encode() (string, error) {
	raw, err := json.Marshal(t)
	return string(raw), fault.As(err, fault.Internal, "a tally cannot be encoded")
}

// DecodeTally is the inverse of Encode. It returns an Internal error for what is damaged.
func DecodeTally(text string) (*Tally, error) {
	t := &Tally{}
	err := json.Unmarshal([]byte(text), t)
	return t, fault.As(err, fault.Internal, "a tally is damaged")
}

// Observed is what the tally says of the experiment of the terms that it was counted by, as it is analysed.
func (t *Tally) Observed(of *Terms, currency money.Currency) experiment.Observed {
	variants := of.Experiment.Variants
	o := experiment.Observed{Variants: make([]experiment.Counters, len(variants)), Currency: currency}
	for i, v := range variants {
		id := v.ID
		if id == Single && len(variants) == 1 {
			id = ""
		}
		if c := t.Arms[id]; c != nil {
			o.Variants[i] = *c
		}
	}
	if of.Held > 0 && of.Held < 1 {
		o.Holdout = &experiment.Held{
			Share: of.Held, Assigned: t.Held.Assigned, Converted: t.Held.Converted, Revenue: t.Held.Revenue, Before: t.Held.Before, Apart: of.Apart,
		}
	}
	o.Economy.Cost = t.Cost.Amount(currency)
	return o
}
