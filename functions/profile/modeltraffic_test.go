package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"liuke/shared/customer"
	"liuke/shared/event"
)

// traffic is what happens to the customers of one schedule: distinct events, and the messages that they come in, some
// of them more than once.
type traffic struct {
	customers []customer.ID // every id that occurs
	erasures  []customer.ID // to be erased at some moment
	events    []event.Event
	poison    map[string]bool // by keyOf
	messages  []message
}

var start = time.Date(2026, 1, 31, 13, 0, 0, 0, time.UTC) // days and a month begin within reach of it

func newTraffic(seed uint64, rng *rand.Rand) traffic {
	t := traffic{poison: map[string]bool{}}
	var people []person
	for i := range 1 + rng.IntN(2) {
		people = append(people, person{user: fmt.Sprintf("c%d-%d", seed, i)})
	}
	for i := range max(0, rng.IntN(5)-2) {
		people = append(people, person{visitor: fmt.Sprintf("v%d-%d", seed, i)})
	}
	for _, p := range people {
		t.customer(rng, p)
	}
	if len(people) > 1 {
		t.links(rng, people)
		t.twins(rng, people)
	}
	if rng.IntN(5) == 0 {
		t.erasures = append(t.erasures, people[rng.IntN(len(people))].id())
	}
	rng.Shuffle(len(t.events), func(i, j int) { t.events[i], t.events[j] = t.events[j], t.events[i] })
	deliveries := slices.Clone(t.events)
	for range rng.IntN(4) {
		deliveries = append(deliveries, t.events[rng.IntN(len(t.events))])
	}
	for len(deliveries) > 0 {
		n := min(len(deliveries), 1+rng.IntN(6))
		for _, body := range event.Packs(deliveries[:n]) {
			t.messages = append(t.messages, message{body: body})
		}
		deliveries = deliveries[n:]
	}
	return t
}

// person is someone by the one id that is known: a user's or a visitor's.
type person struct{ user, visitor string }

func (p person) id() customer.ID {
	e := event.Event{User: p.user, Anonymous: p.visitor}
	return e.Customer()
}

// name is the id as an alias names whoever had it before.
func (p person) name() string { return p.user + p.visitor }

// links lets some events say who is who: sign-ins, which may be of several users on one device, and aliases, which may
// be chains and cycles.
func (t *traffic) links(rng *rand.Rand, people []person) {
	for range rng.IntN(4) {
		from, to := people[rng.IntN(len(people))], people[rng.IntN(len(people))]
		if from.user == "" && to.user != "" && rng.IntN(3) > 0 {
			t.add(rng, to, event.Event{Type: event.Identify, Anonymous: from.visitor}, traitsOf(rng))
			continue
		}
		if from == to && rng.IntN(4) > 0 {
			continue
		}
		t.add(rng, to, event.Event{Type: event.Alias, Previous: from.name()}, map[string]any{})
		for _, id := range []customer.ID{customer.ID(from.name()), customer.ID("anonymous:" + from.name())} {
			if !slices.Contains(t.customers, id) {
				t.customers = append(t.customers, id)
			}
		}
	}
}

// twins lets some events come under another's name as well, with the same id.
func (t *traffic) twins(rng *rand.Rand, people []person) {
	for range rng.IntN(3) {
		e := t.events[rng.IntN(len(t.events))]
		other := people[rng.IntN(len(people))]
		if e.Type != event.Track || t.poison[keyOf(&e)] {
			continue
		}
		e.User, e.Anonymous = other.user, other.visitor
		if !slices.ContainsFunc(t.events, func(o event.Event) bool { return keyOf(&o) == keyOf(&e) }) {
			t.events = append(t.events, e)
		}
	}
}

func traitsOf(rng *rand.Rand) map[string]any {
	if rng.IntN(3) == 0 {
		return map[string]any{}
	}
	traits := map[string]any{"email": fmt.Sprintf("%d@example.com", rng.IntN(9)), "consent": map[string]bool{"email": rng.IntN(2) == 0}}
	if rng.IntN(3) == 0 {
		traits["birthday"] = []any{fmt.Sprintf("1990-%02d-17", 1+rng.IntN(12)), nil}[rng.IntN(4)/3]
	}
	if rng.IntN(4) == 0 {
		traits["acquisition_channel"] = []string{"Fair ", "shop", ""}[rng.IntN(3)]
	}
	return traits
}

// add adds an event of a person.
func (t *traffic) add(rng *rand.Rand, p person, e event.Event, properties any) {
	e.ID = event.MessageID(fmt.Sprintf("e%d", len(t.events)))
	e.User = p.user
	if p.visitor != "" {
		e.Anonymous = p.visitor
	}
	e.Time = start.Add(time.Duration(rng.IntN(8)) * time.Hour)
	e.Received = start.Add(9 * time.Hour)
	e.Type = cmp.Or(e.Type, event.Track)
	e.Context = contextOf(rng)
	e.Source = cmp.Or(e.Source, event.SourceSegment)
	raw, err := json.Marshal(properties)
	if err != nil {
		panic(err)
	}
	if e.Type == event.Identify || e.Type == event.Group {
		e.Traits = raw
	} else {
		e.Properties = raw
	}
	t.events = append(t.events, e)
}

func (t *traffic) customer(rng *rand.Rand, p person) {
	t.customers = append(t.customers, p.id())
	add := func(e event.Event, properties any) { t.add(rng, p, e, properties) }
	for o := range rng.IntN(4) {
		order := map[string]any{"order_id": fmt.Sprintf("o%d", o)}
		with := func(total int) map[string]any {
			return map[string]any{"order_id": order["order_id"], "total": fmt.Sprintf("%d.%02d", total/100, total%100)}
		}
		imported := rng.IntN(5) == 0
		for range 1 - rng.IntN(6)/5 + rng.IntN(8)/7 {
			add(event.Event{Name: event.OrderCompleted, Import: imported}, with(rng.IntN(50_000)))
		}
		for range rng.IntN(3) {
			add(event.Event{Name: event.OrderUpdated}, with(rng.IntN(50_000)))
		}
		for range rng.IntN(3) {
			add(event.Event{Name: event.OrderRefunded}, with(rng.IntN(9_000)))
		}
		if rng.IntN(8) == 0 { // names no amount: all of it
			add(event.Event{Name: event.OrderRefunded}, order)
		}
		if rng.IntN(4) == 0 {
			add(event.Event{Name: event.OrderCancelled}, order)
		}
	}
	activities := rng.IntN(4)
	if rng.IntN(40) == 0 {
		activities = customer.Remembered + rng.IntN(20) // more than are remembered
	}
	for range activities {
		add(event.Event{Name: signNames[rng.IntN(len(signNames))]}, map[string]any{})
	}
	for range rng.IntN(3) {
		add(event.Event{Type: event.Identify}, traitsOf(rng))
	}
	if rng.IntN(4) == 0 {
		add(event.Event{Name: event.Unsubscribed, Source: event.SourceSurvey}, map[string]string{"channel": "email"})
	}
	answers(rng, add)
	if rng.IntN(8) == 0 {
		add(event.Event{Type: event.Group, Group: fmt.Sprintf("g%d", rng.IntN(9))}, map[string]any{"plan": "x"})
	}
	if rng.IntN(12) == 0 {
		add(event.Event{Type: event.Identify}, map[string]any{"consent": "perhaps"})
		t.poison[keyOf(&t.events[len(t.events)-1])] = true
	}
	if len(t.events) == 0 {
		add(event.Event{Name: "Referred"}, nil)
	}
}

// poisonous reports whether a message holds a poison event, alone.
func (t *traffic) poisonous(body string) bool {
	list, err := event.Unpack(body)
	return err == nil && len(list) == 1 && t.poison[keyOf(&list[0])]
}
