package customer

import (
	"iter"
	"slices"
)

// ExactDays is for how many of the last purchase days a History keeps each day apart.
const ExactDays = 512

// Purchases is what a customer ordered on one day, or, where Approximate is set, in the part of one month that is no
// longer kept by day.
type Purchases struct {
	Day         Day   // the day; the first of the month where Approximate
	Orders      int64 // orders placed and not cancelled
	Net         int64 // their worth in minor units, net of refunds; may be negative
	Approximate bool
}

// History is what a customer ordered, by day. The last ExactDays purchase days are exact; when there are more, the
// oldest is merged into its month, and a later change of a merged day goes to that month. So the sums are exact by
// month and in total however changes arrive, and by day for every day from Boundary on. Up to ExactDays purchase days
// a history depends on the sum of its changes alone, never on their order. The zero value is an empty history.
//
// Sums wrap around at the ends of int64, so that every change can be taken back.
type History struct {
	boundary Day         // days before it are kept by month
	months   []Purchases // ascending by Day, which is the first of the month
	days     []Purchases // ascending by Day
}

// Adjust adds orders and net money, either of which may be negative, to a day. What lies before 1970 counts on day 0.
func (h *History) Adjust(day Day, orders, net int64) {
	if orders == 0 && net == 0 {
		return
	}
	day = max(day, 0)
	if h.Approximate() && day < h.boundary {
		h.months = adjust(h.months, Purchases{Day: FirstDay(MonthOf(day)), Orders: orders, Net: net, Approximate: true})
		return
	}
	h.days = adjust(h.days, Purchases{Day: day, Orders: orders, Net: net})
	for len(h.days) > ExactDays {
		oldest := h.days[0]
		h.days = slices.Delete(h.days, 0, 1)
		h.boundary = oldest.Day + 1
		oldest.Day, oldest.Approximate = FirstDay(MonthOf(oldest.Day)), true
		h.months = adjust(h.months, oldest)
	}
}

// Merge adds another history. Days that either keeps by month are kept by month in the sum.
func (h *History) Merge(o *History) {
	if boundary := max(h.boundary, o.boundary); boundary != 0 {
		merged := History{boundary: boundary}
		for p := range h.Days() {
			merged.put(p)
		}
		*h = merged
	}
	for p := range o.Days() {
		h.put(p)
	}
}

// put adds what was ordered on a day or in a month. A month is never later than the one that the boundary lies in.
func (h *History) put(p Purchases) {
	if p.Approximate {
		h.months = adjust(h.months, p)
		return
	}
	h.Adjust(p.Day, p.Orders, p.Net)
}

// Add adds one order to a day.
func (h *History) Add(day Day, net int64) { h.Adjust(day, 1, net) }

// adjust adds p to the entry of its day and drops an entry that nothing is left of.
func adjust(list []Purchases, p Purchases) []Purchases {
	i, found := slices.BinarySearchFunc(list, p.Day, func(e Purchases, day Day) int { return int(e.Day) - int(day) })
	if !found {
		return slices.Insert(list, i, p)
	}
	list[i].Orders += p.Orders
	list[i].Net += p.Net
	if list[i].Orders == 0 && list[i].Net == 0 {
		return slices.Delete(list, i, i+1)
	}
	return list
}

// Days yields what was ordered, oldest first: the months that are merged, each as its first day and marked
// Approximate, then the days. A month that is partly merged occurs as itself and as its later days.
func (h *History) Days() iter.Seq[Purchases] {
	return func(yield func(Purchases) bool) {
		for _, list := range [][]Purchases{h.months, h.days} {
			for _, p := range list {
				if !yield(p) {
					return
				}
			}
		}
	}
}

// Len is how many entries Days yields.
func (h *History) Len() int { return len(h.months) + len(h.days) }

// Orders is how many orders count.
func (h *History) Orders() (n int64) {
	for p := range h.Days() {
		n += p.Orders
	}
	return n
}

// Net is what they are worth in minor units, net of refunds.
func (h *History) Net() (n int64) {
	for p := range h.Days() {
		n += p.Net
	}
	return n
}

// Approximate reports whether any days were merged into their months.
func (h *History) Approximate() bool { return h.boundary != 0 }

// Boundary is the first day that is kept as a day, 0 where every day is.
func (h *History) Boundary() Day { return h.boundary }

// Last returns the last day with an order; false where there is none.
func (h *History) Last() (Day, bool) {
	for i := len(h.days) - 1; i >= 0; i-- {
		if h.days[i].Orders > 0 {
			return h.days[i].Day, true
		}
	}
	for i := len(h.months) - 1; i >= 0; i-- {
		if h.months[i].Orders > 0 {
			return h.months[i].Day, true
		}
	}
	return 0, false
}

// Clone returns a copy that shares nothing with h.
func (h *History) Clone() History {
	return History{boundary: h.boundary, months: slices.Clone(h.months), days: slices.Clone(h.days)}
}

// Equal reports whether two histories say the same with the same exactness.
func (h *History) Equal(o *History) bool {
	return h.boundary == o.boundary && slices.Equal(h.months, o.months) && slices.Equal(h.days, o.days)
}

// Agrees reports whether two histories sum up the same orders: by day where both are exact, by month where either is
// not. It is how a history that was folded is compared with one that was rebuilt, whose days may have been merged
// at other moments.
func (h *History) Agrees(o *History) bool {
	boundary := max(h.boundary, o.boundary)
	if boundary == 0 {
		return slices.Equal(h.days, o.days)
	}
	return slices.Equal(h.coarse(boundary), o.coarse(boundary))
}

// coarse merges every day before the boundary into its month.
func (h *History) coarse(boundary Day) []Purchases {
	var months, days []Purchases
	for p := range h.Days() {
		if p.Approximate || p.Day < boundary {
			p.Day, p.Approximate = FirstDay(MonthOf(p.Day)), true
			months = adjust(months, p)
		} else {
			days = append(days, p)
		}
	}
	return append(months, days...)
}
