package limit

import (
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAWindowLetsSoManyPassAndSaysWhenTheNextMay(t *testing.T) {
	w := NewWindow(2, time.Minute, 10)
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	for i, step := range []struct {
		key   string
		after time.Duration
		want  time.Duration
	}{
		{"a", 0, 0},
		{"a", 10 * time.Second, 0},
		{"a", 10 * time.Second, 40 * time.Second},
		{"b", 0, 0},
		{"a", 40*time.Second - 1, 1},
		{"a", 1, 0},
		{"a", 0, 0},
		{"a", 0, time.Minute},
		{"a", -time.Hour, 0}, // a clock that was set back locks nobody out
	} {
		now = now.Add(step.after)
		if got := w.Take(step.key, now); got != step.want {
			t.Errorf("step %d: wait %s, want %s", i, got, step.want)
		}
	}
	if (*Window)(nil).Take("a", now) != 0 {
		t.Error("no window holds somebody up")
	}
}

func TestAWindowRemembersABoundedNumberOfKeys(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		most := rapid.IntRange(1, 5).Draw(r, "keys")
		w := NewWindow(3, time.Minute, most)
		for range 50 {
			key := strconv.Itoa(rapid.IntRange(0, 20).Draw(r, "key"))
			w.Take(key, time.Unix(0, 0))
			if len(w.count) > most {
				r.Fatalf("%d keys are remembered, over %d", len(w.count), most)
			}
		}
	})
}
