package clv

import "math"

// logGamma returns ln Γ(x) for x > 0.
func logGamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}

// digamma returns the derivative of ln Γ at x > 0: by its recurrence up to 10, then by its asymptotic series
// (Abramowitz & Stegun 6.3.18).
func digamma(x float64) float64 {
	sum := 0.0
	for ; x < 10; x++ {
		sum -= 1 / x
	}
	s := 1 / (x * x)
	series := s * (1./12 - s*(1./120-s*(1./252-s*(1./240-s*(1./132-s*(691./32760-s/12))))))
	return sum + math.Log(x) - 0.5/x - series
}

// trigamma returns the derivative of digamma at x > 0 (Abramowitz & Stegun 6.4.12).
func trigamma(x float64) float64 {
	sum := 0.0
	for ; x < 10; x++ {
		sum += 1 / (x * x)
	}
	s := 1 / (x * x)
	series := s * (1./6 - s*(1./30-s*(1./42-s*(1./30-s*(5./66-s*(691./2730-s*7./6))))))
	return sum + 1/x + s/2 + series/x
}

// rising holds sums over whole numbers k of ln(z+k), 1/(z+k) and 1/(z+k)².
type rising struct{ logs, inverses, squares float64 }

// risen returns the sums over from ≤ k < to, for z > 0: term by term, and many terms as the differences of ln Γ and its
// derivatives that they are.
func risen(z, from, to float64) (s rising) {
	const many = 64
	if to-from > many {
		lo, hi := z+from, z+to
		return rising{logGamma(hi) - logGamma(lo), digamma(hi) - digamma(lo), trigamma(lo) - trigamma(hi)}
	}
	for k := from; k < to; k++ {
		by := 1 / (z + k)
		s.logs += math.Log(z + k)
		s.inverses += by
		s.squares += by * by
	}
	return s
}

// gammaAbove returns the regularized upper incomplete gamma function Q(a, x) for a, x > 0: by the series for its
// complement below a+1 (Abramowitz & Stegun 6.5.29), by the continued fraction above (6.5.31, evaluated as in Press et
// al., Numerical Recipes, 6.2, by Lentz's method).
func gammaAbove(a, x float64) float64 {
	const exact, tiny, most = 1e-15, 1e-300, 100_000
	scale := math.Exp(a*math.Log(x) - x - logGamma(a))
	if x < a+1 {
		sum, term := 1/a, 1/a
		for n := 1; n < most && term > exact*sum; n++ {
			term *= x / (a + float64(n))
			sum += term
		}
		return 1 - scale*sum
	}
	b := x + 1 - a
	c, d := 1/tiny, 1/b
	fraction := d
	for n := 1; n < most; n++ {
		k := float64(n)
		numerator := -k * (k - a)
		b += 2
		if d = numerator*d + b; math.Abs(d) < tiny {
			d = tiny
		}
		if c = b + numerator/c; math.Abs(c) < tiny {
			c = tiny
		}
		d = 1 / d
		change := c * d
		fraction *= change
		if math.Abs(change-1) < exact {
			break
		}
	}
	return scale * fraction
}

// logSum adds up logarithms of numbers of 1 to 2, most of them by multiplying the numbers.
type logSum struct{ logs, product float64 }

// times adds n times the logarithm of v.
func (s *logSum) times(v, n float64) {
	const often, large = 8, 1e290 // with a factor of at most 2⁸, what is not large yet stays finite
	if n > often {
		s.logs += n * math.Log(v)
		return
	}
	for ; n > 0; n-- {
		s.product *= v
	}
	if s.product > large {
		s.logs += math.Log(s.product)
		s.product = 1
	}
}

func (s *logSum) total() float64 { return s.logs + math.Log(s.product) }
