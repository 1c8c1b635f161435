package limit_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"liuke/shared/limit"
)

var start = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func TestTake(t *testing.T) {
	type step struct {
		after time.Duration
		key   string
		n     int
		want  time.Duration // how long to wait; 0 for taken
	}
	cases := []struct {
		name  string
		rate  int
		steps []step
	}{
		{"two seconds' worth pass at once, and no more", 10, []step{{0, "a", 20, 0}, {0, "a", 1, 100 * time.Millisecond}}},
		{"what is refused takes nothing", 10, []step{{0, "a", 15, 0}, {0, "a", 10, 500 * time.Millisecond}, {0, "a", 5, 0}}},
		{"time refills", 10, []step{{0, "a", 20, 0}, {500 * time.Millisecond, "a", 5, 0}, {0, "a", 1, 100 * time.Millisecond}}},
		{"a pause never gives more than two seconds' worth", 10, []step{{0, "a", 20, 0}, {time.Hour, "a", 20, 0}, {0, "a", 1, 100 * time.Millisecond}}},
		{"a batch beyond the burst passes a full bucket and is paid for afterwards", 10, []step{{0, "a", 100, 0}, {time.Second, "a", 1, 7100 * time.Millisecond}, {8 * time.Second, "a", 1, 0}}},
		{"such a batch waits for the bucket to be full", 10, []step{{0, "a", 1, 0}, {0, "a", 100, 100 * time.Millisecond}, {100 * time.Millisecond, "a", 100, 0}}},
		{"each key has its own", 10, []step{{0, "a", 20, 0}, {0, "b", 20, 0}, {0, "b", 20, 2 * time.Second}}},
		{"a clock that is set back changes nothing", 10, []step{{0, "a", 20, 0}, {-time.Hour, "a", 1, 100 * time.Millisecond}, {time.Hour + time.Second, "a", 10, 0}}},
		{"no rate is no limit", 0, []step{{0, "a", 1 << 40, 0}, {0, "a", 1 << 40, 0}}},
		{"no events need nothing", 10, []step{{0, "a", 20, 0}, {0, "a", 0, 0}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l, now := limit.New(c.rate), start
			for i, s := range c.steps {
				now = now.Add(s.after)
				if got := l.Take(s.key, s.n, now); got.Round(time.Microsecond) != s.want {
					t.Fatalf("step %d: %d events have to wait %v, want %v", i, s.n, got, s.want)
				}
			}
		})
	}
}

func TestNoLimiterLetsEverythingPass(t *testing.T) {
	var l *limit.Limiter
	if wait := l.Take("a", 1<<30, start); wait != 0 {
		t.Fatalf("has to wait %v", wait)
	}
}

// TestWhatPassesIsBounded holds for any schedule that what passes is at most the rate times the time and a burst, that
// who waits as long as told passes, and that nobody waits who has kept to the rate.
func TestWhatPassesIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const rate = 100
		l, now, passed := limit.New(rate), start, 0
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms")) * time.Millisecond)
			n := rapid.IntRange(1, limit.Burst*rate).Draw(t, "n")
			if wait := l.Take("k", n, now); wait > 0 {
				now = now.Add(wait.Round(time.Microsecond) + time.Microsecond)
				if again := l.Take("k", n, now); again > 0 {
					t.Fatalf("after waiting %v as told, another %v", wait, again)
				}
			}
			if passed += n; float64(passed) > rate*(now.Sub(start).Seconds()+limit.Burst)+1 {
				t.Fatalf("%d passed in %v", passed, now.Sub(start))
			}
		}
	})
}
