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
	return mixture(pb-pa, pa*(1-pa)/float64(a.N)+pb*(1-pb)/float64(b.N), tau2)
}

// MixtureRatioOfMeans is MixtureRatio of two means, the variance of whose difference is estimated as Welch does; τ² is in
// the square of their unit. It is 1 where a sample of fewer than two says nothing of how it varies, or neither varies.
// Means are near enough to normal only of many: where few members carry the sum, as of spending, the caller waits.
func MixtureRatioOfMeans(a, b Sample, tau2 float64) float64 {
	v := a.Stderr()*a.Stderr() + b.Stderr()*b.Stderr()
	if a.N < 2 || b.N < 2 || !(v > 0) || !(tau2 > 0) {
		return 1
	}
	return mixture(b.Mean-a.Mean, v, tau2)
}

func mixture(d, v, tau2 float64) float64 {
	return min(math.Sqrt(v/(v+tau2))*math.Exp(tau2*d*d/(2*v*(v+tau2))), math.MaxFloat64)
}

// AlwaysValid is the 95 % interval of the difference b − a that goes with MixtureRatio: those differences δ whose ratio,
// taken about δ, is below 20. All intervals of an experiment, looked at as often as one likes, hold the true difference
// together in 95 of 100 experiments. It is not ok where MixtureRatio is no judge yet.
func AlwaysValid(a, b Share, tau2 float64) (i Interval, ok bool) {
	if least := min(a.Successes, a.N-a.Successes, b.Successes, b.N-b.Successes); least < enoughOfEach || !(tau2 > 0) {
		return Interval{}, false
	}
	pa, pb := a.Rate(), b.Rate()
	v := pa*(1-pa)/float64(a.N) + pb*(1-pb)/float64(b.N)
	half := math.Sqrt(v * (v + tau2) / tau2 * (math.Log((v+tau2)/v) - 2*math.Log(.05)))
	return Interval{Low: max(pb-pa-half, -1), High: min(pb-pa+half, 1)}, true
}
