package experiment

import (
	"fmt"
	"strings"

	"liuke/shared/stats"
)

// verdict is the result in a sentence. What is judged is conversion alone; what else moved is in the notes.
func (e *Experiment) verdict(r *Result) Verdict {
	reference := e.Variants[e.Reference()].ID
	switch {
	case r.SampleRatio.Off:
		return Verdict{Code: SampleRatioOff, Text: r.SampleRatio.Text}
	case len(r.Variants) == 1 && r.Holdout == nil:
		return Verdict{Code: Single, Text: "one variant and nobody held out: there is nothing to compare"}
	case len(r.Variants) == 1 && r.Holdout.SampleRatio.Off:
		return Verdict{Code: SampleRatioOff, Text: r.Holdout.Text}
	case len(r.Variants) == 1:
		return Verdict{Code: Single, Text: r.Holdout.Text}
	case e.tooFew(r):
		return Verdict{Code: TooFew, Text: fmt.Sprintf("too early to tell: each variant needs %d customers, %d of them converted and %d not", stats.MinimumAnswers, least, least)}
	}
	var winner *Comparison
	var worse []string
	for i := range r.Comparisons {
		c := &r.Comparisons[i]
		up, down := c.Conversion.clear()
		if up && (winner == nil || *c.Conversion.Value > *winner.Conversion.Value) {
			winner = c
		}
		if down {
			worse = append(worse, c.Variant)
		}
	}
	switch {
	case winner != nil:
		d := &winner.Conversion
		text := fmt.Sprintf("%s is better than %s: %s of conversions, between %s and %s (%s)", winner.Variant, reference,
			points(*d.Value), bare(d.ValidLow), bare(d.ValidHigh), chance(d.HolmP))
		if v := r.of(winner.Variant); len(r.Variants) > 2 && v.ChanceBest != nil {
			text += fmt.Sprintf("; it is the best of all with a chance of %s", percent(v.ChanceBest))
		}
		return Verdict{Code: Better, Variant: winner.Variant, Text: text}
	case len(worse) == len(r.Comparisons):
		return Verdict{Code: Better, Variant: reference, Text: fmt.Sprintf("%s is better than %s: keep it", reference, strings.Join(worse, ", "))}
	case len(worse) > 0:
		return Verdict{Code: NotEnough, Text: fmt.Sprintf("too early to tell which is the best; %s converts worse than %s", strings.Join(worse, ", "), reference)}
	}
	return Verdict{Code: NotEnough, Text: "too early to tell: the differences are no more than chance makes"}
}

func (r *Result) of(id string) *Variation {
	for i := range r.Variants {
		if r.Variants[i].ID == id {
			return &r.Variants[i]
		}
	}
	return nil
}

// tooFew reports whether no comparison can be made yet.
func (e *Experiment) tooFew(r *Result) bool {
	for i := range r.Comparisons {
		if r.Comparisons[i].Conversion.ValidLow != nil && r.Variants[e.Reference()].Assigned >= stats.MinimumAnswers &&
			r.of(r.Comparisons[i].Variant).Assigned >= stats.MinimumAnswers {
			return false
		}
	}
	return true
}

// notes are what to know before the figures are passed on.
func (e *Experiment) notes(o *Observed, r *Result) (notes []string) {
	for i := range r.Comparisons {
		c := &r.Comparisons[i]
		for _, guard := range []struct {
			of   *RateDifference
			does string
		}{{&c.Unsubscribe, "unsubscribe"}, {&c.Complaint, "complain"}} {
			if up, _ := guard.of.clear(); up {
				notes = append(notes, fmt.Sprintf("more customers %s with %s than with %s: %s (%s)", guard.does, c.Variant, c.Reference, points(*guard.of.Value), chance(guard.of.HolmP)))
			}
		}
	}
	if h := r.Holdout; h != nil && h.SampleRatio.Off {
		notes = append(notes, h.Text)
	}
	for i, v := range e.Variants {
		c := &o.Variants[i]
		if v.Weight == 0 && c.Assigned > 0 {
			notes = append(notes, fmt.Sprintf("%s has a weight of 0 and is left out of the sample-ratio check", v.ID))
		}
		if max(c.Sent, c.Delivered, c.Clicked, c.Converted, c.Unsubscribed, c.Complained) > c.Assigned {
			notes = append(notes, fmt.Sprintf("%s has more of something than customers: counters were read while some were yet to come, or count messages", v.ID))
		}
	}
	return notes
}
