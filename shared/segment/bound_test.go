package segment_test

import (
	"fmt"
	"math"
	"testing"

	"liuke/shared/segment"
)

// within reports whether a value of monetary lies within a span, where the population's quantiles are 100 times their share.
func within(t *testing.T, span string, value float64) bool {
	t.Helper()
	m, err := segment.ParseModel(fmt.Appendf(nil, "name: m\nversion: 1\ntitle: {en: t, zh-CN: t}\ndescription: {en: t, zh-CN: t}\ninputs: [monetary]\n"+
		"labels: [{name: a, title: {en: a, zh-CN: a}}, {name: b, title: {en: b, zh-CN: b}}]\nrules: [{label: a, when: {monetary: %q}}]\nrest: b\n", span))
	if err != nil {
		t.Fatal(err)
	}
	f := segment.Missing()
	f[segment.Monetary] = value
	l := m.Compile(func(_ segment.Input, p float64) (float64, bool) { return math.Round(100 * p), true })
	return l.Label(&f, segment.Labels{}).Get("m") == "a"
}

func TestABoundIsInsideUnlessItIsOpen(t *testing.T) {
	for _, c := range []struct {
		span             string
		below, at, above bool // of 50
	}{
		{"50", false, true, false},
		{"at least 50", false, true, true},
		{"above 50", false, false, true},
		{"at most 50", true, true, false},
		{"below 50", true, false, false},
		{"50 to 60", false, true, true},
		{"40 to 50", true, true, false},
		{"above median", false, false, true},
		{"at most median", true, true, false},
		{"below median", true, false, false},
		{"at least median", false, true, true},
		{"quantile 50% to 60", false, true, true},
		{"quantile 40% to quantile 50%", true, true, false},
		{"top 50%", false, false, true},
		{"bottom 50%", true, true, false},
	} {
		for value, want := range map[float64]bool{49.9: c.below, 50: c.at, 50.1: c.above} {
			if got := within(t, c.span, value); got != want {
				t.Errorf("%v within %q: %v, want %v", value, c.span, got, want)
			}
		}
	}
}

func TestPointsGrowInProportionBetweenTheirEnds(t *testing.T) {
	l := edited(t, "mine", 1) // monetary from 0 to quantile 90% weighs 3, risk from 100 to 0 weighs 1
	for _, c := range []struct {
		name                 string
		quantile             float64
		monetary, risk, want float64
	}{
		{"all of both", 200, 200, 0, 100},
		{"none of either", 200, 0, 100, 0},
		{"half of the one", 200, 100, 100, 37.5},
		{"a quarter of the other, which descends", 200, 0, 75, 6.25},
		{"beyond the ends is no more than at them", 200, 1e9, -5, 100},
		{"before the ends is no less", 200, -1e9, 500, 0},
		{"where ends meet, what equals them is nothing", 0, 0, 100, 0},
		{"where ends meet, what is greater is all", 0, .01, 100, 75},
		{"a missing input leaves no points", 200, nan, 0, nan},
		{"so it does where ends meet", 0, nan, 0, nan},
		{"a missing cut leaves none either", nan, 100, 0, nan},
	} {
		f := regular()
		f[segment.Monetary], f[segment.Risk] = c.monetary, c.risk
		cuts := func(segment.Input, float64) (float64, bool) { return c.quantile, c.quantile == c.quantile }
		e, _ := l.Compile(cuts).Explain("mine", &f, segment.Labels{})
		if math.Abs(e.Points-c.want) > 1e-9 || math.IsNaN(e.Points) != math.IsNaN(c.want) {
			t.Errorf("%s: %v points, want %v", c.name, e.Points, c.want)
		}
	}
}
