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
	"liuke/shared/order"
	"liuke/shared/signal"
)

// compare reads what is stored and says in what it differs from the model.
func (s *schedule) compare(ctx context.Context) error {
	end, err := s.standing(ctx)
	if err != nil {
		return err
	}
	if !s.traffic.reachable(end) {
		return fmt.Errorf("%s, which no order of %+v leads to", end.partition(), s.traffic.steps())
	}
	for _, ids := range end.groups() {
		if err := s.compareCustomer(ctx, end[ids[0]], ids, s.traffic.expect(ids)); err != nil {
			return fmt.Errorf("customers %s: %w", ids, err)
		}
	}
	if err := s.compareKeys(ctx, end); err != nil {
		return err
	}
	dead := map[string]bool{}
	for _, m := range s.dead {
		list, err := event.Unpack(m.body)
		if err != nil {
			return err
		}
		dead[keyOf(&list[0])] = true
	}
	for key := range s.traffic.poison {
		if !dead[key] {
			return fmt.Errorf("the poison event %s is no dead letter", key)
		}
	}
	for i := range s.traffic.events {
		key := keyOf(&s.traffic.events[i])
		if _, kept := s.kept[key]; kept == s.traffic.poison[key] && end[s.traffic.events[i].Customer()] != "" {
			return fmt.Errorf("event %s is in the lake: %v", key, kept)
		}
	}
	return nil
}

// standing reads who stands for each id. An item that was absorbed has nothing left but what it remembers, and the way
// of one that was erased leads nowhere.
func (s *schedule) standing(ctx context.Context) (standing, error) {
	wants := make([]fold.Want, len(s.traffic.customers))
	for i, id := range s.traffic.customers {
		wants[i].Customer = id
	}
	states, errs := s.world.store.Load(ctx, wants)
	end := standing{}
	for i, id := range s.traffic.customers {
		if errs[i] != nil {
			return nil, errs[i]
		}
		end[id] = states[i].Customer.ID
		for _, rec := range states[i].Path {
			if rec.History.Len() > 0 || rec.Activity.Total() > 0 || !rec.Signs.Equal(&customer.Signs{}) || rec.Scores.Run != 0 || len(rec.Absorbed) > 0 {
				return nil, fmt.Errorf("of customer %s, who was absorbed, is left %+v", id, rec)
			}
		}
		if len(s.traffic.erasures) > 0 {
			if err := s.compareErased(ctx, id, states[i].Erased); err != nil {
				return nil, fmt.Errorf("customer %s: %w", id, err)
			}
		}
	}
	return end, nil
}

// compareErased checks that an erased customer is noted as such, and that nothing else is left.
func (s *schedule) compareErased(ctx context.Context, id customer.ID, erased bool) error {
	noted, err := s.world.store.Erased(ctx, id)
	if err != nil || noted != erased {
		return fmt.Errorf("erased: %v, and noted so: %v, %v", erased, noted, err)
	}
	if !erased {
		return nil
	}
	item, records, err := s.world.left(ctx, id)
	if err != nil || records > 0 || len(item) != 3 && !s.expired {
		return fmt.Errorf("%d records and an item of %d attributes are left of who was erased: %v", records, len(item), err)
	}
	return nil
}

// compareKeys checks that the lines of a customer can be read by a key, and those of an erased one by none.
func (s *schedule) compareKeys(ctx context.Context, end standing) error {
	var names []string
	for _, k := range s.kept {
		names = append(names, k.Pseudonym())
	}
	keys, err := s.world.store.Keys(ctx, names)
	if err != nil {
		return err
	}
	byID := map[customer.ID]customer.Key{}
	for i := range s.traffic.events {
		id := s.traffic.events[i].Customer()
		k, kept := s.kept[keyOf(&s.traffic.events[i])]
		if _, open := keys[k.Pseudonym()]; kept && open != (end[id] != "") {
			return fmt.Errorf("what the lake has of customer %s can be read: %v", id, open)
		}
		if before, ok := byID[id]; kept && end[id] != "" && ok && before != k {
			return fmt.Errorf("customer %s has two keys", id)
		} else if kept {
			byID[id] = k
		}
	}
	return nil
}

func (s *schedule) compareCustomer(ctx context.Context, root customer.ID, ids []customer.ID, want expected) error {
	states, errs := s.world.store.Load(ctx, []fold.Want{{Customer: root, Profile: true}})
	byID := map[string][]order.Record{}
	for _, id := range ids {
		records, err := s.world.store.Orders(ctx, id)
		if err = cmp.Or(err, errs[0]); err != nil {
			return err
		}
		for _, o := range records {
			byID[o.ID] = append(byID[o.ID], o)
		}
	}
	var orders []order.Record
	for _, records := range byID {
		orders = append(orders, order.Union(records...))
	}
	audit := fold.Audit{Agrees: true}
	if len(ids) > 1 { // of others, it is what is done here
		var err error
		if audit, err = s.world.folder.Audit(ctx, root); err != nil {
			return err
		}
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
		return fmt.Errorf("%d orders (want %d) sum up to %v", len(orders), want.orders, sum)
	case !audit.Agrees:
		return fmt.Errorf("audit: %+v", audit)
	case exact && rec.Activity.Total() != want.activity, rec.Activity.Total() < want.activity:
		return fmt.Errorf("activity %d, want %d", rec.Activity.Total(), want.activity)
	case rec.Seen != want.first || rec.Last != want.last:
		return fmt.Errorf("seen %d to %d, want %d to %d", rec.Seen, rec.Last, want.first, want.last)
	case profile.Email() != want.email || profile.Consents("email") != want.consent || profile.Get(customer.TraitGroup) != want.group:
		return fmt.Errorf("profile %v, want %q %v %q", profile.Traits, want.email, want.consent, want.group)
	case rec.Scores.Run != s.scored[root] || rec.Scores.R != int(s.scored[root]%5):
		return fmt.Errorf("scores %+v, want those of run %d", rec.Scores, s.scored[root])
	}
	if err := want.signs.differ(&rec.Signs, exact); err != nil {
		return err
	}
	for _, key := range want.must {
		if !slices.ContainsFunc(ids, func(id customer.ID) bool { _, ok := s.sent[string(id)+"/"+key]; return ok }) {
			return fmt.Errorf("the signal %s is lost", key)
		}
	}
	if len(ids) == 1 { // of who was merged, what an order is worth may change without a change of it
		if err := s.compareTold(root, want.news, byID); err != nil {
			return err
		}
	}
	for _, sent := range s.sent {
		if slices.Contains(ids, sent.Customer) && !slices.Contains(want.must, sent.ID) && !slices.Contains(want.may, sent.ID) {
			return fmt.Errorf("the signal %s was sent and nothing caused it", sent.ID)
		}
	}
	return nil
}

// compareTold holds what outreach was told last of a customer's orders against what is stored.
func (s *schedule) compareTold(id customer.ID, orders []string, stored map[string][]order.Record) error {
	for _, o := range orders {
		var last signal.OrderData
		for _, sent := range s.sent {
			var data signal.OrderData
			if sent.Customer != id || sent.Kind != signal.OrderPlaced && sent.Kind != signal.OrderChanged {
				continue
			}
			if err := json.Unmarshal(sent.Data, &data); err != nil {
				return err
			}
			if data.Order == o && data.Version > last.Version {
				last = data
			}
		}
		now := order.Union(stored[o]...)
		if last.Version == 0 && now.Cancelled {
			continue // before it was placed
		}
		if last.Worth != int64(now.Worth()) || last.Void != now.Void() {
			return fmt.Errorf("outreach was told %+v of order %s last, which is worth %d", last, o, now.Worth())
		}
	}
	return nil
}
