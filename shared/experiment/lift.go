package experiment

import (
	"fmt"

	"liuke/shared/stats"
)

// lift holds all variants together against those held out.
func (e *Experiment) lift(variants []Counters, h *Held, economy Economy) *Lift {
	var treated Counters
	for i := range variants {
		treated = treated.Plus(variants[i])
	}
	held := Counters{Assigned: h.Assigned, Converted: h.Converted, Revenue: h.Revenue, Before: h.Before}
	a, b := held.conversions(), treated.conversions()
	l := &Lift{
		Assigned: h.Assigned, Converted: h.Converted, Treated: treated.Assigned, Rate: shareOf(a),
		SampleRatio: ratio([]int64{treated.Assigned, h.Assigned}, []float64{1 - h.Share, h.Share}),
		Conversion:  rates(a, b, e.tau2()),
		Revenue:     e.revenue(&held, &treated),
	}
	if h.Apart && l.Revenue.Value != nil {
		l.Revenue.Adjusted, l.Revenue.Unadjusted = nil, beforeApart
	}
	fewest := min(a.Successes, a.N-a.Successes, b.Successes, b.N-b.Successes)
	l.TooFew = min(a.N, b.N) < stats.MinimumAnswers || fewest < least
	n := float64(treated.Assigned)
	if l.Conversion.Value != nil {
		// the published form of the product: successes less what the held out's rate would have made
		value := stats.HoldoutLift(b, a).Incremental
		l.Conversions = Estimate{&value, ptr(n * *l.Conversion.Low), ptr(n * *l.Conversion.High)}
	}
	l.IncrementalRevenue = times(Estimate{l.Revenue.Value, l.Revenue.Low, l.Revenue.High}, n)
	switch {
	case economy.Margin != 0:
		m := times(l.Conversions, float64(economy.Margin))
		l.Margin = &m
	case economy.MarginShare > 0:
		m := times(l.IncrementalRevenue, economy.MarginShare)
		l.Margin = &m
	}
	if economy.Cost > 0 {
		cost := int64(economy.Cost)
		l.Cost = &cost
		if l.Margin != nil {
			l.Return = &Estimate{roi(l.Margin.Value, cost), roi(l.Margin.Low, cost), roi(l.Margin.High, cost)}
		}
	}
	l.Text = l.text()
	return l
}

func times(e Estimate, by float64) Estimate {
	scale := func(x *float64) *float64 {
		if x == nil {
			return nil
		}
		return ptr(*x * by)
	}
	out := Estimate{scale(e.Value), scale(e.Low), scale(e.High)}
	if by < 0 {
		out.Low, out.High = out.High, out.Low
	}
	return out
}

func roi(gain *float64, cost int64) *float64 {
	if gain == nil {
		return nil
	}
	r, _ := stats.ROI(*gain, float64(cost)) // of a cost above 0
	return &r
}

func (l *Lift) text() string {
	d := &l.Conversion
	up, down := d.clear()
	switch {
	case l.SampleRatio.Off:
		return "the share held out is not what it should be: do not use the lift"
	case l.TooFew:
		return fmt.Sprintf("too early to tell what the scene brings about: it takes %d customers in either arm, and %d of either outcome", stats.MinimumAnswers, least)
	case up:
		return fmt.Sprintf("the scene brings about %s of conversions, some %.0f customers (%s)", points(*d.Value), *l.Conversions.Value, chance(d.HolmP))
	case down:
		return fmt.Sprintf("the scene does harm: %s of conversions (%s)", points(*d.Value), chance(d.HolmP))
	}
	return fmt.Sprintf("too early to tell whether the scene brings anything about: %s, between %s and %s at a single look (%s)", points(*d.Value), bare(d.Low), bare(d.High), chance(d.HolmP))
}
