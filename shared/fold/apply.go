package fold

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"liuke/shared/consent"
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
		for _, l := range changes[i].links {
			w.other(l.from)
		}
		if actor := changes[i].actor; actor != w.Customer && changes[i].activity {
			w.other(actor)
		}
		w.Profile = w.Profile || changes[i].traits != nil
	}
	return w
}

func (w *Want) other(id customer.ID) {
	if !slices.Contains(w.Others, id) {
		w.Others = append(w.Others, id)
	}
}

// verdict is what became of one change.
type verdict struct {
	err     error // it cannot be folded
	dropped int   // traits that there was no room for
}

// apply folds the changes, all of one customer, into the state, which stays as it is. It returns what must be written,
// the state after, and a verdict for each change. The item of a customer who had no key so far is written for the key
// alone, unless nothing could be folded.
func (s *Settings) apply(before State, changes []change, keyless bool) (Write, State, []verdict) {
	f := folding{settings: s, state: before, touched: map[string]bool{}}
	f.state.Customer, f.state.Profile = before.Customer.Clone(), before.Profile.Clone()
	if f.state.Orders = maps.Clone(before.Orders); f.state.Orders == nil {
		f.state.Orders = map[string]order.Record{}
	}
	verdicts := make([]verdict, len(changes))
	for i := range changes {
		verdicts[i] = f.fold(&changes[i])
		f.moved = f.moved || keyless && verdicts[i].err == nil && !changes[i].replay
	}
	var w Write
	if f.moved || f.described {
		f.state.Customer.Version++
		w.Customer = &f.state.Customer
	}
	for _, id := range slices.Sorted(maps.Keys(f.touched)) {
		o := f.state.Orders[id]
		o.Version++
		f.state.Orders[id] = o
		w.Orders = append(w.Orders, o)
	}
	if f.described {
		f.state.Profile.Version++
		w.Profile = &f.state.Profile
	}
	if w.Customer != nil {
		w.Consents = f.consents
	}
	return w, f.state, verdicts
}

// folding is a fold under way.
type folding struct {
	settings  *Settings
	state     State
	moved     bool            // the customer's item changed
	touched   map[string]bool // orders that changed
	described bool            // the traits changed
	consents  []consent.Record
}

func (f *folding) fold(c *change) (v verdict) {
	if c.orderID != "" {
		var folded bool
		folded, v.err = f.foldOrder(c)
		if folded || c.replay && v.err == nil {
			f.learn(c)
		}
		return v
	}
	// What an event that is remembered said is written: a client that sends it again, with a clock that was corrected
	// anew, does not get another word.
	if c.activity && f.state.remembers(c.actor, c.id) {
		return v
	}
	// The last event wins. A clock that runs ahead gives nobody the last word: who withdraws a consent withdraws all that
	// was taken in before.
	if c.agrees {
		if r, ok := consent.Of(c.id, c.said, c.traits, f.state.Profile.Traits, c.proof); ok {
			f.consents = append(f.consents, r)
		}
	}
	for name, value := range c.traits {
		t := customer.Trait{Value: value, Time: c.said.UnixMilli(), Event: c.id}
		changed, dropped := f.state.Profile.Set(name, t)
		f.described = changed || f.described
		if dropped {
			v.dropped++
		}
	}
	if c.traits != nil {
		f.describe()
	}
	f.learn(c)
	if !c.activity {
		return v
	}
	rec := &f.state.Customer
	rec.IDs.Remember(c.actor, c.id)
	month := customer.MonthOf(customer.DayOf(c.time, f.settings.Zone))
	if !c.listed {
		rec.Activity.Add(month, 1)
	}
	if c.signed {
		rec.Signs.Add(c.sign, month)
	}
	rec.Touch(c.time.Unix())
	f.moved = true
	return v
}

// foldOrder makes a change in the customer's own record of the order, and takes into account what is recorded under
// those that the customer absorbed. It reports whether it did: not where the record has the change.
func (f *folding) foldOrder(c *change) (folded bool, err error) {
	own, before := f.state.Orders[c.orderID], f.state.Order(c.orderID)
	if before.Has(c.order.Event) {
		return false, nil
	}
	if err := before.Check(c.order); err != nil {
		return false, err
	}
	if own.ID == "" {
		own.ID = c.orderID
	}
	if _, err := own.Apply(c.order); err != nil {
		return false, err
	}
	rec := &f.state.Customer
	if own.Placed && !before.Placed {
		own.First = rec.History.Orders() == 0
	}
	f.state.Orders[c.orderID] = own
	after := f.state.Order(c.orderID)
	before.AddTo(&rec.History, -1)
	after.AddTo(&rec.History, 1)
	rec.Touch(c.time.Unix())
	f.touched[c.orderID], f.moved = true, true
	return true, nil
}

// signals returns what a change gives outreach to know, as a function of the change and of what is stored after it: a
// replay returns the same. An order that was cancelled or imported is not told, nor what becomes of one that was not.
func (s *Settings) signals(c *change, after *State) ([]signal.Signal, error) {
	if c.quiet {
		return nil, nil
	}
	if c.answer != nil {
		return one(after, signal.AnswerGiven, signal.AnswerID(c.answer.Survey, c.answer.Invitation), c.time, c.answer)
	}
	if c.happened != nil {
		return one(after, signal.Happened, signal.EventID(c.id), c.time, c.happened)
	}
	o := after.Order(c.orderID)
	kind, id := signal.OrderPlaced, signal.OrderID(o.ID)
	switch {
	case c.orderID == "" || !o.Placed:
		return nil, nil
	case c.order.Kind != order.Placed:
		if kind, id = signal.OrderChanged, signal.OrderChangedID(o.ID, c.id); !o.Told {
			return nil, nil
		}
	case !o.Counts():
		return nil, nil
	}
	return one(after, kind, id, time.UnixMilli(o.PlacedBy.Time).UTC(), signal.OrderData{
		Order:    o.ID,
		Amount:   int64(o.Net()),
		Currency: string(o.Currency),
		Worth:    int64(o.Worth()),
		First:    o.First,
		Version:  int64(o.Known()),
		Void:     o.Void(),
	})
}

func one(s *State, kind signal.Kind, id string, at time.Time, data any) ([]signal.Signal, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return nil, fault.As(err, fault.Internal, "a signal cannot be encoded")
	}
	return []signal.Signal{{ID: id, Kind: kind, Customer: s.Customer.ID, Time: at, Data: raw}}, nil
}
