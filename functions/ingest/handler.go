package main

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"liuke/shared/api"
	"liuke/shared/clock"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/queue"
)

// Handler takes in the calls of the tracking API: POST /v1/identify, /v1/track and /v1/batch.
type Handler struct {
	Tracking event.Tracking
	// Keys gives the secret of the write keys: {"current":"…","previous":"…"}, previous being optional.
	Keys interface {
		Value(ctx context.Context) ([]byte, error)
	}
	// Queue takes the packs of accepted events.
	Queue interface {
		Send(ctx context.Context, messages ...queue.Message) error
	}
	// Lake keeps what is rejected.
	Lake interface {
		PutRejected(ctx context.Context, rejected []event.Rejected) error
	}
	// Counter counts events by outcome.
	Counter interface {
		Count(metric string, n int)
	}
	Now clock.Now
	Log *slog.Logger
}

// The names of the metrics.
const (
	metricAccepted     = "EventsAccepted"
	metricDuplicate    = "EventsDuplicate"
	metricRejected     = "EventsRejected"
	metricRefused      = "RequestsRefused"
	metricUnauthorized = "RequestsUnauthorized"
)

// Handle answers one request. 200 means that the queue has taken every accepted event and the lake every rejected one;
// where either cannot, it is 503 and the client sends everything again, which changes nothing for what was taken.
func (h *Handler) Handle(ctx context.Context, r api.Request) (api.Response, error) {
	read, ok := h.reader(&r)
	if !ok {
		return api.Error(fault.New(fault.NotFound, "there is no such call: POST to /v1/identify, /v1/track or /v1/batch")), nil
	}
	in, err := h.take(ctx, &r, read)
	if err != nil {
		return h.refuse(ctx, err), nil
	}
	h.count(in)
	if only := onlyFate(&r, in); only != nil && only.Err != nil {
		return api.Error(only.Err), nil
	}
	return answer(&r, in), nil
}

// reader returns what reads the body of the route's call.
func (h *Handler) reader(r *api.Request) (read func(body []byte, now time.Time) (*event.Intake, error), ok bool) {
	one := func(t event.Type) func([]byte, time.Time) (*event.Intake, error) {
		return func(body []byte, now time.Time) (*event.Intake, error) { return h.Tracking.One(t, body, now) }
	}
	switch r.RouteKey {
	case "POST /v1/identify":
		return one(event.Identify), true
	case "POST /v1/track":
		return one(event.Track), true
	case "POST /v1/batch":
		return h.Tracking.Batch, true
	}
	return nil, false
}

// take authorises the request, reads its events, and hands them on. The key in the header is looked at before the body,
// so that nobody without one costs more than the limits allow.
func (h *Handler) take(ctx context.Context, r *api.Request, read func([]byte, time.Time) (*event.Intake, error)) (*event.Intake, error) {
	keys, err := loadKeys(ctx, h.Keys)
	if err != nil {
		return nil, err
	}
	inHeader, hasHeader := basicUser(api.Header(r, "authorization"))
	if hasHeader && !keys.match(inHeader) {
		return nil, unauthorized()
	}
	body, err := api.Body(r, event.MaxBatchBytes)
	if err != nil {
		return nil, err
	}
	now := h.Now()
	in, refused := read(body, now)
	switch {
	case hasHeader, keys.match(in.WriteKey):
	case fault.CodeOf(refused) == fault.TooLarge:
		return nil, refused // the limits come first, and the key was not read
	default:
		return nil, unauthorized()
	}
	if refused != nil {
		in.Rejected = []event.Rejected{event.NewRejected(body, now, refused)}
	}
	keys.redact(in.Rejected)
	if err := h.store(ctx, in); err != nil {
		return nil, err
	}
	return in, refused
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
func (h *Handler) refuse(ctx context.Context, err error) api.Response {
	code := fault.CodeOf(err)
	switch code {
	case fault.Unauthorized:
		h.Counter.Count(metricUnauthorized, 1)
	case fault.Unavailable, fault.Throttled, fault.Internal:
		h.Log.ErrorContext(ctx, "request not taken", "code", code, "error", err.Error())
		if code == fault.Throttled { // by a service of ours: not the client's pace
			err = fault.As(err, fault.Unavailable, "the events cannot be taken just now: send them again")
		}
	default:
		h.Counter.Count(metricRefused, 1)
	}
	r := api.Error(err)
	if code == fault.Unauthorized {
		r.Headers["www-authenticate"] = `Basic realm="write key"`
	}
	return r
}

func (h *Handler) count(in *event.Intake) {
	n := map[event.Outcome]int{}
	for i := range in.Fates {
		n[in.Fates[i].Outcome]++
	}
	h.Counter.Count(metricAccepted, n[event.Accepted])
	h.Counter.Count(metricDuplicate, n[event.Duplicate])
	h.Counter.Count(metricRejected, n[event.Refused])
}

// onlyFate returns the fate of a call's one event, nil for a batch.
func onlyFate(r *api.Request, in *event.Intake) *event.Fate {
	if r.RouteKey == "POST /v1/batch" || len(in.Fates) != 1 {
		return nil
	}
	return &in.Fates[0]
}

// success is the body of a 200. Events are listed where the client prefers that.
type success struct {
	Success bool        `json:"success"`
	Events  []eventFate `json:"events,omitempty"`
}

type eventFate struct {
	MessageID event.MessageID `json:"messageId,omitempty"`
	Fate      event.Outcome   `json:"fate"`
	Reason    string          `json:"reason,omitempty"`
	Pointer   string          `json:"pointer,omitempty"`
}

func answer(r *api.Request, in *event.Intake) api.Response {
	if !strings.Contains(strings.ToLower(api.Header(r, "prefer")), "return=representation") {
		return api.JSON(http.StatusOK, success{Success: true})
	}
	events := make([]eventFate, len(in.Fates))
	for i, f := range in.Fates {
		events[i] = eventFate{MessageID: f.ID, Fate: f.Outcome}
		if f.Err != nil {
			p := api.ProblemOf(f.Err)
			events[i].Reason, events[i].Pointer = p.Detail, p.Pointer
		}
	}
	out := api.JSON(http.StatusOK, success{Success: true, Events: events})
	out.Headers["preference-applied"] = "return=representation"
	return out
}
