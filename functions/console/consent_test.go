package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"liuke/shared/api"
	"liuke/shared/event"
)

func TestProofsOfConsentArePagedLatestFirst(t *testing.T) {
	b := setup(t)
	var events []event.Event
	for i, traits := range []string{
		`{"consent":{"email":true},"consent_proof":{"source":"form","text_version":"v1","where":"checkout"}}`,
		`{"preferences":{"topics":{"offers":false}}}`, `{"personalised_offers":false}`, `{"consent":{"email":null,"sms":true}}`,
	} {
		at := started.Add(time.Duration(i) * time.Minute)
		e := event.Event{ID: event.MessageID(fmt.Sprint("e", i)), Type: event.Identify, User: "u1", Time: at, Received: at, Source: event.SourceSegment, Traits: json.RawMessage(traits)}
		if i == 0 { // as the visitor that the customer was
			e.User, e.Anonymous = "", "v1"
		}
		events = append(events, e)
	}
	events = append(events, event.Event{ID: "merge", Type: event.Identify, User: "u1", Anonymous: "v1", Time: started, Received: started, Source: event.SourceSegment})
	b.fold(t, events...)
	var got []string
	cursor := ""
	for range 3 {
		status, body, out := b.do(t, "consents", func(r *api.Request) {
			r.PathParameters["id"] = "u1"
			if cursor != "" {
				r.QueryStringParameters["cursor"] = cursor
			}
		})
		if status != http.StatusOK {
			t.Fatal(out.Body)
		}
		for _, c := range body["consents"].([]any) {
			c := c.(map[string]any)
			for _, change := range c["changes"].([]any) {
				change := change.(map[string]any)
				got = append(got, fmt.Sprint(c["event"], " ", c["source"], " ", change["purpose"], " ", change["given"]))
			}
		}
		if cursor, _ = body["next_cursor"].(string); cursor == "" {
			break
		}
	}
	want := fmt.Sprint([]string{"e3 api channel:email <nil>", "e3 api channel:sms true", "e2 api personalised_offers false", "e1 api topic:offers false", "e0 form channel:email true"})
	if fmt.Sprint(got) != want {
		t.Errorf("%q, want %s", got, want)
	}
	if status, body, _ := b.do(t, "consents", func(r *api.Request) { r.PathParameters["id"] = "nobody" }); status != http.StatusOK || len(body["consents"].([]any)) != 0 {
		t.Errorf("of nobody: %d %v", status, body)
	}
}
