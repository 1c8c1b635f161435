package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fold"
	"liuke/shared/queue"
	"liuke/shared/signal"
)

// expected is what a customer must have come to: computed from the set of distinct events at once, in the plainest way.
type expected struct {
	days     map[customer.Day][2]int64 // orders and net
	orders   int                       // order records
	activity int64
	first    int64
	last     int64
	email    string
	consent  bool
	must     []string // signals that must have been sent
	may      []string // signals that may have been
}

func (t *traffic) expect(id customer.ID) expected {
	x := expected{days: map[customer.Day][2]int64{}}
	orders := map[string][]event.Event{}
	var traits []event.Event
	for _, e := range t.events {
		if e.Customer() != id || t.poison[keyOf(&e)] {
			continue
		}
		if x.first == 0 || e.Time.Unix() < x.first {
			x.first = e.Time.Unix()
		}
		x.last = max(x.last, e.Time.Unix())
		switch {
		case event.IsOrder(e.Name):
			o := propertiesOf(e).Order
			orders[o] = append(orders[o], e)
		default:
			x.activity++
		}
		if e.Type == event.Identify || e.Name == event.Unsubscribed {
			traits = append(traits, e)
		}
		if e.Name == event.SurveyAnswered {
			x.must = append(x.must, signal.AnswerID("nps", "i"))
		}
	}
	x.orders = len(orders)
	for id, changes := range orders {
		x.order(id, changes)
	}
	slices.SortFunc(traits, later)
	for _, e := range traits {
		var said struct {
			Email   string
			Consent struct{ Email bool }
		}
		if e.Name != event.Unsubscribed {
			if err := json.Unmarshal(e.Traits, &said); err != nil {
				panic(err)
			}
			x.email = said.Email
		}
		x.consent = said.Consent.Email
	}
	return x
}

type orderProperties struct {
	Order string `json:"order_id"`
	Total string `json:"total"`
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
	var placed, whole, cancelled, told bool
	for _, e := range changes {
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

// compare reads what is stored and says in what it differs from the model.
func (s *schedule) compare(ctx context.Context) error {
	for _, id := range s.traffic.customers {
		if err := s.compareCustomer(ctx, id, s.traffic.expect(id)); err != nil {
			return fmt.Errorf("customer %s: %w", id, err)
		}
	}
	dead := map[string]bool{}
	for _, m := range s.dead {
		list, err := event.Unpack(m.body)
		if err != nil {
			return err
		}
		dead[keyOf(&list[0])] = true
	}
	if len(dead) != len(s.traffic.poison) {
		return fmt.Errorf("dead letters %v, poison %v", dead, s.traffic.poison)
	}
	for i := range s.traffic.events {
		key := keyOf(&s.traffic.events[i])
		if _, kept := s.kept[key]; kept == s.traffic.poison[key] {
			return fmt.Errorf("event %s is in the lake: %v", key, kept)
		}
	}
	return nil
}

func (s *schedule) compareCustomer(ctx context.Context, id customer.ID, want expected) error {
	states, errs := s.world.store.Load(ctx, []fold.Want{{Customer: id, Profile: true}})
	orders, err := s.world.store.Orders(ctx, id)
	if err = cmp.Or(err, errs[0]); err != nil {
		return err
	}
	rec, profile := &states[0].Customer, &states[0].Profile
	days := map[customer.Day][2]int64{}
	for p := range rec.History.Days() {
		days[p.Day] = [2]int64{p.Orders, p.Net}
	}
	var sum customer.History
	for i := range orders {
		orders[i].AddTo(&sum, 1)
	}
	exact := want.activity <= customer.Remembered
	switch {
	case fmt.Sprint(days) != fmt.Sprint(want.days):
		return fmt.Errorf("history %v, want %v", days, want.days)
	case len(orders) != want.orders || !sum.Equal(&rec.History):
		return fmt.Errorf("%d order records (want %d) sum up to %v", len(orders), want.orders, sum)
	case exact && rec.Activity.Total() != want.activity, rec.Activity.Total() < want.activity:
		return fmt.Errorf("activity %d, want %d", rec.Activity.Total(), want.activity)
	case rec.Seen != want.first || rec.Last != want.last:
		return fmt.Errorf("seen %d to %d, want %d to %d", rec.Seen, rec.Last, want.first, want.last)
	case profile.Email() != want.email || profile.Consents("email") != want.consent:
		return fmt.Errorf("profile %v, want %q %v", profile.Traits, want.email, want.consent)
	case rec.Scores.Run != s.scored[id] || rec.Scores.R != int(s.scored[id]%5):
		return fmt.Errorf("scores %+v, want those of run %d", rec.Scores, s.scored[id])
	}
	for _, key := range want.must {
		if _, ok := s.sent[string(id)+"/"+key]; !ok {
			return fmt.Errorf("the signal %s is lost", key)
		}
	}
	for _, sent := range s.sent {
		if sent.Customer == id && !slices.Contains(want.must, sent.ID) && !slices.Contains(want.may, sent.ID) {
			return fmt.Errorf("the signal %s was sent and nothing caused it", sent.ID)
		}
	}
	return nil
}

// tell takes signals and checks that what they tell is stored.
func (p *process) tell(m queue.Message) error {
	var pack signal.Pack
	if err := json.Unmarshal([]byte(m.Body), &pack); err != nil {
		return err
	}
	for _, sig := range pack.Signals {
		p.schedule.sent[string(sig.Customer)+"/"+sig.ID] = sig
		if sig.Kind != signal.OrderPlaced {
			continue
		}
		var data signal.OrderData
		if err := json.Unmarshal(sig.Data, &data); err != nil {
			return err
		}
		states, errs := p.schedule.world.store.Load(context.Background(), []fold.Want{{Customer: sig.Customer, Orders: []string{data.Order}}})
		if o := states[0].Orders[data.Order]; errs[0] != nil || !o.Placed {
			return fmt.Errorf("a signal was sent before order %s was stored: %v", data.Order, errs[0])
		}
	}
	return nil
}
