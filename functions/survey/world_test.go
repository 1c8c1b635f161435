package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"liuke/shared/api"
	"liuke/shared/api/apitest"
	"liuke/shared/comment"
	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/survey"
	"liuke/shared/survey/page"
	"liuke/shared/telemetry"
	"liuke/shared/token"
)

// sampleKeys sealed the tokens of the sample events.
const sampleKeys = `{"current":"sample token key, for tests and samples alone"}`

const browserAccepts = "text/html,application/xhtml+xml,*/*;q=0.8"

// What the samples name.
const (
	shop       = "https://shop.example"
	sampleForm = "delivery-form-4c1d9e"
	invitation = "aebagbafaydqqcikbmga2dqpca"
)

type fixed string

func (s fixed) Value(context.Context) ([]byte, error) { return []byte(s), nil }

type testBundle struct {
	*memory
	handler *Handler
	now     time.Time
	log     *bytes.Buffer
	metrics *bytes.Buffer
	keys    *token.Keyring
}

func setup(t testing.TB) *testBundle {
	t.Helper()
	all, err := survey.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	delivery := *all["csat_delivery"]
	delivery.Forms = []survey.PublicForm{
		{Key: sampleForm, Origins: []string{shop, "https://www.shop.example"}, Back: []string{shop + "/thanks", "https://www.shop.example/danke"}, Channel: "shop", MinSeconds: 2},
		{Key: "delivery-code-77aa01", Origins: []string{shop}, Node: "parcel"},
	}
	all["csat_delivery"] = &delivery
	keys, err := token.NewKeyring([]byte(sampleKeys))
	if err != nil {
		t.Fatal(err)
	}
	b := &testBundle{
		memory: &memory{surveys: all, versions: map[string]*survey.Survey{}, documents: map[string]string{}, answers: map[string]survey.Answer{}, erased: map[customer.ID]bool{},
			profiles: map[customer.ID]customer.Profile{}, entries: map[string]message.Entry{}},
		now: time.Date(2026, 3, 1, 8, 31, 1, 0, time.UTC), log: &bytes.Buffer{}, metrics: &bytes.Buffer{}, keys: keys,
	}
	b.restart(t)
	return b
}

// restart begins another instance of the function.
func (b *testBundle) restart(t testing.TB) {
	t.Helper()
	now := func() time.Time { return b.now }
	h, err := NewHandler(Parts{
		Secret: fixed(sampleKeys), Surveys: b.memory, Documents: b.memory, Answers: b.memory, Ledger: b.memory, People: b.memory, Topics: b.memory.Topics, Events: b.memory, Analyzer: comment.Local{}, Now: now,
		Log: slog.New(slog.NewJSONHandler(b.log, nil)), Count: telemetry.NewCounter(b.metrics, "survey", now),
	})
	if err != nil {
		t.Fatal(err)
	}
	b.handler = h
}

// do sends the sample request of that name, changed.
func (b *testBundle) do(t testing.TB, sample string, changes ...func(*api.Request)) api.Response {
	t.Helper()
	return send(t, b.handler, sample, changes...)
}

func send(t testing.TB, h *Handler, sample string, changes ...func(*api.Request)) api.Response {
	t.Helper()
	return sendIn(t.Context(), t, h, sample, changes...)
}

func sendIn(ctx context.Context, t testing.TB, h *Handler, sample string, changes ...func(*api.Request)) api.Response {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "events", "survey", sample+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var r api.Request
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	for _, change := range changes {
		change(&r)
	}
	out, err := h.Handle(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	d, err := described()
	if err != nil {
		t.Fatal(err)
	}
	if r.RouteKey != "$default" { // of which no description speaks
		for _, wrong := range d.Wrong(r.RouteKey, out) {
			t.Error(wrong)
		}
	}
	return out
}

// described reads the description of the interface, which each response is held against.
var described = sync.OnceValues(func() (*apitest.Description, error) {
	raw, err := os.ReadFile(filepath.Join("..", "console", "openapi.json"))
	if err != nil {
		return nil, err
	}
	return apitest.Parse(raw)
})

func (b *testBundle) sealed(t testing.TB, to token.Survey) string {
	t.Helper()
	tok, err := b.keys.Seal(token.PurposeSurvey, to)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// to sends the request with the link of an invitation.
func (b *testBundle) to(t testing.TB, to token.Survey) func(*api.Request) {
	t.Helper()
	tok := b.sealed(t, to)
	return func(r *api.Request) { r.PathParameters = map[string]string{"token": tok} }
}

func body(s string) func(*api.Request) {
	return func(r *api.Request) { r.Body, r.IsBase64Encoded = s, false }
}

func typed(contentType, s string) func(*api.Request) {
	return func(r *api.Request) {
		r.Headers["content-type"] = contentType
		body(s)(r)
	}
}

const urlencoded = "application/x-www-form-urlencoded"

func query(pairs ...string) func(*api.Request) {
	return func(r *api.Request) {
		r.QueryStringParameters = map[string]string{}
		for i := 0; i+1 < len(pairs); i += 2 {
			r.QueryStringParameters[pairs[i]] = pairs[i+1]
		}
	}
}

func header(name, value string) func(*api.Request) {
	return func(r *api.Request) {
		if value == "" {
			delete(r.Headers, name)
			return
		}
		r.Headers[name] = value
	}
}

// stands returns the answer to the samples' invitation.
func (b *testBundle) stands() *survey.Answer {
	if a, ok := b.answers[answerKey("user-0001", "nps", invitation)]; ok {
		return &a
	}
	return nil
}

// only returns the one answer that there is.
func (b *testBundle) only(t testing.TB) survey.Answer {
	t.Helper()
	if len(b.answers) != 1 {
		t.Fatalf("%d answers stand, want 1: %+v", len(b.answers), b.answers)
	}
	for _, a := range b.answers {
		return a
	}
	return survey.Answer{}
}

// status fails the test where a response has another status, and holds what every response must.
func status(t testing.TB, out api.Response, want int) api.Response {
	t.Helper()
	if out.StatusCode != want {
		_, said, _ := strings.Cut(out.Body, "</style>")
		if said == "" {
			said = out.Body
		}
		t.Fatalf("%d, want %d: %s", out.StatusCode, want, said)
	}
	h := out.Headers
	if want != 204 && (h["cache-control"] != "no-store" || h["x-content-type-options"] != "nosniff") {
		t.Errorf("headers %v", h)
	}
	if strings.HasPrefix(h["content-type"], "text/html") {
		policy := h["content-security-policy"]
		if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") || strings.Contains(policy, "unsafe") || h["referrer-policy"] != "no-referrer" || h["x-robots-tag"] == "" {
			t.Errorf("headers %v", h)
		}
		if len(out.Body) > page.MaxBytes {
			t.Errorf("the page has %d bytes", len(out.Body))
		}
	}
	return out
}

// holds fails the test where a page does not hold a text.
func holds(t testing.TB, out api.Response, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(out.Body, text) {
			_, said, _ := strings.Cut(out.Body, "</style>")
			t.Errorf("the page does not hold %s: %s", text, said)
		}
	}
}

func equal(t testing.TB, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}
