package fold

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/order"
	"liuke/shared/signal"
)

// want names what folding the changes, all of one customer, reads.
func want(changes []change) Want {
	w := Want{Customer: changes[0].customer}
	for i := range changes {
		if id := changes[i].orderID; id != "" && !slices.Contains(w.Orders, id) {
			w.Orders = append(w.Orders, id)
		}
		w.Profile = w.Profile || changes[i].traits != nil
	}
	return w
}

// apply folds the changes, all of one customer, into the state, which stays as it is. It returns what must be written
// and, by change, what is wrong with those that cannot be folded, and the state after. The item of a customer who had
// no key so far is written for the key alone, unless nothing could be folded.
func (s *Settings) apply(before State, changes []change, keyless bool) (Write, State, []error) {
	f := folding{
		settings: s,
		rec:      before.Customer.Clone(),
		profile:  before.Profile.Clone(),
		orders:   maps.Clone(before.Orders),
		touched:  map[string]bool{},
	}
	if f.orders == nil {
		f.orders = map[string]order.Record{}
	}
	errs := make([]error, len(changes))
	for i := range changes {
		errs[i] = f.fold(&changes[i])
		f.moved = f.moved || keyless && errs[i] == nil
	}
	var w Write
	if f.moved {
		f.rec.Version++
		w.Customer = &f.rec
	}
	for _, id := range slices.Sorted(maps.Keys(f.touched)) {
		o := f.orders[id]
		o.Version++
		f.orders[id] = o
		w.Orders = append(w.Orders, o)
	}
	if f.described {
		f.profile.Version++
		w.Profile = &f.profile
	}
	return w, State{Customer: f.rec, Orders: f.orders, Profile: f.profile}, errs
}

// folding is a fold under way.
type folding struct {
	settings  *Settings
	rec       customer.Record
	profile   customer.Profile
	orders    map[string]order.Record
	moved     bool            // the customer's item changed
	touched   map[string]bool // orders that changed
	described bool            // the traits changed
}

func (f *folding) fold(c *change) error {
	if c.orderID != "" {
		return f.foldOrder(c)
	}
	// Said again with each delivery: the last event wins. A clock that runs ahead gives nobody the last word: who
	// withdraws a consent withdraws all that was taken in before.
	for name, value := range c.traits {
		t := customer.Trait{Value: value, Time: c.said.UnixMilli(), Event: c.id}
		f.described = f.profile.Set(name, t) || f.described
	}
	if f.rec.IDs.Remember(c.customer, c.id) {
		f.rec.Activity.Add(customer.MonthOf(customer.DayOf(c.time, f.settings.Zone)), 1)
		f.rec.Touch(c.time.Unix())
		f.moved = true
	}
	return nil
}

func (f *folding) foldOrder(c *change) error {
	before := f.orders[c.orderID]
	after := before
	if before.ID == "" {
		after.ID = c.orderID
	}
	changed, err := after.Apply(c.order)
	if err != nil || !changed {
		return err
	}
	if after.Placed && !before.Placed {
		after.First = f.rec.History.Orders() == 0
	}
	before.AddTo(&f.rec.History, -1)
	after.AddTo(&f.rec.History, 1)
	f.rec.Touch(c.time.Unix())
	f.orders[c.orderID] = after
	f.touched[c.orderID], f.moved = true, true
	return nil
}

// signals returns what a change gives outreach to know, as a function of the change and of what is stored after it: a
// replay returns the same. An order that was cancelled or imported is not told.
func (s *Settings) signals(c *change, after *State) ([]signal.Signal, error) {
	if c.quiet {
		return nil, nil
	}
	if c.answer != nil {
		return one(c, signal.AnswerGiven, signal.AnswerID(c.answer.Survey, c.answer.Invitation), c.time, c.answer)
	}
	o := after.Orders[c.orderID]
	if c.orderID == "" || c.order.Kind != order.Placed || !o.Counts() {
		return nil, nil
	}
	return one(c, signal.OrderPlaced, signal.OrderID(o.ID), time.UnixMilli(o.PlacedBy.Time).UTC(), signal.OrderData{
		Order:    o.ID,
		Amount:   int64(o.Net()),
		Currency: string(o.Currency),
		Worth:    int64(o.Worth()),
		First:    o.First,
	})
}

func one(c *change, kind signal.Kind, id string, at time.Time, data any) ([]signal.Signal, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return nil, fault.As(err, fault.Internal, "a signal cannot be encoded")
	}
	return []signal.Signal{{ID: id, Kind: kind, Customer: c.customer, Time: at, Data: raw}}, nil
}
