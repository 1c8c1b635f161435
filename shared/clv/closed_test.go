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

func TestHardNumbers(t *testing.T) {
	m := clv.BGNBD{R: .25, Alpha: 4, A: .8, B: 2.5}
	if got := m.Alive(1000, 10, 100); got != 0 {
		t.Errorf("P(alive) of a thousand purchases and a long silence is %v, want 0", got)
	}
	if got := m.Orders(39, 1000, 10, 100); got != 0 {
		t.Errorf("its orders are %v, want 0", got)
	}
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
			near(t, "the sum", got, byQuadrature(c.m, c.weeks, c.x, c.t), 1e-6)
		})
	}
}

// byQuadrature is E[(1 − ((α+t)/(α+t+p·weeks))^(r+x)) / p] over the leaving probability p ~ Beta(a, b+x), the expectation
// before any closed form, by Simpson's rule over a variable that spreads both ends of [0, 1] out.
func byQuadrature(m clv.BGNBD, weeks, x, t float64) float64 {
	a, b, size, c := m.A, m.B+x, m.R+x, m.Alpha+t
	beta := func(a, b float64) float64 {
		x, _ := math.Lgamma(a)
		y, _ := math.Lgamma(b)
		z, _ := math.Lgamma(a + b)
		return x + y - z
	}
	f := func(u float64) float64 { // p = 1/(1+e^−u), dp = p (1−p) du
		p, q := 1/(1+math.Exp(-u)), 1/(1+math.Exp(u))
		return math.Exp(a*math.Log(p)+b*math.Log(q)-beta(a, b)) * -math.Expm1(-size*math.Log1p(p*weeks/c)) / p
	}
	lo, hi := -60/math.Min(a, 1), 60.0
	if a < 1e-6 { // all of the mass is at p = 0
		return size * weeks / c
	}
	const n = 2_000_000
	h := (hi - lo) / n
	sum := f(lo) + f(hi)
	for i := 1; i < n; i++ {
		sum += f(lo+float64(i)*h) * float64(2+2*(i%2))
	}
	return sum * h / 3
}
