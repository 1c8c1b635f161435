package catalogue_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"liuke/shared/catalogue"
	"liuke/shared/fault"
	"liuke/shared/survey"
)

type source struct {
	reads int
	err   error
}

func (s *source) Surveys(context.Context) (survey.Catalogue, error) {
	s.reads++
	return survey.Catalogue{"nps": {ID: "nps", Version: s.reads}}, s.err
}

func TestSurveysAreReadOnceAMinute(t *testing.T) {
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	s := &source{}
	c := catalogue.New(s, func() time.Time { return now })
	down := fault.New(fault.Unavailable, "down")
	for _, step := range []struct {
		name    string
		later   time.Duration
		err     error
		version int // 0 for an error
	}{
		{"nothing is kept of a source that is down", 0, down, 0},
		{"they are read when they are asked for first", 0, nil, 2},
		{"and kept while they are fresh, even if the source is down", catalogue.MaxAge - 1, down, 2},
		{"then they are read again", 1, nil, 3},
		{"and not used when they are older", catalogue.MaxAge, down, 0},
		{"until the source is back", 0, nil, 5},
		{"a clock that was set back makes them no fresher", -time.Hour, nil, 6},
	} {
		now, s.err = now.Add(step.later), step.err
		got, err := c.Surveys(t.Context())
		if step.version == 0 {
			if fault.CodeOf(err) != fault.Unavailable {
				t.Errorf("%s: %v, %v", step.name, got, err)
			}
			continue
		}
		if err != nil || got["nps"].Version != step.version {
			t.Errorf("%s: %+v, %v", step.name, got["nps"], err)
		}
	}
}

func TestManyAtOnceReadOnce(t *testing.T) {
	s := &source{}
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	c := catalogue.New(s, func() time.Time { return now })
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if _, err := c.Surveys(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if s.reads != 1 {
		t.Errorf("%d reads", s.reads)
	}
}
