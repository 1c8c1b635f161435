package tally

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"liuke/shared/stats"
	"liuke/shared/survey"
)

// bounds are the scores that count as low (up to) and as high (from).
func bounds(kind survey.Kind) (bottom, top int) {
	switch kind {
	case survey.NPS:
		return 6, 9
	case survey.CSAT:
		return 2, 4
	}
	return 3, 5
}

// split returns how many scores are high, in between, and low.
func split(kind survey.Kind, h *Histogram) (top, middle, bottom int64) {
	low, high := bounds(kind)
	for score, n := range h {
		switch {
		case score >= high:
			top += n
		case score > low:
			middle += n
		default:
			bottom += n
		}
	}
	return top, middle, bottom
}

// netPromoter is the score of a histogram of NPS.
func netPromoter(h *Histogram) stats.NPS { return stats.NetPromoter(split(survey.NPS, h)) }

// metric returns what a histogram scores.
func metric(kind survey.Kind, h *Histogram) *Metric {
	top, middle, bottom := split(kind, h)
	n := top + middle + bottom
	m := &Metric{Kind: kind, Answers: n, Top: share(top, n), Bottom: share(bottom, n), TooFew: n < stats.MinimumAnswers}
	lowest, highest := kind.Range()
	for score := lowest; score <= highest; score++ {
		m.Histogram = append(m.Histogram, Bin{score, h[score]})
	}
	if n > 0 {
		switch kind {
		case survey.NPS:
			s := netPromoter(h)
			m.Score = rounded(100 * s.Score)
			m.uncertain(100*s.Score, 100*s.Stderr, 100*s.Margin, -100, 100)
		case survey.CSAT:
			m.Score, m.Low, m.High = m.Top.Rate, &m.Top.Low, &m.Top.High
		case survey.CES:
			s := stats.Histogram(0, h[:])
			m.Score = rounded(s.Mean)
			if i, ok := s.Interval(); ok {
				m.uncertain(s.Mean, s.Stderr(), i.High-s.Mean, float64(lowest), float64(highest))
			}
		}
	}
	m.Text = m.text()
	return m
}

// uncertain sets the interval, within what a score can be. Of too few answers the approximation does not hold; of answers
// that are all alike the formula claims to be certain, which it is not.
func (m *Metric) uncertain(score, stderr, margin, lowest, highest float64) {
	if m.TooFew || stderr <= 0 {
		return
	}
	m.StandardError, m.Margin = rounded(stderr), rounded(margin)
	m.Low, m.High = rounded(max(score-margin, lowest)), rounded(min(score+margin, highest))
}

func (m *Metric) text() string {
	switch {
	case m.Answers == 0:
		return "nobody has given a score yet"
	case m.TooFew:
		return fmt.Sprintf("too few answers to say: %d of the %d that it takes", m.Answers, stats.MinimumAnswers)
	case m.Low == nil:
		return fmt.Sprintf("%s %s: all %d answers are alike, so that no margin can be given", name(m.Kind), spoken(m.Kind, *m.Score), m.Answers)
	}
	return fmt.Sprintf("%s %s, between %s and %s with 95 %% confidence, from %s", name(m.Kind), spoken(m.Kind, *m.Score),
		spoken(m.Kind, *m.Low), spoken(m.Kind, *m.High), plural(m.Answers, "answer"))
}

func name(k survey.Kind) string { return strings.ToUpper(string(k)) }

// spoken returns a score as people read it.
func spoken(k survey.Kind, score float64) string {
	switch k {
	case survey.NPS:
		return fmt.Sprintf("%+.1f", score)
	case survey.CSAT:
		return fmt.Sprintf("%.1f %%", 100*score)
	}
	return fmt.Sprintf("%.2f", score)
}

func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.FormatInt(n, 10) + " " + what + "s"
}

// round leaves six decimals, which is more than any count of answers bears out.
func round(x float64) float64 { return math.Round(x*1e6) / 1e6 }

func rounded(x float64) *float64 {
	x = round(x)
	return &x
}
