package segment_test

import (
	"testing"

	"liuke/shared/rfm"
	"liuke/shared/segment"
)

func TestTheFirstRuleThatMatchesWins(t *testing.T) {
	m := segment.RFM10()
	for name, c := range map[string]struct {
		r, f, m uint8
		want    segment.Label
	}{
		"the best of all":                              {5, 5, 5, "Champions"},
		"recent, frequent, not quite the best":         {5, 5, 4, "Potential Loyalist"},
		"also within Loyal Customers, and named first": {3, 4, 3, "Potential Loyalist"},
		"middling throughout":                          {2, 2, 2, "Loyal Customers"},
		"spends well, buys seldom":                     {4, 1, 3, "Promising"},
		"just came":                                    {5, 1, 1, "New Customers"},
		"was good and is gone":                         {1, 4, 5, "Can't Lose Them"},
		"spent well, was frequent, is leaving":         {1, 5, 5, "At Risk"},
		"middling and leaving":                         {1, 5, 3, "Need Attention"},
		"seldom, cheap, leaving":                       {2, 1, 1, "About To Sleep"},
		"gone":                                         {1, 1, 1, "Lost"},
		"frequent and cheap":                           {5, 5, 1, "Others"},
	} {
		if got := m.Label(rfm.Scores{R: c.r, F: c.f, M: c.m}); got != c.want {
			t.Errorf("%s (%d%d%d) is %s, want %s", name, c.r, c.f, c.m, got, c.want)
		}
	}
}

func TestEveryTripleHasALabelAndTenAreOthers(t *testing.T) {
	m := segment.RFM10()
	count := make(map[segment.Label]int)
	for r := uint8(1); r <= 5; r++ {
		for f := uint8(1); f <= 5; f++ {
			for v := uint8(1); v <= 5; v++ {
				count[m.Label(rfm.Scores{R: r, F: f, M: v})]++
			}
		}
	}
	if count[segment.Others] != 10 {
		t.Errorf("%d triples are Others, want 10", count[segment.Others])
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
