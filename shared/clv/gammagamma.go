package clv

import (
	"math"

	"liuke/shared/fault"
)

// GammaGamma holds the parameters of a Gamma-Gamma model: a customer's purchases are Gamma(P, ν) in major units of
// money, and ν is Gamma(Q, V) over the customers.
type GammaGamma struct {
	P             float64     `json:"p"`
	Q             float64     `json:"q"`
	V             float64     `json:"v"` // major units
	LogLikelihood float64     `json:"log_likelihood"`
	Errors        SpendErrors `json:"errors,omitzero"`
}

// SpendErrors are the standard errors of the parameters of GammaGamma, from the observed information.
type SpendErrors struct {
	P float64 `json:"p"`
	Q float64 `json:"q"`
	V float64 `json:"v"` // major units
}

// FitGammaGamma returns the parameters of greatest likelihood (Fader & Hardie 2013, equation 1a) with their standard
// errors, of the repeat customers with a positive mean spend, in major units of so many minor ones. It returns a
// Conflict that says why where the data do not determine them.
func FitGammaGamma(c *Counts, minor int64) (GammaGamma, error) {
	lines := c.spends.lines()
	var customers, purchases, total float64
	for _, l := range lines {
		n := float64(l.n)
		customers += n
		purchases += n * float64(l.x)
		total += n * float64(l.rest)
	}
	if customers < MinRepeaters {
		return GammaGamma{}, fault.New(fault.Conflict, "too few customers spent something when they bought again: %.0f, and the model needs %d", customers, MinRepeaters)
	}
	// Money is measured in the population's mean purchase, so that the fit is the same in every currency.
	scale := total / purchases
	problem := newSpendLikelihood(lines, scale)
	if problem.alike {
		return GammaGamma{}, fault.New(fault.Conflict, "all customers spend the same: there is no spread to fit")
	}
	e, err := estimateBy(problem.at, []string{"p", "q", "v"}, vector{2, 3, 1}, vector{6, 4, 0.5}, vector{1, 2, 1}, vector{1, 20, 20})
	if err != nil {
		return GammaGamma{}, err
	}
	major := scale / float64(minor)
	return GammaGamma{
		P: e.at[0], Q: e.at[1], V: e.at[2] * major,
		LogLikelihood: e.value - customers*math.Log(major),
		Errors:        SpendErrors{P: e.errors[0], Q: e.errors[1], V: e.errors[2] * major},
	}, nil
}

// Mean returns the expected worth of a customer's purchase in major units, given x repeat purchases of the given mean
// worth (Fader & Hardie 2013, equation 5). It is ok where the model has a mean, that is Q > 1 or what was bought
// outweighs it.
func (m *GammaGamma) Mean(x, mean float64) (worth float64, ok bool) {
	if x <= 0 || mean <= 0 {
		x, mean = 0, 0
	}
	weight := m.P*x + m.Q - 1
	return m.P * (m.V + x*mean) / weight, weight > 0
}

// spendLikelihood is the log-likelihood of Gamma-Gamma, with what does not depend on the parameters.
type spendLikelihood struct {
	groups  []spendGroup
	totals  []spendTotal
	batches [][]span
	alike   bool
}

// spendGroup is the customers of one number of purchases.
type spendGroup struct {
	x, n    float64
	logMean float64 // sum of ln mean
}

type spendTotal struct{ total, n float64 }

func newSpendLikelihood(lines []line, scale float64) *spendLikelihood {
	p := &spendLikelihood{totals: make([]spendTotal, len(lines)), batches: batches(spansOf(lines))}
	least, greatest := math.Inf(1), 0.0
	for i, l := range lines { // ascending by x
		x, n := float64(l.x), float64(l.n)
		if k := len(p.groups); k == 0 || p.groups[k-1].x != x {
			p.groups = append(p.groups, spendGroup{x: x})
		}
		g := &p.groups[len(p.groups)-1]
		total := float64(l.rest) / scale
		mean := total / x
		g.n += n
		g.logMean += n * math.Log(mean)
		p.totals[i] = spendTotal{total, n}
		least, greatest = min(least, mean), max(greatest, mean)
	}
	p.alike = greatest <= least*(1+1e-9)
	return p
}

// at returns the log-likelihood at the logarithms of (p, q, v).
func (s *spendLikelihood) at(theta vector) (value float64, g vector, h matrix) {
	p, q, v := math.Exp(theta[0]), math.Exp(theta[1]), math.Exp(theta[2])
	sum := total(s.batches, func(at span, to *partial) { s.span(at, p, q, v, to) })
	value, g, h = sum.value, sum.gradient, sum.hessian
	for i := range s.groups {
		s.group(&s.groups[i], p, q, v, &value, &g, &h)
	}
	for i := range dims {
		for j := range i {
			h[i][j] = h[j][i]
		}
	}
	g, h = inLogs(vector{p, q, v}, g, h, 3)
	return value, g, h
}

// group adds what the customers of one number of purchases have in common.
func (s *spendLikelihood) group(e *spendGroup, p, q, v float64, value *float64, g *vector, h *matrix) {
	x, n := e.x, e.n
	power := p*x + q
	*value += n*(logGamma(power)-logGamma(p*x)-logGamma(q)+q*math.Log(v)+p*x*math.Log(x)) + (p*x-1)*e.logMean
	both, own, rest := digamma(power), digamma(p*x), digamma(q)
	g[0] += n*x*(both-own+math.Log(x)) + x*e.logMean
	g[1] += n * (both - rest + math.Log(v))
	g[2] += n * q / v
	both, own, rest = trigamma(power), trigamma(p*x), trigamma(q)
	h[0][0] += n * x * x * (both - own)
	h[0][1] += n * x * both
	h[1][1] += n * (both - rest)
	h[1][2] += n / v
	h[2][2] -= n * q / (v * v)
}

// span adds −(px+q) ln(v + total) of customers of one number of purchases.
func (s *spendLikelihood) span(at span, p, q, v float64, to *partial) {
	power := p*at.x + q
	var logs, inverses, squares float64
	for _, t := range s.totals[at.from:at.to] {
		sum := v + t.total
		by := 1 / sum
		logs += t.n * math.Log(sum)
		inverses += t.n * by
		squares += t.n * by * by
	}
	to.value -= power * logs
	g, h := &to.gradient, &to.hessian
	g[0] -= at.x * logs
	g[1] -= logs
	g[2] -= power * inverses
	h[0][2] -= at.x * inverses
	h[1][2] -= inverses
	h[2][2] += power * squares
}
