// Package cohort counts customers by the month of their first order: how many of each such cohort ordered again in which
// month, what that came to, how many of a period's customers were gone in the next, and through which channel newcomers
// came. Counts of parts of a population merge into those of the whole in any order and grouping, and are a pure function
// of histories as of a day; what they cost is package economics' part.
//
// A month is one of the calendar in the business's time zone. A history has the sums of each month exactly, whether it
// keeps days or not; as of a day within a month that it keeps as a whole, all of that month counts.
package cohort

import (
	"cmp"
	"maps"
	"slices"

	"liuke/shared/customer"
)

const (
	// Kept is how many months count apart, the one of the day included. What is older is pooled.
	Kept = 60
	// Earlier stands for all months before those.
	Earlier customer.Month = -1
)

const monthsAQuarter = 3

// tally is what the customers of one cohort did in one month.
type tally struct {
	Active int64 // customers with an order in it
	Orders int64
	Net    int64 // minor units, net of refunds
}

func (c *tally) add(o tally) {
	c.Active += o.Active
	c.Orders += o.Orders
	c.Net += o.Net
}

type cellKey struct{ cohort, month customer.Month }

// Span is the length of a period of churn.
type Span uint8

// The spans.
const (
	Monthly Span = iota
	Quarterly
	spans
)

type periodKey struct {
	span  Span
	index int32 // months since January 1970, or quarters
}

// period counts who was there.
type period struct {
	active int64 // customers with an order in it
	kept   int64 // of them, with an order in the period before as well
}

// Counts are customers by cohort and month. The zero value is of nobody. All customers of one Counts, and of those
// merged with it, are added as of one day. It is not safe for concurrent use.
type Counts struct {
	sizes   map[customer.Month]int64 // customers by cohort
	cells   map[cellKey]*tally
	periods map[periodKey]*period
}

// Add counts a customer by what was ordered until the end of a day; one without an order by then is in no cohort. A
// month in which more orders were taken back than made, which histories kept by month can have, is no active one; its
// money counts.
func (c *Counts) Add(h *customer.History, asOf customer.Day) {
	c.init()
	a := adder{Counts: c, oldest: customer.MonthOf(asOf) - Kept + 1}
	open := false
	var month customer.Month
	var sum tally
	for p := range h.Days() {
		if p.Day > asOf {
			break // days ascend, behind the months
		}
		if m := customer.MonthOf(p.Day); !open || m != month {
			if open {
				a.month(month, sum)
			}
			open, month, sum = true, m, tally{}
		}
		sum.Orders += p.Orders
		sum.Net += p.Net
	}
	if open {
		a.month(month, sum)
	}
}

func (c *Counts) init() {
	if c.sizes == nil {
		c.sizes, c.cells, c.periods = make(map[customer.Month]int64), make(map[cellKey]*tally), make(map[periodKey]*period)
	}
}

// adder adds the months of one customer, which ascend.
type adder struct {
	*Counts
	oldest  customer.Month // that counts apart
	started bool
	cohort  customer.Month
	before  int64        // net of months before the first order, which counts in that month
	last    [spans]int32 // last active period
	seen    [spans]bool  // whether there was one
}

func (a *adder) month(m customer.Month, sum tally) {
	if sum.Orders > 0 {
		sum.Active = 1
	}
	if !a.started {
		if sum.Active == 0 {
			a.before += sum.Net
			return
		}
		a.started, a.cohort = true, max(m, a.oldest-1)
		if a.cohort < a.oldest {
			a.cohort = Earlier
		}
		a.sizes[a.cohort]++
		sum.Net += a.before
	}
	key := cellKey{a.cohort, m}
	if m < a.oldest {
		key.month, sum.Active = Earlier, 0 // months pooled have no number of active customers
	}
	entry(a.cells, key).add(sum)
	if sum.Active > 0 {
		a.active(Monthly, m)
		a.active(Quarterly, m/monthsAQuarter)
	}
}

// active notes that the customer ordered in a period.
func (a *adder) active(span Span, index int32) {
	again := a.seen[span] && a.last[span] == index
	follows := a.seen[span] && a.last[span] == index-1
	a.last[span], a.seen[span] = index, true
	if again {
		return
	}
	p := entry(a.periods, periodKey{span, index})
	p.active++
	if follows {
		p.kept++
	}
}

// entry returns what stands under a key, zero at first.
func entry[K comparable, V any](m map[K]*V, key K) *V {
	v := m[key]
	if v == nil {
		v = new(V)
		m[key] = v
	}
	return v
}

// at returns what stands under a key, zero where nothing does.
func at[K comparable, V any](m map[K]*V, key K) (v V) {
	if p := m[key]; p != nil {
		v = *p
	}
	return v
}

// Merge adds what o counts; o stays as it was.
func (c *Counts) Merge(o *Counts) {
	c.init()
	for m, n := range o.sizes {
		c.sizes[m] += n
	}
	for k, v := range o.cells {
		entry(c.cells, k).add(*v)
	}
	for k, v := range o.periods {
		p := entry(c.periods, k)
		p.active += v.active
		p.kept += v.kept
	}
}

// Customers is how many customers there are in all cohorts.
func (c *Counts) Customers() (n int64) {
	for _, size := range c.sizes {
		n += size
	}
	return n
}

func compareCells(a, b cellKey) int {
	return cmp.Or(cmp.Compare(a.cohort, b.cohort), cmp.Compare(a.month, b.month))
}

func comparePeriods(a, b periodKey) int {
	return cmp.Or(cmp.Compare(a.span, b.span), cmp.Compare(a.index, b.index))
}

func sorted[K comparable, V any](m map[K]V, order func(a, b K) int) []K {
	return slices.SortedFunc(maps.Keys(m), order)
}
