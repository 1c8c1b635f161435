// Package order keeps one order of a customer as the sum of its changes: placed, edited, refunded, cancelled. The
// changes may come in any order and any number of times and end in the same record: each is known by its event's id
// and counts once; an edit or a refund that comes before its order waits in the record; what the order is worth is its
// latest total less all refunds. A cancelled order counts for nothing and stays cancelled.
//
// An order whose changes have come under several ids of one customer has a record under each. Union is exact: it is the
// record that all of their changes would have made, and one that stands in several records counts once.
//
// The record is what money is accounted by: a customer's purchase history is the sum of the records' contributions. An
// order keeps its own currency, in which its changes are added up; what it contributes is its net worth converted once,
// at the rate of the day of its earliest placement. So an order that was given back whole is worth nothing at any rate,
// whatever came first. Which rate a day has is left to others. An edit or a refund whose event names no currency is in
// the order's, even where it comes before the event that says which that is; one that names another currency than the
// order turns out to be in counts for nothing: it is refused after the order, and set aside where it came before, so
// that nothing keeps an order out.
package order

import (
	"slices"
	"time"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/money"
)

// Kind says what a change does to an order.
type Kind int

// The kinds of change.
const (
	Placed    Kind = iota + 1 // the order was completed, for Total
	Updated                   // its total is now Total
	Refunded                  // Total was given back, or, with Whole, all of it
	Cancelled                 // it does not count any more
)

// Change is one event about an order.
type Change struct {
	Event string       // the event's id
	Kind  Kind         // what it does
	Time  time.Time    // when it happened; whole milliseconds count
	Total money.Amount // see Kind
	Whole bool         // of a refund: the whole order
	Day   customer.Day // of a placement: the order's day

	Currency money.Currency // of Total; "" where the change names no amount
	Assumed  bool           // the event names no currency: Total is in the order's, and is spelled in Currency until that is known
	Rate     money.Rate     // of a placement: what Currency is worth on Day
	Told     bool           // of a placement: it is news, and not history that was imported
}

// MaxChanges is how many changes one order takes.
const MaxChanges = 2000

// Stamp orders the changes that overwrite one another: by time, then kind, then event id, so that an edit at the very
// millisecond of the placement wins over it.
type Stamp struct {
	Time  int64 // Unix milliseconds
	Kind  Kind
	Event string
}

func (s Stamp) before(o Stamp) bool {
	if s.Time != o.Time {
		return s.Time < o.Time
	}
	if s.Kind != o.Kind {
		return s.Kind < o.Kind
	}
	return s.Event < o.Event
}

// Record is an order as its changes have made it.
type Record struct {
	ID        string
	Version   int64          // +1 with each write; 0 for a record that is not stored yet
	Currency  money.Currency // of the amounts, as the first change that names one has it; "" before
	Assumed   bool           // nothing has named Currency yet: the amounts are in the order's, whichever that is
	Total     money.Amount   // as last said
	TotalBy   Stamp          // who said so; zero where nobody has
	Placed    bool           // whether the order itself has come
	PlacedBy  Stamp          // the earliest placement; zero where not Placed
	Day       customer.Day   // the day of the earliest placement
	Rate      money.Rate     // what Currency is worth on Day
	First     bool           // whether it was the customer's first when it came
	Told      bool           // whether any placement was news
	Refunds   []Refund       // what was given back in part, by the change that said so, ascending by it
	Whole     bool           // whether all of it was given back
	Cancelled bool
	Changes   []Fingerprint // of the other changes that were applied, ascending
}

// Apply makes a change and reports whether there was anything to do: false says that the change has been applied
// before. It returns an Invalid error, and leaves the record as it was, for more changes or more refunded money than
// an order takes, and for what Check refuses.
func (r *Record) Apply(c Change) (bool, error) {
	if r.Has(c.Event) {
		return false, nil
	}
	if r.Known() >= MaxChanges {
		return false, fault.New(fault.Invalid, "an order takes at most %d changes", MaxChanges)
	}
	after := *r
	c, err := after.agree(c)
	if err != nil {
		return false, err
	}
	stamp := Stamp{Time: c.Time.UnixMilli(), Kind: c.Kind, Event: c.Event}
	switch c.Kind {
	case Placed:
		if !after.Placed || stamp.before(after.PlacedBy) {
			after.Placed, after.PlacedBy, after.Day, after.Rate = true, stamp, c.Day, c.Rate
		}
		after.Told = after.Told || c.Told
		after.settle(c.Total, stamp)
	case Updated:
		after.settle(c.Total, stamp)
	case Refunded:
		if _, err := after.Refunded().Add(c.Total); err != nil {
			return false, err
		}
		after.Whole = after.Whole || c.Whole
	case Cancelled:
		after.Cancelled = true
	default:
		return false, fault.New(fault.Internal, "unknown kind of order change %d", c.Kind)
	}
	after.remember(c)
	*r = after
	return true, nil
}

// remember enters a change among those that were applied. The lists are made anew: copies of the record share them.
func (r *Record) remember(c Change) {
	mark := FingerprintOf(c.Event)
	if c.Kind == Refunded && c.Total != 0 {
		i, _ := r.refundOf(mark)
		r.Refunds = slices.Insert(slices.Clone(r.Refunds), i, Refund{By: mark, Amount: c.Total})
		return
	}
	i, _ := slices.BinarySearchFunc(r.Changes, mark, Fingerprint.compare)
	r.Changes = slices.Insert(slices.Clone(r.Changes), i, mark)
}

// settle takes a total unless a later change has said another.
func (r *Record) settle(total money.Amount, by Stamp) {
	if r.TotalBy.Kind == 0 || r.TotalBy.before(by) || r.TotalBy == by && r.Total < total {
		r.Total, r.TotalBy = total, by
	}
}

// Has reports whether the change that the event describes has been applied.
func (r *Record) Has(event string) bool {
	mark := FingerprintOf(event)
	if _, found := slices.BinarySearchFunc(r.Changes, mark, Fingerprint.compare); found {
		return true
	}
	_, found := r.refundOf(mark)
	return found
}

// refundOf returns where among the refunds that of the change stands, or belongs.
func (r *Record) refundOf(mark Fingerprint) (int, bool) {
	return slices.BinarySearchFunc(r.Refunds, mark, func(e Refund, mark Fingerprint) int { return e.By.compare(mark) })
}

// Known is how many changes of the order are known: of two records of one order, whichever knows more is the later.
func (r *Record) Known() int { return len(r.Changes) + len(r.Refunds) }

// Refunded is the sum of the partial refunds.
func (r *Record) Refunded() (sum money.Amount) {
	for i := range r.Refunds {
		sum += r.Refunds[i].Amount
	}
	return sum
}

// Counts reports whether the order counts: it was placed and not cancelled.
func (r *Record) Counts() bool { return r.Placed && !r.Cancelled }

// Void reports whether nothing is left of an order that was placed: it was cancelled, or given back whole.
func (r *Record) Void() bool { return r.Cancelled || r.returned() }

// returned reports whether all of it was given back, at once or in parts.
func (r *Record) returned() bool { return r.Whole || r.Refunded() > 0 && r.Refunded() >= r.Total }

// Net is what the order is worth net of refunds in its own currency; 0 where it does not count or was given back whole. It may be negative
// where more was given back than was paid.
func (r *Record) Net() money.Amount {
	if !r.Counts() || r.Whole {
		return 0
	}
	return r.Total - r.Refunded()
}

// Worth is Net in the business's currency, converted once.
func (r *Record) Worth() money.Amount { return r.Rate.Convert(r.Net()) }

// AddTo adds sign times what the order contributes, one order and its worth on its day, to a history. What does not
// count contributes nothing.
func (r *Record) AddTo(h *customer.History, sign int64) {
	if r.Counts() {
		h.Adjust(r.Day, sign, sign*int64(r.Worth()))
	}
}

// Status names the state of an order for people: "waiting" (only later changes have come yet), "placed", "refunded"
// (whole) or "cancelled".
func (r *Record) Status() string {
	switch {
	case r.Cancelled:
		return "cancelled"
	case !r.Placed:
		return "waiting"
	case r.returned():
		return "refunded"
	default:
		return "placed"
	}
}
