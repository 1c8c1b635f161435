package churn

import (
	"math"

	"liuke/shared/customer"
)

// Prior is the population's rhythm: a customer's gaps between purchases are Gamma(Shape, λ) days, and the rates λ of the
// customers Gamma(Rate, Days). It is what is known of a customer whose own gaps are not.
type Prior struct {
	Shape     float64 `json:"shape"`     // of the gaps: 1 is no regularity, more is more of it
	Rate      float64 `json:"rate"`      // shape of the rates: the greater, the more alike the customers
	Days      float64 `json:"days"`      // inverse scale of the rates
	Customers int64   `json:"customers"` // with more than one purchase, to whom it was fitted
}

// Rhythm is what a customer's next gap is drawn from: the population's rhythm after the customer's own gaps. With n gaps
// of d days in all the rate is Gamma(Rate + n·Shape, Days + d), for the gamma is conjugate to it; so a customer of many
// gaps has a rhythm of their own, and one of none the population's.
type Rhythm struct {
	shape float64 // of the gaps
	rate  float64 // shape of the rate
	days  float64 // inverse scale of the rate
}

// Of returns the rhythm of a customer.
func (p *Prior) Of(c Pattern) Rhythm {
	return Rhythm{
		shape: p.Shape,
		rate:  p.Rate + float64(c.Purchases-1)*p.Shape,
		days:  p.Days + float64(c.Last-c.First),
	}
}

// Usual is the customer's usual gap in days, above 0: the gap at the rate that is expected of the customer,
// shape / E[λ].
func (r Rhythm) Usual() float64 { return r.shape * r.days / r.rate }

// Overdue is a silence in usual gaps: 1 where the next purchase is due.
func (r Rhythm) Overdue(silence int32) float64 { return float64(max(silence, 0)) / r.Usual() }

// Due is the day on which the next purchase is expected, one usual gap after the last; the last of all days where it lies
// beyond them.
func (r Rhythm) Due(last customer.Day) customer.Day {
	return customer.Day(min(float64(last)+math.Round(r.Usual()), math.MaxInt32))
}

// Survival is the probability, 0 to 1, that a gap is at least as long as a silence. A Gamma(k, λ) gap whose rate is
// Gamma(p, q) has G / (G + q) distributed as Beta(k, p) (Dubey 1970, "Compound gamma, beta and F distributions"), so that
// P(G ≥ s) = I_{q/(q+s)}(p, k), which for k = 1 is Lomax's (q/(q+s))^p.
func (r Rhythm) Survival(silence int32) float64 {
	if silence <= 0 {
		return 1
	}
	s := float64(silence)
	return incompleteBeta(r.rate, r.shape, r.days/(r.days+s), s/(r.days+s))
}

// Chance is the probability, 0 to 1, of a purchase in the next days of a customer who keeps buying at the pace that was
// seen, silence included: purchases are counted as a Poisson process of rate λ/k, which has the gaps' mean, so that the
// silence s adds s/k to the exposure and none comes in h days with the probability (q'/(q'+h/k))^p, q' = q + s/k: the
// zero term of the negative binomial (Ehrenberg 1959, "The Pattern of Consumer Purchases"). For k = 1 it is exact. It
// never rises with the silence.
func (r Rhythm) Chance(silence, days int32) float64 {
	exposed := r.days + float64(max(silence, 0))/r.shape
	return -math.Expm1(-r.rate * math.Log1p(float64(max(days, 0))/r.shape/exposed))
}

// incompleteBeta returns the regularized incomplete beta function I_x(a, b) for positive a and b, given x within 0..1 and
// y = 1−x, by its continued fraction (DLMF 8.17.22) where that converges fast, and by I_x(a, b) = 1 − I_y(b, a) elsewhere.
func incompleteBeta(a, b, x, y float64) float64 {
	switch {
	case x <= 0:
		return 0
	case y <= 0:
		return 1
	case b == 1:
		return math.Pow(x, a)
	}
	front := math.Exp(lgamma(a+b) - lgamma(a) - lgamma(b) + a*math.Log(x) + b*math.Log(y))
	if x*(a+b+2) < a+1 {
		return min(front*betaFraction(a, b, x)/a, 1)
	}
	return max(1-front*betaFraction(b, a, y)/b, 0)
}

func lgamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}

// betaFraction evaluates the continued fraction from the front (Lentz 1976).
func betaFraction(a, b, x float64) float64 {
	const (
		tiny    = 1e-300
		most    = 10_000
		precise = 1e-16
	)
	away := func(v float64) float64 {
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c, d := 1.0, 1/away(1-(a+b)*x/(a+1))
	value := d
	for m := 1.0; m < most; m++ {
		even := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		c, d = away(1+even/c), 1/away(1+even*d)
		value *= c * d
		odd := -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		c, d = away(1+odd/c), 1/away(1+odd*d)
		step := c * d
		value *= step
		if math.Abs(step-1) <= precise*4 {
			break
		}
	}
	return value
}
