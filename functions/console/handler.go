package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"liuke/shared/api"
	"liuke/shared/archive"
	"liuke/shared/clock"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/importfile"
	pace "liuke/shared/limit" // limit is a parameter's reader here
	"liuke/shared/message"
	"liuke/shared/outreach"
	"liuke/shared/recalc"
	"liuke/shared/request"
	"liuke/shared/scene"
	"liuke/shared/scene/audience"
	"liuke/shared/scene/content"
	"liuke/shared/segment"
	"liuke/shared/survey"
	"liuke/shared/survey/rollup"
)

// Store reads what operators look at, and keeps what planning a recalculation needs.
type Store interface {
	recalc.Store
	Imports
	Jobs
	Documents
	Scenes
	Backtests
	Campaigns
	Tasks
	Surveys
	Responses
	Invitations
	Consents
	Offers
	Tests
	Means
	Results
	rollup.Store
	// Root returns the record that stands for an id, one of Version 0 where there is none, and Gone where the customer was
	// erased.
	Root(ctx context.Context, id customer.ID) (customer.Record, error)
	// Absorbed returns all whom a customer absorbed: records stand under their ids as well.
	Absorbed(ctx context.Context, id customer.ID) ([]customer.ID, error)
	// ErasedAmong tells which of the customers were erased.
	ErasedAmong(ctx context.Context, ids []customer.ID) (map[customer.ID]bool, error)
	// Dossier reads what decisions are made on.
	Dossier(ctx context.Context, w message.Wanted) (message.Dossier, error)
	// Suppressed tells whether an address must not be sent to.
	Suppressed(ctx context.Context, channel message.Channel, address string) (bool, error)
	// Suppression tells why; the zero value where it may be sent to.
	Suppression(ctx context.Context, channel message.Channel, address string) (message.Suppression, error)
	// Profile returns a profile of Version 0 where there is none.
	Profile(ctx context.Context, id customer.ID) (customer.Profile, error)
	Answers(ctx context.Context, id customer.ID, limit int) ([]survey.Answer, error)
	// Messages returns a page of the ledger and the cursor of the next, "" after the last.
	Messages(ctx context.Context, id customer.ID, limit int, cursor string) ([]message.Entry, string, error)
	// Runs returns the latest runs, newest first.
	Runs(ctx context.Context, limit int) ([]*recalc.Run, error)
	// CurrentRun names the run that the standing scores are from, "" for none.
	CurrentRun(ctx context.Context) (string, error)
}

// Lake reads the objects of runs, and lets files be uploaded.
type Lake interface {
	recalc.Objects
	importfile.Uploads
	PresignGet(ctx context.Context, key string, ttl time.Duration) (url string, err error)
}

// Handler serves operators.
type Handler struct {
	store        Store
	lake         Lake
	planner      recalc.Planner
	archive      archive.Planner
	ledger       Ledger
	business     recalc.Settings
	signals      Sender
	messageQueue Sender
	tests        *pace.Window // messages that operators test with
	sender       string
	ways         map[message.Channel]bool // the channels that the deployment has switched on; nil for all
	tokens       Secret
	baseURL      string
	builtIn      func() *segment.Set     // that come with the suite; read when they are asked for first, so that the function starts sooner
	came         func() *scene.Set       // the scenes that come with the suite, likewise
	surveys      func() survey.Catalogue // likewise
	stands       cache
	library      *outreach.Library
	compilers    scene.Compilers
	now          clock.Now
	random       io.Reader
	log          *slog.Logger
	routes       map[string]route
}

// Services is what a handler works with.
type Services struct {
	Store    Store
	Lake     Lake
	Ledger   Ledger
	Runs     recalc.Queue // of recalculations
	Archive  archive.Queue
	Signals  Sender
	Messages Sender
	Sender   string            // "Shop <hello@example.com>" or bare: from whom messages are
	Channels []message.Channel // that dispatch is set up for, beside tasks; nil for all
	Tokens   Secret            // the keys of links
	BaseURL  string            // of links
	Now      clock.Now
	Random   io.Reader // of ids: crypto/rand's, of which nobody can guess the next
	Log      *slog.Logger
}

// route is what answers one route, and the query parameters that it knows.
type route struct {
	serve      func(ctx context.Context, r *api.Request) (api.Response, error)
	parameters []string
	public     bool
}

// lazily returns what reads, when it is called first, what comes with the suite: files within the program, which tests
// read, so that it panics over a mistake in them.
func lazily[T any](read func() (T, error)) func() T {
	return sync.OnceValue(func() T {
		came, err := read()
		if err != nil {
			panic(err)
		}
		return came
	})
}

// NewHandler returns a handler over the surveys, scenes and models that come with the suite.
func NewHandler(s Services, business recalc.Settings) *Handler {
	h := &Handler{
		builtIn: lazily(segment.BuiltIn),
		came:    lazily(func() (*scene.Set, error) { return scene.BuiltIn(scene.Compilers{}) }),
		surveys: lazily(survey.BuiltIn),
		signals: s.Signals, messageQueue: s.Messages, sender: s.Sender, tests: pace.NewWindow(testsAMinute, time.Minute, 1), tokens: s.Tokens, baseURL: s.BaseURL,
		store: s.Store, lake: s.Lake, ledger: s.Ledger, business: business, now: s.Now, random: s.Random, log: s.Log,
		planner: recalc.Planner{Store: s.Store, Queue: s.Runs, Now: s.Now, Settings: business},
		archive: archive.Planner{Store: s.Store, Queue: s.Archive, Now: s.Now},
	}
	for _, channel := range s.Channels {
		if h.ways == nil {
			h.ways = map[message.Channel]bool{message.Task: true}
		}
		h.ways[channel] = true
	}
	h.compilers = scene.Compilers{Audience: audience.Compile, Content: content.Remembering(), Labels: h.labels, Currency: business.Currency}
	h.library = outreach.NewLibrary(s.Store, h.compilers, s.Now, nil)
	h.routes = map[string]route{
		"GET /v1/customers/{id}":                {serve: h.customer},
		"GET /v1/customers/{id}/messages":       {serve: h.messages, parameters: []string{"limit", "cursor"}},
		"GET /v1/customers/{id}/consents":       {serve: h.consents, parameters: []string{"limit", "cursor"}},
		"GET /v1/customers/{id}/why":            {serve: h.why, parameters: []string{"scene"}},
		"GET /v1/customers/{id}/audit":          {serve: h.audit},
		"POST /v1/customers/{id}/rebuild":       {serve: h.rebuild},
		"DELETE /v1/customers/{id}":             {serve: h.erase},
		"GET /v1/customers/{id}/export":         {serve: h.export},
		"POST /v1/replays":                      {serve: h.startReplay},
		"GET /v1/replays/{id}":                  {serve: h.replay},
		"POST /v1/imports":                      {serve: h.openImport},
		"GET /v1/imports":                       {serve: h.imports, parameters: []string{"limit"}},
		"GET /v1/imports/{id}":                  {serve: h.oneImport},
		"GET /v1/offers/{pool}":                 {serve: h.pool},
		"GET /v1/scenes/{id}/results":           {serve: h.results, parameters: []string{"from", "to", "format"}},
		"POST /v1/rfm/runs":                     {serve: h.startRun},
		"GET /v1/rfm/runs":                      {serve: h.runs, parameters: []string{"limit"}},
		"GET /v1/rfm/runs/{id}":                 {serve: h.run},
		"GET /v1/rfm/runs/{id}/scores.csv":      {serve: h.scores},
		"GET /v1/rfm/runs/{id}/analysis":        {serve: h.runAnalysis},
		"POST /v1/rfm/backtests":                {serve: h.startBacktest},
		"GET /v1/rfm/backtests":                 {serve: h.backtests, parameters: []string{"limit"}},
		"GET /v1/rfm/backtests/{id}":            {serve: h.backtest, parameters: []string{"format"}},
		"GET /v1/cohorts":                       {serve: h.cohorts, parameters: []string{"format"}},
		"GET /v1/economics":                     {serve: h.economics, parameters: []string{"format"}},
		"GET /v1/segments":                      {serve: h.segments, parameters: []string{"model"}},
		"GET /v1/segments/{name}/customers":     {serve: h.members, parameters: []string{"model", "limit", "cursor"}},
		"GET /v1/models":                        {serve: h.models},
		"GET /v1/models/{name}":                 {serve: h.model, parameters: []string{"format"}},
		"PUT /v1/models/{name}":                 {serve: h.putModel},
		"DELETE /v1/models/{name}":              {serve: h.deleteModel},
		"GET /v1/settings/{name}":               {serve: h.settings},
		"PUT /v1/settings/{name}":               {serve: h.putSettings},
		"DELETE /v1/settings/{name}":            {serve: h.deleteSettings},
		"GET /v1/scenes":                        {serve: h.sceneList},
		"GET /v1/scenes/{id}":                   {serve: h.showWriting(outreach.Scene), parameters: []string{"format"}},
		"PUT /v1/scenes/{id}":                   {serve: h.putWriting(outreach.Scene)},
		"DELETE /v1/scenes/{id}":                {serve: h.deleteWriting(outreach.Scene)},
		"POST /v1/scenes/{id}/preview":          {serve: h.preview, parameters: []string{"as"}},
		"POST /v1/scenes/{id}/test":             {serve: h.sendTest},
		"GET /v1/scenes/{id}/tests/{test}":      {serve: h.test},
		"GET /v1/blocks":                        {serve: h.pieceList(outreach.Block, "blocks")},
		"GET /v1/blocks/{name}":                 {serve: h.showWriting(outreach.Block), parameters: []string{"format"}},
		"PUT /v1/blocks/{name}":                 {serve: h.putWriting(outreach.Block)},
		"DELETE /v1/blocks/{name}":              {serve: h.deleteWriting(outreach.Block)},
		"GET /v1/templates":                     {serve: h.pieceList(outreach.Template, "templates")},
		"GET /v1/templates/{name}":              {serve: h.showWriting(outreach.Template), parameters: []string{"format"}},
		"PUT /v1/templates/{name}":              {serve: h.putWriting(outreach.Template)},
		"DELETE /v1/templates/{name}":           {serve: h.deleteWriting(outreach.Template)},
		"GET /v1/tasks":                         {serve: h.tasks, parameters: []string{"state", "owner", "customer", "limit", "cursor"}},
		"GET /v1/tasks/{id}":                    {serve: h.task},
		"PATCH /v1/tasks/{id}":                  {serve: h.changeTask},
		"GET /v1/surveys":                       {serve: h.surveyList},
		"GET /v1/surveys/{survey}":              {serve: h.survey, parameters: []string{"version"}},
		"PUT /v1/surveys/{survey}":              {serve: h.putSurvey},
		"POST /v1/surveys/{survey}/invitations": {serve: h.invite},
		"GET /v1/surveys/{survey}/responses":    {serve: h.responses, parameters: []string{"from", "to", "limit", "cursor", "format"}},
		"GET /v1/surveys/{survey}/metrics":      {serve: h.metrics, parameters: []string{"by", "from", "to"}},
		"GET /openapi.json":                     {serve: describe, public: true},
	}
	maps.Copy(h.routes, h.campaignRoutes())
	return h
}

// Handle answers one request.
func (h *Handler) Handle(ctx context.Context, r api.Request) (api.Response, error) {
	out, err := h.serve(ctx, &r)
	var wrong outreach.Mistakes
	var used inUse
	var fast *tooFast
	switch {
	case err == nil:
		return out, nil
	case errors.As(err, &used):
		return wrongDocument(fault.Conflict, used.Mistakes), nil
	case errors.As(err, &wrong):
		return wrongDocument(fault.Invalid, wrong), nil
	case errors.As(err, &fast):
		return fast.answer(), nil
	}
	if code := fault.CodeOf(err); code == fault.Internal || code == fault.Unavailable || code == fault.Throttled {
		h.log.ErrorContext(ctx, "request not served", "route", r.RouteKey, "code", code, "error", err.Error())
	}
	return api.Error(err), nil
}

func (h *Handler) serve(ctx context.Context, r *api.Request) (api.Response, error) {
	to, ok := h.routes[r.RouteKey]
	if !ok {
		return api.Response{}, fault.New(fault.NotFound, "there is nothing under this address")
	}
	if a := r.RequestContext.Authorizer; !to.public && (a == nil || a.JWT == nil) {
		// The gateway lets nobody through without a token; this holds if its settings are ever wrong.
		return api.Response{}, fault.New(fault.Unauthorized, "send an operator's token: Authorization: Bearer …")
	}
	for name := range r.QueryStringParameters {
		if !slices.Contains(to.parameters, name) {
			return api.Response{}, unknownParameter(name, to.parameters)
		}
	}
	return to.serve(ctx, r)
}

// pointerOf spells a name as a part of a JSON pointer.
func pointerOf(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

func unknownParameter(name string, known []string) error {
	pointer := "/" + pointerOf(name)
	if len(known) == 0 {
		return fault.At(pointer, "this address takes no query parameters: leave them out")
	}
	return fault.At(pointer, "a query parameter is not known: %s can be given", strings.Join(known, " and "))
}

// pathParameter returns what the path holds in a place. The gateway has decoded it, once.
func pathParameter(r *api.Request, name string) string { return r.PathParameters[name] }

// limit returns the query's limit within 1..most, fallback where there is none.
func limit(r *api.Request, fallback, most int) (int, error) {
	text, ok := r.QueryStringParameters["limit"]
	if !ok {
		return fallback, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, fault.At("/limit", "limit is a whole number from 1 to %d", most)
	}
	return n, nil
}

// noBody returns an Invalid error where a request that takes no body has one; an empty object says as little.
func noBody(r *api.Request) error {
	body, err := api.Body(r, maxRequestBytes)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	return request.Parse(body, &struct{}{})
}

// timeOf returns nil for a zero time, so that JSON says null.
func timeOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

//go:embed openapi.json
var openAPI string

// describe answers with the description of the interface.
func describe(context.Context, *api.Request) (api.Response, error) {
	out := api.JSON(http.StatusOK, nil)
	out.Headers["cache-control"] = "public, max-age=300"
	out.Body = openAPI
	return out, nil
}
