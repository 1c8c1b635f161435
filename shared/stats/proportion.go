package stats

import "math"

// Share is how many of a number of trials succeeded: 0 ≤ Successes ≤ N.
type Share struct{ Successes, N int64 }

// Rate is the share as a fraction; 0 where there was no trial.
func (s Share) Rate() float64 {
	if s.N <= 0 {
		return 0
	}
	return float64(s.Successes) / float64(s.N)
}

// TwoProportions tests whether two shares differ: z of a − b under the pooled share, and the chance of a z at least as
// far from 0 when they do not (the two-sided test of Pearson 1900, without continuity correction). Where either has no
// trial, or all trials of both came out alike, nothing speaks for a difference: z is 0 and p is 1.
func TwoProportions(a, b Share) (z, p float64) {
	if a.N <= 0 || b.N <= 0 {
		return 0, 1
	}
	pooled := float64(a.Successes+b.Successes) / float64(a.N+b.N)
	variance := pooled * (1 - pooled) * (1/float64(a.N) + 1/float64(b.N))
	if variance <= 0 {
		return 0, 1
	}
	z = (a.Rate() - b.Rate()) / math.Sqrt(variance)
	return z, twoSided(z)
}

// Newcombe returns the 95 % interval of the difference a − b of two shares, from their Wilson intervals (Newcombe 1998,
// "Interval Estimation for the Difference between Independent Proportions", method 10). It stays within −1..1 and holds
// its level where a share is near 0 or 1. Of a share without trials nothing is known, which its Wilson interval says.
func Newcombe(a, b Share) Interval {
	first, second := Wilson(a.Successes, a.N), Wilson(b.Successes, b.N)
	pa, pb := a.Rate(), b.Rate()
	d := pa - pb
	return Interval{
		Low:  d - math.Hypot(pa-first.Low, second.High-pb),
		High: d + math.Hypot(first.High-pa, pb-second.Low),
	}
}

// Better is the chance that the share behind b is greater than the one behind a, given what was seen and a uniform prior
// of either: P(B > A) of B ~ Beta(1 + successes, 1 + failures) and A likewise. It sums the closed form of Miller 2015
// ("Formulas for Bayesian A/B Testing") over whichever of the four counts is the least, so that it takes time proportional
// to that count.
func Better(a, b Share) float64 {
	up := [2]int64{1 + a.Successes, 1 + b.Successes}
	down := [2]int64{1 + a.N - a.Successes, 1 + b.N - b.Successes}
	switch min(up[0], up[1], down[0], down[1]) {
	case up[1]:
		return greater(up[0], down[0], up[1], down[1])
	case down[0]: // B > A is 1 − A > 1 − B
		return greater(down[1], up[1], down[0], up[0])
	case up[0]:
		return 1 - greater(up[1], down[1], up[0], down[0])
	default:
		return 1 - greater(down[0], up[0], down[1], up[1])
	}
}

// greater is P(Y > X) of X ~ Beta(a, b) and Y ~ Beta(c, d), a sum of c terms, each from the one before:
//
//	Σ_{i<c} B(a+i, b+d) / ((d+i) B(1+i, d) B(a, b))
func greater(a, b, c, d int64) float64 {
	af, bf, df := float64(a), float64(b), float64(d)
	term := logBetaInverse(af, bf) - logBetaInverse(af, bf+df) // in logarithms: the first may be too small for a double
	sum := 0.0
	for i := range c {
		k := float64(i)
		sum += math.Exp(term)
		term += math.Log((af + k) * (df + k) / ((af + bf + df + k) * (1 + k)))
	}
	return min(sum, 1)
}
