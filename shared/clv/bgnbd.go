package clv

import (
	"math"

	"liuke/shared/fault"
)

// daysAWeek turns the days of the counts into the weeks of the models.
const daysAWeek = 7

// MinRepeaters is how many customers must have bought again before a model is fitted.
const MinRepeaters = 30

// BGNBD holds the parameters of a BG/NBD model: purchase rates are Gamma(R, Alpha) a week, and the chance of leaving
// after a purchase is Beta(A, B).
type BGNBD struct {
	R             float64 `json:"r"`
	Alpha         float64 `json:"alpha"` // weeks
	A             float64 `json:"a"`
	B             float64 `json:"b"`
	LogLikelihood float64 `json:"log_likelihood"`
}

// exposure is one line of the compressed statistics, in the unit of the fit.
type exposure struct {
	x, tx, t, n float64
}

// FitBGNBD returns the parameters of greatest likelihood (Fader, Hardie & Lee 2005, equation 6). It returns a Conflict
// that says why where the data do not determine them.
func FitBGNBD(c *Counts) (BGNBD, error) {
	c.settle()
	lines := make([]exposure, len(c.transactions))
	for i, w := range c.transactions {
		lines[i] = exposure{float64(w.key.X), float64(w.key.TX), float64(w.key.T), float64(w.n)}
	}
	return fitBGNBD(lines, 1./daysAWeek)
}

// fitBGNBD fits exposures, whose x are ascending and whose times are in units of so many weeks.
func fitBGNBD(lines []exposure, unit float64) (BGNBD, error) {
	var all, repeaters, purchases, total float64
	for _, e := range lines {
		all += e.n
		purchases += e.n * e.x
		total += e.n * e.t
		if e.x > 0 {
			repeaters += e.n
		}
	}
	if repeaters < MinRepeaters {
		return BGNBD{}, fault.New(fault.Conflict, "too few customers bought again: %.0f of %.0f, and the model needs %d", repeaters, all, MinRepeaters)
	}
	if total == 0 {
		return BGNBD{}, fault.New(fault.Conflict, "every customer's first purchase is on the day of the run")
	}
	// Times are measured in the population's mean, so that the fit is the same in days and in years.
	scale := total / all
	scaled := make([]exposure, len(lines))
	for i, e := range lines {
		scaled[i] = exposure{e.x, e.tx / scale, e.t / scale, e.n}
	}
	problem := newBGNBDLikelihood(scaled)
	var at vector
	var value float64
	var err error
	for _, start := range []vector{{0.5, 0.5 * all / purchases, 1, 2}, {1, all / purchases, 0.3, 3}, {2, 2 * all / purchases, 1, 10}} {
		for i := range start {
			start[i] = math.Log(start[i])
		}
		if at, value, err = maximize(problem.at, 4, start); err == nil {
			break
		}
	}
	if err != nil {
		return BGNBD{}, err
	}
	return BGNBD{
		R:             math.Exp(at[0]),
		Alpha:         math.Exp(at[1]) * scale * unit,
		A:             math.Exp(at[2]),
		B:             math.Exp(at[3]),
		LogLikelihood: value - purchases*math.Log(scale*unit), // a density of times changes with their unit
	}, nil
}

// bgnbdLikelihood keeps what does not depend on the parameters.
type bgnbdLikelihood struct {
	lines  []exposure
	beyond []float64 // beyond[k] is how many customers have x > k
	all    float64
}

func newBGNBDLikelihood(lines []exposure) *bgnbdLikelihood {
	p := &bgnbdLikelihood{lines: lines}
	most := 0
	for _, e := range lines {
		most = max(most, int(e.x))
	}
	p.beyond = make([]float64, most)
	for _, e := range lines {
		p.all += e.n
		if e.x > 0 {
			p.beyond[int(e.x)-1] += e.n
		}
	}
	for k := most - 2; k >= 0; k-- {
		p.beyond[k] += p.beyond[k+1]
	}
	return p
}

// at returns the log-likelihood at the logarithms of (r, α, a, b). The ratios of gamma functions in it are products over
// whole numbers, Γ(r+x)/Γ(r) = r (r+1) … (r+x−1), which need no gamma function and are summed over all customers at once.
func (p *bgnbdLikelihood) at(theta vector) (value float64, g vector, h matrix) {
	r, alpha, a, b := math.Exp(theta[0]), math.Exp(theta[1]), math.Exp(theta[2]), math.Exp(theta[3])
	value = p.all * r * theta[1]
	g[0] = p.all * theta[1]
	g[1] = p.all * r / alpha
	h[0][1] = p.all / alpha
	h[1][1] = -p.all * r / (alpha * alpha)
	for k, n := range p.beyond {
		k := float64(k)
		value += n * (math.Log(r+k) + math.Log((b+k)/(a+b+k)))
		g[0] += n / (r + k)
		h[0][0] -= n / ((r + k) * (r + k))
		both := n / (a + b + k)
		g[2] -= both
		g[3] += n/(b+k) - both
		both /= a + b + k
		h[2][2] += both
		h[2][3] += both
		h[3][3] += both - n/((b+k)*(b+k))
	}
	for i := range p.lines {
		p.line(&p.lines[i], r, alpha, a, b, &value, &g, &h)
	}
	for i := range dims {
		for j := range i {
			h[i][j] = h[j][i]
		}
	}
	g, h = inLogs(vector{r, alpha, a, b}, g, h, 4)
	return value, g, h
}

// line adds a line's log(A₃ + δ A₄), where A₃ = (α+T)^−(r+x) is for customers who are alive and
// A₄ = a/(b+x−1) (α+t_x)^−(r+x) for those who left after their last purchase.
func (p *bgnbdLikelihood) line(e *exposure, r, alpha, a, b float64, value *float64, g *vector, h *matrix) {
	power := r + e.x
	alive := 1 / (alpha + e.t)
	logAlive := math.Log(alpha + e.t)
	u := -power * logAlive
	du := vector{-logAlive, -power * alive}
	n := e.n
	if e.x == 0 {
		*value += n * u
		g[0] += n * du[0]
		g[1] += n * du[1]
		h[0][1] -= n * alive
		h[1][1] += n * power * alive * alive
		return
	}
	left := 1 / (alpha + e.tx)
	logLeft := math.Log(alpha + e.tx)
	rest := 1 / (b + e.x - 1)
	w := math.Log(a*rest) - power*logLeft
	dw := vector{-logLeft, -power * left, 1 / a, -rest}
	odds := w - u
	share := 1 / (1 + math.Exp(-odds)) // of those who left
	if odds > 0 {
		*value += n * (w + math.Log1p(math.Exp(-odds)))
	} else {
		*value += n * (u + math.Log1p(math.Exp(odds)))
	}
	var between vector
	for i := range dims {
		g[i] += n * ((1-share)*du[i] + share*dw[i])
		between[i] = dw[i] - du[i]
	}
	spread := n * share * (1 - share)
	for i := range dims {
		for j := i; j < dims; j++ {
			h[i][j] += spread * between[i] * between[j]
		}
	}
	h[0][1] -= n * ((1-share)*alive + share*left)
	h[1][1] += n * power * ((1-share)*alive*alive + share*left*left)
	h[2][2] -= n * share / (a * a)
	h[3][3] += n * share * rest * rest
}
