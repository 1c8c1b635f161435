package main

import (
	"context"
	"encoding/json"
	"time"

	"liuke/shared/api"
	"liuke/shared/fault"
	"liuke/shared/survey/rollup"
)

// margin is how long before its end an invocation begins to count no further hour.
const margin = 3 * time.Second

// Invoke answers what the function is invoked with: a request, or the schedule that has hours of answers counted.
func (h *Handler) Invoke(ctx context.Context, raw json.RawMessage) (any, error) {
	var t struct {
		Schedule string `json:"schedule"`
	}
	if err := json.Unmarshal(raw, &t); err != nil {
		return nil, fault.New(fault.Invalid, "the invocation is neither a request nor a schedule's")
	}
	switch t.Schedule {
	case "rollup":
		return nil, h.rollup(ctx)
	case "":
		var r api.Request
		if err := json.Unmarshal(raw, &r); err != nil {
			return nil, fault.New(fault.Invalid, "the invocation is no request")
		}
		return h.Handle(ctx, r)
	}
	return nil, fault.New(fault.Invalid, "there is no schedule %q here", t.Schedule)
}

// rollup counts the hours that are to be counted anew, as far as the time goes; what is left waits for the next schedule.
func (h *Handler) rollup(ctx context.Context) error {
	counted, left, err := rollup.Count(ctx, h.Rollups, h.Now, func() bool {
		deadline, ok := ctx.Deadline()
		return !ok || time.Until(deadline) > margin // the machine's time, whatever the suite's clock says
	})
	h.Count.Count("HoursCounted", counted)
	h.Count.Count("HoursToCount", left)
	return err
}
