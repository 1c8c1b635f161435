package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/api"
	"liuke/shared/event"
)

func TestACloudEventIsTheSameInEachMode(t *testing.T) {
	for _, name := range []string{"cloudevents_binary", "cloudevents_structured"} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			out, _ := b.handle(t, sample(t, name))
			events := b.events(t)
			if out.StatusCode != 200 || len(events) != 1 {
				t.Fatalf("answered %d %s", out.StatusCode, out.Body)
			}
			e := events[0]
			if want := event.MessageID(event.ContentID("cloudevent-", []byte("/mycontext"), []byte("A234-1234-1234"))); e.ID != want || e.User != "user-0001" ||
				e.Name != "com.example.someevent" || e.Time.Format("15:04:05") != "08:30:59" || !strings.Contains(string(e.Properties), `"appinfoB"`) {
				t.Errorf("the event is %+v", e)
			}
		})
	}
}

func TestABatchOfCloudEventsTellsEachOnesFate(t *testing.T) {
	b := setup(t)
	out, body := b.handle(t, sample(t, "cloudevents_batch"))
	var fates []string
	list, _ := body["events"].([]any)
	for _, f := range list {
		fate, _ := f.(map[string]any)
		pointer, _ := fate["pointer"].(string)
		fates = append(fates, strings.TrimSpace(fate["fate"].(string)+" "+pointer))
	}
	if d := cmp.Diff([]string{"accepted", "accepted", "duplicate", "rejected /3/data/total"}, fates); out.StatusCode != 200 || d != "" {
		t.Fatalf("answered %d (-want +got):\n%s", out.StatusCode, d)
	}
	if got := b.events(t); len(got) != 2 || len(b.rejected) != 1 || b.counts[metricRejected] != 1 {
		t.Errorf("%d events, kept %+v", len(got), b.rejected)
	}
}

func TestCloudEventsThatAreRefused(t *testing.T) {
	with := func(change func(r *api.Request)) api.Request {
		r := sample(t, "cloudevents_structured")
		change(&r)
		return r
	}
	cases := []struct {
		name    string
		request api.Request
		status  int
		pointer string
		kept    bool
	}{
		{"no write key", with(func(r *api.Request) { delete(r.Headers, "authorization") }), 401, "", false},
		{"another write key", with(func(r *api.Request) { r.Headers["authorization"] = basic("wrong") }), 401, "", false},
		{"a write key in the body", with(func(r *api.Request) {
			delete(r.Headers, "authorization")
			r.Body = `{"writeKey":"` + sampleKey + `"}`
		}), 401, "", false},
		{"no CloudEvent", with(func(r *api.Request) { r.Headers["content-type"] = "application/json" }), 400, "", true},
		{"no subject", with(func(r *api.Request) { r.Body = strings.Replace(r.Body, `"subject": "user-0001", `, "", 1) }), 400, "/data/userId", true},
		{"half of a surrogate pair in the id", with(func(r *api.Request) { r.Body = strings.Replace(r.Body, "A234-1234-1234", `A\ud800`, 1) }), 400, "/id", true},
		{"an event over the limit", with(func(r *api.Request) { r.Body = `{"a":"` + strings.Repeat("x", 33_000) + `"}` }), 413, "", true},
		{"a body over the limit", with(func(r *api.Request) { r.Body = strings.Repeat("x", 500<<10+1) }), 413, "", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			out, body := b.handle(t, c.request)
			pointer, _ := body["pointer"].(string)
			if out.StatusCode != c.status || pointer != c.pointer || len(b.sent) != 0 || (len(b.rejected) == 1) != c.kept {
				t.Fatalf("answered %d at %q: %s; %d kept", out.StatusCode, pointer, out.Body, len(b.rejected))
			}
		})
	}
}
