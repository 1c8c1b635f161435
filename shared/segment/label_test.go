package segment_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/segment"
)

var nan = math.NaN()

// anyFacts draws facts at bounds, between them, beyond every limit, and missing.
func anyFacts(t *rapid.T) segment.Facts {
	value := rapid.OneOf(
		rapid.Map(rapid.IntRange(-1, 8), func(n int) float64 { return float64(n) }),
		rapid.Map(rapid.IntRange(-100, 2000), func(n int) float64 { return float64(n) }),
		rapid.Float64Range(0, 110),
		rapid.SampledFrom([]float64{nan, nan, math.Inf(1), math.Inf(-1), 0, 70, 65, 90, 365}),
	)
	var f segment.Facts
	for i := range f {
		f[i] = value.Draw(t, segment.Input(i).String())
	}
	return f
}

// anyCuts draws the quantiles of a population, which ascend, and of some inputs there are none.
func anyCuts(t *rapid.T) segment.Cuts {
	var scale, shift [3]float64
	var missing [3]bool
	for i := range scale {
		scale[i] = rapid.SampledFrom([]float64{0, 1, 10, 1000}).Draw(t, "scale")
		shift[i] = rapid.SampledFrom([]float64{-5, 0, 3}).Draw(t, "shift")
		missing[i] = rapid.IntRange(0, 5).Draw(t, "missing") == 0
	}
	return func(in segment.Input, p float64) (float64, bool) {
		i := int(in - segment.RecencyDays)
		return shift[i] + scale[i]*p, !missing[i]
	}
}

// judged is the label by the sentences of the package's comment, without a hold.
func judged(m *segment.Model, f *segment.Facts, cuts segment.Cuts) segment.Label {
	number := func(in segment.Input, b segment.Bound) (float64, bool) {
		if b.Percent == 0 {
			return b.Value, true
		}
		return cuts(in, b.Percent.Share())
	}
	points, weights := 0.0, 0.0
	for _, p := range m.Points {
		from, ok1 := number(p.Input, p.From)
		to, ok2 := number(p.Input, p.To)
		x := f[p.Input]
		share := (x - from) / (to - from)
		switch {
		case !ok1 || !ok2 || math.IsNaN(x):
			share = nan
		case from == to && x > to:
			share = 1
		case from == to || share < 0:
			share = 0
		case share > 1:
			share = 1
		}
		points += p.Weight * share
		weights += p.Weight
	}
rules:
	for _, r := range m.Rules {
		open := false
		for _, c := range r.When {
			x := 100 * points / weights
			if c.Input != segment.Points {
				x = f[c.Input]
			}
			from, ok1 := number(c.Input, c.Span.From)
			to, ok2 := number(c.Input, c.Span.To)
			switch {
			case math.IsNaN(x):
				open = true
			case ok1 && (x < from || x == from && c.Span.From.Open), ok2 && (x > to || x == to && c.Span.To.Open):
				continue rules
			case !ok1 || !ok2:
				open = true
			}
		}
		if open {
			return segment.Unknown
		}
		return r.Label
	}
	return m.Rest
}

func TestEveryCustomerHasExactlyOneLabelInEachModel(t *testing.T) {
	set := builtIn(t)
	rapid.Check(t, func(t *rapid.T) {
		f, cuts := anyFacts(t), anyCuts(t)
		for _, in := range []segment.Input{segment.Monetary, segment.Activity, segment.TenureDays} {
			f[in] = math.Round(f[in]) // points of whole numbers are the same by either way of adding
		}
		l := set.Compile(cuts)
		got := l.Label(&f, segment.Labels{})
		var models []string
		for model, label := range got.All() {
			models = append(models, model)
			m, _ := set.Model(model)
			if label != segment.Unknown && !slices.Contains(m.Labels(), label) {
				t.Fatalf("%s gives %q, which is no label of it", model, label)
			}
			if want := judged(m, &f, cuts); label != want {
				t.Fatalf("%s gives %s, and its rules %s, to %v", model, label, want, f)
			}
			if e, _ := l.Explain(model, &f, segment.Labels{}); e.Label != label || (label == segment.Unknown) != (len(e.Missing) > 0) {
				t.Fatalf("%s explains %s by %+v", model, label, e)
			}
		}
		if !slices.Equal(models, set.Names()) {
			t.Fatalf("labels in %v, want one in each of %v", models, set.Names())
		}
		if again, err := segment.ParseLabels(got.String()); err != nil || again != got {
			t.Fatalf("%q is read as %v, %v", got, again, err)
		}
	})
}

func TestLabelsThatStandSettleAtOnce(t *testing.T) {
	set := builtIn(t)
	rapid.Check(t, func(t *rapid.T) {
		l := set.Compile(anyCuts(t))
		before, after := anyFacts(t), anyFacts(t)
		standing := l.Label(&before, segment.Labels{})
		first := l.Label(&after, standing)
		if second := l.Label(&after, first); second != first {
			t.Fatalf("labels move from %q to %q and then to %q while nothing changes", standing, first, second)
		}
		for model, label := range first.All() {
			m, _ := set.Model(model)
			e, _ := l.Explain(model, &after, standing)
			if e.Label != label || len(m.Hold) == 0 && e.Held {
				t.Fatalf("%s of %s is explained by %+v", label, model, e)
			}
			if e.Held && label != standing.Get(model) {
				t.Fatalf("%s of %s is held, and %s stood", label, model, standing.Get(model))
			}
		}
	})
}

func TestAHoldKeepsALabelUntilItsBoundIsLeftBehind(t *testing.T) {
	m, _ := builtIn(t).Model("abc")
	l := m.Compile(shop)
	f := regular()
	var labels segment.Labels
	for i, step := range []struct {
		risk, monetary float64
		want           segment.Label
		held           bool
	}{
		{69, 100, "B", false}, {70, 100, "C", false}, {66, 100, "C", true}, {65, 100, "C", true}, {64.9, 100, "B", false}, {66, 100, "B", false},
		{10, 398, "B", false}, {10, 399, "A", false}, {10, 380, "A", true}, {10, 370, "B", false}, {10, 380, "B", false}, {10, nan, "unknown", false}, {10, 380, "B", false},
	} {
		f[segment.Risk], f[segment.Monetary] = step.risk, step.monetary
		if e, _ := l.Explain("abc", &f, labels); e.Held != step.held {
			t.Errorf("step %d: explained by %+v, want held %v", i, e, step.held)
		}
		if labels = l.Label(&f, labels); labels.Get("abc") != step.want {
			t.Errorf("step %d: risk %v and %v spent is %s, want %s", i, step.risk, step.monetary, labels.Get("abc"), step.want)
		}
	}
}

func TestStandingLabelsOfModelsThatAreNoMoreDoNoHarm(t *testing.T) {
	set := builtIn(t)
	l := set.Compile(shop)
	f := regular()
	want := l.Label(&f, segment.Labels{})
	for name, standing := range map[string]string{
		"a model that was removed":     "aaa\tgone\n" + want.String() + "\nzzz\tgone",
		"a removed model before all":   "aaa\tgone\n" + want.String(),
		"one in the middle":            "abc\tB\nabd\tgone\nbehaviour\tloyal",
		"a label that was edited away": "abc\tD",
		"nothing":                      "",
		"only models behind all":       "zzz\tgone",
		"the very same":                want.String(),
	} {
		labels, err := segment.ParseLabels(standing)
		if err != nil {
			t.Fatal(err)
		}
		if got := l.Label(&f, labels); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
