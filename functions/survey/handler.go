package main

import (
	"context"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"liuke/shared/api"
	"liuke/shared/brand"
	"liuke/shared/clock"
	"liuke/shared/comment"
	"liuke/shared/consent"
	"liuke/shared/customer"
	"liuke/shared/document"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/kept"
	"liuke/shared/limit"
	"liuke/shared/queue"
	"liuke/shared/survey"
	"liuke/shared/survey/page"
	"liuke/shared/survey/rollup"
	"liuke/shared/telemetry"
)

// MaxBodyBytes is the most that one sending may take: 4,000 characters of any language fit however a form encodes them.
const MaxBodyBytes = 64 << 10

// Secret holds the keys of the tokens.
type Secret interface {
	Value(ctx context.Context) ([]byte, error)
}

// Surveys are what is asked.
type Surveys interface {
	Surveys(ctx context.Context) (survey.Catalogue, error)
	// SurveyVersion returns NotFound where there is no such.
	SurveyVersion(ctx context.Context, id string, version int) (*survey.Survey, error)
}

// Documents are the operators' settings.
type Documents interface {
	Document(ctx context.Context, name string) (document.Document, error)
}

// Answers keeps what was answered; the customer is "" of an answer by a public form.
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

// Parts are what a Handler is made of.
type Parts struct {
	Secret    Secret
	Surveys   Surveys
	Documents Documents
	Answers   Answers
	Rollups   rollup.Store
	Ledger    Ledger
	People    People
	Topics    func(ctx context.Context) ([]consent.Topic, error) // that scenes speak of
	Events    Events
	Analyzer  comment.Analyzer // of free texts
	Now       clock.Now
	Log       *slog.Logger
	Count     *telemetry.Counter
	Edge      bool // requests come through CloudFront, which names the caller's address
}

// Handler serves the customers' own pages and public forms.
type Handler struct {
	Parts
	pages     *page.Pages
	catalogue *kept.Value[survey.Catalogue]
	brand     *kept.Value[*brand.Brand]
	topics    *kept.Value[[]consent.Topic]

	// Paces of this instance's own: what is over them is refused before any table is touched.
	links     *limit.Window  // of each invitation
	addresses *limit.Window  // of each caller's address
	forms     *limit.Limiter // of each public form
}

// The paces. Each instance of the function counts for itself.
const (
	LinkPace    = 60 // requests a minute with the link of one invitation
	AddressPace = 20 // answers a minute from one address to public forms
	FormPace    = 20 // answers a second to one public form
	remembered  = 10_000
)

// NewHandler returns a handler over its parts.
func NewHandler(parts Parts) (*Handler, error) {
	pages, err := page.New()
	if err != nil {
		return nil, err
	}
	h := &Handler{
		Parts: parts, pages: pages,
		links:     limit.NewWindow(LinkPace, time.Minute, remembered),
		addresses: limit.NewWindow(AddressPace, time.Minute, remembered),
		forms:     limit.New(FormPace),
	}
	h.catalogue = kept.New(parts.Surveys.Surveys, parts.Now)
	h.brand = kept.New(h.readBrand, parts.Now)
	h.topics = kept.New(parts.Topics, parts.Now)
	return h, nil
}

func (h *Handler) readBrand(ctx context.Context) (*brand.Brand, error) {
	d, err := h.Documents.Document(ctx, brand.Document)
	if err != nil {
		return nil, err
	}
	brand, err := brand.Parse([]byte(d.Body))
	if err != nil { // it was edited around its check: pages have none sooner than that each asks for it again
		h.Log.WarnContext(ctx, "the brand cannot be shown", "error", err.Error())
	}
	return brand, nil
}

// Handle answers one request. To a HEAD it answers as to a GET, without the page: programs look at links so.
func (h *Handler) Handle(ctx context.Context, r api.Request) (api.Response, error) {
	method, path, _ := strings.Cut(r.RouteKey, " ")
	if method != http.MethodHead {
		return h.serve(ctx, r, method), nil
	}
	r.RouteKey = http.MethodGet + " " + path
	out := h.serve(ctx, r, method)
	out.Body = ""
	return out, nil
}

func (h *Handler) serve(ctx context.Context, r api.Request, method string) api.Response {
	switch r.RouteKey {
	case "GET /s/{token}":
		return h.link(ctx, &r)
	case "POST /s/{token}":
		return h.linkSent(ctx, &r)
	case "GET /f/{key}":
		return h.form(ctx, &r)
	case "POST /f/{key}":
		return h.formSent(ctx, &r)
	case "POST /v1/surveys/{survey}/responses":
		return h.response(ctx, &r)
	case "OPTIONS /v1/surveys/{survey}/responses":
		return h.preflight(ctx, &r)
	case "GET /r/{token}":
		return h.click(ctx, &r, method)
	case "GET /p/{token}":
		return h.preferences(ctx, &r)
	case "POST /p/{token}":
		return h.preferencesSent(ctx, &r)
	case "GET /u/{token}":
		return h.unsubscribe(ctx, &r)
	case "POST /u/{token}":
		return h.unsubscribed(ctx, &r)
	}
	return h.problem(ctx, &r, nil, fault.New(fault.NotFound, "there is nothing under this address"))
}

// locale returns the locale for a request: of the survey's, or of the pages' own where it is nil.
func (h *Handler) locale(r *api.Request, s *survey.Survey) string {
	available := h.pages.Locales()
	if s != nil {
		available = s.Locales()
	}
	return page.Match(r.QueryStringParameters["lang"], api.Header(r, "accept-language"), available)
}

// localeOf returns the locale of a page of a customer's: what the request names, else the customer's own, which may be "".
func (h *Handler) localeOf(r *api.Request, own string) string {
	if named, ok := h.languageOf(r); ok {
		return named
	}
	return page.Match(own, "", h.pages.Locales())
}

// languageOf returns the locale that the request names, if it is one of the pages'.
func (h *Handler) languageOf(r *api.Request) (string, bool) {
	return page.Named(r.QueryStringParameters["lang"], api.Header(r, "accept-language"), h.pages.Locales())
}

// show answers with a page.
func show(status int, p page.Page) api.Response {
	out := api.HTML(status, p.HTML)
	out.Headers["content-security-policy"] = p.Policy
	out.Headers["x-robots-tag"] = "noindex, nofollow"
	return out
}

// problem answers with what is wrong: as a page where the client reads pages, else as a problem in JSON. It reads nothing
// that was not read before.
func (h *Handler) problem(ctx context.Context, r *api.Request, sit *sitting, err error) api.Response {
	h.note(ctx, r, err)
	out := api.Error(err)
	if readsPages(r) {
		v := h.plain(r)
		if sit != nil {
			v = h.view(sit)
			v.Brand = h.brand.Peek()
		}
		code := fault.CodeOf(err)
		out = show(api.Status(code), h.pages.Problem(v, code))
	}
	return retryAfter(out, err)
}

// retryAfter says when the same may be tried again, where it may.
func retryAfter(out api.Response, err error) api.Response {
	wait := 5 * time.Second
	if p, ok := err.(*pace); ok {
		wait = p.wait
	}
	if out.StatusCode == http.StatusTooManyRequests || out.StatusCode == http.StatusServiceUnavailable {
		out.Headers["retry-after"] = strconv.Itoa(int((wait + time.Second - 1) / time.Second))
	}
	return out
}

// pace is the Throttled error of a caller that must wait.
type pace struct {
	error
	wait time.Duration
}

func (p *pace) Unwrap() error { return p.error }

func slower(wait time.Duration) error {
	if wait <= 0 {
		return nil
	}
	return &pace{fault.New(fault.Throttled, "too many answers came within a short time: wait as long as Retry-After says, then send it again"), wait}
}

// note logs an error that is not the caller's doing. The path holds the token and is never logged.
func (h *Handler) note(ctx context.Context, r *api.Request, err error) {
	if _, own := err.(*pace); own {
		h.Count.Count("SurveyRequestsThrottled", 1)
		return
	}
	switch code := fault.CodeOf(err); code {
	case fault.Internal, fault.Unavailable, fault.Throttled:
		h.Log.ErrorContext(ctx, "request not served", "route", r.RouteKey, "code", code, "error", err.Error())
	}
}

// send puts an event on the events queue, to be delivered after a while.
func (h *Handler) send(ctx context.Context, e event.Event, delay time.Duration) error {
	return h.Events.Send(ctx, queue.Message{Body: event.PackOne(e, ""), Delay: delay})
}

// readsPages reports whether the client asked for a page, as browsers do.
func readsPages(r *api.Request) bool {
	return strings.Contains(api.Header(r, "accept"), "text/html") && !isJSON(r)
}

// readsJSON reports whether the client sent JSON, or asked for nothing else, as scripts do; what forms send is answered as a
// form.
func readsJSON(r *api.Request) bool {
	accept := api.Header(r, "accept")
	return isJSON(r) || strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}

func isJSON(r *api.Request) bool {
	kind, _, err := mime.ParseMediaType(api.Header(r, "content-type"))
	return err == nil && kind == "application/json"
}
