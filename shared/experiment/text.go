package experiment

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Text returns the result as plain text, for a terminal of 100 columns: the verdict, tables of the variants, the comparisons
// with the reference, the lift over the holdout, and the notes; of nobody, that alone. Where customers were not assigned as they
// should be, it says so first, and leaves out what could be misread as a result.
func (r *Result) Text() string {
	if r.empty() {
		return r.Scene + ": nobody is counted, so there is nothing to compare\n"
	}
	var b strings.Builder
	if r.Verdict.Code == SampleRatioOff {
		b.WriteString("!!! DO NOT USE THESE RESULTS !!!\n\n")
	}
	b.WriteString(folded(r.Scene + ": " + r.Verdict.Text))
	if r.SampleRatio.P != nil && !r.SampleRatio.Off {
		b.WriteString(folded(r.SampleRatio.Text))
	}
	r.reach(&b)
	if !r.SampleRatio.Off {
		r.outcome(&b)
		r.differences(&b)
		r.holdoutText(&b)
	}
	for _, note := range r.Notes {
		if r.Holdout == nil || note != r.Holdout.Text { // which stands above
			b.WriteString("\n" + folded("note: "+note))
		}
	}
	return b.String()
}

// empty reports whether no customer was counted.
func (r *Result) empty() bool {
	return (r.Holdout == nil || r.Holdout.Assigned == 0) && !slices.ContainsFunc(r.Variants, func(v Variation) bool { return v.Assigned > 0 })
}

func (v *Variation) name() string {
	if v.Control {
		return v.ID + " (control)"
	}
	return v.ID
}

// reach is the table of how many were counted, and what happened to them.
func (r *Result) reach(b *strings.Builder) {
	t := table{{"variant", "weight", "assigned", "sent", "delivered", "opened", "clicked", "unsubscribed", "complained"}}
	for i := range r.Variants {
		v := &r.Variants[i]
		t.row(v.name(), v.Weight, v.Assigned, v.Sent, v.Delivered, v.Opened, v.Clicked, v.Unsubscribed, v.Complained)
	}
	if h := r.Holdout; h != nil {
		t.row("held out", "–", h.Assigned, "–", "–", "–", "–", "–", "–")
	}
	t.write(b, "")
}

// outcome is the table of what they did.
func (r *Result) outcome(b *strings.Builder) {
	t := table{{"variant", "converted", "rate", "95 % interval", "revenue each", "chance best", "lost if chosen"}}
	for i := range r.Variants {
		v := &r.Variants[i]
		each := "–"
		if v.RevenueEach != nil {
			each = r.spell(&v.RevenueEach.Value)
		}
		rate := &v.Rates.Conversion
		t.row(v.name(), v.Converted, percent(rate.Rate), between(&rate.Low, &rate.High, percent), each, percent(v.ChanceBest), percent(v.ExpectedLoss))
	}
	if h := r.Holdout; h != nil {
		t.row("held out", h.Converted, percent(h.Rate.Rate), between(&h.Rate.Low, &h.Rate.High, percent), "–", "–", "–")
	}
	t.write(b, "")
}

// differences are the tables of how variants differ from the reference, of conversions and of revenue.
func (r *Result) differences(b *strings.Builder) {
	converted := table{{"variant", "difference", "95 %, one look", "95 %, any look", "p one look", "p any look", "p of all", "P(better)"}}
	spent := table{{"variant", "difference", "95 %, one look", "p one look", "p any look", "variance"}}
	why := ""
	for i := range r.Comparisons {
		c := &r.Comparisons[i]
		d, m := &c.Conversion, &c.Revenue
		if d.Value == nil {
			continue // of nobody
		}
		held := "–"
		if len(r.Comparisons) > 1 {
			held = figure(&d.HolmP)
		}
		converted.row(c.Variant, bare(d.Value), between(d.Low, d.High, bare), between(d.ValidLow, d.ValidHigh, bare), figure(d.SingleLookP),
			figure(&d.P), held, figure(c.ChanceBetter))
		spent.row(c.Variant, r.signed(m.Value), between(m.Low, m.High, r.signed), figure(m.P), figure(m.ValidP), "–")
		if a := m.Adjusted; a != nil {
			spent.row(c.Variant+", adjusted", r.signed(&a.Value), between(a.Low, a.High, r.signed), figure(a.P), "–", fell(a.Fell))
		} else if m.Unadjusted != "" {
			why = m.Unadjusted
		}
	}
	if len(converted) == 1 {
		return
	}
	converted.write(b, "Against "+r.Comparisons[0].Reference+`, who converted, in percentage points ("one look" holds at a time that was set beforehand, "any look" however often one looks):`)
	spent.write(b, "Against "+r.Comparisons[0].Reference+", revenue of each customer"+adjustedBy(why)+":")
}

// holdoutText is the table of what the scene brings about.
func (r *Result) holdoutText(b *strings.Builder) {
	h := r.Holdout
	if h == nil {
		return
	}
	if h.SampleRatio.Off {
		b.WriteString("\n" + folded(fmt.Sprintf("!!! Against the %d held out: %s", h.Assigned, h.Text)))
		return
	}
	b.WriteString("\n" + folded(fmt.Sprintf("Against the %d held out: %s", h.Assigned, h.Text)))
	if h.Conversion.Value == nil {
		return
	}
	t := table{{"what", "value", "95 % interval, one look", "variance"}}
	line := func(what string, e Estimate, spell func(*float64) string, fell string) {
		t.row(what, spell(e.Value), between(e.Low, e.High, spell), fell)
	}
	line("converted, in percentage points", Estimate{h.Conversion.Value, h.Conversion.Low, h.Conversion.High}, bare, "–")
	line("conversions", h.Conversions, whole, "–")
	line("revenue each", Estimate{h.Revenue.Value, h.Revenue.Low, h.Revenue.High}, r.signed, "–")
	if a := h.Revenue.Adjusted; a != nil {
		line("revenue each, adjusted", Estimate{&a.Value, a.Low, a.High}, r.signed, fell(a.Fell))
	}
	line("revenue", h.IncrementalRevenue, r.signed, "–")
	if h.Margin != nil {
		line("margin", *h.Margin, r.signed, "–")
	}
	if h.Cost != nil {
		cost := float64(*h.Cost)
		line("cost", Estimate{Value: &cost}, r.spell, "–")
	}
	if h.Return != nil {
		line("return on the cost", *h.Return, percent, "–")
	}
	t.write(b, "What the scene brings about"+adjustedBy(h.Revenue.Unadjusted)+":")
}

// adjustedBy says what adjusted means, or why nothing is.
func adjustedBy(why string) string {
	if why != "" {
		return " (not adjusted: " + why + ")"
	}
	return " (adjusted for what customers had spent before)"
}

// fell spells by how much the adjustment lessens the variance.
func fell(share *float64) string {
	if share == nil {
		return "–"
	}
	if less := -math.Round(100 * *share); less != 0 {
		return fmt.Sprintf("%+.0f %%", less)
	}
	return "0 %"
}
