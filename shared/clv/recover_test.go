package clv

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"pgregory.net/rapid"
)

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

// fits are what is fitted to one population: parameters and their errors.
func fits(t testing.TB, rng *rand.Rand, n int, m BGNBD, g GammaGamma, chances int) (at, errors []float64) {
	t.Helper()
	c := simulateTicks(rng, n, m, g, chances)
	o, err := fitOrders(c.transactions.lines(), tickInWeek, chances)
	if err != nil {
		t.Fatal(err)
	}
	s, err := FitGammaGamma(c, 100)
	if err != nil {
		t.Fatal(err)
	}
	return []float64{o.R, o.Alpha, o.A, o.B, s.P, s.Q, s.V},
		[]float64{o.Errors.R, o.Errors.Alpha, o.Errors.A, o.Errors.B, s.Errors.P, s.Errors.Q, s.Errors.V}
}

var parameterNames = []string{"r", "alpha", "a", "b", "p", "q", "v"}

func TestStandardErrorsAreTheSpreadOfEstimates(t *testing.T) {
	m, g := BGNBD{R: .6, Alpha: 9, A: .9, B: 3}, GammaGamma{P: 5, Q: 4, V: 20}
	truth := []float64{m.R, m.Alpha, m.A, m.B, g.P, g.Q, g.V}
	for chances, model := range []Model{ModelBGNBD, ModelMBGNBD} {
		const populations = 60
		var sum, squares, variance [7]float64
		for i := range populations {
			at, errors := fits(t, rand.New(rand.NewPCG(uint64(i), 11)), 5000, m, g, chances)
			for k, v := range at {
				sum[k] += v - truth[k]
				squares[k] += (v - truth[k]) * (v - truth[k])
				variance[k] += errors[k] * errors[k]
			}
		}
		for k, name := range parameterNames {
			spread := math.Sqrt((squares[k] - sum[k]*sum[k]/populations) / (populations - 1))
			reported := math.Sqrt(variance[k] / populations)
			if ratio := spread / reported; ratio < .7 || ratio > 1.3 {
				t.Errorf("%s: estimates of %s spread by %.4f, and their standard errors are %.4f", model, name, spread, reported)
			}
			if bias := math.Abs(sum[k]) / populations / reported; bias > .6 {
				t.Errorf("%s: estimates of %s are off by %.2f standard errors on average", model, name, bias)
			}
		}
	}
}

func TestStandardErrorsAreThoseOfTheSecondDifferences(t *testing.T) {
	c := simulate(rand.New(rand.NewPCG(9, 4)), 3000, BGNBD{R: .6, Alpha: 9, A: .9, B: 3}, GammaGamma{P: 5, Q: 4, V: 20})
	for name, f := range map[string]struct {
		at objective
		n  int
	}{
		"BG/NBD":      {newOrdersLikelihood(c.transactions.lines(), 200, chancesBGNBD).at, 4},
		"MBG/NBD":     {newOrdersLikelihood(c.transactions.lines(), 200, chancesMBGNBD).at, 4},
		"Gamma-Gamma": {newSpendLikelihood(c.spends.lines(), 700).at, 3},
	} {
		e, err := estimateBy(f.at, parameterNames[:f.n], vector{1, 1, 1, 2})
		if err != nil {
			t.Fatal(err)
		}
		value := func(at vector) float64 {
			for i := range at {
				at[i] = math.Log(at[i])
			}
			v, _, _ := f.at(at)
			return v
		}
		// In the parameters themselves, and of the likelihood alone.
		var h matrix
		const by = 5e-4
		for i := range f.n {
			for j := range f.n {
				for _, s := range [][3]float64{{1, 1, 1}, {1, -1, -1}, {-1, 1, -1}, {-1, -1, 1}} {
					at := e.at
					at[i] += s[0] * by * e.at[i]
					at[j] += s[1] * by * e.at[j]
					h[i][j] += s[2] * value(at) / (4 * by * e.at[i] * by * e.at[j])
				}
			}
		}
		want, err := standardErrors(h, vector{1, 1, 1, 1}, f.n)
		if err != nil {
			t.Fatal(err)
		}
		for i := range f.n {
			if math.Abs(e.errors[i]-want[i]) > 1e-3*want[i] {
				t.Errorf("%s: the standard error of parameter %d is %.6f, by differences %.6f", name, i, e.errors[i], want[i])
			}
		}
	}
}

func TestAnyPopulationGivesItsParametersBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		within := func(name string, low, high float64) float64 {
			return math.Exp(rapid.Float64Range(math.Log(low), math.Log(high)).Draw(t, name))
		}
		m := BGNBD{R: within("r", .3, 3), Alpha: within("alpha", 3, 20), A: within("a", .3, 2), B: within("b", 1, 5)}
		g := GammaGamma{P: within("p", 1, 8), Q: within("q", 2, 8), V: within("v", 5, 50)}
		chances := rapid.IntRange(0, 1).Draw(t, "chances")
		c := simulateTicks(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)), 3000, m, g, chances)
		o, err := fitOrders(c.transactions.lines(), tickInWeek, chances)
		if err != nil {
			t.Skip(err)
		}
		s, err := FitGammaGamma(c, 100)
		if err != nil {
			t.Skip(err)
		}
		for _, p := range []struct {
			name             string
			got, error, want float64
		}{
			{"r", o.R, o.Errors.R, m.R}, {"alpha", o.Alpha, o.Errors.Alpha, m.Alpha}, {"a", o.A, o.Errors.A, m.A}, {"b", o.B, o.Errors.B, m.B},
			{"p", s.P, s.Errors.P, g.P}, {"q", s.Q, s.Errors.Q, g.Q}, {"v", s.V, s.Errors.V, g.V},
		} {
			// Estimates that may be any are as good as normal in logarithms.
			if off := math.Abs(math.Log(p.got/p.want)) / (p.error / p.got); off > 6 {
				t.Errorf("%s is %.4f ± %.4f, and the customers were drawn from %.4f", p.name, p.got, p.error, p.want)
			}
		}
	})
}

func TestAFitIsTheSameOnAnyNumberOfProcessors(t *testing.T) {
	c := simulate(rand.New(rand.NewPCG(5, 4)), 60_000, BGNBD{R: .6, Alpha: 9, A: .9, B: 3}, GammaGamma{P: 5, Q: 4, V: 20})
	if n := len(newOrdersLikelihood(c.transactions.lines(), 1, 0).batches); n < 3 {
		t.Fatalf("%d batches leave nothing to share out", n)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var first MBGNBD
	var firstSpend GammaGamma
	for i, n := range []int{1, 2, 3, 8} {
		runtime.GOMAXPROCS(n)
		m, err := FitMBGNBD(c)
		if err != nil {
			t.Fatal(err)
		}
		g, err := FitGammaGamma(c, 100)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first, firstSpend = m, g
		}
		if m != first || g != firstSpend {
			t.Errorf("on %d processors it is %+v and %+v, on one %+v and %+v", n, m, g, first, firstSpend)
		}
	}
}
