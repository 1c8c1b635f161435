package stats

import "math"

// NormalCDF is the share of a standard normal distribution up to z.
func NormalCDF(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }

// NormalQuantile is the z up to which lies the share p of a standard normal distribution: −∞ for 0, +∞ for 1 and NaN
// outside of them.
func NormalQuantile(p float64) float64 { return -math.Sqrt2 * math.Erfcinv(2*p) }

// twoSided is the chance of a standard normal at least as far from 0 as z.
func twoSided(z float64) float64 { return math.Erfc(math.Abs(z) / math.Sqrt2) }
