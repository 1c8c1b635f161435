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
