package tally

import (
	"fmt"
	"slices"

	"liuke/shared/stats"
	"liuke/shared/survey"
)

// Level is the chance of a false alarm that a test is allowed.
const Level = .05

// trend returns the months, and whether the last full one moved against the one before.
func (s *Sums) trend(kind survey.Kind) Trend {
	t := Trend{Months: s.monthly(kind)}
	if i := slices.Index(kinds[:], kind); i >= 0 {
		after := monthOf(s.options.Now, s.options.Zone) - 1
		t.Change = change(kind, s.scores(after-1, i), s.scores(after, i))
		t.Change.Before, t.Change.After = monthName(after-1), monthName(after)
		t.Change.Text = t.Change.text(kind)
	}
	return t
}

func (s *Sums) scores(month, kind int) *Histogram {
	if g, ok := s.months[month]; ok {
		return &g.scores[kind]
	}
	return &Histogram{}
}

// change tests whether the scores of b differ from those of a. Before and After are not set.
func change(kind survey.Kind, a, b *Histogram) *Change {
	c, d := &Change{}, stats.Difference{}
	before, after := total(a), total(b)
	unit := 1.0
	switch kind {
	case survey.NPS:
		c.Test, unit = "z of two scores", 100
		d = stats.CompareNPS(netPromoter(a), netPromoter(b))
	case survey.CSAT:
		c.Test = "two proportions"
		top, _, _ := split(kind, a)
		first := stats.Share{Successes: top, N: before}
		top, _, _ = split(kind, b)
		second := stats.Share{Successes: top, N: after}
		d.Value, d.Interval = second.Rate()-first.Rate(), stats.Newcombe(second, first)
		_, d.P = stats.TwoProportions(second, first)
	case survey.CES:
		c.Test = "Welch"
		d = stats.Welch(stats.Histogram(0, a[:]), stats.Histogram(0, b[:]))
	}
	c.TooFew = min(before, after) < stats.MinimumAnswers
	if before > 0 && after > 0 {
		c.Difference = rounded(unit * d.Value)
	}
	if !c.TooFew {
		c.Low, c.High = rounded(unit*d.Interval.Low), rounded(unit*d.Interval.High)
		c.P = &d.P
		c.Moved = d.P < Level
	}
	return c
}

func (c *Change) text(kind survey.Kind) string {
	switch {
	case c.TooFew:
		return fmt.Sprintf("not enough to say: %s and %s need %d answers each", c.Before, c.After, stats.MinimumAnswers)
	case !c.Moved:
		return fmt.Sprintf("not enough to say that it moved from %s to %s: a difference of %s is no more than chance makes (p = %.2g)",
			c.Before, c.After, by(kind, *c.Difference), *c.P)
	case *c.P < 1e-4:
		return fmt.Sprintf("moved by %s from %s to %s (p < 0.0001)", by(kind, *c.Difference), c.Before, c.After)
	}
	return fmt.Sprintf("moved by %s from %s to %s (p = %.2g)", by(kind, *c.Difference), c.Before, c.After, *c.P)
}

// by returns a difference of scores as people read it.
func by(kind survey.Kind, difference float64) string {
	switch kind {
	case survey.NPS:
		return fmt.Sprintf("%+.1f points", difference)
	case survey.CSAT:
		return fmt.Sprintf("%+.1f percentage points", 100*difference)
	}
	return fmt.Sprintf("%+.2f", difference)
}
