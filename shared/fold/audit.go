package fold

import (
	"context"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/order"
)

// Audit compares the history of a customer, of all those that were merged together, with the orders that it is the sum of.
type Audit struct {
	Orders       int64 // that count, by the order records
	Net          int64 // their worth in minor units, by the order records
	HistoryCount int64 // orders by the history
	HistoryNet   int64 // worth by the history
	Agrees       bool  // whether they are the same day by day, or by month where days are merged
}

// Audit reads a customer's item and orders and compares them. While the customer's orders move, it reads again; it
// returns Conflict where they will not stand still, and NotFound where nothing is known of the customer, Gone where
// the customer was erased.
func (f *Folder) Audit(ctx context.Context, id customer.ID) (a Audit, err error) {
	defer fault.Wrap(&err, "audit customer")
	for attempt := 0; ; attempt++ {
		before, history, err := f.recount(ctx, id)
		if err != nil {
			return Audit{}, err
		}
		a = Audit{
			Orders: history.Orders(), Net: history.Net(),
			HistoryCount: before.History.Orders(), HistoryNet: before.History.Net(),
			Agrees: before.History.Agrees(&history),
		}
		if a.Agrees {
			return a, nil
		}
		// An order may have come between the two reads: a difference is one only if the customer has not moved.
		state, err := f.load(ctx, Want{Customer: id})
		if err != nil {
			return Audit{}, err
		}
		if state.Customer.ID == before.ID && state.Customer.Version == before.Version {
			return a, nil
		}
		if err := f.pause(ctx, attempt, fault.New(fault.Conflict, "the customer's orders keep moving")); err != nil {
			return Audit{}, err
		}
	}
}

// Rebuild computes a customer's history, of all those that were merged together, from the order records and writes it
// where it differs, on condition that the customer has not moved since; it reports whether it wrote. It returns Conflict
// where the customer will not stand still, NotFound where nothing is known of the customer, and Gone where the customer
// was erased.
func (f *Folder) Rebuild(ctx context.Context, id customer.ID) (changed bool, err error) {
	defer fault.Wrap(&err, "rebuild customer")
	for attempt := 0; ; attempt++ {
		rec, history, err := f.recount(ctx, id)
		if err != nil {
			return false, err
		}
		if rec.History.Equal(&history) {
			return changed, nil
		}
		rec.History = history
		rec.Version++
		if err = f.Store.Write(ctx, &Write{Customer: &rec}); err == nil {
			return true, nil
		}
		if err := f.pause(ctx, attempt, err); err != nil {
			return false, err
		}
	}
}

// recount reads the item that stands for a customer and, after that, its orders and those of whom it absorbed, and sums
// these up: an order that stands under several counts as their union. Every change of an order moves the
// customer's version: where that has not moved since, the sum is right.
func (f *Folder) recount(ctx context.Context, id customer.ID) (customer.Record, customer.History, error) {
	state, err := f.load(ctx, Want{Customer: id})
	if err != nil {
		return customer.Record{}, customer.History{}, err
	}
	if state.Erased {
		return customer.Record{}, customer.History{}, fault.New(fault.Gone, "the customer was erased")
	}
	if state.Customer.Version == 0 {
		return customer.Record{}, customer.History{}, fault.New(fault.NotFound, "nothing is known of the customer")
	}
	orders, _, err := f.orders(ctx, &state.Customer)
	if err != nil {
		return customer.Record{}, customer.History{}, err
	}
	var history customer.History
	for _, records := range orders {
		o := union(order.Record{}, records)
		o.AddTo(&history, 1)
	}
	return state.Customer, history, nil
}
