package segment_test

import (
	"testing"

	"liuke/shared/rfm"
	"liuke/shared/segment"
)

// scored returns the facts of a customer with scores and as many orders in the window.
func scored(s rfm.Scores, frequency float64) segment.Facts {
	f := segment.Missing()
	f[segment.R], f[segment.F], f[segment.M] = float64(s.R), float64(s.F), float64(s.M)
	f[segment.Frequency] = frequency
	return f
}

func TestTheFirstRuleThatMatchesWins(t *testing.T) {
	l := segment.RFM10().Compile(nil)
	for name, c := range map[string]struct {
		r, f, m   uint8
		frequency float64
		want      segment.Label
	}{
		"the best of all":                                    {5, 5, 5, 9, "Champions"},
		"recent, frequent, not quite the best":               {5, 5, 4, 9, "Potential Loyalist"},
		"also within Loyal Customers, and named first":       {3, 4, 3, 9, "Potential Loyalist"},
		"middling throughout":                                {2, 2, 2, 2, "Loyal Customers"},
		"spends well, buys seldom":                           {4, 1, 3, 1, "Promising"},
		"just came":                                          {5, 1, 1, 1, "New Customers"},
		"was good and is gone":                               {1, 4, 5, 4, "Can't Lose Them"},
		"spent well, was frequent, is leaving":               {1, 5, 5, 9, "At Risk"},
		"middling and leaving":                               {1, 5, 3, 9, "Need Attention"},
		"seldom, cheap, leaving":                             {2, 1, 1, 1, "About To Sleep"},
		"gone":                                               {1, 1, 1, 1, "Lost"},
		"frequent and cheap":                                 {5, 5, 1, 9, "Others"},
		"recent among others, and no order in the window":    {5, 1, 1, 0, "About To Sleep"},
		"no order in the window, where others owe more":      {4, 1, 3, 0, "About To Sleep"},
		"among the longest gone, and no order in the window": {1, 1, 1, 0, "Lost"},
	} {
		facts := scored(rfm.Scores{R: c.r, F: c.f, M: c.m}, c.frequency)
		if got := l.Label(&facts, segment.Labels{}).Get(segment.Default); got != c.want {
			t.Errorf("%s (%d%d%d) is %s, want %s", name, c.r, c.f, c.m, got, c.want)
		}
	}
}

func TestEveryTripleHasALabelAndTenAreOthers(t *testing.T) {
	m := segment.RFM10()
	l := m.Compile(nil)
	for _, frequency := range []float64{0, 1, 7} {
		count := make(map[segment.Label]int)
		for r := uint8(1); r <= 5; r++ {
			for f := uint8(1); f <= 5; f++ {
				for v := uint8(1); v <= 5; v++ {
					facts := scored(rfm.Scores{R: r, F: f, M: v}, frequency)
					count[l.Label(&facts, segment.Labels{}).Get(segment.Default)]++
				}
			}
		}
		if frequency == 0 {
			if len(count) != 2 || count["Lost"] != 25 || count["About To Sleep"] != 100 {
				t.Errorf("without an order in the window labels are %v, want 25 Lost and 100 About To Sleep", count)
			}
			continue
		}
		if count["Others"] != 10 {
			t.Errorf("%d triples are Others, want 10", count["Others"])
		}
		for _, label := range m.Labels() {
			if count[label] == 0 {
				t.Errorf("no scores lead to %s", label)
			}
		}
		if len(m.Labels()) != 11 || len(count) != 11 {
			t.Errorf("labels %v, used %v", m.Labels(), count)
		}
	}
}

func TestAMissingFactMakesTheLabelUnknownOnlyWhereARuleNeedsIt(t *testing.T) {
	const model = "name: m\nversion: 1\ntitle: {en: t, zh-CN: t}\ndescription: {en: t, zh-CN: t}\ninputs: [r, risk, nps]\n" +
		"labels:\n  - {name: a, title: {en: a, zh-CN: a}}\n  - {name: b, title: {en: b, zh-CN: b}}\n  - {name: c, title: {en: c, zh-CN: c}}\n" +
		"rules:\n  - {label: a, when: {r: 5, risk: above 70}}\n  - {label: b, when: {nps: at least 9}}\nrest: c\n"
	m, err := segment.ParseModel([]byte(model))
	if err != nil {
		t.Fatal(err)
	}
	l := m.Compile(nil)
	type facts map[segment.Input]float64
	for _, c := range []struct {
		name    string
		facts   facts
		want    segment.Label
		missing []segment.Input
	}{
		{"a rule that matches needs nothing of those behind it", facts{segment.R: 5, segment.Risk: 71}, "a", nil},
		{"a condition that is false passes over its rule, whatever else is missing", facts{segment.R: 4, segment.NPS: 9}, "b", nil},
		{"so it does the other way round", facts{segment.Risk: 70, segment.NPS: 9}, "b", nil},
		{"a condition that is missing leaves its rule open", facts{segment.R: 5, segment.NPS: 9}, "unknown", []segment.Input{segment.Risk}},
		{"a later rule is not asked where an earlier one is open", facts{segment.NPS: 0}, "unknown", []segment.Input{segment.R, segment.Risk}},
		{"the rest is for those of whom every rule is known not to match", facts{segment.R: 1, segment.NPS: 0}, "c", nil},
		{"who never answered is not the rest", facts{segment.R: 1}, "unknown", []segment.Input{segment.NPS}},
	} {
		f := segment.Missing()
		for in, v := range c.facts {
			f[in] = v
		}
		if got := l.Label(&f, segment.Labels{}).Get("m"); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
		e, ok := l.Explain("m", &f, segment.Labels{})
		if !ok || e.Label != c.want || !equal(e.Missing, c.missing) {
			t.Errorf("%s: explained as %+v, want missing %v", c.name, e, c.missing)
		}
	}
}

func equal(a, b []segment.Input) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
