package clv

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

func TestTransactionsOfAHistory(t *testing.T) {
	type order struct {
		day customer.Day
		net int64
	}
	cases := []struct {
		name   string
		orders []order
		want   Transactions
		spend  Spend
		none   bool
	}{
		{name: "no order", none: true},
		{name: "an order after the day", orders: []order{{101, 5}}, none: true},
		{name: "one order begins a customer", orders: []order{{60, 500}}, want: Transactions{0, 0, 40}},
		{name: "orders of one day are one purchase", orders: []order{{60, 500}, {60, 300}}, want: Transactions{0, 0, 40}},
		{name: "the first day counts in neither frequency nor spend", orders: []order{{60, 500}, {60, 300}, {70, 40}, {70, 2}, {90, 100}}, want: Transactions{2, 30, 40}, spend: Spend{2, 142}},
		{name: "what comes after the day does not count", orders: []order{{60, 500}, {70, 40}, {101, 9}}, want: Transactions{1, 10, 40}, spend: Spend{1, 40}},
		{name: "a refund beyond the total is a negative spend", orders: []order{{60, 500}, {70, -40}}, want: Transactions{1, 10, 40}, spend: Spend{1, -40}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var h customer.History
			for _, o := range c.orders {
				h.Add(o.day, o.net)
			}
			got, spend, ok := Of(&h, 100)
			if ok == c.none || got != c.want || spend != c.spend {
				t.Fatalf("got %+v, %+v, %v", got, spend, ok)
			}
		})
	}
}

// simulate draws customers from a BG/NBD and Gamma-Gamma world, seen for up to two years.
func simulate(rng *rand.Rand, n int, m BGNBD, g GammaGamma) *Counts {
	return simulateWith(rng, n, m, g, chancesBGNBD)
}

func simulateWith(rng *rand.Rand, n int, m BGNBD, g GammaGamma, chances int) *Counts {
	var c Counts
	for range n {
		c.Add(draw(rng, 90+rng.Int32N(640), m, g, chances))
	}
	return &c
}

// draw draws a customer who is seen for so many days and may leave at the beginning as well where chances is 1.
func draw(rng *rand.Rand, age int32, m BGNBD, g GammaGamma, chances int) (Transactions, Spend) {
	rate := gamma(rng, m.R) / (m.Alpha * daysAWeek)
	leave := beta(rng, m.A, m.B)
	nu := gamma(rng, g.Q) / g.V
	at, tx, x, total := 0.0, int32(0), int32(0), 0.0
	for left := chances > 0 && rng.Float64() < leave; !left; left = rng.Float64() < leave {
		at += rng.ExpFloat64() / rate
		if at > float64(age) {
			break
		}
		if day := int32(at); day > tx { // a second purchase of one day merges
			tx, x = day, x+1
		}
		total += gamma(rng, g.P) / nu
	}
	return Transactions{x, tx, age}, Spend{x, int64(total * 100)}
}

// gamma draws from Gamma(shape, 1) (Marsaglia & Tsang 2000).
func gamma(rng *rand.Rand, shape float64) float64 {
	if shape < 1 {
		return gamma(rng, shape+1) * math.Pow(rng.Float64(), 1/shape)
	}
	d := shape - 1./3
	for {
		z := rng.NormFloat64()
		v := 1 + z/math.Sqrt(9*d)
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(rng.Float64()) < z*z/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

func beta(rng *rand.Rand, a, b float64) float64 {
	x, y := gamma(rng, a), gamma(rng, b)
	return x / (x + y)
}

func TestParametersAreRecovered(t *testing.T) {
	truth, spend := BGNBD{R: .6, Alpha: 9, A: .9, B: 3}, GammaGamma{P: 5, Q: 4, V: 20}
	c := simulate(rand.New(rand.NewPCG(1, 2)), 60_000, truth, spend)
	m, err := FitBGNBD(c)
	if err != nil {
		t.Fatal(err)
	}
	g, err := FitGammaGamma(c, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct {
		name           string
		got, want, tol float64
	}{
		{"r", m.R, truth.R, .05}, {"alpha", m.Alpha, truth.Alpha, .05}, {"a", m.A, truth.A, .1}, {"b", m.B, truth.B, .1},
		{"p", g.P, spend.P, .05}, {"q", g.Q, spend.Q, .05}, {"v", g.V, spend.V, .1},
	} {
		if math.Abs(p.got-p.want) > p.tol*p.want {
			t.Errorf("%s is %.4f, and the customers were drawn from %.4f", p.name, p.got, p.want)
		}
	}
}

func TestTheDerivativesAreThoseOfTheLikelihood(t *testing.T) {
	c := simulate(rand.New(rand.NewPCG(3, 4)), 300, BGNBD{R: .6, Alpha: 9, A: .9, B: 3}, GammaGamma{P: 5, Q: 4, V: 20})
	orders := func(chances int) objective { return newOrdersLikelihood(c.transactions.lines(), 200, chances).at }
	for name, f := range map[string]struct {
		at objective
		n  int
	}{"BG/NBD": {orders(chancesBGNBD), 4}, "MBG/NBD": {orders(chancesMBGNBD), 4}, "Gamma-Gamma": {newSpendLikelihood(c.spends.lines(), 700).at, 3}} {
		theta := vector{.3, 1.2, -.4, .9}
		_, g, h := f.at(theta)
		for i := range f.n {
			const step = 1e-5
			up, down := theta, theta
			up[i] += step
			down[i] -= step
			v1, g1, _ := f.at(up)
			v0, g0, _ := f.at(down)
			if d := (v1 - v0) / (2 * step); math.Abs(d-g[i]) > 1e-5*(1+math.Abs(d)) {
				t.Errorf("%s: derivative %d is %g, by differences %g", name, i, g[i], d)
			}
			for j := range f.n {
				if d := (g1[j] - g0[j]) / (2 * step); math.Abs(d-h[i][j]) > 1e-5*(1+math.Abs(d)) {
					t.Errorf("%s: second derivative %d, %d is %g, by differences %g", name, i, j, h[i][j], d)
				}
			}
		}
	}
}

func TestSpecialFunctions(t *testing.T) {
	for _, c := range []struct{ x, digamma, trigamma float64 }{
		{1, -0.57721566490153286, math.Pi * math.Pi / 6},
		{.5, -1.9635100260214235, math.Pi * math.Pi / 2},
		{10, 2.2517525890667211, 0.10516633568168575},
		{1e-3, -1000.5755719318103, 1000001.6425331958},
	} {
		if d, tri := digamma(c.x), trigamma(c.x); math.Abs(d-c.digamma) > 1e-13*math.Abs(c.digamma) || math.Abs(tri-c.trigamma) > 1e-13*c.trigamma {
			t.Errorf("at %v: %.17g and %.17g, want %.17g and %.17g", c.x, d, tri, c.digamma, c.trigamma)
		}
	}
}

func TestWhatCannotBeFittedIsRefused(t *testing.T) {
	repeat := func(n int, f func(i int32) (Transactions, Spend)) *Counts {
		var c Counts
		for i := range n {
			c.Add(f(int32(i)))
		}
		return &c
	}
	cases := []struct {
		name  string
		c     *Counts
		spend bool // whether the reason concerns the spend
	}{
		{"nobody", &Counts{}, false},
		{"one customer", repeat(1, func(int32) (Transactions, Spend) { return Transactions{3, 20, 50}, Spend{3, 900} }), false},
		{"everybody ordered once", repeat(5000, func(i int32) (Transactions, Spend) { return Transactions{0, 0, i % 300}, Spend{} }), false},
		{"too few ordered again", repeat(5000, func(i int32) (Transactions, Spend) {
			if i < MinRepeaters-1 {
				return Transactions{1, 5, 50}, Spend{1, int64(i)}
			}
			return Transactions{0, 0, 50}, Spend{}
		}), false},
		{"everybody is alike", repeat(500, func(int32) (Transactions, Spend) { return Transactions{10, 100, 100}, Spend{10, 1000} }), false},
		{"everybody spends the same", repeat(500, func(i int32) (Transactions, Spend) {
			return Transactions{1 + i%5, 100, 100}, Spend{1 + i%5, 1000 * int64(1+i%5)}
		}), true},
		{"all repeat purchases were free", repeat(500, func(i int32) (Transactions, Spend) {
			return Transactions{1 + i%5, 100, 100}, Spend{1 + i%5, 0}
		}), true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if m, err := FitBGNBD(c.c); !c.spend && fault.CodeOf(err) != fault.Conflict {
				t.Errorf("BG/NBD is %+v, %v; want it refused", m, err)
			}
			if m, err := FitGammaGamma(c.c, 100); fault.CodeOf(err) != fault.Conflict {
				t.Errorf("Gamma-Gamma is %+v, %v; want it refused", m, err)
			}
		})
	}
}

func TestAFitDoesNotDependOnHowThePopulationIsSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		rng := rand.New(rand.NewPCG(seed, 1))
		whole := simulate(rng, 400, BGNBD{R: .6, Alpha: 9, A: .9, B: 3}, GammaGamma{P: 5, Q: 4, V: 20})
		parts := make([]Counts, 1+rng.IntN(4))
		for _, l := range whole.transactions.lines() {
			parts[rng.IntN(len(parts))].transactions.push([]line{l})
		}
		for _, l := range whole.spends.lines() {
			parts[rng.IntN(len(parts))].spends.push([]line{l})
		}
		var merged Counts
		for _, i := range rng.Perm(len(parts)) {
			raw, _ := parts[i].AppendBinary(nil)
			var back Counts
			if rest, err := back.Decode(raw); err != nil || len(rest) > 0 {
				t.Fatalf("decoded with %d bytes left: %v", len(rest), err)
			}
			merged.Merge(&back)
		}
		a, errA := FitBGNBD(whole)
		b, errB := FitBGNBD(&merged)
		if diff := cmp.Diff(a, b); diff != "" || fault.CodeOf(errA) != fault.CodeOf(errB) {
			t.Fatalf("%v, %v: %s", errA, errB, diff)
		}
		x, _ := FitGammaGamma(whole, 100)
		y, _ := FitGammaGamma(&merged, 100)
		if diff := cmp.Diff(x, y); diff != "" {
			t.Fatal(diff)
		}
		p, _ := whole.AppendBinary(nil)
		q, _ := merged.AppendBinary(nil)
		if !bytes.Equal(p, q) {
			t.Fatal("merged parts are encoded otherwise than the whole")
		}
	})
}

func TestForecastsStayWithinReason(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := rapid.Float64Range(-3, 3)
		m := BGNBD{R: math.Exp(log.Draw(t, "r")), Alpha: math.Exp(log.Draw(t, "alpha")), A: math.Exp(log.Draw(t, "a")), B: math.Exp(log.Draw(t, "b"))}
		x := float64(rapid.IntRange(0, 300).Draw(t, "x"))
		age := rapid.Float64Range(0, 200).Draw(t, "T")
		tx := age * rapid.Float64Range(0, 1).Draw(t, "tx")
		alive := m.Alive(x, tx, age)
		if !(alive >= 0 && alive <= 1) {
			t.Fatalf("P(alive) is %v", alive)
		}
		if later := m.Alive(x, tx, age+10); later > alive {
			t.Fatalf("silence raises P(alive) from %v to %v", alive, later)
		}
		orders, longer := m.Orders(12, x, tx, age), m.Orders(24, x, tx, age)
		// Where hardly anybody stays, both are the same number, summed from other terms: what starts at e⁻⁷⁰⁰ is carried
		// through logarithms and good to some eleven digits.
		const slack = 1e-9
		if !(orders >= 0) || longer < orders*(1-slack) || longer > 2*orders*(1+slack) {
			t.Fatalf("%v orders in 12 weeks and %v in 24", orders, longer)
		}
	})
}

func FuzzDecodeCounts(f *testing.F) {
	c := simulate(rand.New(rand.NewPCG(1, 1)), 5, BGNBD{R: 1, Alpha: 5, A: 1, B: 3}, GammaGamma{P: 5, Q: 4, V: 20})
	raw, _ := c.AppendBinary(nil)
	f.Add(raw)
	f.Fuzz(func(t *testing.T, b []byte) {
		var c Counts
		if _, err := c.Decode(b); err != nil {
			return
		}
		again, _ := c.AppendBinary(nil)
		var d Counts
		if _, err := d.Decode(again); err != nil {
			t.Fatalf("what was decoded does not decode again: %v", err)
		}
	})
}
