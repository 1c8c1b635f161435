// Package clv estimates what customers will still order and be worth: BG/NBD (Fader, Hardie & Lee 2005, "Counting Your
// Customers the Easy Way") or MBG/NBD (Batislam, Denizel & Filiztekin 2007, "Empirical Validation and Comparison of
// Models for Customer Base Analysis"; Hoppe & Wagner 2007) for how often, Gamma-Gamma (Fader & Hardie 2013, "The
// Gamma-Gamma Model of Monetary Value") for how much, and the discounted value that follows from the two.
//
// All are fitted by maximum likelihood on compressed counts: a population is the number of customers of each (x, t_x, T)
// and of each (x, spend), which merge over its parts, and whose fit is the same to the last bit however it was split and
// on however many processors. A fit converges, and tells the standard errors of its parameters, or is refused with the
// reason (fault.Conflict: the data do not determine the model); it never returns numbers that it does not stand behind.
//
// BG/NBD lets a customer leave only after a repeat purchase, so that whoever ordered once is alive for certain: P(alive)
// of such customers says nothing. MBG/NBD lets them leave after the first purchase as well. A Forecaster says by which
// of the two it forecasts. Holdout tells how good a model's forecasts were, Groups whether parts of a population are
// better modelled by themselves.
//
// Times are whole days in the counts and weeks in the models (days / 7).
package clv

import "liuke/shared/customer"

// Transactions is a customer's history as BG/NBD sees it. Orders of one day are one purchase, and the first purchase
// is where the customer begins.
type Transactions struct {
	X  int32 // repeat purchases: days with an order, less the first
	TX int32 // days from the first purchase to the last; 0 where X is 0
	T  int32 // days from the first purchase to the day of the run
}

// Spend is a customer's history as Gamma-Gamma sees it: repeat purchases and what they came to, in minor units. The
// first purchase counts in neither.
type Spend struct {
	X     int32
	Total int64
}

// Of returns a customer's history until the end of a day. It is ok where there was an order by then. Where the history
// is kept by month alone, a month's orders count as one purchase on its first day.
func Of(h *customer.History, asOf customer.Day) (t Transactions, s Spend, ok bool) {
	var first, last customer.Day
	var before int64 // net of the first day
	for p := range h.Days() {
		if p.Day > asOf {
			continue
		}
		s.Total += p.Net
		if p.Orders <= 0 {
			continue
		}
		if !ok {
			ok, first, before = true, p.Day, s.Total
		} else if p.Day != last {
			t.X++
		}
		last = p.Day
		if p.Day == first {
			before = s.Total
		}
	}
	if !ok {
		return Transactions{}, Spend{}, false
	}
	t.TX, t.T = last-first, asOf-first
	return t, Spend{X: t.X, Total: s.Total - before}, true
}
