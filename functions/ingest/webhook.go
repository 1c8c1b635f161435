package main

import (
	"context"
	"net/http"
	"time"

	"liuke/shared/api"
	"liuke/shared/dialect"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/webhook"
)

// The names of the webhooks' own metrics.
const (
	metricIgnored = "WebhooksIgnored" // of a topic that nothing follows from
	metricTests   = "WebhooksOfTests" // of what was only tried out
	metricPrivacy = "PrivacyRequests" // somebody asks for their data, or for its erasure: an operator has to act
)

// webhooks is the call for the webhooks of a scheme. Whatever is authentic and has been kept is answered 200, as senders
// drop a subscription that is refused: what cannot be understood is kept with what was rejected, and what the law asks of
// the operator as well, with what to do about it.
func webhooks(scheme webhook.Scheme) route {
	return route{
		call: "webhooks/" + string(scheme),
		take: func(h *Handler, ctx context.Context, r *api.Request, now time.Time) (*event.Intake, error) {
			return h.webhook(ctx, r, scheme, now)
		},
		answer: func(*api.Request, *event.Intake) api.Response {
			return api.JSON(http.StatusOK, success{Success: true})
		},
	}
}

func (h *Handler) webhook(ctx context.Context, r *api.Request, scheme webhook.Scheme, now time.Time) (*event.Intake, error) {
	secrets, err := h.webhookSecrets(ctx)
	if err != nil {
		return nil, err
	}
	body, err := api.Body(r, webhook.MaxBytes)
	if err != nil {
		return nil, err
	}
	d := &webhook.Delivery{Scheme: scheme, Connection: r.PathParameters["connection"],
		Header: func(name string) string { return api.Header(r, name) }, Body: body}
	if err := secrets.Verify(d, now); err != nil {
		return nil, err
	}
	d.Tests = secrets[d.Connection].Tests
	reading := webhook.Read(d)
	in, err := dialect.Read(h.Tracking, scheme.Source(), reading.Calls, now)
	if err != nil {
		return nil, err
	}
	switch call := "webhooks/" + string(scheme); {
	case reading.Privacy != "":
		in.Rejected = append(in.Rejected, event.NewRejected(body, now, fault.New(fault.Invalid, "%s", reading.Privacy)))
		h.Counter.CountBy(call, map[string]int{metricPrivacy: 1})
		h.Log.WarnContext(ctx, "a privacy request waits for an operator: see rejected/ in the lake", "connection", d.Connection)
	case reading.Test:
		h.Counter.CountBy(call, map[string]int{metricTests: 1})
	case reading.Ignored:
		h.Counter.CountBy(call, map[string]int{metricIgnored: 1})
	}
	return in, nil
}

// webhookSecrets returns the connections' secrets; none where none are configured.
func (h *Handler) webhookSecrets(ctx context.Context) (webhook.Secrets, error) {
	if h.Webhooks == nil {
		return nil, nil
	}
	raw, err := h.Webhooks.Value(ctx)
	if err != nil {
		return nil, err
	}
	return webhook.ParseSecrets(raw)
}
