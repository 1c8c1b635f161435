package clv_test

import (
	"math"
	"testing"

	"liuke/shared/clv"
)

// published are the parameters of Fader, Hardie & Lee (2005), rounded as they were printed.
var (
	published      = clv.BGNBD{R: .243, Alpha: 4.414, A: .793, B: 2.426}
	publishedSpend = clv.GammaGamma{P: 6.25, Q: 3.74, V: 15.44}
	aYear          = clv.Horizon{Months: 12, Monthly: .01, Margin: 1}
)

func near(t *testing.T, name string, got, want, relative float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > relative*math.Abs(want) {
		t.Errorf("%s is %.12g, want %.12g", name, got, want)
	}
}

func TestClosedForms(t *testing.T) {
	const exact = 1e-8
	near(t, "E[X(1)]", published.NewOrders(1), .0532678912, exact)
	near(t, "E[X(39)]", published.NewOrders(39), 1.1967231933, exact)
	near(t, "E[X(78)]", published.NewOrders(78), 1.8605190579, exact)
	near(t, "orders of (2, 30.43, 38.86)", published.Orders(39, 2, 30.43, 38.86), 1.2260281748, exact)
	near(t, "orders of (1, 1.71, 38.86)", published.Orders(39, 1, 1.71, 38.86), .2031869871, exact)
	near(t, "orders of (0, 0, 38.86)", published.Orders(39, 0, 0, 38.86), .1950980520, exact)
	near(t, "P(alive) of (23, 39, 39)", published.Alive(23, 39, 39), .9685554542, exact)
	near(t, "P(alive) of (2, 30.43, 38.86)", published.Alive(2, 30.43, 38.86), .7265785701, exact)
	near(t, "P(X(39) = 0)", published.None(39), .5737864, 1e-7)
	near(t, "the worth of customer 1", clv.Worth(&published, publishedSpend, aYear, 2, 30.43, 38.86, 22.35), 36.289211, exact*10)
	near(t, "the worth of customer 2", clv.Worth(&published, publishedSpend, aYear, 1, 1.71, 38.86, 11.77), 4.637295, exact*100)
	if got := published.Alive(0, 0, 38.86); got != 1 {
		t.Errorf("P(alive) of whoever ordered once is %v, want exactly 1", got)
	}
}

// modified are the parameters that lifetimes and BTYDplus print for MBG/NBD of the same data, rounded.
var modified = clv.MBGNBD{R: .525, Alpha: 6.183, A: .891, B: 1.614}

// What is wanted here was computed with the hypergeometric functions of the published closed forms.
func TestClosedFormsOfMBGNBD(t *testing.T) {
	const exact = 1e-8
	for _, c := range []struct{ x, tx, t, alive, orders float64 }{
		{0, 0, 38.86, .3897350809187629, .15401274667514553},
		{1, 1.71, 38.86, .17083648431040802, .18883654136434444},
		{2, 30.43, 38.86, .7062022651184873, 1.2629606232673756},
		{23, 39, 39, .965065673397373, 14.877655431104047},
	} {
		near(t, "P(alive)", modified.Alive(c.x, c.tx, c.t), c.alive, exact)
		near(t, "orders", modified.Orders(39, c.x, c.tx, c.t), c.orders, exact)
	}
	near(t, "P(alive) at the beginning", modified.Alive(0, 0, 0), 1.614/(.891+1.614), exact)
	near(t, "P(X(39) = 0)", modified.None(39), .891/2.505+1.614/2.505*math.Pow(6.183/45.183, .525), exact)
	near(t, "P(X(39) = 0) of whoever bought twice and is alive", modified.NoneIfAlive(39, 2, 38.86), math.Pow((6.183+38.86)/(6.183+77.86), 2.525), exact)
}

// byMixture integrates over both mixing distributions, with nothing of the closed forms: the posterior of a purchase rate λ
// and a chance p of leaving is their prior times λ^x ((1−p)^c e^(−λT) + p (1−p)^(c−1) e^(−λt_x)), and a customer who is
// alive purchases (1−e^(−λp·weeks))/p times. It is the trapezoidal rule in ln λ and logit p, which is as good as exact
// for integrands that fade to both sides.
func byMixture(m clv.BGNBD, chances, weeks, x, tx, t float64) (alive, orders, some float64) {
	const h = .1
	var all, here, made, none float64
	for u := -60.; u < 12; u += h {
		rate := math.Exp(u)
		prior := (m.R+x)*u - m.Alpha*rate
		if prior < -60 {
			continue
		}
		for w := -60.; w < 60; w += h {
			p, q := 1/(1+math.Exp(-w)), 1/(1+math.Exp(w))
			logs := prior + m.A*math.Log(p) + m.B*math.Log(q)
			if logs < -60 {
				continue
			}
			stayed := math.Exp(logs + chances*math.Log(q) - rate*t)
			all += stayed
			if chances > 0 {
				all += math.Exp(logs + math.Log(p) + (chances-1)*math.Log(q) - rate*tx)
			}
			here += stayed
			made += stayed * -math.Expm1(-rate*p*weeks) / p
			none += stayed * math.Exp(-rate*weeks)
		}
	}
	return here / all, made / all, (here - none) / all
}

func TestForecastsAreThoseOfTheMixture(t *testing.T) {
	customers := []struct{ x, tx, t float64 }{{0, 0, 38.86}, {0, 0, 2}, {1, 1.71, 38.86}, {2, 30.43, 38.86}, {7, 20, 39}}
	bg, mbg := clv.BGNBD{R: .8, Alpha: 4.4, A: .8, B: 2.4}, clv.MBGNBD{R: .8, Alpha: 4.4, A: .8, B: 2.4}
	for _, c := range customers {
		for _, f := range []struct {
			orders  clv.Orders
			chances float64
		}{{&bg, c.x}, {&mbg, c.x + 1}} {
			alive, orders, some := byMixture(bg, f.chances, 26, c.x, c.tx, c.t)
			near(t, string(f.orders.Model())+": P(alive)", f.orders.Alive(c.x, c.tx, c.t), alive, 1e-8)
			near(t, string(f.orders.Model())+": orders", f.orders.Orders(26, c.x, c.tx, c.t), orders, 1e-8)
			near(t, string(f.orders.Model())+": any", f.orders.Alive(c.x, c.tx, c.t)*(1-f.orders.NoneIfAlive(26, c.x, c.t)), some, 1e-8)
		}
	}
	_, orders, some := byMixture(bg, 1, 26, 0, 0, 0)
	near(t, "orders of a new customer", mbg.NewOrders(26), orders, 1e-8)
	near(t, "none of a new customer", mbg.None(26), 1-some, 1e-8)
}

func TestHardNumbers(t *testing.T) {
	m := clv.BGNBD{R: .25, Alpha: 4, A: .8, B: 2.5}
	if got := m.Alive(1000, 10, 100); got != 0 {
		t.Errorf("P(alive) of a thousand purchases and a long silence is %v, want 0", got)
	}
	if got := m.Orders(39, 1000, 10, 100); got != 0 {
		t.Errorf("its orders are %v, want 0", got)
	}
	alike := clv.MBGNBD(m)
	if got := alike.Alive(1000, 10, 100); got != 0 || alike.Orders(39, 1000, 10, 100) != 0 {
		t.Errorf("by MBG/NBD it is %v", got)
	}
	near(t, "P(alive) of a thousand purchases until now", alike.Alive(1000, 100, 100), 1/(1+.8/1002.5), 1e-12)
	cases := []struct {
		name        string
		m           clv.BGNBD
		weeks, x, t float64
	}{
		{"a is 1, where the closed form divides by 0", clv.BGNBD{R: .25, Alpha: 4, A: 1, B: 2.5}, 39, 2, 38},
		{"a and b that sum to less than 1", clv.BGNBD{R: .25, Alpha: 4, A: .2, B: .3}, 39, 0, 38},
		{"so many purchases that P(N = 0) underflows", m, 5000, 2000, 10},
		{"a horizon far beyond the past", clv.BGNBD{R: .25, Alpha: .02, A: .8, B: 2.5}, 520, 0, 0},
		{"nobody ever leaves", clv.BGNBD{R: .25, Alpha: 4, A: 1e-12, B: 2.5}, 39, 3, 38},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := c.m.OrdersIfAlive(c.weeks, c.x, c.t)
			near(t, "the sum", got, byQuadrature(c.m, c.weeks, c.x, c.t, c.x), 1e-6)
			modified := clv.MBGNBD(c.m)
			near(t, "the sum with one more chance of leaving", modified.OrdersIfAlive(c.weeks, c.x, c.t), byQuadrature(c.m, c.weeks, c.x, c.t, c.x+1), 1e-6)
		})
	}
}

// byQuadrature is E[(1 − ((α+t)/(α+t+p·weeks))^(r+x)) / p] over the leaving probability p ~ Beta(a, b+chances), the
// expectation before any closed form, by the trapezoidal rule over a variable that spreads both ends of [0, 1] out.
func byQuadrature(m clv.BGNBD, weeks, x, t, chances float64) float64 {
	a, b, size, c := m.A, m.B+chances, m.R+x, m.Alpha+t
	if a < 1e-6 { // all of the mass is at p = 0
		return size * weeks / c
	}
	beta := func(a, b float64) float64 {
		x, _ := math.Lgamma(a)
		y, _ := math.Lgamma(b)
		z, _ := math.Lgamma(a + b)
		return x + y - z
	}(a, b)
	const h = .01
	sum := 0.0
	for u := -60 / math.Min(a, 1); u < 60; u += h { // p = 1/(1+e^−u), dp = p (1−p) du
		p, q := 1/(1+math.Exp(-u)), 1/(1+math.Exp(u))
		sum += math.Exp(a*math.Log(p)+b*math.Log(q)-beta) * -math.Expm1(-size*math.Log1p(p*weeks/c)) / p
	}
	return sum * h
}
