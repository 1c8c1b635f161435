package experiment

import (
	"math"
	"strconv"

	"liuke/shared/fault"
	"liuke/shared/money"
	"liuke/shared/stats"
)

// Observed is all that was counted of an experiment.
type Observed struct {
	Variants []Counters // in the experiment's order
	Holdout  *Held      // nil where nobody is held out
	// Earlier has, by the variant's id, the least always-valid p of the conversions in earlier results, which stands; nil
	// forgets them, which is valid as well and only slower to find a difference.
	Earlier  map[string]float64
	Currency money.Currency // of all amounts; "" where there are none
	Economy  Economy
}

// Held is what those did who were held out of the scene, though they would have got its message.
type Held struct {
	Share     float64 `json:"share"` // of all customers that were to be held out, above 0 and below 1
	Assigned  int64   `json:"assigned"`
	Converted int64   `json:"converted"`
	Revenue   Revenue `json:"revenue"`
	Before    Before  `json:"before,omitzero"`
	// Apart says that some of them are held out of other scenes as well, and may have been for long: what they had spent
	// before is not what those who were not held out would have.
	Apart bool `json:"apart,omitempty"`
}

// Economy is what conversions are worth and what the scene cost, in minor units. Zero values are not known.
type Economy struct {
	Margin      money.Amount // of a conversion
	MarginShare float64      // of revenue, 0..1: where Margin is 0
	Cost        money.Amount // of the whole scene, for all its variants
}

// Analyse returns what the counters mean. It is a pure function. The error is Invalid, with the pointer to what is wrong,
// for an experiment that is not valid and for counters that no counting comes to.
func (e *Experiment) Analyse(o Observed) (Result, error) {
	if err := e.check(&o); err != nil {
		return Result{}, err
	}
	r := Result{Scene: e.Scene, Currency: o.Currency, Variants: e.variations(o.Variants), Comparisons: []Comparison{}}
	counts, shares := make([]int64, len(e.Variants)), make([]float64, len(e.Variants))
	for i, v := range e.Variants {
		counts[i], shares[i] = o.Variants[i].Assigned, float64(v.Weight)
	}
	r.SampleRatio = ratio(counts, shares)
	r.Comparisons = e.comparisons(&o)
	if o.Holdout != nil {
		r.Holdout = e.lift(o.Variants, o.Holdout, o.Economy)
	}
	r.Notes = e.notes(&o, &r)
	r.Verdict = e.verdict(&r)
	return r, nil
}

func (e *Experiment) check(o *Observed) error {
	if err := e.Validate(); err != nil {
		return err
	}
	if len(o.Variants) != len(e.Variants) {
		return fault.At("/variants", "the experiment has %d variants, and counters of %d are given", len(e.Variants), len(o.Variants))
	}
	for i := range o.Variants {
		if err := o.Variants[i].validate("/variants/" + strconv.Itoa(i)); err != nil {
			return err
		}
	}
	if h := o.Holdout; h != nil {
		switch {
		case !(h.Share > 0 && h.Share < 1):
			return fault.At("/holdout/share", "a share held out is above 0 and below 1")
		case h.Assigned < 0 || h.Converted < 0 || h.Converted > h.Assigned:
			return fault.At("/holdout/converted", "of those held out, no fewer than 0 and no more than all converted")
		}
		c := Counters{Assigned: h.Assigned, Revenue: h.Revenue, Before: h.Before}
		if err := c.validate("/holdout"); err != nil {
			return err
		}
	}
	if s := o.Economy.MarginShare; !(s >= 0 && s <= 1) {
		return fault.At("/margin_share", "the margin's share of revenue is 0 to 1")
	}
	return nil
}

func (e *Experiment) variations(counters []Counters) []Variation {
	out, shares := make([]Variation, len(counters)), make([]stats.Share, len(counters))
	all := true
	for i := range counters {
		c := &counters[i]
		shares[i], all = c.conversions(), all && c.Assigned > 0
		out[i] = Variation{Variant: e.Variants[i], Counters: *c, Rates: Rates{
			Send: shareOf(c.share(c.Sent)), Delivery: shareOf(c.share(c.Delivered)), Open: shareOf(c.share(c.Opened)),
			Click: shareOf(c.share(c.Clicked)), Conversion: shareOf(c.conversions()),
			Unsubscribe: shareOf(c.share(c.Unsubscribed)), Complaint: shareOf(c.share(c.Complained)),
		}}
		if c.Assigned > 0 {
			s := c.Revenue.sample(c.Assigned)
			m := Mean{Value: s.Mean}
			if i, ok := s.Interval(); ok {
				m.Low, m.High = &i.Low, &i.High
			}
			out[i].RevenueEach = &m
		}
	}
	if !all || len(out) < 2 {
		return out
	}
	chances, losses := best(shares)
	for i := range out {
		out[i].ChanceBest, out[i].ExpectedLoss = &chances[i], &losses[i]
		if losses[i] > 1e-9 {
			out[i].ExpectedLossOne = ptr(math.Round(1 / losses[i]))
		}
	}
	return out
}

// comparisons holds every other variant against the reference, and their chances of a false alarm against each other.
func (e *Experiment) comparisons(o *Observed) []Comparison {
	reference := e.Reference()
	out := []Comparison{}
	for i, v := range e.Variants {
		if i == reference {
			continue
		}
		c := e.compare(&o.Variants[reference], &o.Variants[i])
		c.Variant, c.Reference = v.ID, e.Variants[reference].ID
		if earlier, ok := o.Earlier[v.ID]; ok && earlier > 0 {
			c.Conversion.P = min(c.Conversion.P, earlier)
		}
		out = append(out, c)
	}
	for _, of := range []func(*Comparison) *RateDifference{
		func(c *Comparison) *RateDifference { return &c.Conversion },
		func(c *Comparison) *RateDifference { return &c.Unsubscribe },
		func(c *Comparison) *RateDifference { return &c.Complaint },
	} {
		p := make([]float64, len(out))
		for i := range out {
			p[i] = of(&out[i]).P
		}
		for i, held := range stats.Holm(p) {
			of(&out[i]).HolmP = held
		}
	}
	for i := range out {
		out[i].Text = out[i].text()
	}
	return out
}
