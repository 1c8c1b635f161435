package experiment

import (
	"fmt"
	"math"

	"liuke/shared/stats"
)

// Level is the chance of a false alarm that a test is allowed.
const Level = .05

// harmful is the difference that is looked for in the shares of those who unsubscribe and complain: half a point. Such shares
// are small, and what is looked for in conversions would never show in them.
const harmful = .005

// Compare returns how a variant's counters differ from the reference's, as one of as many comparisons as there are: HolmP
// is P. The error is Invalid for counters that no counting comes to.
func (e *Experiment) Compare(reference, variant Counters) (Comparison, error) {
	if err := reference.validate("/reference"); err != nil {
		return Comparison{}, err
	}
	if err := variant.validate("/variant"); err != nil {
		return Comparison{}, err
	}
	return e.compare(&reference, &variant), nil
}

func (e *Experiment) compare(a, b *Counters) Comparison {
	c := Comparison{
		Conversion:  rates(a.conversions(), b.conversions(), e.tau2()),
		Unsubscribe: rates(a.share(a.Unsubscribed), b.share(b.Unsubscribed), harmful*harmful),
		Complaint:   rates(a.share(a.Complained), b.share(b.Complained), harmful*harmful),
		Revenue:     e.revenue(a, b),
	}
	if a.Assigned > 0 && b.Assigned > 0 {
		chance := stats.Better(a.conversions(), b.conversions())
		c.ChanceBetter = &chance
	}
	return c
}

// rates is by how much the second of two shares differs from the first.
func rates(a, b stats.Share, tau2 float64) RateDifference {
	d := RateDifference{P: 1, HolmP: 1}
	if a.N == 0 || b.N == 0 {
		return d
	}
	value, i := b.Rate()-a.Rate(), stats.Newcombe(b, a)
	_, p := stats.TwoProportions(b, a)
	d.Value, d.Low, d.High, d.SingleLookP = &value, &i.Low, &i.High, &p
	if a.Successes > 0 {
		relative := value / a.Rate()
		d.Relative = &relative
	}
	d.P = min(1, 1/stats.MixtureRatio(a, b, tau2))
	d.HolmP = d.P
	if valid, ok := stats.AlwaysValid(a, b, tau2); ok {
		d.ValidLow, d.ValidHigh = &valid.Low, &valid.High
	}
	return d
}

// clear reports whether the difference is beyond chance, and which way it goes.
func (d *RateDifference) clear() (up, down bool) {
	if d.Value == nil || d.ValidLow == nil || d.HolmP >= Level {
		return false, false
	}
	return *d.Value > 0, *d.Value < 0
}

func (e *Experiment) revenue(a, b *Counters) RevenueDifference {
	first, second := a.Revenue.sample(a.Assigned), b.Revenue.sample(b.Assigned)
	r := meansOf(first, second)
	if tau := float64(e.ExpectedRevenue); tau > 0 && min(a.Revenue.Count, b.Revenue.Count) >= stats.MinimumAnswers {
		p := min(1, 1/stats.MixtureRatioOfMeans(first, second, tau*tau))
		r.ValidP = &p
	}
	if r.Value != nil {
		r.Adjusted, r.Unadjusted = adjusted(a, b)
	}
	return r
}

func meansOf(a, b stats.Sample) (r RevenueDifference) {
	if a.N == 0 || b.N == 0 {
		return r
	}
	w := stats.Welch(a, b)
	r.Value = &w.Value
	if !w.Unknown {
		r.Low, r.High, r.P = &w.Interval.Low, &w.Interval.High, &w.P
	}
	return r
}

// Why revenue is not adjusted.
const (
	beforeUnknown = "of some customers it is not known what they had spent before"
	beforeAlike   = "all customers had spent the same before"
	beforeApart   = "some are held out of all marketing, which may have moved what they had spent before"
)

// adjusted is the difference of what is left of the revenue beside what the past foretold, or why there is none.
func adjusted(a, b *Counters) (out *Adjusted, why string) {
	first, known := a.pairs()
	second, knownToo := b.pairs()
	if !known || !knownToo {
		return nil, beforeUnknown
	}
	both := first
	both.Merge(&second)
	if both.SXX <= 0 {
		return nil, beforeAlike
	}
	theta := both.Theta()
	left, leftToo := first.Adjusted(theta, both.MeanX), second.Adjusted(theta, both.MeanX)
	w := stats.Welch(left, leftToo)
	out = &Adjusted{Value: w.Value, Theta: theta}
	if w.Unknown {
		return out, ""
	}
	out.Low, out.High, out.P = &w.Interval.Low, &w.Interval.High, &w.P
	plain := math.Hypot(first.Adjusted(0, 0).Stderr(), second.Adjusted(0, 0).Stderr())
	if rest := math.Hypot(left.Stderr(), leftToo.Stderr()); plain > 0 {
		out.Fell = ptr(1 - rest*rest/(plain*plain))
	}
	return out, ""
}

func shareOf(s stats.Share) Share {
	i := stats.Wilson(s.Successes, s.N)
	out := Share{Low: i.Low, High: i.High}
	if s.N > 0 {
		rate := s.Rate()
		out.Rate = &rate
	}
	return out
}

// points spells a difference of shares as people read it.
func points(d float64) string { return fmt.Sprintf("%+.2f percentage points", 100*d) }

// chance spells a chance, and never as certain.
func chance(p float64) string {
	switch {
	case p < 1e-4:
		return "p < 0.0001"
	case p > .995:
		return "p = 1"
	}
	return fmt.Sprintf("p = %.2g", p)
}

func (c *Comparison) text() string {
	d := &c.Conversion
	if d.Value == nil {
		return fmt.Sprintf("nobody has been assigned to %s or %s yet", c.Variant, c.Reference)
	}
	up, down := d.clear()
	switch {
	case d.ValidLow == nil:
		return fmt.Sprintf("too few to tell %s from %s: each needs 5 customers who converted and 5 who did not", c.Variant, c.Reference)
	case up:
		return fmt.Sprintf("%s converts better than %s: %s, between %s and %s (%s)", c.Variant, c.Reference, points(*d.Value), bare(d.ValidLow), bare(d.ValidHigh), chance(d.HolmP))
	case down:
		return fmt.Sprintf("%s converts worse than %s: %s, between %s and %s (%s)", c.Variant, c.Reference, points(*d.Value), bare(d.ValidLow), bare(d.ValidHigh), chance(d.HolmP))
	}
	return fmt.Sprintf("too early to tell %s from %s: %s is no more than chance makes; the true difference may lie between %s and %s (%s)",
		c.Variant, c.Reference, points(*d.Value), bare(d.ValidLow), bare(d.ValidHigh), chance(d.HolmP))
}

// ptr leaves out what no figure can say.
func ptr(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}
