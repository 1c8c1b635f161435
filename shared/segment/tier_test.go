package segment_test

import (
	"testing"

	"liuke/shared/segment"
)

func TestTiersHoldWhereRiskCannotBeJudged(t *testing.T) {
	for _, c := range []struct {
		name, labels, model string
		want                segment.Label
	}{
		{"a customer without labels has none", "", "abc", ""},
		{"the model's own label goes first", "abc\tC\nvalue\thigh", "abc", "C"},
		{"who is of high value is A while risk is unknown", "abc\tunknown\nvalue\thigh", "abc", "A"},
		{"others are B", "abc\tunknown\nvalue\tpotential", "abc", "B"},
		{"of unknown value it stays unknown", "abc\tunknown\nvalue\tunknown", "abc", "unknown"},
		{"another model stands by its word", "pyramid\tunknown\nvalue\thigh", "pyramid", "unknown"},
	} {
		l, err := segment.ParseLabels(c.labels)
		if err != nil {
			t.Fatal(err)
		}
		if got := l.Tier(c.model); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
