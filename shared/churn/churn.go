// Package churn says of a customer how likely it is that no further order comes (Risk), how well the relation fares
// (Health), and by what each of the two is moved. Both are 0 to 100 and weighted means of parts, so that the parts'
// contributions add up to the score; every part carries its reason as a code with numbers.
//
// The parts of the risk are the probability that a model of orders gives of the customer being one still; the chance of
// another purchase at the customer's pace, unless the customer has left; the silence by the customer's own rhythm of
// purchase (Rhythm); the trend of activity, complaints, open tickets, and answers. Most weight has the pace, which holds
// the two others in it: whoever bought often is not safe for that after a silence of many usual gaps, and whoever buys
// seldom is not at risk within one. A part whose input is missing has no say, and its weight is spread over the others in
// proportion: no default stands in for what is not known. With nothing known a score is unknown.
//
// A score moves every day. So a band of scores is left only beyond a margin (Bands), and a warning is given only where
// a band is left upwards.
//
// Everything here is a function of its arguments. Fitting the population's rhythm takes counts that merge in any order
// and grouping (RhythmCounts).
package churn

import (
	"liuke/shared/customer"
)

// Evidence is what is known of a customer. What comes after the scorer's day is passed over.
type Evidence struct {
	// Alive is the probability that the customer has not left, of a model of orders; NaN where there is none.
	Alive float64
	// OneTimersLeave says that the model of Alive lets a customer leave after the first purchase, as MBG/NBD does. Of
	// BG/NBD it is false: there whoever bought once is alive for certain, which says nothing, so that Alive of such
	// customers counts as not known.
	OneTimersLeave bool

	Seen     int64              // when the first event happened, Unix seconds; 0 for none
	History  *customer.History  // nil for none
	Activity *customer.Activity // nil where activity is not known
	Signs    *customer.Signs    // nil where signs are not known
}

// Pattern is when a customer bought. Orders of one day are one purchase.
type Pattern struct {
	First, Last customer.Day // the first and the last day of purchase
	Purchases   int32        // days of purchase, 1 or more
	Lately      int32        // of those but the first, how many lie in the last days that were asked for
	Gaps        [2]int32     // the last two gaps between purchases, in days, the older first; 0 where there are fewer
}

// PatternOf returns when a customer bought until the end of a day, counting those of the last days apart. It is ok where
// there was an order by then. Where the history is kept by month alone, a month's orders count as one purchase on its
// first day.
func PatternOf(h *customer.History, asOf customer.Day, days int32) (p Pattern, ok bool) {
	for e := range h.Days() {
		if e.Orders <= 0 || e.Day > asOf {
			continue
		}
		if !ok {
			ok = true
			p = Pattern{First: e.Day, Last: e.Day, Purchases: 1}
			continue
		}
		if e.Day <= p.Last { // the days of a month that is merged in part
			continue
		}
		p.Gaps = [2]int32{p.Gaps[1], e.Day - p.Last}
		p.Last = e.Day
		p.Purchases++
		if e.Day > asOf-days {
			p.Lately++
		}
	}
	return p, ok
}
