package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/event"
)

// TestWhatTheOfficialClientsSend takes requests as the libraries write them, quirks included.
func TestWhatTheOfficialClientsSend(t *testing.T) {
	const visitor = "5b0f1c5e-6f0a-4a51-9a4e-2f6f3f0d7c22"
	type said struct {
		Type                                                  event.Type
		Name, Category, User, Anonymous, Previous, Group, Min string
	}
	cases := []struct {
		name, sample, call string
		want               []said
	}{
		{"@segment/analytics-next: a page, as text/plain under one letter, its key in the body", "browser_page", "page",
			[]said{{Type: event.Page, Category: "Tea", Anonymous: visitor, Min: "08:31"}}},
		{"@segment/analytics-next: identify with consent and topics", "browser_identify", "identify",
			[]said{{Type: event.Identify, User: "user-0001", Anonymous: visitor, Min: "08:31"}}},
		{"@segment/analytics-next: alias", "browser_alias", "alias",
			[]said{{Type: event.Alias, User: "user-0001", Anonymous: visitor, Previous: visitor, Min: "08:31"}}},
		{"@segment/analytics-next: its batches, with a key in each event as well", "browser_batch", "batch", []said{
			{Type: event.Track, Name: "Product Viewed", Anonymous: visitor, Min: "08:31"},
			{Type: event.Group, Group: "acme", Anonymous: visitor, Min: "08:31"},
			{Type: event.Page, Name: "Checkout", Anonymous: visitor, Min: "08:31"}}},
		{"@rudderstack/rudder-sdk-node: gzip under the content type of a form, times under originalTimestamp", "rudderstack_batch", "batch", []said{
			{Type: event.Identify, User: "user-0002", Min: "08:31"},
			{Type: event.Track, Name: event.OrderCompleted, User: "user-0002", Min: "08:31"},
			{Type: event.Screen, Name: "Home", Anonymous: visitor, Min: "08:31"},
			{Type: event.Alias, User: "user-0002", Previous: visitor, Min: "08:31"}}},
		{"analytics-go v3: a message id and a context of the batch's own", "analytics_go_batch", "batch", []said{
			{Type: event.Identify, User: "user-0003", Anonymous: visitor, Min: "08:31"},
			{Type: event.Track, Name: "Checked In", User: "user-0003", Min: "08:31"},
			{Type: event.Group, Group: "acme", User: "user-0003", Min: "08:31"}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			if out, body := b.handle(t, sample(t, c.sample)); out.StatusCode != 200 || out.Body != `{"success":true}` {
				t.Fatalf("answered %d %v; rejected %s", out.StatusCode, body, b.rejected)
			}
			var got []said
			for _, e := range b.events(t) {
				got = append(got, said{e.Type, e.Name, e.Category, e.User, e.Anonymous, e.Previous, e.Group, e.Time.Format("15:04")})
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Fatalf("the events differ (-want +got):\n%s", d)
			}
			if d := cmp.Diff(map[string]int{c.call: 1}, b.calls); d != "" || b.counts[metricAccepted] != len(c.want) {
				t.Errorf("counted as %v %v", b.calls, b.counts)
			}
		})
	}
}

func TestOneLetterIsTheCallInFull(t *testing.T) {
	bodies := map[string]string{
		"identify": `{"userId":"u","traits":{}}`, "track": `{"userId":"u","event":"e"}`, "page": `{"userId":"u"}`, "screen": `{"userId":"u"}`,
		"group": `{"userId":"u","groupId":"g"}`, "alias": `{"userId":"u","previousId":"p"}`, "batch": `{"batch":[{"type":"alias","userId":"u","previousId":"p"}]}`,
	}
	for route, body := range bodies {
		t.Run(route, func(t *testing.T) {
			var packs [2]string
			for i, path := range []string{route, route[:1]} {
				b := setup(t)
				b.handle(t, call(path, basic(sampleKey), body))
				if len(b.sent) != 1 || b.calls[route] != 1 {
					t.Fatalf("%s: %d messages sent, counted as %v", path, len(b.sent), b.calls)
				}
				packs[i] = b.sent[0].Body
			}
			if packs[0] != packs[1] {
				t.Errorf("%s became %s, and by one letter %s", route, packs[0], packs[1])
			}
		})
	}
}
