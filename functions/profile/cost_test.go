package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/event"
)

// List prices of us-east-1 in dollars a million: DynamoDB's units on demand, SQS's requests to a standard queue, an HTTP
// API's requests, S3's PUT.
const (
	writePrice   = 0.625
	readPrice    = 0.125
	queuePrice   = 0.40
	requestPrice = 1.00
	putPrice     = 5.00
)

// countedLake counts the objects that are put.
type countedLake struct{ objects int }

func (l *countedLake) PutSealed(context.Context, []event.Event, []customer.Key) error {
	l.objects++
	return nil
}

// bill is what events took on their way from the API to the tables and the lake.
type bill struct {
	events, requests, sends, receives, deletes, objects int
	read, write                                         float64
}

// dollars is what a million such events cost. Lambda's time, logs and data transfer come on top, and for orders what
// outreach makes of their signals.
func (b bill) dollars() float64 {
	sum := writePrice*b.write + readPrice*b.read + requestPrice*float64(b.requests) + putPrice*float64(b.objects) +
		queuePrice*float64(b.sends+b.receives+b.deletes)
	return sum / float64(b.events)
}

func (b bill) String() string {
	per := func(n float64) float64 { return n / float64(b.events) }
	return fmt.Sprintf("an event takes %.3f write and %.3f read units, %.3f requests to the API, %.3f to SQS, %.3f objects: $%.2f a million",
		per(b.write), per(b.read), per(float64(b.requests)), per(float64(b.sends+b.receives+b.deletes)), per(float64(b.objects)), b.dollars())
}

// TestWhatAMillionEventsCost counts what events of known customers take: a request to the API and a message for each
// batch that a client sends, as ingest makes them; ten messages in a batch of profile where many come in a second, or one;
// and what folding takes of DynamoDB's units by the engine's own account.
func TestWhatAMillionEventsCost(t *testing.T) {
	t.Parallel()
	activity := func(n, customers int) event.Event {
		return event.Event{ID: event.MessageID(fmt.Sprint("e", n)), Type: event.Track, Name: "Product Viewed", User: fmt.Sprint("c", n/5%customers),
			Properties: json.RawMessage(`{"product_id":"p-1","price":49.90}`)}
	}
	alone := func(n, customers int) event.Event {
		e := activity(n, customers)
		e.User = fmt.Sprint("c", n%customers)
		return e
	}
	order := func(n, customers int) event.Event {
		e := alone(n, customers)
		e.Name, e.Properties = event.OrderCompleted, json.RawMessage(fmt.Sprintf(`{"order_id":"o%d","total":49.90}`, n))
		return e
	}
	for _, c := range []struct {
		name     string
		of       func(n, customers int) event.Event
		request  int // events of a request
		messages int // messages of a batch
		most     float64
	}{
		{"activity, batches of 20, five a customer", activity, 20, 10, 0.26},
		{"activity, one at a time, many a second", alone, 1, 10, 2.74},
		{"activity, one at a time, less than one a second", alone, 1, 1, 7.96},
		{"orders, one at a time, many a second", order, 1, 10, 4.80},
		{"orders, one at a time, less than one a second", order, 1, 1, 10.45},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			const total, customers = 200, 100
			at := time.Date(2026, time.March, 1, 8, 0, 0, 0, time.UTC)
			var list []event.Event
			for n := range total + customers { // the first are of customers that are new
				e := alone(total+n, customers)
				if n >= customers {
					e = c.of(n-customers, customers)
				}
				e.Time, e.Received, e.Source = at, at, event.SourceSegment
				list = append(list, e)
			}
			for _, o := range b.folder.Fold(t.Context(), list[:customers]) {
				if o.Err != nil {
					t.Fatal(o.Err)
				}
			}
			got := b.charge(t, list[customers:], c.request, c.messages)
			t.Log(got)
			if got.dollars() > c.most {
				t.Errorf("$%.3f a million, want at most $%.2f", got.dollars(), c.most)
			}
		})
	}
}

// charge has the handler work on events, so many a request and so many messages a batch, and returns what that took.
func (b *bundle) charge(t *testing.T, list []event.Event, request, messages int) bill {
	t.Helper()
	got := bill{events: len(list)}
	var lake countedLake
	h := NewHandler(b.folder, nil, &lake, &b.signals, &b.back, nil, nil, b.runner.Log)
	var bodies []string
	for some := range slices.Chunk(list, request) {
		bodies = append(bodies, event.Packs(some)...)
		got.requests++
	}
	got.sends = len(bodies)
	var meter dynamo.Meter
	for some := range slices.Chunk(bodies, messages) {
		var in events.SQSEvent
		for i, body := range some {
			in.Records = append(in.Records, events.SQSMessage{MessageId: fmt.Sprint(i), Body: body})
		}
		out, err := h.Handle(dynamo.WithMeter(t.Context(), &meter), in)
		if err != nil || len(out.BatchItemFailures) > 0 || len(b.back.list) > 0 {
			t.Fatalf("%v, %v; %d events were put off", err, out.BatchItemFailures, len(b.back.list))
		}
		got.receives++
		got.deletes++
	}
	got.sends += len(b.signals.list)
	got.objects = lake.objects
	got.read, got.write = meter.Units()
	return got
}
