package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/api"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/money"
	"liuke/shared/queue"
)

const sampleKey = "wk_sample_0123456789" // of the sample envelopes

var now = time.Date(2026, 3, 1, 8, 31, 2, 0, time.UTC)

// bundle is a handler over stand-ins that keep what they are given; the errors, where set, are returned instead.
type bundle struct {
	Handler
	secret                  []byte
	sent                    []queue.Message
	rejected                []event.Rejected
	counts, calls           map[string]int
	log                     bytes.Buffer
	keyErr, sendErr, putErr error
}

func (b *bundle) Value(context.Context) ([]byte, error) { return b.secret, b.keyErr }

func (b *bundle) Send(_ context.Context, messages ...queue.Message) error {
	if b.sendErr == nil {
		b.sent = append(b.sent, messages...)
	}
	return b.sendErr
}

func (b *bundle) PutRejected(_ context.Context, rejected []event.Rejected) error {
	if b.putErr == nil {
		b.rejected = append(b.rejected, rejected...)
	}
	return b.putErr
}

func (b *bundle) CountBy(call string, counts map[string]int) {
	for metric, n := range counts {
		if n != 0 {
			b.counts[metric] += n
			b.calls[call]++
		}
	}
}

func setup(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{secret: []byte(`{"current":"` + sampleKey + `","previous":"wk/old"}`), counts: map[string]int{}, calls: map[string]int{}}
	b.Handler = Handler{Tracking: event.Tracking{Money: money.Only("CNY")}, Keys: b, Queue: b, Lake: b, Counter: b,
		Now: func() time.Time { return now }, Log: slog.New(slog.NewJSONHandler(&b.log, nil))}
	return b
}

func (b *bundle) handle(t *testing.T, r api.Request) (api.Response, map[string]any) {
	t.Helper()
	out, err := b.Handle(t.Context(), r)
	if err != nil {
		t.Fatalf("the function fails: %v", err)
	}
	var body map[string]any
	if err := json.Unmarshal([]byte(out.Body), &body); err != nil {
		t.Fatalf("the answer is no JSON: %v", err)
	}
	return out, body
}

// events returns what was sent, unpacked.
func (b *bundle) events(t *testing.T) []event.Event {
	t.Helper()
	var all []event.Event
	for _, m := range b.sent {
		events, err := event.Unpack(m.Body)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, events...)
	}
	return all
}

// sample reads a sample envelope.
func sample(t testing.TB, name string) api.Request {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "events", "ingest", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var r api.Request
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// call makes a request for a route with a body, authorised in the header unless header is "".
func call(route, header, body string) api.Request {
	r := api.Request{RouteKey: "POST /v1/" + route, RawPath: "/v1/" + route, Headers: map[string]string{"content-type": "application/json"}, Body: body}
	if header != "" {
		r.Headers["authorization"] = header
	}
	return r
}

func basic(user string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"))
}

func TestBatchSamplesAreTheSameRequestHoweverEncoded(t *testing.T) {
	for _, name := range []string{"batch", "batch_base64", "batch_gzip"} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			out, body := b.handle(t, sample(t, name))
			fate := func(id, outcome string, more ...any) map[string]any {
				m := map[string]any{"messageId": id, "fate": outcome}
				for i := 0; i+1 < len(more); i += 2 {
					m[more[i].(string)] = more[i+1]
				}
				return m
			}
			want := map[string]any{"success": true, "events": []any{
				fate("m-order-1", "accepted"), fate("m-identify-2", "accepted"), fate("m-order-1", "duplicate"),
				fate("m-order-3", "rejected", "pointer", "/batch/3/properties/total",
					"reason", "total: the amount has more decimals than the 2 of CNY: round it to the minor unit"),
				fate("content-c5d982505a6ec7fd2473fbde0556c07f", "accepted"),
			}}
			if d := cmp.Diff(want, body); out.StatusCode != 200 || d != "" {
				t.Fatalf("status %d, the answer differs (-want +got):\n%s", out.StatusCode, d)
			}
			if out.Headers["preference-applied"] != "return=representation" {
				t.Error("the answer doesn't say that the preference was applied")
			}
			if got := b.events(t); len(got) != 3 || got[0].ID != "m-order-1" || got[2].Name != "Checked In" {
				t.Errorf("queued are %d events", len(got))
			}
			if len(b.rejected) != 1 || b.rejected[0].Pointer != "/batch/3/properties/total" {
				t.Errorf("the lake was given %+v", b.rejected)
			}
			if d := cmp.Diff(map[string]int{metricAccepted: 3, metricDuplicate: 1, metricRejected: 1}, b.counts); d != "" {
				t.Errorf("counts (-want +got):\n%s", d)
			}
		})
	}
}

func TestSingleSamples(t *testing.T) {
	for name, want := range map[string]event.Event{
		"identify":      {ID: "m-identify-1", Type: event.Identify, User: "user-0001"},
		"track":         {ID: "m-track-1", Type: event.Track, Name: "Product Viewed", Anonymous: "0b0f8a5e-3f0e-4a51-9a4e-2f6f3f0d7c11"},
		"batch_history": {ID: "import-0123", Type: event.Track, Name: event.OrderCompleted, User: "1", Import: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			out, _ := b.handle(t, sample(t, name))
			if out.StatusCode != 200 || out.Body != `{"success":true}` {
				t.Fatalf("answered %d %s", out.StatusCode, out.Body)
			}
			got := b.events(t)
			if len(got) != 1 || got[0].ID != want.ID || got[0].Type != want.Type || got[0].Name != want.Name ||
				got[0].User != want.User || got[0].Anonymous != want.Anonymous || got[0].Import != want.Import {
				t.Fatalf("queued is %+v", got)
			}
		})
	}
}

func TestBadRequestsAreNamedAndKept(t *testing.T) {
	bomb := func() string {
		var z bytes.Buffer
		w, err := gzip.NewWriterLevel(&z, gzip.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(bytes.Repeat([]byte(" "), 50<<20))
		w.Close()
		return base64.StdEncoding.EncodeToString(z.Bytes())
	}()
	gzipped := func(body string) api.Request {
		r := call("batch", basic(sampleKey), body)
		r.IsBase64Encoded, r.Headers["content-encoding"] = true, "gzip"
		return r
	}
	authorised := func(route, body string) api.Request { return call(route, basic(sampleKey), body) }
	cases := []struct {
		name    string
		request api.Request
		status  int
		pointer string
		detail  string
		kept    bool
	}{
		{"a route that is none", authorised("events/x", `{}`), 404, "", "there is no such call", false},
		{"no JSON", authorised("track", `{"userId":`), 400, "", "not valid JSON", true},
		{"no person", authorised("track", `{"event":"e"}`), 400, "/userId", "needs a userId or an anonymousId", true},
		{"no name", authorised("track", `{"userId":"u"}`), 400, "/event", "event is missing", true},
		{"traits that are no object", authorised("identify", `{"userId":"u","traits":[]}`), 400, "/traits", "must be an object", true},
		{"a wrong total", authorised("track", `{"userId":"u","event":"Order Completed","properties":{"order_id":"o","total":"1,5"}}`), 400, "/properties/total", "decimal number", true},
		{"a reserved name", authorised("track", `{"userId":"u","event":"Unsubscribed","properties":{"channel":"email"}}`), 400, "/event", "kept for the suite itself", true},
		{"an event over the limit", authorised("track", `{"userId":"`+strings.Repeat("x", 33_000)+`"}`), 413, "", "an event is at most 32768 bytes", true},
		{"no batch", authorised("batch", `{}`), 400, "/batch", "must be an array", true},
		{"too many events", authorised("batch", `{"batch":[`+strings.Repeat("1,", 2500)+`1]}`), 413, "/batch", "at most 2500 events", true},
		{"a body over the limit", authorised("batch", strings.Repeat("x", 500<<10+1)), 413, "", "over the limit of 512000 bytes", false},
		{"a gzip bomb", gzipped(bomb), 413, "", "over the limit of 512000 bytes", false},
		{"gzip that is none", gzipped("e30="), 400, "", "the body is not", false},
		{"base64 that is none", gzipped("{}"), 400, "", "not valid base64", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			out, body := b.handle(t, c.request)
			pointer, _ := body["pointer"].(string)
			detail, _ := body["detail"].(string)
			if out.StatusCode != c.status || pointer != c.pointer || !strings.Contains(detail, c.detail) {
				t.Fatalf("answered %d at %q: %s; want %d at %q that says %q", out.StatusCode, pointer, detail, c.status, c.pointer, c.detail)
			}
			if out.Headers["content-type"] != "application/problem+json" {
				t.Errorf("the content type is %q", out.Headers["content-type"])
			}
			if len(b.sent) != 0 || (len(b.rejected) == 1) != c.kept {
				t.Errorf("%d messages sent, %d rejections kept", len(b.sent), len(b.rejected))
			}
			for _, r := range b.rejected {
				if r.Reason != detail || r.Pointer != pointer || !json.Valid(r.Event) {
					t.Errorf("kept is %q at %q", r.Reason, r.Pointer)
				}
			}
			if c.status != 404 && b.counts[metricRefused]+b.counts[metricRejected] != 1 {
				t.Errorf("counted is %v", b.counts)
			}
		})
	}
}

func TestNothingIsAnsweredForThatIsNotStored(t *testing.T) {
	down := fault.New(fault.Unavailable, "the service is down")
	cases := []struct {
		name   string
		breaks func(b *bundle)
		route  string
		body   string
		status int
	}{
		{"the queue is down", func(b *bundle) { b.sendErr = down }, "track", `{"userId":"u","event":"e"}`, 503},
		{"the queue asks for a slower pace", func(b *bundle) { b.sendErr = fault.New(fault.Throttled, "slow") }, "track", `{"userId":"u","event":"e"}`, 503},
		{"the lake is down, and the event is invalid", func(b *bundle) { b.putErr = down }, "track", `{"event":"e"}`, 503},
		{"the lake is down, and one of two is invalid", func(b *bundle) { b.putErr = down }, "batch", `{"batch":[{"type":"track","userId":"u","event":"e"},{}]}`, 503},
		{"the lake is down, and nothing is invalid", func(b *bundle) { b.putErr = down }, "track", `{"userId":"u","event":"e"}`, 200},
		{"the secret cannot be read", func(b *bundle) { b.keyErr = down }, "track", `{"userId":"u","event":"e"}`, 503},
		{"the secret is none", func(b *bundle) { b.secret = []byte(`"` + sampleKey + `"`) }, "track", `{"userId":"u","event":"e"}`, 500},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			c.breaks(b)
			out, _ := b.handle(t, call(c.route, basic(sampleKey), c.body))
			if out.StatusCode != c.status || (c.status == 503) != (out.Headers["retry-after"] != "") {
				t.Fatalf("answered %d with %v", out.StatusCode, out.Headers)
			}
			if c.status >= 500 && (b.counts[metricAccepted] != 0 || b.log.Len() == 0) {
				t.Errorf("counts %v, log %q", b.counts, b.log.String())
			}
			if log := out.Body + b.log.String(); strings.Contains(log, sampleKey) || strings.Contains(log, `"u"`) {
				t.Errorf("the key or the customer is in %q", log)
			}
		})
	}
}

func TestAnEmptyBatchIsASuccess(t *testing.T) {
	b := setup(t)
	if out, _ := b.handle(t, call("batch", basic(sampleKey), `{"batch":[]}`)); out.StatusCode != 200 || len(b.sent) != 0 {
		t.Fatalf("answered %d, %d messages", out.StatusCode, len(b.sent))
	}
}
