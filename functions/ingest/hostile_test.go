package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"liuke/shared/api"
	"liuke/shared/event"
)

// TestHostileBodies holds that each gets a 4xx, or has its events refused one by one, and that what is allocated for it
// in all stays within a few times the largest body.
func TestHostileBodies(t *testing.T) {
	const most = 20 << 20 // bytes
	spread := func(s string) string { return strings.Repeat(s, (event.MaxBatchBytes-200)/len(s)) }
	event1 := func(members string) string {
		return `{"batch":[{"type":"track","event":"e","userId":"u",` + members + `}]}`
	}
	cases := []struct {
		name, body string
		status     int
		reason     string // of the body's only event, or of the whole body
	}{
		{"nesting 10,000 deep", event1(`"properties":` + strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000)), 200, "nested more than 64 deep"},
		{"brackets 10,000 deep that never close", `{"batch":` + strings.Repeat("[", 10_000), 400, "not valid JSON"},
		{"brackets as far as a body goes", `{"batch":[` + spread("[") + `]}`, 400, "nested more than 10000 deep"},
		{"a member twice", event1(`"properties":{"total":1,"total":2}`), 200, "two members of the same name"},
		{"a member as often as a body holds", event1(`"properties":{` + spread(`"a":1,`) + `"a":1}`), 200, "two members of the same name"},
		{"a member twice, once in escapes", event1(`"user\u0049d":"v"`), 200, "two members of the same name"},
		{"NaN", event1(`"properties":{"total":NaN}`), 400, "not valid JSON"},
		{"minus infinity", event1(`"properties":{"total":-Infinity}`), 400, "not valid JSON"},
		{"a number of 400,000 digits", event1(`"userId2":` + strings.Repeat("9", 400_000)), 200, "at most 32768 bytes"},
		{"invalid UTF-8", event1("\"properties\":{\"a\":\"\xff\xfe\"}"), 200, "not valid UTF-8"},
		{"UTF-16", "\xff\xfe{\x00}\x00", 400, "not valid JSON"},
		{"a string of 10 MB", event1(`"properties":{"a":"` + strings.Repeat("x", 10<<20) + `"}`), 413, "over the limit of 512000 bytes"},
		{"a string of 400 KB", event1(`"properties":{"a":"` + strings.Repeat("x", 400_000) + `"}`), 200, "at most 32768 bytes"},
		{"a clock of year 10000", event1(`"timestamp":"10000-01-01T00:00:00Z"`), 200, "must be an ISO 8601 time"},
		{"a clock of year 1", event1(`"timestamp":"0001-01-01T00:00:00Z"`), 200, "must be an ISO 8601 time"},
		{"empty events as far as a body goes", `{"batch":[` + spread("{},") + `{}]}`, 413, "at most 2500 events"},
		{"2,500 events that are none", `{"batch":[` + strings.Repeat("1,", 2499) + `1]}`, 200, "must be an object"},
		{"no object", `"` + spread("x") + `"`, 400, "must be an object"},
	}
	for _, c := range cases {
		for how, r := range map[string]api.Request{"as it is": call("batch", basic(sampleKey), c.body), "as gzip": gzipped(t, c.body)} {
			t.Run(c.name+", "+how, func(t *testing.T) {
				b := setup(t)
				r.Headers["prefer"] = "return=representation"
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				out, err := b.Handle(t.Context(), r)
				runtime.ReadMemStats(&after)
				if total := after.TotalAlloc - before.TotalAlloc; total > most {
					t.Errorf("%d KB allocated in all", total>>10)
				}
				if err != nil || out.StatusCode != c.status || !strings.Contains(out.Body, c.reason) {
					t.Fatalf("answered %v %d %.300s; want %d with %q", err, out.StatusCode, out.Body, c.status, c.reason)
				}
				if len(b.sent) != 0 || b.counts[metricAccepted] != 0 {
					t.Errorf("%d messages sent, counted as %v", len(b.sent), b.counts)
				}
			})
		}
	}
}

func gzipped(t testing.TB, body string) api.Request {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(body)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := call("batch", basic(sampleKey), base64.StdEncoding.EncodeToString(out.Bytes()))
	r.IsBase64Encoded, r.Headers["content-encoding"] = true, "gzip"
	return r
}

// TestClocksTenYearsOff holds what becomes of the time of an event whose clock is wrong.
func TestClocksTenYearsOff(t *testing.T) {
	cases := []struct{ name, members, want string }{
		{"ten years fast, and said so by sentAt", `"timestamp":"2036-03-01T08:30:02Z","sentAt":"2036-03-01T08:31:02Z"`, "2026-03-01T08:30:02Z"},
		{"ten years slow, and said so by sentAt", `"timestamp":"2016-03-01T08:30:02Z","sentAt":"2016-03-01T08:31:02Z"`, "2026-03-01T08:30:02Z"},
		{"ten years fast without a word: a day ahead at most", `"timestamp":"2036-03-01T08:30:02Z"`, "2026-03-02T08:31:02Z"},
		{"ten years slow without a word: taken for history", `"timestamp":"2016-03-01T08:30:02Z"`, "2016-03-01T08:30:02Z"},
		{"only the clock that sent is ten years slow: a day ahead at most", `"timestamp":"2026-03-01T08:30:02Z","sentAt":"2016-03-01T08:31:02Z"`, "2026-03-02T08:31:02Z"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			b.handle(t, call("page", basic(sampleKey), `{"userId":"u",`+c.members+`}`))
			if got := b.events(t); len(got) != 1 || got[0].Time.Format("2006-01-02T15:04:05Z") != c.want {
				t.Fatalf("the events are %+v, want one at %s", got, c.want)
			}
		})
	}
}

// FuzzHandle holds for whatever is sent to whatever call that it is answered, by JSON and without an error of ours, and
// that without a key nothing is taken.
func FuzzHandle(f *testing.F) {
	f.Add("track", basic(sampleKey), "", []byte(`{"userId":"u","event":"e"}`))
	f.Add("batch", "Basic !!", "gzip", []byte("\x1f\x8b"))
	f.Add("b", "", "", []byte(`{"writeKey":"`+sampleKey+`","batch":[{"type":"group","userId":1,"groupId":"g"}]}`))
	f.Add("a", "basic "+base64.StdEncoding.EncodeToString([]byte(":")), "br", []byte(`{}`))
	f.Fuzz(func(t *testing.T, path, authorization, encoding string, body []byte) {
		b := setup(t)
		r := call(path, authorization, base64.StdEncoding.EncodeToString(body))
		r.IsBase64Encoded, r.Headers["content-encoding"] = true, encoding
		out, err := b.Handle(t.Context(), r)
		if err != nil || out.StatusCode >= 500 || !json.Valid([]byte(out.Body)) {
			t.Fatalf("answered %v %d %s", err, out.StatusCode, out.Body)
		}
		user, _ := basicUser(authorization)
		hasKey := user == sampleKey || user == "wk/old" || bytes.Contains(body, []byte(`writeKey`)) || bytes.Contains(body, []byte(`\`))
		if encoding == "" && !hasKey && len(b.sent)+len(b.rejected) > 0 {
			t.Fatalf("taken without a key: %q", body)
		}
	})
}
