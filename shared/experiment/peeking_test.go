package experiment_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"liuke/shared/experiment"
)

// trial runs experiments of two arms with the rates, looked at after every so many customers an arm, and returns how many
// of them raised an alarm at any look: of the always-valid p, and of the z-test that is made for a single look. The last
// result is the customers an arm, on average, at which the always-valid p first alarmed.
func trial(t *testing.T, e *experiment.Experiment, seed uint64, experiments, looks, customers int, a, b float64) (valid, naive int, at float64) {
	random := rand.New(rand.NewPCG(seed, 5))
	convert := func(c *experiment.Counters, rate float64) {
		c.Assigned += int64(customers)
		for range customers {
			if random.Float64() < rate {
				c.Converted++
			}
		}
	}
	for range experiments {
		var first, second experiment.Counters
		var alarmed, cried bool
		for look := range looks {
			convert(&first, a)
			convert(&second, b)
			c, err := e.Compare(first, second)
			if err != nil {
				t.Fatal(err)
			}
			if !alarmed && c.Conversion.P < experiment.Level {
				alarmed = true
				at += float64((look + 1) * customers)
			}
			cried = cried || *c.Conversion.SingleLookP < experiment.Level
		}
		if alarmed {
			valid++
		}
		if cried {
			naive++
		}
	}
	return valid, naive, at / float64(max(valid, 1))
}

func TestLookingAllTheTimeRaisesNoFalseAlarms(t *testing.T) {
	const experiments, looks = 400, 100
	margin := 4 * math.Sqrt(.05*.95/experiments)
	for _, c := range []struct {
		name      string
		rate      float64
		expected  float64
		customers int // an arm, from look to look
	}{
		{"a rate of a fifth", .2, 0, 25},
		{"a rate of a thirtieth, and small differences looked for", .03, .01, 25},
		{"a rate of one in two hundred, as of those who unsubscribe", .005, .005, 80},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := of(1, 1)
			e.Expected = c.expected
			valid, naive, _ := trial(t, e, 11, experiments, looks, c.customers, c.rate, c.rate)
			t.Logf("no difference, looked at %d times: %.1f %% of %d experiments alarm by the always-valid p, %.1f %% by a z-test at each look",
				looks, 100*float64(valid)/experiments, experiments, 100*float64(naive)/experiments)
			if share := float64(valid) / experiments; share > experiment.Level+margin {
				t.Errorf("%.3f false alarms, and at most %.3f are due", share, experiment.Level+margin)
			}
			if share := float64(naive) / experiments; share < .2 {
				t.Errorf("the z-test is wrong in %.3f alone: the experiments do not test what they should", share)
			}
		})
	}
}

// A test of fixed size for .20 against .25 with a power of 80 % takes 1,094 customers an arm, to be looked at once.
func TestADifferenceIsFound(t *testing.T) {
	const experiments, looks, customers = 100, 40, 100
	valid, _, at := trial(t, of(1, 1), 12, experiments, looks, customers, .20, .25)
	t.Logf(".20 against .25: found in %d of %d experiments of at most %d customers an arm, after %.0f on average", valid, experiments, looks*customers, at)
	if valid < 90 {
		t.Errorf("found in %d of %d", valid, experiments)
	}
}

// Nine in ten spend nothing, and what the others spend is skewed, as spending is.
func TestLookingAtRevenueAllTheTimeRaisesNoFalseAlarms(t *testing.T) {
	const experiments, looks, customers = 300, 40, 75
	random := rand.New(rand.NewPCG(13, 5))
	e := of(1, 1)
	e.ExpectedRevenue = 300
	valid, naive := 0, 0
	for range experiments {
		var arms [2]experiment.Counters
		var alarmed, cried bool
		for range looks {
			for i := range arms {
				arms[i].Assigned += customers
				for range customers {
					if random.IntN(10) == 0 {
						arms[i].Revenue = arms[i].Revenue.Plus(experiment.Change(0, moneyOf(1+int64(5000*math.Exp(.8*random.NormFloat64())))))
					}
				}
			}
			c, err := e.Compare(arms[0], arms[1])
			if err != nil {
				t.Fatal(err)
			}
			alarmed = alarmed || c.Revenue.ValidP != nil && *c.Revenue.ValidP < experiment.Level
			cried = cried || *c.Revenue.P < experiment.Level
		}
		if alarmed {
			valid++
		}
		if cried {
			naive++
		}
	}
	t.Logf("no difference of revenue, looked at %d times: %.1f %% of %d experiments alarm by the always-valid p, %.1f %% by Welch's test at each look",
		looks, 100*float64(valid)/experiments, experiments, 100*float64(naive)/experiments)
	if share := float64(valid) / experiments; share > experiment.Level+4*math.Sqrt(.05*.95/experiments) {
		t.Errorf("%.3f false alarms", share)
	}
	if share := float64(naive) / experiments; share < .2 {
		t.Errorf("Welch's test is wrong in %.3f alone: the experiments do not test what they should", share)
	}
}
