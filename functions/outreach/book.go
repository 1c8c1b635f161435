package main

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/scene"
	"liuke/shared/signal"
)

// goalOf is what a signal that meets a goal is booked as. What has become of an order is booked as the order is, so that it
// does not matter which comes first: the latest stands.
func goalOf(sig signal.Signal) message.Goal {
	g := message.Goal{ID: sig.ID, At: sig.Time}
	if sig.Kind != signal.OrderPlaced && sig.Kind != signal.OrderChanged {
		return g
	}
	var order signal.OrderData
	_ = json.Unmarshal(sig.Data, &order) // an order that cannot be read is worth nothing, and counts
	g.Worth, g.Version, g.Void = order.Worth, order.Version, order.Void
	if sig.Kind == signal.OrderChanged {
		g.ID = signal.OrderID(order.Order)
	}
	return g
}

// book attributes a signal that meets a scene's goal to the last entering before it, once; where it has been, what is booked is
// corrected. What has become of an order is booked as it is where the order has not been heard of yet. A customer who was held
// out is attributed to as well: that is what the others are compared with. What set an entering off isn't what came of it.
func (h *Handler) book(ctx context.Context, d *message.Dossier, sc *scene.Scene, t task, entered []message.Entry, out *result) error {
	goal := goalOf(t.sig)
	var last *message.Entry
	var booked []message.Entry
	for i := range entered {
		e := &entered[i]
		at := e.EnteredAt()
		switch {
		case e.Booked(goal.ID):
			booked = append(booked, *e)
		case e.Occasion == goal.ID || at.After(goal.At) || goal.At.Sub(at) > sc.Goal.Within:
		default:
			last = e
		}
	}
	if t.sig.Kind == signal.OrderChanged && d.Contact.Forgets(sc.ID) {
		counted, err := h.enrolled(ctx, d, sc, t.sig.Customer)
		if err != nil {
			return err
		}
		for _, e := range counted {
			known := slices.ContainsFunc(booked, func(b message.Entry) bool { return b.ID == e.ID })
			if e.Booked(goal.ID) && !known {
				booked = append(booked, e)
			}
		}
	}
	if len(booked) == 0 && last != nil {
		booked = append(booked, *last)
	}
	for _, e := range booked {
		if err := h.convert(ctx, d, e, goal, out); err != nil {
			return err
		}
	}
	return nil
}

// enrolled reads the entries by which a customer is counted in a scene's results, which the contact record may have forgotten.
func (h *Handler) enrolled(ctx context.Context, d *message.Dossier, sc *scene.Scene, named customer.ID) ([]message.Entry, error) {
	people, err := h.Store.Absorbed(ctx, d.Person)
	if err != nil {
		return nil, err
	}
	people = append(people, named, d.Person)
	slices.Sort(people)
	var refs []message.Ref
	for _, id := range slices.Compact(people) {
		all, err := h.Store.Enrolments(ctx, id, sc.ID)
		if err != nil {
			return nil, err
		}
		for i := range all {
			refs = append(refs, all[i].Entries...)
		}
	}
	if len(refs) == 0 {
		return nil, nil
	}
	entries, err := h.Store.Entries(ctx, refs)
	return slices.Collect(maps.Values(entries)), err
}

// convert writes a goal on an entry, where that changes anything.
func (h *Handler) convert(ctx context.Context, d *message.Dossier, e message.Entry, goal message.Goal, out *result) error {
	known := e.Booked(goal.ID)
	next, ok := e.Convert(goal)
	switch {
	case !ok && !known:
		out.count("GoalsBeyondMemory")
		return nil
	case !ok:
		return nil
	}
	next, err := h.Store.WriteEntry(ctx, next)
	if err != nil {
		return err
	}
	d.Entries[next.ID] = next
	if known {
		out.count("GoalsCorrected")
	} else {
		out.count("GoalsMet")
	}
	return nil
}
