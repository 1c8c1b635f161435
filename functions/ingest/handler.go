package main

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"liuke/shared/api"
	"liuke/shared/clock"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/limit"
	"liuke/shared/queue"
)

// Handler takes in events: the calls of the tracking API and whatever else routes lists.
type Handler struct {
	Tracking event.Tracking
	// Keys gives the secret of the write keys: {"current":"…","previous":"…"}, previous being optional.
	Keys interface {
		Value(ctx context.Context) ([]byte, error)
	}
	// Pace holds each write key to a number of events a second; nil is no limit.
	Pace *limit.Limiter
	// Queue takes the packs of accepted events.
	Queue interface {
		Send(ctx context.Context, messages ...queue.Message) error
	}
	// Lake keeps what is rejected.
	Lake interface {
		PutRejected(ctx context.Context, rejected []event.Rejected) error
	}
	// Counter counts events and requests by outcome and call.
	Counter interface {
		CountBy(call string, counts map[string]int)
	}
	Now clock.Now
	Log *slog.Logger
	// Webhooks gives the secret of what webhooks are signed with, by connection; nil where there are no connections.
	Webhooks interface {
		Value(ctx context.Context) ([]byte, error)
	}
}

// The names of the metrics.
const (
	metricAccepted     = "EventsAccepted"
	metricDuplicate    = "EventsDuplicate"
	metricRejected     = "EventsRejected"
	metricRefused      = "RequestsRefused"
	metricUnauthorized = "RequestsUnauthorized"
	metricThrottled    = "RequestsThrottled"
)

// Handle answers one request. 200 means that the queue has taken every accepted event and the lake every rejected one;
// where either cannot, it is 503 and the client sends everything again, which changes nothing for what was taken.
func (h *Handler) Handle(ctx context.Context, r api.Request) (api.Response, error) {
	to, ok := routes[r.RouteKey]
	if !ok {
		return api.Error(fault.New(fault.NotFound, "there is no such call: POST to /v1/track, /v1/identify, /v1/page, /v1/screen, /v1/group, /v1/alias, /v1/batch, /v1/events or /v1/webhooks/{shopify,stripe,standard}/{connection}")), nil
	}
	in, err := to.take(h, ctx, &r, h.Now())
	if in != nil {
		if err != nil {
			in.Events = nil
		}
		if e := h.store(ctx, in); e != nil {
			err = e
		}
	}
	if err != nil {
		return h.refuse(ctx, to.call, err), nil
	}
	h.count(to.call, in)
	return to.answer(&r, in), nil
}

// store hands events on: what is rejected to the lake, the rest to the queue.
func (h *Handler) store(ctx context.Context, in *event.Intake) error {
	if len(in.Rejected) > 0 {
		if err := h.Lake.PutRejected(ctx, in.Rejected); err != nil {
			return err
		}
	}
	packs := event.Packs(in.Events)
	if len(packs) == 0 {
		return nil
	}
	messages := make([]queue.Message, len(packs))
	for i, p := range packs {
		messages[i].Body = p
	}
	return h.Queue.Send(ctx, messages...)
}

// refuse answers a request that is refused as a whole, and counts it.
func (h *Handler) refuse(ctx context.Context, call string, err error) api.Response {
	var fast *tooFast
	if errors.As(err, &fast) {
		h.Counter.CountBy(call, map[string]int{metricThrottled: 1})
		r := api.Error(err)
		r.Headers["retry-after"] = strconv.Itoa(fast.seconds())
		r.Headers["x-ratelimit-reset"] = r.Headers["retry-after"] // what Segment's browser library reads
		return r
	}
	code := fault.CodeOf(err)
	switch code {
	case fault.Unauthorized:
		h.Counter.CountBy(call, map[string]int{metricUnauthorized: 1})
	case fault.Unavailable, fault.Throttled, fault.Internal:
		h.Log.ErrorContext(ctx, "request not taken", "code", code, "error", err.Error())
		if code == fault.Throttled { // by a service of ours: not the client's pace
			err = fault.As(err, fault.Unavailable, "the events cannot be taken just now: send them again")
		}
	default:
		h.Counter.CountBy(call, map[string]int{metricRefused: 1})
	}
	r := api.Error(err)
	if code == fault.Unauthorized {
		r.Headers["www-authenticate"] = `Basic realm="write key"`
	}
	return r
}

func (h *Handler) count(call string, in *event.Intake) {
	n := map[event.Outcome]int{}
	for i := range in.Fates {
		n[in.Fates[i].Outcome]++
	}
	h.Counter.CountBy(call, map[string]int{metricAccepted: n[event.Accepted], metricDuplicate: n[event.Duplicate], metricRejected: n[event.Refused]})
}

// tooFast says that a key has sent more than its pace allows, and when that will be over.
type tooFast struct{ wait time.Duration }

func (e *tooFast) Error() string { return "the write key is over its pace" }

// seconds is the time to wait in whole seconds, at least 1.
func (e *tooFast) seconds() int { return int((e.wait + time.Second - 1) / time.Second) }
