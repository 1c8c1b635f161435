package fold

import (
	"context"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/order"
)

// link says that a customer is the one whom an event names.
type link struct {
	from customer.ID
	weak bool // not where from was absorbed before: a device that a second user signs in on
}

// linksOf returns what an event says of who is who: identify, that the visitor is the user, and alias, that whoever was
// named before, a visitor or a user, is the one named now.
func linksOf(e *event.Event) (links []link) {
	add := func(from customer.ID, weak bool) {
		if _, err := customer.ParseID(string(from)); err == nil && from != e.Customer() {
			links = append(links, link{from, weak})
		}
	}
	switch {
	case e.Type == event.Identify && e.User != "" && e.Anonymous != "":
		add(customer.Visitor(e.Anonymous), true)
	case e.Type == event.Alias && e.Previous != "":
		add(customer.ID(e.Previous), false)
		if !customer.ID(e.Previous).IsVisitor() {
			add(customer.Visitor(e.Previous), false)
		}
	}
	return links
}

// link makes the links of a group's changes that are not there yet. It returns the state after.
func (f *Folder) link(ctx context.Context, g *group, state State) (State, error) {
	linked := false
	for i := range g.changes {
		for _, l := range g.changes[i].links {
			if before, ok := state.Others[l.from]; ok && (before.Erased != 0 || before.Into != "" && (l.weak || before.Into == state.Customer.ID)) {
				continue
			}
			merged, err := f.merge(ctx, l, g.changes[i].customer)
			if err != nil {
				return state, err
			}
			linked = linked || merged
		}
	}
	if !linked {
		return state, nil
	}
	return f.load(ctx, want(g.changes))
}

// merge makes one customer of two, unless they are one already, or one of them was erased. It reports whether it did.
func (f *Folder) merge(ctx context.Context, l link, to customer.ID) (merged bool, err error) {
	defer fault.Wrap(&err, "merge customers")
	var keys [2]newKey
	for attempt := 0; ; attempt++ {
		states, errs := f.Store.Load(ctx, []Want{{Customer: l.from}, {Customer: to}})
		for _, err := range errs {
			if err != nil {
				return false, err
			}
		}
		a, s := &states[0], &states[1]
		if a.Erased || s.Erased || a.Customer.ID == s.Customer.ID || l.weak && len(a.Path) > 0 {
			return false, nil
		}
		if s.Customer.ID.IsVisitor() && !a.Customer.ID.IsVisitor() {
			a, s = s, a
		}
		err := f.absorb(ctx, &a.Customer, &s.Customer, &keys)
		if err == nil {
			return true, nil
		}
		if err := f.pause(ctx, attempt, err); err != nil {
			return false, err
		}
	}
}

// absorb makes s stand for a. Both are as they were read just now. What is read here is read after them: where either
// has moved since, the transaction fails.
func (f *Folder) absorb(ctx context.Context, a, s *customer.Record, keys *[2]newKey) error {
	kept, had, err := f.orders(ctx, a)
	if err != nil {
		return err
	}
	w := Want{Customer: s.ID, Profile: true, Contact: true}
	for id := range kept {
		w.Orders = append(w.Orders, id)
	}
	states, errs := f.Store.Load(ctx, []Want{{Customer: a.ID, Profile: true, Contact: true}, w})
	if errs[0] != nil {
		return errs[0]
	}
	if errs[1] != nil {
		return errs[1]
	}
	before, state := &states[0], &states[1]
	if before.Customer.Version != a.Version || state.Customer.Version != s.Version || len(before.Path)+len(state.Path) > 0 {
		return fault.New(fault.Conflict, "a customer moved while it was merged")
	}
	m := Merge{Survivor: s.Clone()}
	m.Absorbed = m.Survivor.Absorb(a, had)
	m.Survivor.Version++
	m.Absorbed.Version++
	for id, records := range kept {
		settle(&m.Survivor.History, union(order.Record{}, records), state.Order(id), union(state.Orders[id], append(records, state.Kept[id]...)))
	}
	for i, rec := range []*customer.Record{&m.Absorbed, &m.Survivor} {
		keyless, err := f.give(rec, &keys[i])
		if err != nil {
			return err
		}
		if keyless {
			if err := f.keep(ctx, &keys[i]); err != nil {
				return err
			}
		}
	}
	profile := state.Profile.Clone()
	if profile.Join(&before.Profile) {
		profile.Version++
		m.Profile = &profile
	}
	m.Survivor.Signs.Describe(&profile)
	if !before.Contact.Empty() {
		contact := state.Contact.Join(before.Contact)
		m.Contact = &contact
	}
	return f.Store.Merge(ctx, &m)
}

// settle takes back what an order contributed under each of two customers and adds what it contributes to one.
func settle(h *customer.History, one, other, both order.Record) {
	if other.ID == "" {
		return // it stood under one of them alone
	}
	one.AddTo(h, -1)
	other.AddTo(h, -1)
	both.AddTo(h, 1)
}

// orders reads all of the order records of a customer and of those that it absorbed, by order, and reports whether any
// are its own.
func (f *Folder) orders(ctx context.Context, rec *customer.Record) (all map[string][]order.Record, own bool, err error) {
	all = map[string][]order.Record{}
	if rec.Version == 0 {
		return all, false, nil // an order record never comes before its customer's item
	}
	for _, id := range append([]customer.ID{rec.ID}, rec.Absorbed...) {
		records, err := f.Store.Orders(ctx, id)
		if err != nil {
			return nil, false, err
		}
		own = own || id == rec.ID && len(records) > 0
		for _, o := range records {
			all[o.ID] = append(all[o.ID], o)
		}
	}
	return all, own, nil
}
