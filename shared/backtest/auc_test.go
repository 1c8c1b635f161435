package backtest_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/backtest"
)

// customer is one customer of a ranking.
type ranked struct {
	score   float64
	ordered bool
}

func drawRanked(t *rapid.T) []ranked {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) ranked {
		score := rapid.OneOf(rapid.Float64Range(-3, 3), rapid.Map(rapid.IntRange(-3, 3), func(i int) float64 { return float64(i) }))
		return ranked{score.Draw(t, "score"), rapid.Bool().Draw(t, "ordered")}
	}), 0, 60).Draw(t, "customers")
}

func rankingOf(customers []ranked) *backtest.Ranking {
	var r backtest.Ranking
	for _, c := range customers {
		r.Add(c.score, c.ordered)
	}
	return &r
}

// pairs computes an AUC and DeLong's variance as they are defined: by all pairs.
func pairs(customers []ranked) (auc, variance float64) {
	var up, down []float64
	for _, c := range customers {
		if c.ordered {
			up = append(up, c.score)
		} else {
			down = append(down, c.score)
		}
	}
	psi := func(x, y float64) float64 {
		switch {
		case x > y:
			return 1
		case x == y:
			return .5
		}
		return 0
	}
	v10, v01 := make([]float64, len(up)), make([]float64, len(down))
	for i, x := range up {
		for j, y := range down {
			v10[i] += psi(x, y) / float64(len(down))
			v01[j] += psi(x, y) / float64(len(up))
		}
	}
	spread := func(v []float64) (mean, variance float64) {
		for _, x := range v {
			mean += x / float64(len(v))
		}
		for _, x := range v {
			variance += (x - mean) * (x - mean) / float64(len(v)-1)
		}
		return mean, variance
	}
	auc, s10 := spread(v10)
	_, s01 := spread(v01)
	return auc, s10/float64(len(up)) + s01/float64(len(down))
}

func TestAUCIsThatOfAllPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		customers := drawRanked(t)
		got := rankingOf(customers).AUC()
		if got.Ordered == 0 || got.Not == 0 {
			if got.AUC != .5 || got.Low != 0 || got.High != 1 {
				t.Fatalf("nothing to compare, and %+v", got)
			}
			return
		}
		auc, variance := pairs(customers)
		if math.Abs(got.AUC-auc) > 1e-12 {
			t.Fatalf("AUC %v, by pairs %v", got.AUC, auc)
		}
		if got.Ordered > 1 && got.Not > 1 && math.Abs(got.Stderr*got.Stderr-variance) > 1e-12 {
			t.Fatalf("variance %v, by pairs %v", got.Stderr*got.Stderr, variance)
		}
		if !(got.Low >= 0 && got.Low <= got.AUC && got.AUC <= got.High && got.High <= 1) {
			t.Fatalf("the interval does not hold the AUC: %+v", got)
		}
		for i := range customers {
			customers[i].score = -customers[i].score
		}
		if mirror := rankingOf(customers).AUC(); math.Abs(mirror.AUC+got.AUC-1) > 1e-12 || math.Abs(mirror.Low+got.High-1) > 1e-9 {
			t.Fatalf("upside down %+v is no mirror of %+v", mirror, got)
		}
	})
}

func TestAPerfectRankingIsNotCertain(t *testing.T) {
	var r backtest.Ranking
	for i := range 40 {
		r.Add(float64(i), i >= 20)
	}
	if got := r.AUC(); got.AUC != 1 || got.High != 1 || got.Low < .8 || got.Low > .9 { // Wilson of 20 of 20: 0.839
		t.Errorf("got %+v", got)
	}
}

func TestRankingsMergeInAnyGrouping(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		customers := drawRanked(t)
		whole := rankingOf(customers)
		parts := make([]backtest.Ranking, rapid.IntRange(1, 4).Draw(t, "parts"))
		for _, c := range rapid.Permutation(customers).Draw(t, "order") {
			parts[rapid.IntRange(0, len(parts)-1).Draw(t, "part")].Add(c.score, c.ordered)
		}
		var merged backtest.Ranking
		for i := range parts {
			parts[i].Add(math.NaN(), true)
			whole.Add(math.NaN(), false)
			raw, _ := parts[i].AppendBinary(nil)
			var back backtest.Ranking
			if rest, err := back.Decode(raw); err != nil || len(rest) > 0 {
				t.Fatal(err)
			}
			merged.Merge(&back)
		}
		a, _ := whole.AppendBinary(nil)
		b, _ := merged.AppendBinary(nil)
		if string(a) != string(b) || merged.Unknown() != int64(len(parts)) {
			t.Fatalf("%v merged is not %v", merged.Groups(), whole.Groups())
		}
	})
}

func TestLiftOfATinyRanking(t *testing.T) {
	got := backtest.LiftOf([]backtest.Group{{Score: 1, Ordered: 1, Not: 4}, {Score: 2, Ordered: 3, Not: 1}, {Score: 3, Ordered: 1}}, 2)
	// The upper five are all of scores 3 and 2, the lower five all of score 1.
	want := []backtest.Lift{{Customers: 5, Ordered: 4, Share: .8, Lift: 1.6, Gain: .6, Captured: .8}, {Customers: 5, Ordered: 1, Share: .2, Lift: .4, Gain: -.6, Captured: 1}}
	for i := range got {
		got[i].Low, got[i].High, got[i].GainLow, got[i].GainHigh = 0, 0, 0, 0
	}
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-12 })
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Error(diff)
	}
}

func TestLiftHoldsEverybodyOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rankingOf(drawRanked(t))
		n := rapid.IntRange(1, 12).Draw(t, "parts")
		auc, lift := r.AUC(), r.Lift(n)
		if auc.Ordered == 0 {
			if lift != nil {
				t.Fatal("nobody ordered, and there is a lift")
			}
			return
		}
		var customers, ordered, least, most int64
		least = math.MaxInt64
		for _, l := range lift {
			customers, ordered = customers+l.Customers, ordered+l.Ordered
			least, most = min(least, l.Customers), max(most, l.Customers)
			if l.Ordered < 0 || l.Ordered > l.Customers || l.Low > l.Share+1e-12 || l.High < l.Share-1e-12 && l.Customers > 0 {
				t.Fatalf("%+v", l)
			}
		}
		if customers != auc.Ordered+auc.Not || ordered != auc.Ordered || most-least > 1 || lift[len(lift)-1].Captured != 1 {
			t.Fatalf("%d of %d customers, %d of %d who ordered, in parts of %d to %d", customers, auc.Ordered+auc.Not, ordered, auc.Ordered, least, most)
		}
	})
}

func FuzzDecodeRanking(f *testing.F) {
	raw, _ := rankingOf([]ranked{{1, true}, {2, false}, {-1, true}}).AppendBinary(nil)
	f.Add(raw)
	f.Fuzz(func(t *testing.T, b []byte) {
		var r, back backtest.Ranking
		if _, err := r.Decode(b); err != nil {
			return
		}
		again, _ := r.AppendBinary(nil)
		if _, err := back.Decode(again); err != nil {
			t.Fatal(err)
		}
	})
}
