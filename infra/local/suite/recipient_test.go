package suite

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/signal"
)

// fate is what becomes of a recipient in the middle of a run.
type fate int

const (
	stays fate = iota
	unsubscribes
	bounces
	complains
)

// recipient is a customer of a run.
type recipient struct {
	id      customer.ID
	fate    fate
	zone    string // IANA; "" for one whose place is not known
	half    int    // of the world, as zones has it
	expects []*expected
	known   bool      // the profile is stored
	leave   sync.Once // of one who unsubscribes
}

// expected is one message that a run expects.
type expected struct {
	of    *recipient
	kind  signal.Kind
	cause string    // the order, or the occasion
	place int       // in the order of feeding
	time  time.Time // of the first feeding
}

// people makes the customers: two orders each, some of which come at one moment, and others with a birthday at night.
func (r *faultRun) people() {
	wishes := r.messages / wishEvery
	for i := range (r.messages - wishes + 1) / 2 {
		p := &recipient{id: customer.ID(fmt.Sprintf("buyer-%06d", i))}
		switch {
		case i%unsubscribeEvery == 7:
			p.fate = unsubscribes
		case i%bounceEvery == 11:
			p.fate = bounces
		case i%complainEvery == 13:
			p.fate = complains
		}
		apart := 0
		if i%3 > 0 {
			apart = r.rnd.IntN(2000)
		}
		for k, place := range []int{i, i + apart} {
			p.expects = append(p.expects, &expected{of: p, kind: signal.OrderPlaced, cause: fmt.Sprintf("%06d-%d", i, k), place: place})
		}
		r.recipients[p.id] = p
	}
	for i := range wishes {
		half := i % len(zones)
		places := zones[half]
		p := &recipient{id: customer.ID(fmt.Sprintf("born-%06d", i)), half: half, zone: places[i/len(zones)%len(places)]}
		p.expects = []*expected{{of: p, kind: signal.Occasion, cause: "birthday"}}
		r.recipients[p.id] = p
	}
}

// inOrder lists the customers by id.
func (r *faultRun) inOrder() []*recipient {
	all := make([]*recipient, 0, len(r.recipients))
	for _, p := range r.recipients {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *recipient) int {
		if a.id < b.id {
			return -1
		}
		return 1
	})
	return all
}

// profile is the customer's first one.
func (p *recipient) profile(now time.Time) *customer.Profile {
	address := string(p.id) + "@customers.example"
	switch p.fate {
	case bounces:
		address = "bounce+" + string(p.id) + "@simulator.amazonses.com"
	case complains:
		address = "complaint+" + string(p.id) + "@simulator.amazonses.com"
	}
	said := &customer.Profile{Version: 1}
	for name, value := range map[string]string{
		customer.TraitEmail: address, customer.ConsentTrait(string(message.Email)): "true", customer.TraitLocale: "en", customer.TraitTimeZone: p.zone,
	} {
		if value != "" {
			said.Set(name, customer.Trait{Value: value, Time: now.Add(-time.Hour).UnixMilli(), Event: "seeded"})
		}
	}
	return said
}

// signal is the message's cause, the same whenever it is fed again.
func (e *expected) signal(now time.Time) signal.Signal {
	if e.time.IsZero() {
		e.time = now
	}
	sig := signal.Signal{Kind: e.kind, Customer: e.of.id, Time: e.time}
	var data any
	if e.kind == signal.Occasion {
		sig.ID = signal.OccasionID(e.cause + ":" + string(e.of.id))
		data = signal.OccasionData{Kind: e.cause, Day: e.time.Format(time.DateOnly)}
	} else {
		sig.ID = signal.OrderID(e.cause)
		data = signal.OrderData{Order: e.cause, Amount: 1990, Currency: "EUR", Worth: 1990}
	}
	sig.Data, _ = json.Marshal(data) // text and numbers: it cannot fail
	return sig
}

// occasion is what the ledger calls the cause.
func (e *expected) occasion() string { return e.signal(e.time).ID }

// scene is the one that answers the cause.
func (e *expected) scene() string {
	if e.kind == signal.Occasion {
		return "birthday"
	}
	return "order_thanks"
}
