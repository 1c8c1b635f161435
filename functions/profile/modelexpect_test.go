package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fold"
	"liuke/shared/queue"
	"liuke/shared/signal"
)

// expected is what a customer, by all of its ids, must have come to: computed from the set of distinct events at once, in the plainest way.
type expected struct {
	days     map[customer.Day][2]int64 // orders and net
	orders   int                       // order records
	activity int64
	first    int64
	last     int64
	email    string
	group    string
	consent  bool
	signs    expectedSigns
	must     []string // signals that must have been sent
	may      []string // signals that may have been
	news     []string // orders of which outreach knows all
}

func (t *traffic) expect(ids []customer.ID) expected {
	x := expected{
		days:  map[customer.Day][2]int64{},
		signs: expectedSigns{counts: map[string]int64{}, opinions: map[customer.Metric]customer.Opinion{}},
	}
	orders := map[string][]event.Event{}
	var traits []event.Event
	for _, e := range t.events {
		if !slices.Contains(ids, e.Customer()) || t.poison[keyOf(&e)] || e.Type == event.Alias {
			continue
		}
		if x.first == 0 || e.Time.Unix() < x.first {
			x.first = e.Time.Unix()
		}
		x.last = max(x.last, e.Time.Unix())
		x.signs.note(&e)
		switch {
		case event.IsOrder(e.Name):
			o := propertiesOf(e).Order
			if !slices.ContainsFunc(orders[o], func(twin event.Event) bool { return twin.ID == e.ID }) {
				orders[o] = append(orders[o], e)
			}
		default:
			x.activity++
		}
		if e.Type == event.Identify || e.Type == event.Group || e.Name == event.Unsubscribed {
			traits = append(traits, e)
		}
		if e.Name == event.SurveyAnswered && !e.Import {
			x.must = append(x.must, signal.AnswerID(propertiesOf(e).Survey, "i"))
		}
		// the model's check-ins say nothing of how many they make in a row, so that none of them is told
		if slices.Contains(event.Told(), e.Name) && e.Name != event.CheckedIn && e.Type == event.Track && !e.Import {
			x.must = append(x.must, signal.EventID(string(e.ID)))
		}
	}
	x.orders = len(orders)
	for id, changes := range orders {
		x.order(id, changes)
	}
	x.traits(traits)
	return x
}

// traits takes what the last event said of each trait; of consent, what refused it rather than what gave it at the same moment.
func (x *expected) traits(events []event.Event) {
	slices.SortFunc(events, later)
	var refused time.Time
	agree := func(e *event.Event, yes bool) {
		if !yes {
			refused = e.Time
		}
		x.consent = yes && !refused.Equal(e.Time)
	}
	for _, e := range events {
		var said struct {
			Email    *string
			Consent  *struct{ Email bool }
			Birthday json.RawMessage
			Channel  *string `json:"acquisition_channel"`
		}
		switch {
		case e.Name == event.Unsubscribed:
			agree(&e, false)
			continue
		case e.Type == event.Group:
			x.group = e.Group
			continue
		}
		if err := json.Unmarshal(e.Traits, &said); err != nil {
			panic(err)
		}
		if said.Email != nil {
			x.email = *said.Email
			agree(&e, said.Consent.Email)
		}
		switch {
		case string(said.Birthday) == "null":
			x.signs.birthday = ""
		case said.Birthday != nil:
			x.signs.birthday = string(said.Birthday[len(`"1990-`) : len(said.Birthday)-1])
		}
		if said.Channel != nil {
			x.signs.declared = strings.ToLower(strings.TrimSpace(*said.Channel))
		}
	}
}

type orderProperties struct {
	Order string `json:"order_id"`
	Total string `json:"total"`

	Survey string `json:"survey"`
}

func propertiesOf(e event.Event) (p orderProperties) {
	if err := json.Unmarshal(e.Properties, &p); err != nil {
		panic(err)
	}
	return p
}

func (x *expected) order(id string, changes []event.Event) {
	slices.SortFunc(changes, later)
	var total, refunds int64
	var day customer.Day
	var placed, whole, cancelled, told, imported bool
	for _, e := range changes {
		imported = imported || e.Import
		var units, cents int64
		fmt.Sscanf(propertiesOf(e).Total, "%d.%d", &units, &cents)
		switch amount := units*100 + cents; e.Name {
		case event.OrderCompleted:
			if !placed {
				day = customer.DayOf(e.Time, shanghai)
			}
			total, placed, told = amount, true, told || !e.Import
		case event.OrderUpdated:
			total = amount
		case event.OrderRefunded:
			refunds += amount
			whole = whole || propertiesOf(e).Total == ""
		case event.OrderCancelled:
			cancelled = true
		}
	}
	if told {
		x.may = append(x.may, signal.OrderID(id))
		for _, e := range changes {
			x.may = append(x.may, signal.OrderChangedID(id, string(e.ID)))
		}
		if !imported {
			x.news = append(x.news, id)
		}
	}
	if !placed || cancelled {
		return
	}
	if told {
		x.must = append(x.must, signal.OrderID(id))
	}
	if whole {
		refunds = total
	}
	sum := x.days[day]
	x.days[day] = [2]int64{sum[0] + 1, sum[1] + total - refunds}
}

// later sorts events by time, updates of an order after its placements, then by id.
func later(a, b event.Event) int {
	rank := func(e event.Event) int {
		return slices.Index([]string{event.OrderCompleted, event.OrderUpdated}, e.Name)
	}
	return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(rank(a), rank(b)), cmp.Compare(a.ID, b.ID))
}

// tell takes signals and checks that what they tell is stored.
func (p *process) tell(m queue.Message) error {
	var pack signal.Pack
	if err := json.Unmarshal([]byte(m.Body), &pack); err != nil {
		return err
	}
	for _, sig := range pack.Signals {
		key := string(sig.Customer) + "/" + sig.ID
		if sig.Kind != signal.OrderPlaced && sig.Kind != signal.OrderChanged {
			p.schedule.sent[key] = sig
			continue
		}
		var data, before signal.OrderData
		if err := json.Unmarshal(sig.Data, &data); err != nil {
			return err
		}
		_ = json.Unmarshal(p.schedule.sent[key].Data, &before) // there may be none
		if data.Version >= before.Version {
			p.schedule.sent[key] = sig // or it was told by one who was slow
		}
		states, errs := p.schedule.world.store.Load(context.Background(), []fold.Want{{Customer: sig.Customer, Orders: []string{data.Order}}})
		if o := states[0].Order(data.Order); errs[0] != nil || !o.Placed && !states[0].Erased {
			return fmt.Errorf("a signal was sent before order %s was stored: %v", data.Order, errs[0])
		}
	}
	return nil
}
