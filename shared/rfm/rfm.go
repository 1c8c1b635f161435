// Package rfm scores customers by recency, frequency and monetary value over a window that ends on a day: days since
// the last order, orders in the window, and what they are worth net of refunds. Scores run from 1 to one more than the
// number of cuts, and the higher the better.
//
// Cuts are quantiles of the population (type 7 of Hyndman & Fan 1996, as R and numpy have it by default) or fixed by the
// operator: customers with equal values then share a score. Tiles are bins of equal size, as SQL's NTILE makes them, and
// part equals by a hash of their id. Either is exact however the population is split into parts and in whatever order the
// parts are merged.
//
// The population are those who ordered in the window. Who has ordered, but not in the window (a frequency of 0), has lapsed:
// the lowest score in all three, recency too, and no part in the quantiles. Otherwise the more customers a shop has
// lost, the better whoever ordered once would look, and where all have left, the last of them would look new.
//
// What scores mean is left to package segment.
package rfm

import (
	"liuke/shared/customer"
	"liuke/shared/fault"
)

// Value is one customer's recency, frequency and monetary value.
type Value struct {
	Recency   int32 // days from the last order to the day of the run; 0 for an order on that day
	Frequency int32 // orders in the window; 0 for a customer who has lapsed
	Monetary  int64 // their worth in minor units, net of refunds; may be 0 or negative
}

// Window is the span of days that frequency and monetary value look at: Days days, the last of which is AsOf. Days 0
// is the whole history. Recency does not look at the window's start.
type Window struct {
	AsOf customer.Day
	Days int32
}

// Of returns a customer's value as of the window's end, from the purchases until then at what they are worth today. A
// customer without an order by then has none, and ok is false. The value is approximate where the history is that is
// kept by month alone (see customer.History).
func (w Window) Of(h *customer.History) (v Value, ok bool) {
	var last customer.Day
	for p := range h.Days() {
		if p.Day > w.AsOf {
			continue // a merged month may follow on a later day
		}
		if p.Orders > 0 && (!ok || p.Day > last) {
			last, ok = p.Day, true
		}
		if w.Days == 0 || int64(p.Day) > int64(w.AsOf)-int64(w.Days) {
			v.Frequency += int32(max(p.Orders, 0))
			v.Monetary += p.Net
		}
	}
	v.Recency = w.AsOf - last
	return v, ok
}

// Scores are a customer's three scores, 1 to the number of bins each.
type Scores struct{ R, F, M uint8 }

// Cuts are the ascending cut points of the three values. A score is 1 + the number of cuts that the value reaches,
// that is, is equal to or greater than; recency counts the other way: the number of bins less the cuts reached.
//
// Where Above is set, a value reaches a cut by being greater alone. Quantiles are cut so, as R's cut, its package rfm and
// pandas' qcut do: a quantile is a value of somebody's, who belongs to the bin that it closes. So when most customers
// ordered once, those are at the bottom, not wherever the quantile leaves them, and a population of equals is all at
// frequency 1. Many equal values may pass several equal cuts at once, so that a score in between stays empty.
type Cuts struct {
	Recency   []Cut `json:"recency"`   // days
	Frequency []Cut `json:"frequency"` // orders
	Monetary  []Cut `json:"monetary"`  // minor units
	Above     bool  `json:"above,omitempty"`
}

// MaxBins is the most bins that a value can be cut into.
const MaxBins = 10

// Validate returns an Invalid error where the cuts are not ascending or too many.
func (c *Cuts) Validate() error {
	for _, list := range []struct {
		name string
		cuts []Cut
	}{{"recency_days", c.Recency}, {"frequency", c.Frequency}, {"monetary", c.Monetary}} {
		if len(list.cuts) >= MaxBins {
			return fault.At("/cuts/"+list.name, "there are %d cuts, and at most %d are possible", len(list.cuts), MaxBins-1)
		}
		for i := 1; i < len(list.cuts); i++ {
			if list.cuts[i].less(list.cuts[i-1]) {
				return fault.At("/cuts/"+list.name, "cuts must ascend, and number %d is less than the one before it", i+1)
			}
		}
	}
	return nil
}

// Scorer scores values against one set of cuts. It is safe for concurrent use.
type Scorer struct {
	bins               uint8 // of recency
	recency, frequency []int32
	monetary           []int64
}

// Scorer returns the scorer of the cuts.
func (c *Cuts) Scorer() *Scorer {
	return &Scorer{
		bins:      uint8(len(c.Recency) + 1),
		recency:   thresholds[int32](c.Recency, c.Above),
		frequency: thresholds[int32](c.Frequency, c.Above),
		monetary:  thresholds[int64](c.Monetary, c.Above),
	}
}

// Score returns the scores of one value; a customer without an order in the window has 1 in all three.
func (s *Scorer) Score(v Value) Scores {
	if v.Frequency <= 0 {
		return Scores{1, 1, 1}
	}
	return Scores{
		R: s.bins - reached(s.recency, v.Recency),
		F: 1 + reached(s.frequency, v.Frequency),
		M: 1 + reached(s.monetary, v.Monetary),
	}
}

func reached[T int32 | int64](thresholds []T, v T) (n uint8) {
	for _, t := range thresholds {
		if v >= t {
			n++
		}
	}
	return n
}
