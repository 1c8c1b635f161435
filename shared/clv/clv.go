// Package clv estimates what customers will still order and be worth: BG/NBD (Fader, Hardie & Lee 2005, "Counting Your
// Customers the Easy Way") for how often, Gamma-Gamma (Fader & Hardie 2013, "The Gamma-Gamma Model of Monetary Value")
// for how much, and the discounted value that follows from the two.
//
// Both are fitted by maximum likelihood on compressed counts: a population is the number of customers of each (x, t_x, T)
// and of each (x, spend), which merge over its parts, and whose fit is the same to the last bit however it was split.
// A fit converges, or is refused with the reason (fault.Conflict: the data do not determine the model); it never
// returns numbers that it does not stand behind. BG/NBD lets a customer leave only after an order, so that whoever
// ordered once is alive for certain: P(alive) of such customers says nothing.
//
// Times are whole days in the counts and weeks in the models (days / 7).
package clv

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

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

// Counts are how many customers share each Transactions and each Spend: the statistics that are sufficient for both
// models. The zero value is empty. It is not safe for concurrent use.
type Counts struct {
	transactions []weighed[Transactions]
	spends       []weighed[Spend]
	settled      [2]int // how much of either is sorted without repetition
}

type weighed[K comparable] struct {
	key K
	n   int64
}

// Add counts a customer. The spend counts for repeat customers who spent something on their repeat purchases.
func (c *Counts) Add(t Transactions, s Spend) {
	c.transactions = append(c.transactions, weighed[Transactions]{t, 1})
	if s.X > 0 && s.Total > 0 {
		c.spends = append(c.spends, weighed[Spend]{s, 1})
	}
}

// Merge adds what o counts; o stays as it was.
func (c *Counts) Merge(o *Counts) {
	c.transactions = append(c.transactions, o.transactions...)
	c.spends = append(c.spends, o.spends...)
}

// Customers is how many customers were counted, and how many of them bought more than once.
func (c *Counts) Customers() (all, repeat int64) {
	for _, w := range c.transactions {
		all += w.n
		if w.key.X > 0 {
			repeat += w.n
		}
	}
	return all, repeat
}

func (c *Counts) settle() {
	if c.settled != [2]int{len(c.transactions), len(c.spends)} {
		c.transactions = join(c.transactions, func(a, b Transactions) int {
			return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.T, b.T), cmp.Compare(a.TX, b.TX))
		})
		c.spends = join(c.spends, func(a, b Spend) int {
			return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.Total, b.Total))
		})
		c.settled = [2]int{len(c.transactions), len(c.spends)}
	}
}

func join[K comparable](list []weighed[K], order func(a, b K) int) []weighed[K] {
	slices.SortFunc(list, func(a, b weighed[K]) int { return order(a.key, b.key) })
	out := list[:0]
	for _, w := range list {
		if n := len(out); n > 0 && out[n-1].key == w.key {
			out[n-1].n += w.n
		} else {
			out = append(out, w)
		}
	}
	return out
}

// AppendBinary appends the counts in a form that depends on what was counted alone. The error is always nil.
func (c *Counts) AppendBinary(b []byte) ([]byte, error) {
	c.settle()
	b = binary.AppendUvarint(b, uint64(len(c.transactions)))
	for _, w := range c.transactions {
		for _, v := range []int64{int64(w.key.X), int64(w.key.TX), int64(w.key.T), w.n} {
			b = binary.AppendUvarint(b, uint64(v))
		}
	}
	b = binary.AppendUvarint(b, uint64(len(c.spends)))
	for _, w := range c.spends {
		for _, v := range []int64{int64(w.key.X), w.key.Total, w.n} {
			b = binary.AppendUvarint(b, uint64(v))
		}
	}
	return b, nil
}

// Decode reads counts from the front of b and returns the rest. It returns an Internal error for what AppendBinary did
// not write.
func (c *Counts) Decode(b []byte) ([]byte, error) {
	r := varints{b: b}
	out := Counts{}
	for range r.next(uint64(len(r.b) / 4)) {
		k := Transactions{X: int32(r.next(math.MaxInt32)), TX: int32(r.next(math.MaxInt32)), T: int32(r.next(math.MaxInt32))}
		out.transactions = append(out.transactions, weighed[Transactions]{k, int64(r.next(math.MaxInt64))})
		if r.bad {
			return nil, errDamaged
		}
	}
	for range r.next(uint64(len(r.b) / 3)) {
		k := Spend{X: int32(r.next(math.MaxInt32)), Total: int64(r.next(math.MaxInt64))}
		out.spends = append(out.spends, weighed[Spend]{k, int64(r.next(math.MaxInt64))})
		if r.bad {
			return nil, errDamaged
		}
	}
	if r.bad {
		return nil, errDamaged
	}
	*c = out
	return r.b, nil
}

var errDamaged = fault.New(fault.Internal, "the counts are cut short or damaged")

// varints reads whole numbers until one is damaged or over its limit.
type varints struct {
	b   []byte
	bad bool
}

func (r *varints) next(limit uint64) uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > limit {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}
