package main

import (
	"context"
	"log/slog"
	"mime"
	"strings"

	"liuke/shared/api"
	"liuke/shared/clock"
	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/queue"
	"liuke/shared/survey"
	"liuke/shared/survey/page"
	"liuke/shared/telemetry"
)

// MaxBodyBytes is the most that an answer may take. 4,000 characters of any language fit as multipart/form-data, which
// the form sends, and as JSON.
const MaxBodyBytes = 16 << 10

// Secret holds the keys of the tokens.
type Secret interface {
	Value(ctx context.Context) ([]byte, error)
}

// Answers keeps answers and their counts.
type Answers interface {
	// Answer returns nil where there is none.
	Answer(ctx context.Context, c customer.ID, survey, invitation string) (*survey.Answer, error)
	// Erased reports whether a customer was erased.
	Erased(ctx context.Context, c customer.ID) (bool, error)
	// PutAnswer returns a Conflict error where the answer is no longer what before says.
	PutAnswer(ctx context.Context, before *survey.Answer, after survey.Answer) error
}

// Events is the events queue.
type Events interface {
	Send(ctx context.Context, messages ...queue.Message) error
}

// Handler serves the customers' own pages.
type Handler struct {
	secret  Secret
	answers Answers
	events  Events
	now     clock.Now
	log     *slog.Logger
	count   *telemetry.Counter
	surveys survey.Catalogue
	pages   *page.Pages
}

// NewHandler returns a handler over the surveys that come with the suite.
func NewHandler(secret Secret, answers Answers, events Events, now clock.Now, log *slog.Logger, count *telemetry.Counter) (*Handler, error) {
	surveys, err := survey.BuiltIn()
	if err != nil {
		return nil, err
	}
	pages, err := page.New()
	if err != nil {
		return nil, err
	}
	return &Handler{secret, answers, events, now, log, count, surveys, pages}, nil
}

// Handle answers one request.
func (h *Handler) Handle(ctx context.Context, r api.Request) (api.Response, error) {
	switch r.RouteKey {
	case "GET /s/{token}":
		return h.form(ctx, &r), nil
	case "POST /s/{token}":
		return h.answer(ctx, &r), nil
	case "GET /u/{token}":
		return h.unsubscribe(ctx, &r), nil
	case "POST /u/{token}":
		return h.unsubscribed(ctx, &r), nil
	}
	return h.problem(ctx, &r, fault.New(fault.NotFound, "there is nothing under this address")), nil
}

// locale returns the locale for a request among those available, the pages' own where none are named.
func (h *Handler) locale(r *api.Request, available ...string) string {
	if len(available) == 0 {
		available = h.pages.Locales()
	}
	return page.Match(r.QueryStringParameters["lang"], api.Header(r, "accept-language"), available)
}

// problem answers with what is wrong: as a page where the client reads pages, else as a problem in JSON.
func (h *Handler) problem(ctx context.Context, r *api.Request, err error) api.Response {
	h.note(ctx, r, err)
	if !readsPages(r) {
		return api.Error(err)
	}
	code := fault.CodeOf(err)
	out := api.HTML(api.Status(code), h.pages.Problem(h.locale(r), code))
	retryAfter(&out, code)
	return out
}

// note logs an error that is not the caller's doing. The path holds the token and is never logged.
func (h *Handler) note(ctx context.Context, r *api.Request, err error) {
	switch code := fault.CodeOf(err); code {
	case fault.Internal, fault.Unavailable, fault.Throttled:
		h.log.ErrorContext(ctx, "request not served", "route", r.RouteKey, "code", code, "error", err.Error())
	}
}

// send puts an event on the events queue.
func (h *Handler) send(ctx context.Context, e event.Event, err error) error {
	if err != nil {
		return err
	}
	return h.events.Send(ctx, queue.Message{Body: event.PackOne(e, "")})
}

func retryAfter(out *api.Response, code fault.Code) {
	if code == fault.Throttled || code == fault.Unavailable {
		out.Headers["retry-after"] = "5"
	}
}

// readsPages reports whether the client asked for a page, as browsers do.
func readsPages(r *api.Request) bool {
	return strings.Contains(api.Header(r, "accept"), "text/html") && !isJSON(r)
}

func isJSON(r *api.Request) bool {
	kind, _, err := mime.ParseMediaType(api.Header(r, "content-type"))
	return err == nil && kind == "application/json"
}
