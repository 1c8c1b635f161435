package clv

import "math"

// ordersLikelihood is the log-likelihood of BG/NBD and MBG/NBD, with what does not depend on the parameters. A customer
// of x repeat purchases and c chances of leaving has the likelihood
//
//	Γ(r+x)/Γ(r) · α^r · B(a, b+c)/B(a, b) · (A₃ + A₄)
//
// where A₃ = (α+T)^−(r+x) is for customers who are alive and A₄ = a/(b+c−1) · (α+t_x)^−(r+x), 0 where c is 0, for those
// who left after their last purchase. In BG/NBD c is x, in MBG/NBD x+1.
type ordersLikelihood struct {
	chances  float64 // beside the repeat purchases
	all      float64
	steps    []step
	moments  []float64 // the distinct times
	lines    []seen
	batches  [][]span
	logs     []float64 // of α plus a moment
	inverses []float64
}

// seen is a line with its times as places in moments.
type seen struct {
	n      float64
	tx, at int32
}

// step says that n customers have more than k repeat purchases, for each k from one to less than the other.
type step struct{ from, to, n float64 }

func newOrdersLikelihood(lines []line, scale float64, chances int) *ordersLikelihood {
	p := &ordersLikelihood{chances: float64(chances), steps: stepsOf(lines), lines: make([]seen, len(lines)), batches: batches(spansOf(lines))}
	var known places
	for i, l := range lines {
		t := l.transactions()
		p.lines[i] = seen{n: float64(l.n), tx: known.of(t.TX), at: known.of(t.T)}
		p.all += float64(l.n)
	}
	p.moments = make([]float64, len(known.list))
	for i, day := range known.list {
		p.moments[i] = float64(day) / scale
	}
	p.logs, p.inverses = make([]float64, len(p.moments)), make([]float64, len(p.moments))
	return p
}

func stepsOf(lines []line) (steps []step) {
	more := 0.0
	for i := len(lines) - 1; i >= 0; i-- { // ascending by x
		x := float64(lines[i].x)
		if n := len(steps); n == 0 || steps[n-1].to != x {
			if n > 0 {
				steps[n-1].from, steps[n-1].n = x, more
			}
			steps = append(steps, step{to: x})
		}
		more += float64(lines[i].n)
	}
	if n := len(steps); n > 0 {
		steps[n-1].n = more
	}
	return steps
}

// places numbers days in the order in which they are first asked for.
type places struct {
	list  []int32
	pages [][]int32 // of a page of days each, the place plus 1
}

const pageBits = 12

func (p *places) of(day int32) int32 {
	page := int(day >> pageBits)
	if page >= len(p.pages) {
		p.pages = append(p.pages, make([][]int32, page+1-len(p.pages))...)
	}
	if p.pages[page] == nil {
		p.pages[page] = make([]int32, 1<<pageBits)
	}
	at := &p.pages[page][day&(1<<pageBits-1)]
	if *at == 0 {
		p.list = append(p.list, day)
		*at = int32(len(p.list))
	}
	return *at - 1
}

// at returns the log-likelihood at the logarithms of (r, α, a, b). The ratios of gamma and beta functions in it are
// products over whole numbers, such as Γ(r+x)/Γ(r) = r (r+1) … (r+x−1), which are summed over all customers at once.
func (p *ordersLikelihood) at(theta vector) (value float64, g vector, h matrix) {
	r, alpha, a, b := math.Exp(theta[0]), math.Exp(theta[1]), math.Exp(theta[2]), math.Exp(theta[3])
	for i, t := range p.moments {
		p.logs[i], p.inverses[i] = math.Log(alpha+t), 1/(alpha+t)
	}
	sum := total(p.batches, func(s span, to *partial) { p.span(s, r, a, b, to) })
	value, g, h = sum.value, sum.gradient, sum.hessian
	value += p.all * r * theta[1]
	g[0] += p.all * theta[1]
	g[1] += p.all * r / alpha
	h[0][1] += p.all / alpha
	h[1][1] -= p.all * r / (alpha * alpha)
	for _, s := range p.steps {
		rate := risen(r, s.from, s.to)
		value += s.n * rate.logs
		g[0] += s.n * rate.inverses
		h[0][0] -= s.n * rate.squares
	}
	for _, s := range p.stays() {
		stay, all := risen(b, s.from, s.to), risen(a+b, s.from, s.to)
		value += s.n * (stay.logs - all.logs)
		g[2] -= s.n * all.inverses
		g[3] += s.n * (stay.inverses - all.inverses)
		h[2][2] += s.n * all.squares
		h[2][3] += s.n * all.squares
		h[3][3] += s.n * (all.squares - stay.squares)
	}
	for i := range dims {
		for j := range i {
			h[i][j] = h[j][i]
		}
	}
	g, h = inLogs(vector{r, alpha, a, b}, g, h, 4)
	return value, g, h
}

// stays are the steps of the chances of leaving.
func (p *ordersLikelihood) stays() []step {
	if p.chances == 0 {
		return p.steps
	}
	out := []step{{from: 0, to: p.chances, n: p.all}}
	for _, s := range p.steps {
		out = append(out, step{s.from + p.chances, s.to + p.chances, s.n})
	}
	return out
}

// span adds the logarithms of A₃ + A₄ of customers of one x.
func (p *ordersLikelihood) span(s span, r, a, b float64, to *partial) {
	chances := s.x + p.chances
	power := r + s.x
	if chances == 0 {
		p.alive(s, power, to)
		return
	}
	rest := 1 / (b + chances - 1)
	prior := math.Log(a * rest)
	// Sums of: the logarithm of α+T, its inverse, its square; the same of who left less that of who is alive, by the
	// share of who left; and the products of those differences by the variance of that share.
	var n, logs, inverses, squares, left, leftLogs, leftInverses, leftSquares float64
	var spread, spreadLog, spreadInverse, logLog, logInverse, inverseInverse float64
	sums := logSum{product: 1}
	for i := s.from; i < s.to; i++ {
		l := &p.lines[i]
		logT, logX := p.logs[l.at], p.logs[l.tx]
		byT, byX := p.inverses[l.at], p.inverses[l.tx]
		dLog, dInverse := logX-logT, byX-byT
		odds := prior - power*dLog
		e := math.Exp(-math.Abs(odds))
		share := 1 / (1 + e)
		variance := e * share * share
		sums.times(1+e, l.n)
		if odds > 0 {
			to.value += l.n * odds
		} else {
			share *= e
		}
		n += l.n
		logs += l.n * logT
		inverses += l.n * byT
		squares += l.n * byT * byT
		share *= l.n
		left += share
		leftLogs += share * dLog
		leftInverses += share * dInverse
		leftSquares += share * (byX + byT) * dInverse
		variance *= l.n
		spread += variance
		spreadLog += variance * dLog
		spreadInverse += variance * dInverse
		logLog += variance * dLog * dLog
		logInverse += variance * dLog * dInverse
		inverseInverse += variance * dInverse * dInverse
	}
	to.value += sums.total() - power*logs
	g, h := &to.gradient, &to.hessian
	g[0] -= logs + leftLogs
	g[1] -= power * (inverses + leftInverses)
	g[2] += left / a
	g[3] -= left * rest
	h[0][0] += logLog
	h[0][1] += power*logInverse - (inverses + leftInverses)
	h[0][2] -= spreadLog / a
	h[0][3] += spreadLog * rest
	h[1][1] += power*power*inverseInverse + power*(squares+leftSquares)
	h[1][2] -= power * spreadInverse / a
	h[1][3] += power * spreadInverse * rest
	h[2][2] += (spread - left) / (a * a)
	h[2][3] -= spread * rest / a
	h[3][3] += (spread + left) * rest * rest
}

// alive adds the logarithms of A₃ of customers who had no chance of leaving.
func (p *ordersLikelihood) alive(s span, power float64, to *partial) {
	for _, l := range p.lines[s.from:s.to] {
		by := p.inverses[l.at]
		to.value -= l.n * power * p.logs[l.at]
		to.gradient[0] -= l.n * p.logs[l.at]
		to.gradient[1] -= l.n * power * by
		to.hessian[0][1] -= l.n * by
		to.hessian[1][1] += l.n * power * by * by
	}
}
