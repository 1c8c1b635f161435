package clv

import (
	"math"

	"liuke/shared/fault"
)

// GammaGamma holds the parameters of a Gamma-Gamma model: a customer's purchases are Gamma(P, ν) in major units of
// money, and ν is Gamma(Q, V) over the customers.
type GammaGamma struct {
	P             float64 `json:"p"`
	Q             float64 `json:"q"`
	V             float64 `json:"v"` // major units
	LogLikelihood float64 `json:"log_likelihood"`
}

// FitGammaGamma returns the parameters of greatest likelihood (Fader & Hardie 2013, equation 1a) of the repeat customers
// with a positive mean spend, in major units of so many minor ones. It returns a Conflict that says why where the
// data do not determine them.
func FitGammaGamma(c *Counts, minor int64) (GammaGamma, error) {
	c.settle()
	var customers, purchases, total float64
	for _, w := range c.spends {
		customers += float64(w.n)
		purchases += float64(w.n) * float64(w.key.X)
		total += float64(w.n) * float64(w.key.Total)
	}
	if customers < MinRepeaters {
		return GammaGamma{}, fault.New(fault.Conflict, "too few customers spent something when they bought again: %.0f, and the model needs %d", customers, MinRepeaters)
	}
	// Money is measured in the population's mean purchase, so that the fit is the same in every currency.
	scale := total / purchases
	problem := newSpendLikelihood(c.spends, scale)
	if problem.alike {
		return GammaGamma{}, fault.New(fault.Conflict, "all customers spend the same: there is no spread to fit")
	}
	var at vector
	var value float64
	var err error
	for _, start := range []vector{{2, 3, 1}, {6, 4, 0.5}, {1, 2, 1}, {1, 20, 20}} {
		for i := range 3 {
			start[i] = math.Log(start[i])
		}
		if at, value, err = maximize(problem.at, 3, start); err == nil {
			break
		}
	}
	if err != nil {
		return GammaGamma{}, err
	}
	return GammaGamma{
		P:             math.Exp(at[0]),
		Q:             math.Exp(at[1]),
		V:             math.Exp(at[2]) * scale / float64(minor),
		LogLikelihood: value - customers*math.Log(scale/float64(minor)),
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

// spendLikelihood keeps what does not depend on the parameters: sums by the number of purchases.
type spendLikelihood struct {
	groups []spendGroup
	alike  bool
}

type spendGroup struct {
	x, n    float64
	logMean float64 // sum of ln mean
	totals  []spendTotal
}

type spendTotal struct{ total, n float64 }

func newSpendLikelihood(spends []weighed[Spend], scale float64) *spendLikelihood {
	p := &spendLikelihood{}
	least, greatest := math.Inf(1), 0.0
	for _, w := range spends { // ascending by X
		x, n := float64(w.key.X), float64(w.n)
		if k := len(p.groups); k == 0 || p.groups[k-1].x != x {
			p.groups = append(p.groups, spendGroup{x: x})
		}
		g := &p.groups[len(p.groups)-1]
		total := float64(w.key.Total) / scale
		mean := total / x
		g.n += n
		g.logMean += n * math.Log(mean)
		g.totals = append(g.totals, spendTotal{total, n})
		least, greatest = min(least, mean), max(greatest, mean)
	}
	p.alike = greatest <= least*(1+1e-9)
	return p
}

// at returns the log-likelihood at the logarithms of (p, q, v).
func (s *spendLikelihood) at(theta vector) (value float64, g vector, h matrix) {
	p, q, v := math.Exp(theta[0]), math.Exp(theta[1]), math.Exp(theta[2])
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

// group adds the customers of one number of purchases.
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
	var logs, inverse, squares float64
	for _, t := range e.totals {
		sum := v + t.total
		logs += t.n * math.Log(sum)
		inverse += t.n / sum
		squares += t.n / (sum * sum)
	}
	*value -= power * logs
	g[0] -= x * logs
	g[1] -= logs
	g[2] -= power * inverse
	h[0][2] -= x * inverse
	h[1][2] -= inverse
	h[2][2] += power * squares
}
