// Package stats holds the statistics that the suite's reports stand on: shares and scores with their uncertainty.
// Every function is pure and takes counts, never samples, so that a report over a million answers reads counters alone.
// What is too little to judge by is said, not hidden: see MinimumAnswers.
package stats

import "math"

// Z95 is the standard normal quantile of a two-sided 95 % interval.
const Z95 = 1.959963984540054

// Interval is a closed interval.
type Interval struct{ Low, High float64 }

// Wilson returns the 95 % score interval of a share of successes among n, both within 0..1 (Wilson 1927, without
// continuity correction). It holds its level where the share is near 0 or 1 or n is small, where the textbook's
// p ± z·√(p(1−p)/n) does not. With n of 0 nothing is known and it is [0, 1]. Successes beyond 0..n are held to it.
func Wilson(successes, n int64) Interval {
	if n <= 0 {
		return Interval{0, 1}
	}
	successes = min(max(successes, 0), n)
	size, p, z2 := float64(n), float64(successes)/float64(n), Z95*Z95
	centre := p + z2/(2*size)
	half := Z95 * math.Sqrt(p*(1-p)/size+z2/(4*size*size))
	i := Interval{(centre - half) / (1 + z2/size), (centre + half) / (1 + z2/size)}
	if successes == 0 {
		i.Low = 0 // exactly, where rounding would leave 1e-17
	}
	if successes == n {
		i.High = 1
	}
	return i
}
