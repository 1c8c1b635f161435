package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/stats"
)

func TestScoresAreComparedByTheirErrors(t *testing.T) {
	// errors of √(.7−.22²)/√1000 and √(.7−.1²)/√900: by hand
	before, after := stats.NetPromoter(400, 200, 300), stats.NetPromoter(460, 300, 240)
	d := stats.CompareNPS(before, after)
	near(t, "the difference", d.Value, .22-1./9, 1e-12)
	stderr := math.Sqrt((7./9-1./81)/900 + (.7-.22*.22)/1000)
	near(t, "the lower end", d.Interval.Low, d.Value-1.959963984540054*stderr, 1e-12)
	near(t, "p", d.P, math.Erfc(d.Value/stderr/math.Sqrt2), 1e-12)
	if back := stats.CompareNPS(after, before); back.Value != -d.Value || back.P != d.P {
		t.Errorf("%+v is not the mirror of %+v", back, d)
	}
	for name, c := range map[string]struct {
		a, b stats.NPS
		want stats.Difference
	}{
		"too few before":            {stats.NetPromoter(29, 0, 0), after, stats.Difference{Value: after.Score - 1, Unknown: true}},
		"too few after":             {after, stats.NPS{TooFew: true}, stats.Difference{Value: -after.Score, Unknown: true}},
		"all alike, and the same":   {stats.NetPromoter(30, 0, 0), stats.NetPromoter(40, 0, 0), stats.Difference{P: 1}},
		"all alike, and the others": {stats.NetPromoter(30, 0, 0), stats.NetPromoter(0, 40, 0), stats.Difference{Value: -1, Interval: stats.Interval{Low: -1, High: -1}}},
	} {
		if got := stats.CompareNPS(c.a, c.b); got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// What the interval of a difference leaves out is what its test calls a difference.
func TestTheIntervalOfScoresAndTheirTestAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.Int64Range(10, 500)
		a := stats.NetPromoter(count.Draw(t, "promoters"), count.Draw(t, "passives"), count.Draw(t, "detractors"))
		b := stats.NetPromoter(count.Draw(t, "promoters"), count.Draw(t, "passives"), count.Draw(t, "detractors"))
		d := stats.CompareNPS(a, b)
		if outside := d.Interval.Low > 0 || d.Interval.High < 0; outside != (d.P < .05) && math.Abs(d.P-.05) > 1e-9 {
			t.Fatalf("the interval %v and p %g say different things", d.Interval, d.P)
		}
	})
}

func TestAHistogramIsTheSampleOfItsNumbers(t *testing.T) {
	// 2, 4, 4, 4, 5, 5, 7, 9: mean 5, squares 32
	s := stats.Histogram(2, []int64{1, 0, 3, 2, 0, 1, 0, 1})
	if s.Mean != 5 || s.N != 8 || math.Abs(s.Variance-32./7) > 1e-12 {
		t.Errorf("%+v", s)
	}
	i, ok := s.Interval()
	near(t, "the standard error", s.Stderr(), math.Sqrt(32./7/8), 1e-12)
	near(t, "the half of the interval", i.High-5, 2.364624251592785*s.Stderr(), 1e-9) // t of 7 degrees of freedom
	if near(t, "the lower end", 5-i.Low, i.High-5, 1e-12); !ok {
		t.Error("eight numbers have an interval")
	}
	if _, ok := stats.Histogram(0, []int64{1, -3}).Interval(); ok {
		t.Error("a sample of one has an interval")
	}
}

// Two months that do not differ are compared many times over, at sizes that are just enough: the test cries wolf in about one
// of twenty, and the margin holds the true score in about nineteen of twenty.
func TestScoresKeepTheirLevel(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	draw := func(n int) stats.NPS {
		var up, mid, down int64
		for range n {
			switch x := random.Float64(); {
			case x < .5:
				up++
			case x < .8:
				mid++
			default:
				down++
			}
		}
		return stats.NetPromoter(up, mid, down)
	}
	const months = 4000
	for _, n := range []int{stats.MinimumAnswers, 300} {
		alarms, held := 0, 0
		for range months {
			a, b := draw(n), draw(n)
			if stats.CompareNPS(a, b).P < .05 {
				alarms++
			}
			if math.Abs(a.Score-.3) <= a.Margin {
				held++
			}
		}
		t.Logf("of %d answers: %.1f %% false alarms, the margin holds the score in %.1f %%", n, 100*float64(alarms)/months, 100*float64(held)/months)
		if alarms < months*3/100 || alarms > months*7/100 || held < months*92/100 || held > months*97/100 {
			t.Errorf("of %d answers: %d false alarms, %d scores held, of %d", n, alarms, held, months)
		}
	}
}
