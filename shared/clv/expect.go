package clv

import "math"

// alive returns the probability that a customer who had so many chances of leaving, one after each purchase that counts,
// has not left.
func (m *BGNBD) alive(x, tx, t, chances float64) float64 {
	if chances <= 0 {
		return 1
	}
	logOdds := math.Log(m.A) - math.Log(m.B+chances-1) + (m.R+x)*(math.Log(m.Alpha+t)-math.Log(m.Alpha+tx))
	return 1 / (1 + math.Exp(logOdds)) // 0 where the exponential overflows
}

// ordersIfAlive returns how many purchases are expected in the next weeks of a customer who is alive, x repeat purchases
// and t weeks after the first one, having stayed at so many chances of leaving.
//
// The closed forms in the literature are differences of near-equal numbers divided by a−1, with a hypergeometric
// function. The same number is a sum of positive terms that is good for every parameter: were it not for leaving, the
// number N of purchases would be negative binomial, with r+x and z = weeks / (α + t + weeks); the (k+1)-th of them is
// made if the customer stayed after each of the k before, which has the probability Π_{j<k} (s+j)/(a+s+j) with
// s = b + chances. So the expectation is Σ_k P(N > k) Π_{j<k} (s+j)/(a+s+j), here summed by the values of N.
func (m *BGNBD) ordersIfAlive(weeks, x, t, chances float64) float64 {
	if weeks <= 0 {
		return 0
	}
	size := m.R + x
	z := weeks / (m.Alpha + t + weeks)
	stays := m.B + chances
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
