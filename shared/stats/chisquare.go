package stats

import "math"

// ChiSquareTail is the chance of a χ² of so many degrees of freedom of at least x: the regularized incomplete gamma
// function Q(degrees/2, x/2) (Abramowitz & Stegun 26.4.19), by its series (6.5.29) or its continued fraction (6.5.31),
// whichever converges fast. It is 1 for an x of 0 or less, and NaN where the degrees are not above 0.
func ChiSquareTail(x, degrees float64) float64 {
	switch {
	case !(degrees > 0) || math.IsNaN(x):
		return math.NaN()
	case x <= 0:
		return 1
	case math.IsInf(x, 1):
		return 0
	}
	a, x := degrees/2, x/2
	logGamma, _ := math.Lgamma(a)
	front := math.Exp(a*math.Log(x) - x - logGamma)
	if x < a+1 {
		term := 1 / a
		sum := term
		for n := a + 1; term > sum*1e-17; n++ {
			term *= x / n
			sum += term
		}
		return max(0, 1-front*sum)
	}
	const tiny = 1e-300
	b := x + 1 - a
	c, d := 1/tiny, 1/b
	f := d
	for i := 1.0; i <= 10_000; i++ {
		an := -i * (i - a)
		b += 2
		if d = an*d + b; math.Abs(d) < tiny {
			d = tiny
		}
		if c = b + an/c; math.Abs(c) < tiny {
			c = tiny
		}
		d = 1 / d
		f *= c * d
		if math.Abs(c*d-1) < 1e-16 {
			break
		}
	}
	return front * f
}
