package experiment_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/experiment"
)

// spender is a customer who had spent x before, and is worth y within the window.
func spender(x, y int64) experiment.Journey {
	before := moneyOf(x)
	return experiment.Journey{Net: moneyOf(y), Before: &before}
}

func revenueOf(t testing.TB, a, b experiment.Counters) experiment.RevenueDifference {
	t.Helper()
	c, err := of(1, 1).Compare(a, b)
	if err != nil {
		t.Fatal(err)
	}
	return c.Revenue
}

// textbook adjusts the customers one by one, and compares what is left of them.
func textbook(arms [2][][2]float64) (difference, theta, fell float64) {
	var n, meanX, meanY, together, alone float64
	for _, arm := range arms {
		for _, c := range arm {
			n, meanX, meanY = n+1, meanX+c[0], meanY+c[1]
		}
	}
	meanX, meanY = meanX/n, meanY/n
	for _, arm := range arms {
		for _, c := range arm {
			together += (c[0] - meanX) * (c[1] - meanY)
			alone += (c[0] - meanX) * (c[0] - meanX)
		}
	}
	theta = together / alone
	variance := func(theta float64) (difference, variance float64) {
		for i, arm := range arms {
			mean, squares := 0.0, 0.0
			for _, c := range arm {
				mean += (c[1] - theta*(c[0]-meanX)) / float64(len(arm))
			}
			for _, c := range arm {
				d := c[1] - theta*(c[0]-meanX) - mean
				squares += d * d
			}
			difference += mean * float64(2*i-1)
			variance += squares / float64(len(arm)-1) / float64(len(arm))
		}
		return difference, variance
	}
	_, plain := variance(0)
	difference, left := variance(theta)
	return difference, theta, 1 - left/plain
}

func TestWhatIsAdjustedAgreesWithTheTextbookOnTheCustomersThemselves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var arms [2][][2]float64
		var counters [2]experiment.Counters
		for i := range arms {
			for range rapid.IntRange(2, 30).Draw(t, "customers") {
				x, y := rapid.Int64Range(-500, 100_000).Draw(t, "before"), rapid.Int64Range(-500, 100_000).Draw(t, "net")
				arms[i] = append(arms[i], [2]float64{float64(x), float64(y)})
				counters[i].Add(spender(x, y))
			}
		}
		r, err := of(1, 1).Compare(counters[0], counters[1])
		if err != nil {
			t.Fatal(err)
		}
		got := r.Revenue.Adjusted
		if got == nil {
			if difference, theta, _ := textbook(arms); !math.IsNaN(theta) {
				t.Fatalf("not adjusted (%s), and by the book it is %g", r.Revenue.Unadjusted, difference)
			}
			return
		}
		difference, theta, fell := textbook(arms)
		for _, c := range []struct {
			name            string
			got, want, size float64
		}{{"the difference", got.Value, difference, 1e5}, {"θ", got.Theta, theta, 1 + math.Abs(theta)}} {
			if math.Abs(c.got-c.want) > 1e-9*c.size {
				t.Fatalf("%s is %.12g, and by the book %.12g", c.name, c.got, c.want)
			}
		}
		if (got.Fell == nil) != math.IsNaN(fell) && !math.IsInf(fell, 0) || got.Fell != nil && math.Abs(*got.Fell-fell) > 1e-6*(1+math.Abs(fell)) {
			t.Fatalf("the variance fell by %v, and by the book by %g", got.Fell, fell)
		}
	})
}

// In one of twenty draws a 95 % interval misses the truth, with the adjustment as without; and it is the narrower one.
func TestTheAdjustedIntervalCoversTheTruthAsOftenAsItSays(t *testing.T) {
	const draws, customers, truth = 400, 600, 700.0
	random := rand.New(rand.NewPCG(31, 32))
	missed, plainMissed, narrower := 0, 0, 0
	for range draws {
		var arms [2]experiment.Counters
		for range customers {
			i := random.IntN(2)
			spent := int64(random.ExpFloat64() * 8000) // as skewed as spending is
			net := int64(float64(spent)*(.2+.4*random.Float64()) + random.ExpFloat64()*3000)
			arms[i].Add(spender(spent, net+int64(i)*truth))
		}
		r := revenueOf(t, arms[0], arms[1])
		if *r.Low > truth || *r.High < truth {
			plainMissed++
		}
		if *r.Adjusted.Low > truth || *r.Adjusted.High < truth {
			missed++
		}
		if *r.Adjusted.High-*r.Adjusted.Low < *r.High-*r.Low && *r.Adjusted.Fell > 0 {
			narrower++
		}
	}
	t.Logf("of %d intervals, %d adjusted and %d plain ones miss the truth; %d are narrower", draws, missed, plainMissed, narrower)
	// Binomial of 400 at .05: 20, and four deviations either way.
	if missed < 3 || missed > 37 || narrower != draws {
		t.Errorf("%d of %d miss the truth, %d are narrower", missed, draws, narrower)
	}
}

func TestRevenueIsNotAdjustedWhereThePastSaysNothing(t *testing.T) {
	fill := func(n int, j func(i int64) experiment.Journey) (c experiment.Counters) {
		for i := range n {
			c.Add(j(int64(i)))
		}
		return c
	}
	alike := fill(50, func(i int64) experiment.Journey { return spender(700, i) })
	known := fill(50, func(i int64) experiment.Journey { return spender(i, 2*i) })
	unknown := fill(50, func(i int64) experiment.Journey { return experiment.Journey{Net: moneyOf(i)} })
	for _, c := range []struct {
		name, says string
		a, b       experiment.Counters
	}{
		{"all had spent the same", "spent the same before", alike, alike},
		{"it is known of one arm alone", "not known", known, unknown},
		{"it is known of some in an arm", "not known", known, known.Plus(unknown)},
		{"it is known of all", "", known, alike},
	} {
		r := revenueOf(t, c.a, c.b)
		if (r.Adjusted == nil) != (c.says != "") || !strings.Contains(r.Unadjusted, c.says) || (c.says == "") != (r.Unadjusted == "") || r.Value == nil {
			t.Errorf("%s: %+v", c.name, r)
		}
	}
	o := experiment.Observed{Variants: []experiment.Counters{known}, Holdout: &experiment.Held{Share: .5, Assigned: 50, Revenue: known.Revenue, Before: known.Before}}
	if r := analyse(t, of(1), o).Holdout.Revenue; r.Adjusted == nil {
		t.Errorf("against those held out: %+v", r)
	}
	o.Holdout.Apart = true
	if r := analyse(t, of(1), o).Holdout.Revenue; r.Adjusted != nil || r.Unadjusted == "" || r.Value == nil {
		t.Errorf("against some held out of everything: %+v", r)
	}
}
