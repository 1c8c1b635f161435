package stats

import "math"

// MinimumAnswers is how many answers a score needs before it is given with a margin of error. Below that the normal
// approximation under the margin does not hold (with one answer the formula claims a margin of 0), and even at it the
// margin is some 30 points: what stands on less is too little to say.
const MinimumAnswers = 30

// NPS is a net promoter score: of the answers on 0..10, the share of 9 and 10 less the share of 0 to 6.
type NPS struct {
	N      int64   // answers
	Score  float64 // −1..1; 0 where there is no answer
	Stderr float64 // standard error of Score, √((p₊ + p₋ − NPS²)/n): each answer is a draw from {1, 0, −1}
	Margin float64 // half the width of the 95 % interval, Z95 · Stderr
	TooFew bool    // N is under MinimumAnswers: Margin must not be shown
}

// NetPromoter returns the score of so many promoters (9, 10), passives (7, 8) and detractors (0–6). Negative counts
// count as none.
func NetPromoter(promoters, passives, detractors int64) NPS {
	promoters, passives, detractors = max(promoters, 0), max(passives, 0), max(detractors, 0)
	s := NPS{N: promoters + passives + detractors}
	s.TooFew = s.N < MinimumAnswers
	if s.N == 0 {
		return s
	}
	n := float64(s.N)
	up, down := float64(promoters)/n, float64(detractors)/n
	s.Score = up - down
	s.Stderr = math.Sqrt(max(up+down-s.Score*s.Score, 0) / n)
	s.Margin = Z95 * s.Stderr
	return s
}

// CompareNPS tests whether the score b differs from a: both are means of independent draws from {1, 0, −1}, so that their
// difference has the variance Stderr(a)² + Stderr(b)², and is near enough to normal where there are answers enough of each.
// With TooFew of either it is Unknown. Where neither varies, the difference is exact and its interval is a point.
func CompareNPS(a, b NPS) Difference {
	d := Difference{Value: b.Score - a.Score}
	if a.TooFew || b.TooFew {
		d.Unknown = true
		return d
	}
	stderr := math.Hypot(a.Stderr, b.Stderr)
	d.Interval = Interval{d.Value - Z95*stderr, d.Value + Z95*stderr}
	switch {
	case stderr > 0:
		d.P = twoSided(d.Value / stderr)
	case d.Value == 0:
		d.P = 1
	}
	return d
}
