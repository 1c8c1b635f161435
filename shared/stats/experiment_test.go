package stats_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/stats"
)

// The values of χ² are those of published tables (Abramowitz & Stegun, table 26.8).
func TestChiSquareGivesThePublishedTails(t *testing.T) {
	for _, c := range []struct{ x, degrees, want, within float64 }{
		{3.84146, 1, .05, 1e-6},
		{10.8276, 1, .001, 1e-7},
		{5.99146, 2, .05, 1e-6},
		{2 * math.Ln2, 2, .5, 1e-15},
		{16.9190, 9, .05, 1e-6},
		{67.3276, 100, .995, 1e-6},
		{700, 2, math.Exp(-350), 1e-160},
	} {
		near(t, "the tail", stats.ChiSquareTail(c.x, c.degrees), c.want, c.within)
	}
	if got := []float64{stats.ChiSquareTail(-1, 3), stats.ChiSquareTail(0, 3), stats.ChiSquareTail(math.Inf(1), 3)}; !slices.Equal(got, []float64{1, 1, 0}) {
		t.Errorf("at the ends %v", got)
	}
	for _, bad := range []float64{stats.ChiSquareTail(1, 0), stats.ChiSquareTail(math.NaN(), 1), stats.BetaCDF(.5, 0, 1), stats.BetaCDF(math.NaN(), 1, 1)} {
		if !math.IsNaN(bad) {
			t.Errorf("got %g, want NaN", bad)
		}
	}
}

func TestChiSquareOfOneDegreeIsTheNormalSquared(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z := rapid.Float64Range(0, 8).Draw(t, "z")
		want := 2 * (1 - stats.NormalCDF(z))
		if got := stats.ChiSquareTail(z*z, 1); math.Abs(got-want) > 1e-14 {
			t.Fatalf("%g, want %g", got, want)
		}
	})
}

func TestBetaCDFOfWholeParametersIsABinomialTail(t *testing.T) {
	near(t, "of a uniform", stats.BetaCDF(.3, 1, 1), .3, 1e-15)
	near(t, "of the maximum of three", stats.BetaCDF(.3, 3, 1), .027, 1e-15)
	near(t, "of the median of three", stats.BetaCDF(.3, 2, 2), 3*.09-2*.027, 1e-15)
	if stats.BetaCDF(-1, 2, 3) != 0 || stats.BetaCDF(2, 2, 3) != 1 {
		t.Error("beyond the ends there is nothing")
	}
}

func TestHolmGivesTheWorkedExample(t *testing.T) {
	// .01·4, .02·3 → .06, .03·2 → .06, .04·1 → .06
	got := stats.Holm([]float64{.04, .01, .03, .02})
	for i, want := range []float64{.06, .04, .06, .06} {
		near(t, "the adjusted chance", got[i], want, 1e-15)
	}
	if got := stats.Holm(nil); len(got) != 0 {
		t.Errorf("of none %v", got)
	}
	if got := stats.Holm([]float64{.7, .6}); got[0] != 1 || got[1] != 1 {
		t.Errorf("beyond 1: %v", got)
	}
}

func TestTheIntervalAndTheRatioAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawShare(t, "a", 20_000), drawShare(t, "b", 20_000)
		tau2 := rapid.Float64Range(1e-6, .01).Draw(t, "tau2")
		i, ok := stats.AlwaysValid(a, b, tau2)
		ratio := stats.MixtureRatio(a, b, tau2)
		if !ok {
			if ratio != 1 {
				t.Fatalf("a ratio of %g without an interval", ratio)
			}
			return
		}
		if out := i.Low > 0 || i.High < 0; out != (ratio > 20) && math.Abs(ratio-20) > 1e-6 {
			t.Fatalf("%+v, and a ratio of %g", i, ratio)
		}
	})
}

func TestTheMixtureOfMeansIsThatOfShares(t *testing.T) {
	a, b := stats.Share{Successes: 200, N: 1000}, stats.Share{Successes: 250, N: 1000}
	sample := func(s stats.Share) stats.Sample {
		return stats.Sample{Mean: s.Rate(), Variance: s.Rate() * (1 - s.Rate()), N: s.N}
	}
	near(t, "the ratio", stats.MixtureRatioOfMeans(sample(a), sample(b), 1e-3), 7.329136, 5e-7)
	for _, none := range []stats.Sample{{Mean: 1, Variance: 1, N: 1}, {}} {
		if r := stats.MixtureRatioOfMeans(sample(a), none, 1e-3); r != 1 {
			t.Errorf("a ratio of %g from %+v", r, none)
		}
	}
	if r := stats.MixtureRatioOfMeans(stats.Sample{Mean: 1, N: 9}, stats.Sample{Mean: 2, N: 9}, 1); r != 1 {
		t.Errorf("a ratio of %g where nothing varies", r)
	}
}
