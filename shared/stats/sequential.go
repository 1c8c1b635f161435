package stats

import "math"

// Sequential is a test of whether two shares differ that may be looked at as often as one likes, and be stopped at any
// look, without more false alarms than its level: the mixture sequential probability ratio test (Johari, Koomen, Pekelis &
// Walsh 2017, "Peeking at A/B Tests", equation 5) with a normal mixture over the difference. The zero value must be
// given its Tau2.
type Sequential struct {
	Tau2 float64 // variance of the differences that are expected, > 0; 1e-3 looks for some 3 points
	p    float64 // least so far, of 1; 0 before the first look
}

// enoughOfEach is how many successes, and failures, an arm needs before its share is near enough to normal.
const enoughOfEach = 5

// Look takes what both arms have come to by now, and returns the likelihood ratio and the always-valid p: the least
// 1/ratio so far, at most 1.
func (s *Sequential) Look(a, b Share) (ratio, p float64) {
	ratio = MixtureRatio(a, b, s.Tau2)
	if s.p == 0 {
		s.p = 1
	}
	s.p = min(s.p, 1/ratio)
	return ratio, s.p
}

// MixtureRatio is the likelihood ratio of one look of Sequential: with V the estimated variance of the difference d,
//
//	√(V / (V + τ²)) · exp(τ² d² / (2 V (V + τ²)))
//
// It is finite. It is 1 while an arm has fewer than 5 successes or failures: V is then no estimate of the variance, and
// one arm without a single success would alarm at once.
func MixtureRatio(a, b Share, tau2 float64) float64 {
	if least := min(a.Successes, a.N-a.Successes, b.Successes, b.N-b.Successes); least < enoughOfEach || !(tau2 > 0) {
		return 1
	}
	pa, pb := a.Rate(), b.Rate()
	v := pa*(1-pa)/float64(a.N) + pb*(1-pb)/float64(b.N)
	d := pb - pa
	return min(math.Sqrt(v/(v+tau2))*math.Exp(tau2*d*d/(2*v*(v+tau2))), math.MaxFloat64)
}
