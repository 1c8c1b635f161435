package main

import (
	"context"

	"liuke/shared/survey/rollup"
)

// rollup counts the hours of answers to surveys that are to be counted anew, as far as the time goes; what is left waits for
// the next schedule.
func (h *Handler) rollup(ctx context.Context) error {
	counted, left, err := rollup.Count(ctx, h.Store, h.Now, func() bool { return h.Left(ctx) > margin })
	h.Counter.Count("HoursCounted", counted)
	h.Counter.Count("HoursToCount", left)
	return err
}
