package economics_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/economics"
	"liuke/shared/fault"
	"liuke/shared/money"
)

// shapes are the families with their break-even in closed form.
var shapes = map[string]struct{ margin, breakEven func(a, b, s float64) float64 }{
	"exponential": {
		func(a, b, s float64) float64 { return a * (1 - math.Exp(-b*s)) },
		func(a, b, _ float64) float64 { return math.Log(a*b) / b },
	},
	"hyperbolic": {
		func(a, b, s float64) float64 { return a * b * s / (1 + b*s) },
		func(a, b, _ float64) float64 { return (math.Sqrt(a*b) - 1) / b },
	},
	"logarithmic": {
		func(a, b, s float64) float64 { return a * math.Log(1+b*s) },
		func(a, b, _ float64) float64 { return (a*b - 1) / b },
	},
}

func amount(major float64) money.Amount { return money.Amount(math.Round(100 * major)) }

// pointsOf samples a curve at n spends up to the greatest, with normal errors.
func pointsOf(shape string, a, b, greatest float64, n int, noise float64, random *rand.Rand) []economics.Point {
	var out []economics.Point
	for i := range n {
		s := greatest * float64(i+1) / float64(n)
		y := shapes[shape].margin(a, b, s)
		if random != nil {
			y += noise * random.NormFloat64()
		}
		out = append(out, economics.Point{Spend: amount(s), Margin: amount(y)})
	}
	return out
}

func TestACurveWithoutErrorsIsRecovered(t *testing.T) {
	for shape, s := range shapes {
		t.Run(shape, func(t *testing.T) {
			const a, b = 9000.0, 1.0 / 1500
			c, err := economics.FitCurve(pointsOf(shape, a, b, 6000, 12, 0, nil), "EUR")
			if err != nil {
				t.Fatal(err)
			}
			want := s.breakEven(a, b, 0)
			if c.Family != shape || math.Abs(c.A/a-1) > 1e-4 || math.Abs(c.B/b-1) > 1e-4 || math.Abs(c.BreakEven.Value/want-1) > 1e-4 {
				t.Errorf("%+v, want a break-even of %g", c, want)
			}
			if m := c.Marginal(c.BreakEven.Value); math.Abs(m-1) > 1e-9 {
				t.Errorf("one more unit returns %g there", m)
			}
			if !(c.BreakEven.Low <= want*(1+1e-4) && c.BreakEven.High >= want*(1-1e-4) && c.BreakEven.High < want*1.01) || len(c.Alternatives) != 2 {
				t.Errorf("%+v", c)
			}
			for _, s := range []float64{0, 10, 500, 5000, 50_000} { // the slope is the margin's difference
				const h = 1e-3
				if d := (c.Margin(s+h) - c.Margin(s)) / h; math.Abs(d-c.Marginal(s+h/2)) > 1e-5 {
					t.Errorf("slope %g at %g, by difference %g", c.Marginal(s), s, d)
				}
			}
		})
	}
}

// Accounts are simulated with errors of normal size: the interval must hold the truth about as often as it says, though
// the family is not known beforehand.
func TestTheIntervalHoldsTheBreakEven(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const accounts, a, b = 200, 9000.0, 1.0 / 1500
	for shape, s := range shapes {
		held, fitted := 0, 0
		for range accounts {
			c, err := economics.FitCurve(pointsOf(shape, a, b, 6000, 18, 250, random), "EUR")
			if err != nil {
				continue
			}
			fitted++
			if want := s.breakEven(a, b, 0); c.BreakEven.Low <= want && want <= c.BreakEven.High {
				held++
			}
		}
		t.Logf("%s: %d of %d fitted, %.1f %% of the intervals hold", shape, fitted, accounts, 100*float64(held)/float64(fitted))
		if fitted < accounts*9/10 || held < fitted*90/100 {
			t.Errorf("%s: %d of %d hold", shape, held, fitted)
		}
	}
}

func TestReturnsThatDoNotFallAreRefusedMostly(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	const accounts = 200
	refused := 0
	for range accounts {
		var points []economics.Point
		for i := range 15 {
			s := 400 * float64(i+1)
			points = append(points, economics.Point{Spend: amount(s), Margin: amount(1.5*s + 250*random.NormFloat64())})
		}
		if _, err := economics.FitCurve(points, "EUR"); fault.CodeOf(err) == fault.Conflict {
			refused++
		}
	}
	if refused < accounts*90/100 {
		t.Errorf("%d of %d refused", refused, accounts)
	}
}

func TestWhatDetermineNoCurveIsRefusedWithItsReason(t *testing.T) {
	points := func(pairs ...float64) (out []economics.Point) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, economics.Point{Spend: amount(pairs[i]), Margin: amount(pairs[i+1])})
		}
		return out
	}
	for _, c := range []struct {
		name   string
		points []economics.Point
		want   string
	}{
		{"nothing", nil, "needs 4 different spends above 0, and there are 0"},
		{"three spends, some of them often", points(0, 0, 1, 1, 1, 2, 2, 3, 3, 3, 3, 4), "there are 3"},
		{"no margin at all", points(1, 0, 2, 0, 3, 0, 4, 0), "no spend brought any margin"},
		{"margins lost", points(1, -1, 2, -2, 3, -2, 4, -3), "does not rise"},
		{"a straight line", points(1, 2, 2, 4, 3, 6, 4, 8), "no curve of falling returns fits"},
		{"returns that rise", points(1, 1, 2, 4, 3, 9, 4, 16, 5, 25), "no curve of falling returns fits"},
		{"margins that have nothing to do with the spend", points(100, 900, 200, 100, 300, 1500, 400, 20, 500, 1200, 600, 300), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := economics.FitCurve(c.points, "EUR")
			if fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%+v, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestWhereNotEvenTheFirstUnitPaysTheBreakEvenIsNothing(t *testing.T) {
	c, err := economics.FitCurve(pointsOf("exponential", 900, 1./1500, 6000, 12, 0, nil), "EUR")
	if err != nil || c.BreakEven != (economics.Range{}) || c.Beyond || !(c.First < 1) {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestABreakEvenBeyondAllSpendsIsSaidToBe(t *testing.T) {
	c, err := economics.FitCurve(pointsOf("exponential", 9000, 1./1500, 2000, 12, 0, nil), "EUR")
	if err != nil || !c.Beyond {
		t.Errorf("%+v, %v", c, err)
	}
}

// Whatever the points are, the outcome is a curve that JSON can say, or a reason.
func TestAnyPointsMakeACurveOrAReason(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var points []economics.Point
		for range rapid.IntRange(0, 12).Draw(t, "points") {
			points = append(points, economics.Point{
				Spend:  money.Amount(rapid.Int64Range(0, 1e14).Draw(t, "spend")),
				Margin: money.Amount(rapid.Int64Range(-1e14, 1e14).Draw(t, "margin")),
			})
		}
		c, err := economics.FitCurve(points, "JPY")
		if err != nil {
			if fault.CodeOf(err) != fault.Conflict {
				t.Fatal(err)
			}
			return
		}
		if _, err := json.Marshal(c); err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		if !(c.BreakEven.Low <= c.BreakEven.Value && c.BreakEven.Value <= c.BreakEven.High) {
			t.Fatalf("%+v", c.BreakEven)
		}
	})
}

// Spends in another unit are the same curve in that unit.
func TestTheCurveIsTheSameInAnyUnit(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	points := pointsOf("exponential", 9000, 1./1500, 6000, 12, 200, random)
	c, err := economics.FitCurve(points, "EUR")
	if err != nil {
		t.Fatal(err)
	}
	for i := range points {
		points[i].Spend, points[i].Margin = 1000*points[i].Spend, 1000*points[i].Margin
	}
	k, err := economics.FitCurve(points, "EUR")
	if err != nil || math.Abs(k.BreakEven.Value/c.BreakEven.Value/1000-1) > 1e-7 || math.Abs(k.BreakEven.High/c.BreakEven.High/1000-1) > 1e-7 {
		t.Errorf("%+v, %v\nwant 1,000 times %+v", k, err, c)
	}
}
