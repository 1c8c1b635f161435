package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"liuke/shared/api"
	"liuke/shared/event"
	"liuke/shared/fault"
)

func envelope(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "events", "ingest", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// invoke invokes the function with an envelope as it stands in a file.
func (b *bundle) invoke(t *testing.T, envelope string) (any, error) {
	t.Helper()
	var in Invocation
	if err := json.Unmarshal([]byte(envelope), &in); err != nil {
		t.Fatal(err)
	}
	return b.Invoke(t.Context(), in)
}

func TestAnEventOfABusIsTakenIn(t *testing.T) {
	b := setup(t)
	if _, err := b.invoke(t, envelope(t, "eventbridge")); err != nil {
		t.Fatal(err)
	}
	events := b.events(t)
	if len(events) != 1 || b.counts[metricAccepted] != 1 || b.calls["eventbridge"] != 1 {
		t.Fatalf("%d events, counted %v", len(events), b.counts)
	}
	e := events[0]
	want := event.MessageID(event.ContentID("eventbridge-", []byte("shop.orders"), []byte("6a7e8feb-b491-4cf7-a9f1-bf3703467718")))
	if e.ID != want || e.Name != event.OrderCompleted || e.User != "user-0001" || e.Source != sourceBus ||
		string(e.Properties) != `{"order_id":"o-1","total":129.95,"currency":"CNY"}` || e.Time.Format("15:04:05") != "08:30:59" {
		t.Errorf("the event is %+v", e)
	}
}

func TestARequestIsStillARequest(t *testing.T) {
	b := setup(t)
	out, err := b.invoke(t, envelope(t, "track"))
	if r, ok := out.(api.Response); err != nil || !ok || r.StatusCode != 200 || len(b.sent) != 1 {
		t.Fatalf("answered %v, %v", out, err)
	}
}

func TestAnInvalidEventOfABusIsKeptAndNotTriedAgain(t *testing.T) {
	sample := envelope(t, "eventbridge")
	cases := []struct{ name, from, to, pointer string }{
		{"a total that is none", "129.95", `"x"`, "/detail/total"},
		{"nobody's", `"userId": "user-0001",`, "", "/detail/userId"},
		{"no id", "6a7e8feb-b491-4cf7-a9f1-bf3703467718", "", "/id"},
		{"no source", `"source": "shop.orders"`, `"source": ""`, "/id"},
		{"a time that is none", "2026-03-01T08:30:59Z", "now", "/time"},
		{"a name that is the suite's own", `"Order Completed"`, `"Survey Answered"`, "/detail-type"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			if _, err := b.invoke(t, strings.Replace(sample, c.from, c.to, 1)); err != nil {
				t.Fatalf("the invocation fails: %v", err)
			}
			if len(b.sent) != 0 || len(b.rejected) != 1 || b.rejected[0].Pointer != c.pointer || b.counts[metricRejected] != 1 {
				t.Fatalf("%d sent, kept %+v, counted %v", len(b.sent), b.rejected, b.counts)
			}
			var kept BusEvent
			if err := json.Unmarshal(b.rejected[0].Event, &kept); err != nil || kept.DetailType == "" {
				t.Errorf("kept is %s", b.rejected[0].Event)
			}
		})
	}
}

func TestAnEventOfABusThatCannotBeStoredFailsTheInvocation(t *testing.T) {
	b := setup(t)
	b.sendErr = fault.New(fault.Unavailable, "the queue is down")
	if _, err := b.invoke(t, envelope(t, "eventbridge")); fault.CodeOf(err) != fault.Unavailable || b.counts[metricAccepted] != 0 {
		t.Fatalf("%v, counted %v", err, b.counts)
	}
	b = setup(t)
	b.putErr = fault.New(fault.Throttled, "the lake is slow")
	if _, err := b.invoke(t, strings.Replace(envelope(t, "eventbridge"), "129.95", `"x"`, 1)); fault.CodeOf(err) != fault.Throttled {
		t.Fatal(err)
	}
}
