package experiment

import (
	"math/big"

	"liuke/shared/fault"
	"liuke/shared/money"
	"liuke/shared/stats"
)

// Counters are how many customers of a variant came how far. Each is counted by an addition of its own, so that they may
// be read while some are yet to come.
type Counters struct {
	Assigned     int64   `json:"assigned"`  // customers, each once
	Sent         int64   `json:"sent"`      // of them, who were sent the message at least once; and so on
	Delivered    int64   `json:"delivered"` //
	Opened       int64   `json:"opened"`    // shown, and never judged by
	Clicked      int64   `json:"clicked"`   // people, not prefetchers
	Converted    int64   `json:"converted"` // reached the goal within the scene's window
	Unsubscribed int64   `json:"unsubscribed"`
	Complained   int64   `json:"complained"`
	Revenue      Revenue `json:"revenue"`
	Before       Before  `json:"before,omitzero"`
}

// Revenue is what the customers of an arm were worth within the window, each with the net of all orders in it. Those who
// bought nothing are counted as assigned, and add nothing here.
type Revenue struct {
	Count   int64        `json:"count"`   // customers with any
	Sum     money.Amount `json:"sum"`     // minor units
	Squares Wide         `json:"squares"` // of each customer's sum
}

// Change returns what is to be added to the counters when the net of one customer within the window goes from before to
// after, 0 being nothing yet: the parts of the result may be negative.
func Change(before, after money.Amount) Revenue {
	r := Revenue{Sum: after - before, Squares: Squared(after).Minus(Squared(before))}
	if after != 0 {
		r.Count++
	}
	if before != 0 {
		r.Count--
	}
	return r
}

// Before is what the customers of an arm had spent before they were assigned, which nothing that was done to them since can
// have moved: what their revenue is adjusted by. It stays as it was counted, whatever becomes of their orders later.
type Before struct {
	Count    int64        `json:"count"`    // customers of whom it is known
	Sum      money.Amount `json:"sum"`      // minor units
	Squares  Wide         `json:"squares"`  // of each customer's spend before
	Products Wide         `json:"products"` // of each customer's spend before and net within the window
}

// Plus is b with o added.
func (b Before) Plus(o Before) Before {
	return Before{b.Count + o.Count, b.Sum + o.Sum, b.Squares.Plus(o.Squares), b.Products.Plus(o.Products)}
}

// Journey is what one assigned customer has come to by now.
type Journey struct {
	Sent, Delivered, Opened, Clicked, Converted, Unsubscribed, Complained bool

	Net    money.Amount  // of the customer's orders within the window
	Before *money.Amount // spent before the assignment; nil where it is not known
}

// Add counts a customer, as a rollup of the ledger's entries does; whoever counts events one by one adds to the fields.
func (c *Counters) Add(j Journey) {
	c.Assigned++
	for _, step := range []struct {
		did bool
		to  *int64
	}{
		{j.Sent, &c.Sent}, {j.Delivered, &c.Delivered}, {j.Opened, &c.Opened}, {j.Clicked, &c.Clicked}, {j.Converted, &c.Converted},
		{j.Unsubscribed, &c.Unsubscribed}, {j.Complained, &c.Complained},
	} {
		if step.did {
			*step.to++
		}
	}
	c.Revenue = c.Revenue.Plus(Change(0, j.Net))
	if x := j.Before; x != nil {
		c.Before = c.Before.Plus(Before{1, *x, Squared(*x), Product(*x, j.Net)})
	}
}

// Plus is r with o added.
func (r Revenue) Plus(o Revenue) Revenue {
	return Revenue{r.Count + o.Count, r.Sum + o.Sum, r.Squares.Plus(o.Squares)}
}

// Plus is c with o added, as of two shards of one variant.
func (c Counters) Plus(o Counters) Counters {
	return Counters{
		Assigned: c.Assigned + o.Assigned, Sent: c.Sent + o.Sent, Delivered: c.Delivered + o.Delivered, Opened: c.Opened + o.Opened,
		Clicked: c.Clicked + o.Clicked, Converted: c.Converted + o.Converted, Unsubscribed: c.Unsubscribed + o.Unsubscribed,
		Complained: c.Complained + o.Complained, Revenue: c.Revenue.Plus(o.Revenue), Before: c.Before.Plus(o.Before),
	}
}

// share is how many of those assigned did something, held to all of them: counters that are read while others are yet to
// come may be ahead.
func (c *Counters) share(n int64) stats.Share {
	return stats.Share{Successes: min(n, c.Assigned), N: c.Assigned}
}

func (c *Counters) conversions() stats.Share { return c.share(c.Converted) }

// validate returns an Invalid error for what no counting comes to.
func (c *Counters) validate(at string) error {
	for _, f := range []struct {
		name string
		n    int64
	}{
		{"assigned", c.Assigned}, {"sent", c.Sent}, {"delivered", c.Delivered}, {"opened", c.Opened}, {"clicked", c.Clicked},
		{"converted", c.Converted}, {"unsubscribed", c.Unsubscribed}, {"complained", c.Complained},
	} {
		if f.n < 0 {
			return fault.At(at+"/"+f.name, "a count is not below 0")
		}
	}
	if err := c.Revenue.validate(at+"/revenue", c.Assigned); err != nil {
		return err
	}
	return c.validateBefore(at + "/before")
}

func (c *Counters) validateBefore(at string) error {
	b := &c.Before
	switch spent := spread(b.Count, b.Sum, b.Sum, b.Squares); {
	case b.Count < 0 || b.Count > c.Assigned:
		return fault.At(at+"/count", "it is known of no fewer than 0 and no more than all customers")
	case spent.Sign() < 0 || b.Squares.Negative():
		return fault.At(at+"/squares", "the squares are less than any amounts with this sum have")
	case b.Count == c.Assigned:
		// Cauchy and Schwarz: no amounts with these squares go more closely together.
		together := spread(b.Count, b.Sum, c.Revenue.Sum, b.Products)
		if together.Mul(together, together).Cmp(spent.Mul(spent, c.Revenue.spread(c.Assigned))) > 0 {
			return fault.At(at+"/products", "the products are beyond what any amounts with these squares have")
		}
	}
	return nil
}

func (r *Revenue) validate(at string, n int64) error {
	switch {
	case r.Count < 0:
		return fault.At(at+"/count", "a count is not below 0")
	case r.Count > n:
		return fault.At(at+"/count", "more customers with revenue than were assigned")
	case r.Squares.Negative() || r.spread(r.Count).Sign() < 0:
		return fault.At(at+"/squares", "the squares are less than any amounts with this sum have")
	}
	return nil
}

// spread is n Σx² − (Σx)², which is not below 0 for sums of at most n amounts.
func (r *Revenue) spread(n int64) *big.Int { return spread(n, r.Sum, r.Sum, r.Squares) }

// spread is n Σxy − Σx Σy, exactly: n times the sum of products about the means.
func spread(n int64, x, y money.Amount, products Wide) *big.Int {
	s := new(big.Int).Mul(big.NewInt(n), products.big())
	return s.Sub(s, new(big.Int).Mul(big.NewInt(int64(x)), big.NewInt(int64(y))))
}

// pairs are the moments of what the customers spent before and within the window; each is exact but for one rounding. It is
// not ok where there are none, or it is not known of all of them.
func (c *Counters) pairs() (p stats.Pairs, ok bool) {
	n := c.Assigned
	if n == 0 || c.Before.Count != n {
		return p, false
	}
	about := func(x, y money.Amount, products Wide) float64 {
		f, _ := new(big.Rat).SetFrac(spread(n, x, y, products), big.NewInt(n)).Float64()
		return f
	}
	b, r := &c.Before, &c.Revenue
	return stats.Pairs{
		N: n, MeanX: float64(b.Sum) / float64(n), MeanY: float64(r.Sum) / float64(n),
		SXX: about(b.Sum, b.Sum, b.Squares), SXY: about(b.Sum, r.Sum, b.Products), SYY: about(r.Sum, r.Sum, r.Squares),
	}, true
}

// sample is the revenue of each of n customers, those without any as 0; its variance is exact but for one rounding.
func (r *Revenue) sample(n int64) stats.Sample {
	s := stats.Sample{N: n}
	if n == 0 {
		return s
	}
	s.Mean = float64(r.Sum) / float64(n)
	if n > 1 {
		degrees := new(big.Int).Mul(big.NewInt(n), big.NewInt(n-1))
		s.Variance, _ = new(big.Rat).SetFrac(r.spread(n), degrees).Float64()
	}
	return s
}
