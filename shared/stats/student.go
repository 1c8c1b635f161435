package stats

import "math"

// StudentTail is the chance of a Student's t of so many degrees of freedom at least as far from 0 as t, on both sides
// (Abramowitz & Stegun 26.7.1: the incomplete beta function of ν/(ν+t²)). The degrees need not be whole; it is NaN where
// they are not above 0.
func StudentTail(t, degrees float64) float64 {
	if !(degrees > 0) || math.IsNaN(t) {
		return math.NaN()
	}
	if math.IsInf(t, 0) {
		return 0
	}
	return regularizedBeta(degrees/2, .5, degrees/(degrees+t*t), t*t/(degrees+t*t))
}

// StudentQuantile is the t that is exceeded in absolute value with the chance tail, 0 < tail < 1: 1.96 for .05 and many
// degrees of freedom. It is NaN outside of those bounds.
func StudentQuantile(tail, degrees float64) float64 {
	if !(degrees > 0) || !(tail > 0 && tail < 1) {
		return math.NaN()
	}
	low, high := 0.0, 1.0
	for StudentTail(high, degrees) > tail && high < math.MaxFloat64/2 {
		low, high = high, 2*high
	}
	for range 200 { // halves until the doubles in between are used up
		middle := low + (high-low)/2
		if middle == low || middle == high {
			break
		}
		if StudentTail(middle, degrees) > tail {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// regularizedBeta is I_x(a, b); y is 1 − x, given apart so that none of its digits are lost. It evaluates the continued
// fraction of DLMF 8.17.22 by Lentz's method, on the side where it converges fast.
func regularizedBeta(a, b, x, y float64) float64 {
	switch {
	case x <= 0:
		return 0
	case y <= 0:
		return 1
	case x > (a+1)/(a+b+2):
		return 1 - regularizedBeta(b, a, y, x)
	}
	front := math.Exp(logBetaInverse(a, b) + a*math.Log(x) + b*math.Log(y))
	const tiny = 1e-300
	c, d := 1.0, 1-(a+b)*x/(a+1)
	if math.Abs(d) < tiny {
		d = tiny
	}
	d = 1 / d
	f := d
	for k := 1.0; k <= 10_000; k++ {
		even := k * (b - k) * x / ((a + 2*k - 1) * (a + 2*k))
		odd := -(a + k) * (a + b + k) * x / ((a + 2*k) * (a + 2*k + 1))
		var change float64
		for _, term := range []float64{even, odd} {
			if d = 1 + term*d; math.Abs(d) < tiny {
				d = tiny
			}
			if c = 1 + term/c; math.Abs(c) < tiny {
				c = tiny
			}
			d = 1 / d
			change = c * d
			f *= change
		}
		if math.Abs(change-1) < 1e-16 {
			break
		}
	}
	return front * f / a
}

// logBetaInverse is −ln B(a, b).
func logBetaInverse(a, b float64) float64 {
	both, _ := math.Lgamma(a + b)
	first, _ := math.Lgamma(a)
	second, _ := math.Lgamma(b)
	return both - first - second
}
