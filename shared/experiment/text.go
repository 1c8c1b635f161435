package experiment

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"liuke/shared/money"
)

// Text returns the result as plain text: the verdict, a table of the variants, the comparisons with the reference, the
// lift over the holdout, and the notes; of nobody, that alone.
func (r *Result) Text() string {
	if r.empty() {
		return r.Scene + ": nobody is counted, so there is nothing to compare\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n%s\n\n", r.Scene, r.Verdict.Text, r.SampleRatio.Text)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "variant\tweight\tassigned\tsent\tdelivered\topened\tclicked\tconverted\trate\t95 % interval\trevenue each\tbest\tloss by choosing it\tunsubscribed\tcomplained\t")
	for i := range r.Variants {
		v := &r.Variants[i]
		name := v.ID
		if v.Control {
			name += " (control)"
		}
		each := "–"
		if v.RevenueEach != nil {
			each = r.spell(&v.RevenueEach.Value)
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s – %s\t%s\t%s\t%s\t%d\t%d\t\n", name, v.Weight, v.Assigned, v.Sent, v.Delivered, v.Opened, v.Clicked, v.Converted,
			maybe(v.Rates.Conversion.Rate), percent(v.Rates.Conversion.Low), percent(v.Rates.Conversion.High), each, maybe(v.ChanceBest), maybe(v.ExpectedLoss), v.Unsubscribed, v.Complained)
	}
	w.Flush()
	if len(r.Comparisons) > 0 {
		fmt.Fprintf(&b, "\nAgainst %s:\n\n", r.Comparisons[0].Reference)
		fmt.Fprintln(w, "variant\tdifference\tinterval, one look\tinterval, always valid\tp, one look\tp, always valid\tp, all together\tP(better)\trevenue each\tinterval, one look\tp, one look\tp, always valid\t")
		for i := range r.Comparisons {
			c := &r.Comparisons[i]
			d, m := &c.Conversion, &c.Revenue
			fmt.Fprintf(w, "%s\t%s\t%s – %s\t%s – %s\t%s\t%s\t%s\t%s\t%s\t%s – %s\t%s\t%s\t\n", c.Variant, signed(d.Value), signed(d.Low), signed(d.High), signed(d.ValidLow), signed(d.ValidHigh),
				figure(d.SingleLookP), figure(&d.P), figure(&d.HolmP), figure(c.ChanceBetter), r.spell(m.Value), r.spell(m.Low), r.spell(m.High), figure(m.P), figure(m.ValidP))
		}
		w.Flush()
	}
	if h := r.Holdout; h != nil {
		r.holdoutText(&b, h)
	}
	for i, note := range r.Notes {
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "note: %s\n", note)
	}
	return b.String()
}

// empty reports whether no customer was counted.
func (r *Result) empty() bool {
	return (r.Holdout == nil || r.Holdout.Assigned == 0) && !slices.ContainsFunc(r.Variants, func(v Variation) bool { return v.Assigned > 0 })
}

func (r *Result) holdoutText(b *strings.Builder, h *Lift) {
	fmt.Fprintf(b, "\nAgainst the %d held out: %s\n\n", h.Assigned, h.Text)
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\tvalue\t95 % interval, one look\t")
	line := func(what string, e Estimate, spell func(*float64) string) {
		fmt.Fprintf(w, "%s\t%s\t%s – %s\t\n", what, spell(e.Value), spell(e.Low), spell(e.High))
	}
	count := func(x *float64) string {
		if x == nil {
			return "–"
		}
		return fmt.Sprintf("%.0f", *x)
	}
	line("conversion rate", Estimate{h.Conversion.Value, h.Conversion.Low, h.Conversion.High}, signed)
	line("conversions", h.Conversions, count)
	line("revenue each", Estimate{h.Revenue.Value, h.Revenue.Low, h.Revenue.High}, r.spell)
	line("revenue", h.IncrementalRevenue, r.spell)
	if h.Margin != nil {
		line("margin", *h.Margin, r.spell)
	}
	if h.Return != nil {
		line("return on the cost", *h.Return, maybe)
	}
	w.Flush()
}

func percent(x float64) string { return fmt.Sprintf("%.2f %%", 100*x) }

func maybe(x *float64) string {
	if x == nil {
		return "–"
	}
	return percent(*x)
}

func signed(x *float64) string {
	if x == nil {
		return "–"
	}
	return fmt.Sprintf("%+.2f %%", 100**x)
}

func figure(x *float64) string {
	switch {
	case x == nil:
		return "–"
	case *x != 0 && *x < 1e-4:
		return "< 0.0001"
	}
	return fmt.Sprintf("%.4f", *x)
}

// spell is an amount of minor units in the result's currency, to the whole minor unit.
func (r *Result) spell(x *float64) string {
	if x == nil || math.Abs(*x) >= math.MaxInt64 {
		return "–"
	}
	whole := money.Amount(math.Round(*x))
	if r.Currency == "" {
		return fmt.Sprint(int64(whole))
	}
	return r.Currency.Format(whole) + " " + string(r.Currency)
}
