package churn

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/customer"
)

func near(got, want, relative float64) bool {
	return math.Abs(got-want) <= relative*math.Abs(want)
}

func TestTheIncompleteBetaFunctionHasItsClosedForms(t *testing.T) {
	for _, c := range []struct {
		name       string
		a, b, x, v float64
	}{
		{"a polynomial", 2, 3, .5, .6875},
		{"a power", 3.7, 1, .2, math.Pow(.2, 3.7)},
		{"an arc sine", .5, .5, .3, 2 / math.Pi * math.Asin(math.Sqrt(.3))},
		{"the mirror of a power", 1, 2.5, .9, 1 - math.Pow(.1, 2.5)},
		{"the median of equal shapes", 412.5, 412.5, .5, .5},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := incompleteBeta(c.a, c.b, c.x, 1-c.x); !near(got, c.v, 1e-12) {
				t.Errorf("got %.16g, want %.16g", got, c.v)
			}
		})
	}
}

// With gaps of whole shape k the survival is a finite sum, Σ_{j<k} C(p+j−1, j) (q/(q+s))^p (s/(q+s))^j: that of a
// negative binomial, for the gap is at least s where fewer than k of the events of rate λ come in s.
func TestSurvivalIsTheSumThatItIsForWholeShapes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(1, 8).Draw(t, "k")
		p, q := rapid.Float64Range(.1, 300).Draw(t, "p"), rapid.Float64Range(.5, 3000).Draw(t, "q")
		silence := rapid.Int32Range(1, 3000).Draw(t, "silence")
		s := float64(silence)
		want, term := 0.0, math.Exp(p*math.Log(q/(q+s)))
		for j := range k {
			want += term
			term *= (p + float64(j)) / float64(j+1) * s / (q + s)
		}
		if got := (Rhythm{float64(k), p, q}).Survival(silence); math.Abs(got-want) > 1e-11*want+1e-15 {
			t.Fatalf("got %.16g, want %.16g", got, want)
		}
	})
}

func TestARhythmIsTheCustomersOwnTheMoreGapsThereAre(t *testing.T) {
	prior := Prior{Shape: 1.5, Rate: 2, Days: 80}
	if got := prior.Of(Pattern{First: 100, Last: 100, Purchases: 1}); got != (Rhythm{1.5, 2, 80}) {
		t.Errorf("after one purchase it is %+v, want the population's", got)
	}
	before := prior.Of(Pattern{First: 100, Last: 100, Purchases: 1}).Usual()
	for n := int32(1); n <= 64; n *= 2 {
		usual := prior.Of(Pattern{First: 100, Last: 100 + 7*n, Purchases: n + 1}).Usual()
		if usual >= before || usual <= 7 {
			t.Errorf("after %d gaps of 7 days the usual gap is %.2f days, after half as many %.2f", n, usual, before)
		}
		before = usual
	}
	if before > 8.5 {
		t.Errorf("after 64 gaps of 7 days the usual gap is still %.2f days", before)
	}
}

func TestARepurchaseIsDueOneUsualGapAfterTheLast(t *testing.T) {
	for _, c := range []struct {
		name   string
		rhythm Rhythm
		last   customer.Day
		due    customer.Day
	}{
		{"the usual gap is whole", Rhythm{1, 2, 60}, 10_000, 10_030},
		{"it is rounded", Rhythm{1, 3, 100}, 10_000, 10_033},
		{"the shape lengthens it", Rhythm{2, 2, 60}, 10_000, 10_060},
		{"it lies beyond the last of days", Rhythm{1, .05, 1e9}, 10_000, math.MaxInt32},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.rhythm.Due(c.last); got != c.due {
				t.Errorf("due on %d, want %d", got, c.due)
			}
		})
	}
	if got := (Rhythm{1, 2, 60}).Overdue(45); got != 1.5 {
		t.Errorf("45 days of silence are %v of 30, want 1.5", got)
	}
}

func TestSilenceNeverMakesAPurchaseLikelier(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Rhythm{rapid.Float64Range(minShape, maxShape).Draw(t, "shape"), rapid.Float64Range(minRate, 1e4).Draw(t, "rate"), rapid.Float64Range(.01, 1e5).Draw(t, "days")}
		silence, more := rapid.Int32Range(0, 5000).Draw(t, "silence"), rapid.Int32Range(0, 5000).Draw(t, "more")
		days := rapid.Int32Range(1, 365).Draw(t, "days ahead")
		const slack = 1e-11
		a, b := r.Survival(silence), r.Survival(silence+more)
		if !(a >= 0 && a <= 1 && b >= 0 && b <= a+slack) {
			t.Fatalf("a gap is longer than %d days with %v, and than %d with %v", silence, a, silence+more, b)
		}
		a, b = r.Chance(silence, days), r.Chance(silence+more, days)
		if !(a >= 0 && a <= 1 && b >= 0 && b <= a) {
			t.Fatalf("a purchase comes with %v after %d days, and with %v after %d", a, silence, b, silence+more)
		}
		if longer := r.Chance(silence, days+1); longer < a {
			t.Fatalf("a purchase comes in %d days with %v, and in one more with %v", days, a, longer)
		}
	})
}

// For gaps without regularity the chance is that of the next gap's ending, given that it lasted so long.
func TestTheChanceIsThatOfTheGapWhereGapsHaveNoMemory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Rhythm{1, rapid.Float64Range(.1, 40).Draw(t, "rate"), rapid.Float64Range(1, 500).Draw(t, "days")}
		silence, days := rapid.Int32Range(0, 400).Draw(t, "silence"), rapid.Int32Range(1, 400).Draw(t, "days ahead")
		want := 1 - r.Survival(silence+days)/r.Survival(silence)
		if got := r.Chance(silence, days); math.Abs(got-want) > 1e-9 {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}
