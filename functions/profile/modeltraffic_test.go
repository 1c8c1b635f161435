package main

import (
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
	customers []customer.ID
	events    []event.Event
	poison    map[string]bool // by keyOf
	messages  []message
}

var start = time.Date(2026, 1, 30, 22, 0, 0, 0, time.UTC) // days and a month begin within reach of it

func newTraffic(seed uint64, rng *rand.Rand) traffic {
	t := traffic{poison: map[string]bool{}}
	for i := range 1 + rng.IntN(2) {
		t.customer(rng, customer.ID(fmt.Sprintf("c%d-%d", seed, i)))
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

func (t *traffic) customer(rng *rand.Rand, id customer.ID) {
	t.customers = append(t.customers, id)
	add := func(e event.Event, properties any) {
		e.ID = event.MessageID(fmt.Sprintf("e%d", len(t.events)))
		e.User = string(id)
		e.Time = start.Add(time.Duration(rng.IntN(8)) * time.Hour)
		e.Received = start.Add(9 * time.Hour)
		if e.Type == "" {
			e.Type = event.Track
		}
		if e.Source == "" {
			e.Source = event.SourceSegment
		}
		raw, err := json.Marshal(properties)
		if err != nil {
			panic(err)
		}
		if e.Type == event.Identify {
			e.Traits = raw
		} else {
			e.Properties = raw
		}
		t.events = append(t.events, e)
	}
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
		add(event.Event{Name: "Checked In"}, map[string]any{})
	}
	for range rng.IntN(3) {
		add(event.Event{Type: event.Identify}, map[string]any{
			"email": fmt.Sprintf("%d@example.com", rng.IntN(9)), "consent": map[string]bool{"email": rng.IntN(2) == 0},
		})
	}
	if rng.IntN(4) == 0 {
		add(event.Event{Name: event.Unsubscribed, Source: event.SourceSurvey}, map[string]string{"channel": "email"})
	}
	if rng.IntN(4) == 0 {
		add(event.Event{Name: event.SurveyAnswered, Source: event.SourceSurvey},
			map[string]any{"survey": "nps", "invitation": "i", "score": rng.IntN(11), "revision": 1})
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
