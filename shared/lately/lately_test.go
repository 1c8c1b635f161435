package lately

import (
	"testing"
	"time"
)

func TestNamesAreKeptForAWhile(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	n := NewNames(time.Minute)
	n.Note("a", now)
	n.Note("b", now.Add(30*time.Second))
	for _, c := range []struct {
		name  string
		after time.Duration
		want  bool
	}{
		{"a", 0, true}, {"a", time.Minute - 1, true}, {"a", time.Minute, false}, {"a", -time.Second, true}, {"a", -time.Hour, false},
		{"b", time.Minute, true}, {"c", 0, false},
	} {
		if got := n.Has(c.name, now.Add(c.after)); got != c.want {
			t.Errorf("%s after %s: %t", c.name, c.after, got)
		}
	}
	n.Note("c", now.Add(time.Hour))
	if len(n.last) != 1 {
		t.Errorf("%v are still kept", n.last)
	}
}
