package stats_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/stats"
)

// The expected values are published ones, or computed with scipy: see the design notes' table of oracles.
func TestWilsonGivesThePublishedIntervals(t *testing.T) {
	for _, c := range []struct {
		successes, n int64
		low, high    float64
	}{
		{81, 263, .255289, .366210},
		{15, 148, .062386, .160487},
		{0, 20, 0, .161125},
	} {
		t.Run(fmt.Sprintf("%d of %d", c.successes, c.n), func(t *testing.T) {
			got := stats.Wilson(c.successes, c.n)
			if math.Abs(got.Low-c.low) > 5e-7 || math.Abs(got.High-c.high) > 5e-7 {
				t.Errorf("got [%.6f, %.6f], want [%.6f, %.6f]", got.Low, got.High, c.low, c.high)
			}
		})
	}
}

func TestWilsonAtTheEdges(t *testing.T) {
	if got := stats.Wilson(0, 0); got != (stats.Interval{Low: 0, High: 1}) {
		t.Errorf("without an answer nothing is known, got %v", got)
	}
	if got := stats.Wilson(0, 20).Low; got != 0 {
		t.Errorf("none of 20 begins at exactly 0, got %g", got)
	}
	if got := stats.Wilson(20, 20).High; got != 1 {
		t.Errorf("20 of 20 ends at exactly 1, got %g", got)
	}
}

func TestWilsonHoldsTheShareAndNarrowsWithMoreAnswers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 1e9).Draw(t, "n")
		k := rapid.Int64Range(0, n).Draw(t, "successes")
		i, p := stats.Wilson(k, n), float64(k)/float64(n)
		if !(i.Low >= 0 && i.Low <= p && p <= i.High && i.High <= 1) {
			t.Fatalf("share %g outside [%g, %g]", p, i.Low, i.High)
		}
		if more := stats.Wilson(4*k, 4*n); more.High-more.Low >= i.High-i.Low {
			t.Fatalf("four times the answers do not narrow %v: %v", i, more)
		}
		if mirror := stats.Wilson(n-k, n); math.Abs(mirror.Low-(1-i.High)) > 1e-9 {
			t.Fatalf("failures are not the mirror of successes: %v and %v", i, mirror)
		}
	})
}

func TestNetPromoterGivesThePublishedScore(t *testing.T) {
	got := stats.NetPromoter(460, 300, 240)
	if math.Abs(got.Score-.22) > 1e-12 || math.Abs(got.Margin-.050031) > 5e-7 {
		t.Errorf("got %.6f ± %.6f, want .220000 ± .050031", got.Score, got.Margin)
	}
	if got.N != 1000 || got.TooFew {
		t.Errorf("1,000 answers are enough: %+v", got)
	}
}

func TestNetPromoterSaysWhereThereAreTooFew(t *testing.T) {
	for n, tooFew := range map[int64]bool{0: true, 1: true, stats.MinimumAnswers - 1: true, stats.MinimumAnswers: false} {
		if got := stats.NetPromoter(n, 0, 0); got.TooFew != tooFew || got.N != n {
			t.Errorf("%d answers: %+v", n, got)
		}
	}
}

func TestNetPromoterIsTheMeanOfItsDraws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.Int64Range(0, 500)
		up, mid, down := count.Draw(t, "promoters"), count.Draw(t, "passives"), count.Draw(t, "detractors")
		got := stats.NetPromoter(up, mid, down)
		n := float64(up + mid + down)
		if n == 0 {
			return
		}
		mean := float64(up-down) / n
		squares := float64(up)*(1-mean)*(1-mean) + float64(mid)*mean*mean + float64(down)*(1+mean)*(1+mean)
		if want := math.Sqrt(squares / n / n); math.Abs(got.Stderr-want) > 1e-12 || math.Abs(got.Score-mean) > 1e-12 {
			t.Fatalf("score %g, standard error %g; the draws have %g and %g", got.Score, got.Stderr, mean, want)
		}
	})
}
