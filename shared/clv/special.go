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
