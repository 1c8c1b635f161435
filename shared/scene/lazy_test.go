package scene_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/message"
	"liuke/shared/scene"
)

// lazily are the compilers as functions hand them in.
func lazily() scene.Compilers {
	with := compilers
	with.Lazy, with.Labels = true, nil
	return with
}

// TestWhatIsCompiledLateSaysTheSame renders and judges by scenes that were compiled at once and by some that were not, from
// several goroutines.
func TestWhatIsCompiledLateSaysTheSame(t *testing.T) {
	early := builtIn(t)
	late, err := scene.BuiltIn(lazily())
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for _, s := range early.All() {
		other := late.Scene(s.ID)
		for range 2 {
			all.Go(func() {
				c := reachable(t, s)
				c.Signal = settingOff(t, s)
				lateOne := c
				lateOne.Scene = other
				if d := cmp.Diff(rulesOf(t, early.Policy).Decide(c), rulesOf(t, late.Policy).Decide(lateOne)); d != "" {
					t.Errorf("%s: %s", s.ID, d)
				}
				if s.Channels[0] == message.Task {
					return
				}
				e := message.New(s.ID, 0, s.Channels[0], c.Signal)
				first, firstErr := s.Render(saying, c.Profile, e)
				second, secondErr := other.Render(saying, c.Profile, e)
				if d := cmp.Diff(first, second); d != "" || fmt.Sprint(firstErr) != fmt.Sprint(secondErr) {
					t.Errorf("%s: %v, %v, %s", s.ID, firstErr, secondErr, d)
				}
			})
		}
	}
	all.Wait()
}

// BenchmarkBuiltIn is what a function that starts pays for its scenes.
func BenchmarkBuiltIn(b *testing.B) {
	for name, with := range map[string]scene.Compilers{"compiled at once": compilers, "compiled late": lazily(), "without compilers": {}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := scene.BuiltIn(with); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
