package main

import (
	"context"
	"encoding/json"

	"liuke/shared/api"
	"liuke/shared/cloudevent"
	"liuke/shared/dialect"
	"liuke/shared/event"
	"liuke/shared/fault"
)

// Invocation is what the function is invoked with: a request of the HTTP API, or an event of an EventBridge rule.
type Invocation struct {
	api.Request
	BusEvent
}

// BusEvent is an event as an EventBridge rule hands it on (docs.aws.amazon.com/eventbridge, event structure). Its detail
// type is the event's type, its detail the data of a CloudEvent of that type, and id and source identify it.
type BusEvent struct {
	ID         string          `json:"id"`
	Source     string          `json:"source"`
	DetailType string          `json:"detail-type"`
	Time       string          `json:"time"`
	Detail     json.RawMessage `json:"detail"`
}

// sourceBus is the source of events that came by EventBridge, and the name of that way in in the metrics.
const sourceBus event.Source = "eventbridge"

var busNames = cloudevent.Names{Type: "/detail-type", Time: "/time", Data: "/detail"}

// Invoke answers a request, or takes in an event of a bus.
func (h *Handler) Invoke(ctx context.Context, in Invocation) (any, error) {
	if in.DetailType != "" && in.RouteKey == "" {
		return nil, h.takeBusEvent(ctx, &in.BusEvent)
	}
	return h.Handle(ctx, in.Request)
}

// takeBusEvent keeps an event. It needs no write key: the function's policy lets the rule in and nobody else. An error
// fails the invocation, which Lambda repeats and in the end gives to the dead letters; what is invalid is no error but
// kept with what was rejected.
func (h *Handler) takeBusEvent(ctx context.Context, e *BusEvent) error {
	raw, err := json.Marshal(e)
	if err != nil {
		return fault.As(err, fault.Internal, "an event of the bus cannot be encoded")
	}
	call := dialect.Call{Raw: raw, Err: fault.At("/id", "an event of a bus needs an id and a source")}
	if e.ID != "" && e.Source != "" {
		carried := cloudevent.Event{ID: e.ID, Source: e.Source, Type: e.DetailType, Time: e.Time, Data: e.Detail, IDPrefix: "eventbridge-", Names: busNames}
		call = carried.Call(raw, "")
	}
	in, err := dialect.Read(h.Tracking, sourceBus, []dialect.Call{call}, h.Now())
	if err != nil {
		return err
	}
	if err := h.store(ctx, in); err != nil {
		return err
	}
	h.count(string(sourceBus), in)
	return nil
}
