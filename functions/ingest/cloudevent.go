package main

import (
	"context"
	"strings"
	"time"

	"liuke/shared/api"
	"liuke/shared/cloudevent"
	"liuke/shared/dialect"
	"liuke/shared/event"
)

// cloudEvents is the call for CloudEvents in each of their modes, with the write key in the header. One event is
// answered with what became of it, a batch as a batch of the tracking API is.
var cloudEvents = route{call: "events", take: takeCloudEvents, answer: answerCloudEvents}

var takeKeyedCloudEvents = keyed(readCloudEvents)

func takeCloudEvents(h *Handler, ctx context.Context, r *api.Request, now time.Time) (*event.Intake, error) {
	if _, ok := basicUser(api.Header(r, "authorization")); !ok { // no event has a place for the key
		return nil, unauthorized()
	}
	return takeKeyedCloudEvents(h, ctx, r, now)
}

func readCloudEvents(h *Handler, r *api.Request, body []byte, now time.Time) (*event.Intake, error) {
	headers := make(map[string]string, len(r.Headers))
	for name, value := range r.Headers {
		headers[strings.ToLower(name)] = value
	}
	calls, err := cloudevent.Read(headers, body)
	if err != nil {
		return &event.Intake{}, err
	}
	in, err := dialect.Read(h.Tracking, cloudevent.Source, calls, now)
	if err != nil {
		return &event.Intake{}, err
	}
	return in, nil
}

func answerCloudEvents(r *api.Request, in *event.Intake) api.Response {
	if cloudevent.IsBatch(api.Header(r, "content-type")) {
		return answerBatch(r, in)
	}
	return answerOne(r, in)
}
