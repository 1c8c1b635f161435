package pace_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"liuke/shared/pace"
)

var start = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func TestMomentsAreTakenOneAfterTheOther(t *testing.T) {
	var p pace.Pace
	for _, c := range []struct {
		name string
		now  time.Duration
		room time.Duration
		wait time.Duration
		ok   bool
	}{
		{"the first is free at once", 0, 0, 0, true},
		{"the second waits for its moment", 0, time.Second, 250 * time.Millisecond, true},
		{"the third has no time to", 0, 499 * time.Millisecond, 500 * time.Millisecond, false},
		{"and takes no moment by that", 0, time.Second, 500 * time.Millisecond, true},
		{"what nobody has used is not saved up", time.Hour, 0, 0, true},
		{"nor is there a burst after it", time.Hour, time.Second, 250 * time.Millisecond, true},
		{"a clock that was set back waits for no future", -time.Hour, 0, 0, true},
	} {
		wait, ok := p.Take(start.Add(c.now), 4, c.room)
		if wait != c.wait || ok != c.ok {
			t.Errorf("%s: got %s %t, want %s %t", c.name, wait, ok, c.wait, c.ok)
		}
	}
	if wait, ok := p.Take(start, 0, 0); wait != 0 || !ok {
		t.Errorf("no limit waits for %s, %t", wait, ok)
	}
}

// TestTheRateIsKept lets takers come whenever they like, and looks at every stretch between two moments that were taken.
func TestTheRateIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p pace.Pace
		rate := rapid.Float64Range(0.2, 200).Draw(t, "rate")
		apart := time.Duration(float64(time.Second) / rate)
		now := start
		var last time.Time
		for range rapid.IntRange(1, 100).Draw(t, "takers") {
			now = now.Add(time.Duration(rapid.IntRange(0, 2000).Draw(t, "ms")) * time.Millisecond)
			room := time.Duration(rapid.IntRange(0, 60).Draw(t, "room")) * time.Second
			wait, ok := p.Take(now, rate, room)
			if !ok {
				if wait <= room {
					t.Fatalf("refused a wait of %s in %s", wait, room)
				}
				continue
			}
			at := now.Add(wait)
			if wait < 0 || wait > room || !last.IsZero() && at.Sub(last) < apart {
				t.Fatalf("taken %s after %s with %s apart, room %s, wait %s", at, last, apart, room, wait)
			}
			last = at
		}
	})
}
