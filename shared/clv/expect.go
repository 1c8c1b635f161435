package clv

import "math"

// Alive returns the probability that a customer of x repeat purchases, the last t_x weeks after the first, is still a
// customer T weeks after the first (Fader, Hardie & Lee 2005, equation 11; Fader & Hardie 2008 for its form). It is 1
// where x is 0.
func (m *BGNBD) Alive(x, tx, t float64) float64 {
	if x <= 0 {
		return 1
	}
	logOdds := math.Log(m.A) - math.Log(m.B+x-1) + (m.R+x)*(math.Log(m.Alpha+t)-math.Log(m.Alpha+tx))
	return 1 / (1 + math.Exp(logOdds)) // 0 where the exponential overflows
}

// Orders returns how many purchases are expected in the next weeks of a customer of x repeat purchases, the last t_x
// weeks after the first, T weeks after the first (equation 10 of the paper).
func (m *BGNBD) Orders(weeks, x, tx, t float64) float64 {
	return m.Alive(x, tx, t) * m.OrdersIfAlive(weeks, x, t)
}

// NewOrders returns how many repeat purchases are expected in a customer's first weeks (equation 9 of the paper).
func (m *BGNBD) NewOrders(weeks float64) float64 { return m.OrdersIfAlive(weeks, 0, 0) }

// None returns the probability that a new customer does not purchase again in the first weeks (equation 8, for 0).
func (m *BGNBD) None(weeks float64) float64 {
	return math.Exp(m.R * (math.Log(m.Alpha) - math.Log(m.Alpha+weeks)))
}

// OrdersIfAlive returns how many purchases are expected in the next weeks of a customer who is alive, x repeat purchases
// and t weeks after the first one.
//
// The paper's closed form is a difference of near-equal numbers divided by a−1, with a hypergeometric function. The
// same number is a sum of positive terms that is good for every parameter: were it not for leaving, the number N of
// purchases would be negative binomial, with r+x and z = weeks / (α + t + weeks); the (k+1)-th of them is made if
// the customer stayed after each of the k before, which has the probability Π_{j<k} (b+x+j)/(a+b+x+j). So the
// expectation is Σ_k P(N > k) Π_{j<k} (b+x+j)/(a+b+x+j), here summed by the values of N.
func (m *BGNBD) OrdersIfAlive(weeks, x, t float64) float64 {
	if weeks <= 0 {
		return 0
	}
	size := m.R + x
	z := weeks / (m.Alpha + t + weeks)
	stays := m.B + x
	logP := size * math.Log1p(-z) // of N = 0
	p := math.Exp(logP)
	sum, made, stay := 0.0, 0.0, 1.0
	for n := 1.0; n < maxTerms; n++ {
		made += stay
		stay *= (stays + n - 1) / (m.A + stays + n - 1)
		ratio := z * (size + n - 1) / n
		if logP > -700 {
			p *= ratio
		} else { // too unlikely for a float: go on in logarithms until it is not
			logP += math.Log(ratio)
			p = math.Exp(logP)
		}
		sum += p * made
		// The rest is a tail of ratios below the next one, with at most one purchase more at each.
		if next := z * (size + n) / (n + 1); next < 1 && p*(made+1/(1-next))*next/(1-next) < 1e-15*sum {
			break
		}
	}
	return sum
}

const maxTerms = 10_000_000
