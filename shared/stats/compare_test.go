package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/stats"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %.12g, want %.12g", what, got, want)
	}
}

func TestComparisonsGiveThePublishedNumbers(t *testing.T) {
	z, p := stats.TwoProportions(stats.Share{Successes: 5, N: 83}, stats.Share{Successes: 12, N: 99})
	near(t, "z", z, -1.4078304151, 1e-10)
	near(t, "p", p, .1591812918, 1e-10)

	i := stats.Newcombe(stats.Share{Successes: 56, N: 70}, stats.Share{Successes: 48, N: 80})
	near(t, "Newcombe's lower end", i.Low, .0524315, 5e-8)
	near(t, "Newcombe's upper end", i.High, .3338727, 5e-8)

	near(t, "P(B > A)", stats.Better(stats.Share{Successes: 200, N: 1000}, stats.Share{Successes: 250, N: 1000}), .9962833291, 1e-10)

	w := stats.Welch(stats.Sample{Mean: .41, Variance: 3.9 * 3.9, N: 3407}, stats.Sample{Mean: .7, Variance: 6.2 * 6.2, N: 3461})
	near(t, "Welch's difference", w.Value, .29, 1e-12)
	near(t, "Welch's lower end", w.Interval.Low, .04538, 5e-6)
	near(t, "Welch's upper end", w.Interval.High, .53462, 5e-6)
	near(t, "Welch's p", w.P, .02016, 5e-6)

	s := stats.Sequential{Tau2: 1e-3}
	ratio, p := s.Look(stats.Share{Successes: 200, N: 1000}, stats.Share{Successes: 250, N: 1000})
	near(t, "the mixture's ratio", ratio, 7.329136, 5e-7)
	near(t, "the always-valid p", p, .136442, 5e-7)

	var pairs stats.Pairs
	for i, y := range []float64{2.1, 3.9, 6.2, 7.8, 10.1, 12.2, 13.8, 16.1} {
		pairs.Add(float64(i+1), y)
	}
	near(t, "θ", pairs.Theta(), 1.9976190476, 1e-10)

	l := stats.HoldoutLift(stats.Share{Successes: 720, N: 9000}, stats.Share{Successes: 60, N: 1000})
	near(t, "the incremental buyers", l.Incremental, 180, 1e-9)
	near(t, "the lift's lower end", l.Interval.Low, .002658, 5e-7)
	near(t, "the lift's upper end", l.Interval.High, .034324, 5e-7)
	roi, ok := stats.ROI(32*l.Incremental, 4500)
	if near(t, "the return", roi, .28, 1e-12); !ok {
		t.Error("a cost of 4,500 has a return")
	}
}

// The values of t are those of published tables (Abramowitz & Stegun, table 26.10).
func TestStudentGivesThePublishedQuantiles(t *testing.T) {
	for _, c := range []struct{ tail, degrees, want, within float64 }{
		{.05, 1, 12.7062047362, 1e-9},
		{.05, 2, .95 / math.Sqrt(2*.975*.025), 1e-10},
		{.05, 10, 2.22813885196, 1e-10},
		{.01, 30, 2.74999565357, 1e-10},
		{.05, 1e7, 1.96, 5e-5},
	} {
		got := stats.StudentQuantile(c.tail, c.degrees)
		near(t, "t", got, c.want, c.within)
		near(t, "the tail of the quantile", stats.StudentTail(got, c.degrees), c.tail, 1e-10)
	}
	// of one degree it is Cauchy's
	for _, x := range []float64{1e-6, .3, 1, 7, 1e4} {
		near(t, "Cauchy's tail", stats.StudentTail(-x, 1), 1-2*math.Atan(x)/math.Pi, 1e-13)
	}
	for _, bad := range []float64{stats.StudentTail(1, 0), stats.StudentQuantile(0, 3), stats.StudentQuantile(1, 3), stats.StudentQuantile(.5, -1)} {
		if !math.IsNaN(bad) {
			t.Errorf("got %g, want NaN", bad)
		}
	}
}

func TestNormalQuantileInvertsTheDistribution(t *testing.T) {
	near(t, "the quantile of .975", stats.NormalQuantile(.975), stats.Z95, 1e-14)
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.Float64Range(1e-9, 1-1e-9).Draw(t, "p")
		if got := stats.NormalCDF(stats.NormalQuantile(p)); math.Abs(got-p) > 1e-13 {
			t.Fatalf("%g comes back as %g", p, got)
		}
	})
}

func TestComparisonsOfNothingSayNothing(t *testing.T) {
	none, some := stats.Share{}, stats.Share{Successes: 3, N: 9}
	if z, p := stats.TwoProportions(none, some); z != 0 || p != 1 {
		t.Errorf("z %g, p %g without trials", z, p)
	}
	if z, p := stats.TwoProportions(stats.Share{Successes: 9, N: 9}, stats.Share{Successes: 4, N: 4}); z != 0 || p != 1 {
		t.Errorf("z %g, p %g where all succeed", z, p)
	}
	near(t, "P(B > A) of nothing", stats.Better(none, none), .5, 1e-14)
	for _, other := range []stats.Share{none, some, {Successes: 100, N: 100}, {Successes: 96, N: 100}} {
		if r := stats.MixtureRatio(other, stats.Share{Successes: 50, N: 100}, 1e-3); r != 1 {
			t.Errorf("a ratio of %g from %+v", r, other)
		}
	}
	if r := stats.MixtureRatio(stats.Share{Successes: 1e9, N: 1e10}, stats.Share{Successes: 9e9, N: 1e10}, 1e-3); math.IsInf(r, 0) || r < 1e300 {
		t.Errorf("a ratio of %g where no doubt is left", r)
	}
	if l := stats.HoldoutLift(some, none); l.Value != 0 || l.Incremental != 0 || l.P != 1 || l.Interval.Low > -.6 {
		t.Errorf("%+v without a holdout", l)
	}
	if _, ok := stats.ROI(5, 0); ok {
		t.Error("without a cost there is no return")
	}
	if d := stats.Welch(stats.Sample{Mean: 1, N: 1}, stats.Sample{Mean: 4, Variance: 1, N: 9}); !d.Unknown || d.Value != 3 {
		t.Errorf("%+v of a sample of one", d)
	}
	if d := stats.Welch(stats.Sample{Mean: 1, N: 5}, stats.Sample{Mean: 1, N: 9}); d.P != 1 || d.Interval != (stats.Interval{}) {
		t.Errorf("%+v of equal constants", d)
	}
	var p stats.Pairs
	p.Add(2, 3)
	p.Add(2, 5)
	if p.Theta() != 0 {
		t.Errorf("θ %g where x does not vary", p.Theta())
	}
}

func drawShare(t *rapid.T, name string, most int64) stats.Share {
	n := rapid.Int64Range(0, most).Draw(t, name+" n")
	return stats.Share{Successes: rapid.Int64Range(0, n).Draw(t, name), N: n}
}

func TestBetterIsTheIntegralOfTheDensities(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawShare(t, "a", 60), drawShare(t, "b", 60)
		got := stats.Better(a, b)
		if other := stats.Better(b, a); math.Abs(got+other-1) > 1e-10 {
			t.Fatalf("%g and %g are not complements", got, other)
		}
		density := func(s stats.Share, x float64) float64 {
			n, _ := math.Lgamma(float64(s.N) + 2)
			u, _ := math.Lgamma(float64(s.Successes) + 1)
			d, _ := math.Lgamma(float64(s.N-s.Successes) + 1)
			return math.Exp(n - u - d + float64(s.Successes)*math.Log(x) + float64(s.N-s.Successes)*math.Log1p(-x))
		}
		const steps = 1000
		below, sum := 0.0, 0.0
		for i := range steps {
			x := (float64(i) + .5) / steps
			slice := density(a, x) / steps
			sum += density(b, x) / steps * (below + slice/2)
			below += slice
		}
		if math.Abs(got-sum) > 1e-3 {
			t.Fatalf("%g, and by integration %g", got, sum)
		}
	})
}

func TestBetterStandsLargeCounts(t *testing.T) {
	got := stats.Better(stats.Share{Successes: 200_000, N: 1_000_000}, stats.Share{Successes: 200_500, N: 1_000_000})
	z := 500 / math.Sqrt(200_000*.8+200_500*.7995)
	near(t, "P(B > A)", got, stats.NormalCDF(z), 1e-4)
}

func TestNewcombeHoldsTheDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawShare(t, "a", 1e6), drawShare(t, "b", 1e6)
		i, back := stats.Newcombe(a, b), stats.Newcombe(b, a)
		d := a.Rate() - b.Rate()
		if !(i.Low >= -1-1e-12 && i.Low <= d && d <= i.High && i.High <= 1+1e-12) {
			t.Fatalf("%g outside of %+v", d, i)
		}
		if math.Abs(i.Low+back.High) > 1e-12 || math.Abs(i.High+back.Low) > 1e-12 {
			t.Fatalf("%+v is not the mirror of %+v", i, back)
		}
	})
}

func TestTheAlwaysValidPNeverRises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := stats.Sequential{Tau2: rapid.Float64Range(1e-5, .1).Draw(t, "tau2")}
		var a, b stats.Share
		last := 1.0
		for range rapid.IntRange(1, 20).Draw(t, "looks") {
			more, other := drawShare(t, "a", 500), drawShare(t, "b", 500)
			a.N, a.Successes, b.N, b.Successes = a.N+more.N, a.Successes+more.Successes, b.N+other.N, b.Successes+other.Successes
			_, p := s.Look(a, b)
			if !(p > 0 && p <= last) {
				t.Fatalf("p goes from %g to %g", last, p)
			}
			last = p
		}
	})
}

func TestPairsMergeInAnyGrouping(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var whole, merged stats.Pairs
		parts := make([]stats.Pairs, 3)
		for range rapid.IntRange(0, 30).Draw(t, "members") {
			x, y := rapid.Float64Range(-100, 100).Draw(t, "x"), rapid.Float64Range(-100, 100).Draw(t, "y")
			whole.Add(x, y)
			parts[rapid.IntRange(0, 2).Draw(t, "part")].Add(x, y)
		}
		for i := range parts {
			merged.Merge(&parts[i])
		}
		for i, d := range []float64{whole.MeanX - merged.MeanX, whole.MeanY - merged.MeanY, whole.SXX - merged.SXX, whole.SXY - merged.SXY, whole.SYY - merged.SYY} {
			if math.Abs(d) > 1e-8 || whole.N != merged.N {
				t.Fatalf("moment %d differs by %g: %+v, %+v", i, d, whole, merged)
			}
		}
	})
}

func TestAdjustmentKeepsTheMeanAndNarrows(t *testing.T) {
	var arms [2]stats.Pairs
	for i := range 200 {
		x := float64(i % 17)
		arms[i%2].Add(x, 3*x+float64(i%5)+2*float64(i%2))
	}
	both := arms[0]
	both.Merge(&arms[1])
	plain := func(p *stats.Pairs) stats.Sample { return p.Adjusted(0, 0) }
	raw := stats.Welch(plain(&arms[0]), plain(&arms[1]))
	theta := both.Theta()
	adjusted := stats.Welch(arms[0].Adjusted(theta, both.MeanX), arms[1].Adjusted(theta, both.MeanX))
	if !(math.Abs(adjusted.Value-2) < math.Abs(raw.Value-2)+.1) || adjusted.Interval.High-adjusted.Interval.Low > (raw.Interval.High-raw.Interval.Low)/5 {
		t.Errorf("raw %+v, adjusted %+v", raw, adjusted)
	}
	if both.Adjusted(theta, both.MeanX).Mean != both.MeanY {
		t.Error("the mean of all moved")
	}
}

// Two arms that do not differ are looked at after every hundred trials: a test of fixed size would cry wolf in a third of
// such experiments.
func TestLookingOftenRaisesNoFalseAlarms(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	const experiments, looks, trials = 400, 60, 100
	alarms, fixed := 0, 0
	for range experiments {
		s := stats.Sequential{Tau2: 1e-3}
		var a, b stats.Share
		p, everFixed := 1.0, false
		for range looks {
			for _, arm := range []*stats.Share{&a, &b} {
				for range trials {
					if arm.N++; random.IntN(5) == 0 {
						arm.Successes++
					}
				}
			}
			_, p = s.Look(a, b)
			_, once := stats.TwoProportions(a, b)
			everFixed = everFixed || once < .05
		}
		if p < .05 {
			alarms++
		}
		if everFixed {
			fixed++
		}
	}
	t.Logf("false alarms in %d of %d experiments; of the test of fixed size in %d", alarms, experiments, fixed)
	if alarms > experiments*5/100 || fixed < experiments*20/100 {
		t.Errorf("%d and %d false alarms in %d experiments", alarms, fixed, experiments)
	}
}
