package churn

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestTheBandOfARisk(t *testing.T) {
	levels := Levels{Medium: 40, High: 70, Margin: 3}
	bands := levels.Bands()
	for _, c := range []struct {
		name     string
		v        float64
		standing string
		want     string
	}{
		{"a first score lies where its level says", 40, "", Low},
		{"a first score above a level", 40.1, "", Medium},
		{"a first score above both", 70.1, "", High},
		{"after unknown it is as a first", 70.1, Unknown, High},
		{"within the margin above the band stays", 43, Low, Low},
		{"beyond it the band follows", 43.1, Low, Medium},
		{"within the margin below the band stays", 37.1, Medium, Medium},
		{"at its end it does not", 37, Medium, Low},
		{"both levels are crossed at once", 73.1, Low, High},
		{"and back", 37, High, Low},
		{"from far below only as far as the margin allows", 72, Low, Medium},
		{"from far above as well", 38, High, Medium},
		{"no score is unknown", math.NaN(), High, Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := bands.Of(c.v, c.standing); got != c.want {
				t.Errorf("%v after %q is %s, want %s", c.v, c.standing, got, c.want)
			}
		})
	}
}

func TestAWarningIsOfACrossingUpwards(t *testing.T) {
	levels := Levels{Medium: 40, High: 70, Margin: 3}
	bands := levels.Bands()
	for _, c := range []struct {
		before, after string
		want          Crossing
		ok            bool
	}{
		{Low, Medium, Crossing{Low, Medium, 40}, true},
		{Low, High, Crossing{Low, High, 70}, true},
		{Medium, High, Crossing{Medium, High, 70}, true},
		{Low, Low, Crossing{}, false},
		{High, Medium, Crossing{}, false},
		{"", High, Crossing{}, false},
		{Unknown, High, Crossing{}, false},
		{Low, Unknown, Crossing{}, false},
	} {
		if got, ok := bands.Crossing(c.before, c.after); got != c.want || ok != c.ok {
			t.Errorf("from %q to %q: %+v, %v", c.before, c.after, got, ok)
		}
	}
}

func drawBands(t *rapid.T) Bands {
	l := Levels{Margin: rapid.Float64Range(.01, 10).Draw(t, "margin")}
	l.Medium = rapid.Float64Range(l.Margin+1, 60).Draw(t, "medium")
	l.High = rapid.Float64Range(l.Medium+2*l.Margin+1, 99-l.Margin).Draw(t, "high")
	if err := l.Validate(""); err != nil {
		t.Fatal(err)
	}
	return l.Bands()
}

func TestNobodyFlaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bands := drawBands(t)
		bound := rapid.SampledFrom(bands.Bounds).Draw(t, "bound")
		standing := rapid.SampledFrom([]string{"", Unknown, Low, Medium, High}).Draw(t, "standing")
		band, changes, warnings := standing, 0, 0
		for _, share := range rapid.SliceOfN(rapid.Float64Range(-.5, .5), 1, 60).Draw(t, "about the bound, in margins") {
			after := bands.Of(bound.At+share*bound.Margin, band)
			if after != band {
				changes++
			}
			if _, ok := bands.Crossing(band, after); ok {
				warnings++
			}
			band = after
		}
		if changes > 1 || warnings > 1 {
			t.Fatalf("within half the margin of %v the band changed %d times, with %d warnings", bound, changes, warnings)
		}
	})
}

// Where a band changes, the value has moved by at least two margins since it changed the other way.
func TestABandThatComesBackHasBeenTwoMarginsAway(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bands := drawBands(t)
		v := rapid.Float64Range(0, 100).Draw(t, "start")
		rank := map[string]int{Low: 0, Medium: 1, High: 2}
		band := bands.Of(v, "")
		crossed := map[int]float64{} // by bound, the value at its last crossing
		for _, step := range rapid.SliceOfN(rapid.Float64Range(-20, 20), 1, 80).Draw(t, "steps") {
			v = min(max(v+step, 0), 100)
			after := bands.Of(v, band)
			for b := min(rank[band], rank[after]); b < max(rank[band], rank[after]); b++ {
				if before, ok := crossed[b]; ok && math.Abs(v-before) < 2*bands.Bounds[b].Margin-1e-9 {
					t.Fatalf("the bound %v was crossed at %v, and back at %v", bands.Bounds[b], before, v)
				}
				crossed[b] = v
			}
			if again := bands.Of(v, after); again != after {
				t.Fatalf("%v is %s after %s, and then %s", v, after, band, again)
			}
			band = after
		}
	})
}
