package kept_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"liuke/shared/fault"
	"liuke/shared/kept"
)

type source struct {
	reads int
	err   error
}

func (s *source) read(context.Context) (int, error) {
	s.reads++
	return s.reads, s.err
}

func TestAValueIsReadOnceAMinute(t *testing.T) {
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	s := &source{}
	c := kept.New(s.read, func() time.Time { return now })
	down := fault.New(fault.Unavailable, "down")
	for _, step := range []struct {
		name  string
		later time.Duration
		err   error
		value int // 0 for an error
	}{
		{"nothing is kept of a source that is down", 0, down, 0},
		{"it is read when it is asked for first", 0, nil, 2},
		{"and kept while it is fresh, even if the source is down", kept.MaxAge - 1, down, 2},
		{"then it is read again", 1, nil, 3},
		{"and used when it is older and cannot be read", kept.MaxAge, down, 3},
		{"even after long", kept.MaxStale - kept.MaxAge - 1, down, 3},
		{"but not for ever", 1, down, 0},
		{"until the source is back", 0, nil, 7},
		{"a clock that was set back makes it no fresher", -time.Hour, nil, 8},
		{"a refusal is none of what passes by itself", kept.MaxAge, fault.New(fault.Internal, "no permission"), 0},
	} {
		now, s.err = now.Add(step.later), step.err
		got, err := c.Get(t.Context())
		if step.value == 0 {
			if err == nil {
				t.Errorf("%s: %v", step.name, got)
			}
			continue
		}
		if err != nil || got != step.value {
			t.Errorf("%s: %+v, %v", step.name, got, err)
		}
	}
}

func TestManyAtOnceReadOnce(t *testing.T) {
	s := &source{}
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	c := kept.New(s.read, func() time.Time { return now })
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if _, err := c.Get(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if s.reads != 1 {
		t.Errorf("%d reads", s.reads)
	}
}
