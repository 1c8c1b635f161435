package main

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"liuke/shared/batch"
	"liuke/shared/dynamo"
	"liuke/shared/survey"
	"liuke/shared/survey/tally"
)

// Rollups keeps what hours of answers to surveys come to. See package dynamo for each.
type Rollups interface {
	Marks(ctx context.Context, survey string) ([]dynamo.Mark, error)
	Unmark(ctx context.Context, m dynamo.Mark) error
	AnswersOfHour(ctx context.Context, survey string, hour, after time.Time) ([]survey.Answer, error)
	AskedOfHour(ctx context.Context, survey string, hour, after time.Time) ([]tally.Asked, error)
	PutRollup(ctx context.Context, r *tally.Rollup) error
}

const (
	// landed is how long after the time that it bears an answer, or an invitation, is stored at the latest: what stores them
	// runs no longer than a minute. Hours are counted no further than that.
	landed = time.Minute
	// settled is how long after a mark was set all that it was set for is stored, and listed by the index: a mark is kept
	// that long. What deletes answers sets it first, and runs two minutes at most.
	settled = 5 * time.Minute
	// hoursAtOnce is how many hours are counted side by side.
	hoursAtOnce = 8
)

// rollup counts the marked hours anew. Each count is a function of what is stored, so that one that is broken off, or done
// twice, does no harm: its mark goes only when it is counted and the hour is over. What is left when the time is up waits for
// the next schedule.
func (h *Handler) rollup(ctx context.Context) error {
	marks, err := h.Store.Marks(ctx, "")
	if err != nil {
		return err
	}
	errs := make([]error, len(marks))
	var counted atomic.Int64
	batch.Each(len(marks), hoursAtOnce, func(i int) {
		if h.Left(ctx) < margin {
			return
		}
		if errs[i] = h.countHour(ctx, marks[i]); errs[i] == nil {
			counted.Add(1)
		}
	})
	h.Counter.Count("HoursCounted", int(counted.Load()))
	h.Counter.Count("HoursToCount", len(marks)-int(counted.Load()))
	return errors.Join(errs...)
}

func (h *Handler) countHour(ctx context.Context, m dynamo.Mark) error {
	now := h.Now()
	through := now.Add(-landed)
	if through.Before(m.Begin) {
		return nil
	}
	answers, err := h.Store.AnswersOfHour(ctx, m.Survey, m.Begin, time.Time{})
	if err != nil {
		return err
	}
	asked, err := h.Store.AskedOfHour(ctx, m.Survey, m.Begin, time.Time{})
	if err != nil {
		return err
	}
	r := tally.Count(m.Survey, m.Begin, through, answers, asked)
	if err := h.Store.PutRollup(ctx, &r); err != nil {
		return err
	}
	if m.Open(through) || now.Sub(m.At) < settled {
		return nil
	}
	return h.Store.Unmark(ctx, m)
}
