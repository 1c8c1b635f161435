package main

import (
	"context"
	"net/http"
	"strings"
	"time"

	"liuke/shared/api"
	"liuke/shared/event"
	"liuke/shared/webhook"
)

// route is one call of the HTTP API.
type route struct {
	call string // its name in the metrics
	// take authenticates a request and reads its events. What it returns is kept, rejected events in the lake and
	// accepted ones on the queue, before anything is answered; with an error the request is refused as a whole, and of
	// the intake, where there is one, only what is rejected is kept.
	take func(h *Handler, ctx context.Context, r *api.Request, now time.Time) (*event.Intake, error)
	// answer answers a request whose events have been kept.
	answer func(r *api.Request, in *event.Intake) api.Response
}

// routes are the calls by route key. Segment's browser library calls by one letter, each alike to the call in full.
var routes = map[string]route{
	"POST /v1/identify": one(event.Identify),
	"POST /v1/track":    one(event.Track),
	"POST /v1/page":     one(event.Page),
	"POST /v1/screen":   one(event.Screen),
	"POST /v1/group":    one(event.Group),
	"POST /v1/alias":    one(event.Alias),
	"POST /v1/batch":    batch,

	"POST /v1/i": one(event.Identify),
	"POST /v1/t": one(event.Track),
	"POST /v1/p": one(event.Page),
	"POST /v1/s": one(event.Screen),
	"POST /v1/g": one(event.Group),
	"POST /v1/a": one(event.Alias),
	"POST /v1/b": batch,

	"POST /v1/events": cloudEvents,

	"POST /v1/webhooks/shopify/{connection}":  webhooks(webhook.Shopify),
	"POST /v1/webhooks/stripe/{connection}":   webhooks(webhook.Stripe),
	"POST /v1/webhooks/standard/{connection}": webhooks(webhook.Standard),
}

// one is a call for one event.
func one(t event.Type) route {
	read := func(h *Handler, _ *api.Request, body []byte, now time.Time) (*event.Intake, error) {
		return h.Tracking.One(t, body, now)
	}
	return route{call: string(t), take: keyed(read), answer: answerOne}
}

var batch = route{call: "batch", answer: answerBatch,
	take: keyed(func(h *Handler, _ *api.Request, body []byte, now time.Time) (*event.Intake, error) {
		return h.Tracking.Batch(body, now)
	})}

// answerOne answers a call for one event with what became of it.
func answerOne(r *api.Request, in *event.Intake) api.Response {
	if len(in.Fates) == 1 && in.Fates[0].Err != nil {
		return api.Error(in.Fates[0].Err)
	}
	return answerBatch(r, in)
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

// answerBatch answers success whatever became of the single events, as Segment does, and lists that where asked to.
func answerBatch(r *api.Request, in *event.Intake) api.Response {
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
