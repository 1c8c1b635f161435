package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"liuke/infra/local/engine"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/queue"
	"liuke/shared/signal"
	"liuke/shared/survey"
	"liuke/shared/telemetry"
)

// arrival is when the samples arrive: a minute after the order, in the afternoon in Shanghai.
var arrival = time.Date(2026, 3, 1, 8, 30, 0, 0, time.UTC) // 16:30

type bundle struct {
	t        *testing.T
	handler  *Handler
	store    *dynamo.Store
	signals  string
	messages string
	now      *time.Time
	surveys  catalogued
	logged   *strings.Builder
	metrics  *strings.Builder
	log      *slog.Logger // one for all processes: each keeps its own lines apart, not those of two
	count    *telemetry.Counter
}

// catalogued is surveys as they stand.
type catalogued survey.Catalogue

func (c catalogued) Surveys(context.Context) (survey.Catalogue, error) {
	return survey.Catalogue(c), nil
}

func setup(t *testing.T) *bundle {
	t.Helper()
	surveys, err := survey.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	customers, records := engine.NewTables(t)
	b := &bundle{t: t, signals: engine.NewQueue(t), messages: engine.NewQueue(t), surveys: catalogued(surveys), logged: &strings.Builder{}, metrics: &strings.Builder{}}
	b.store = dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records)
	now := arrival
	b.now = &now
	b.log = slog.New(slog.NewTextHandler(b.logged, nil))
	b.count = telemetry.NewCounter(b.metrics, "outreach", b.clock)
	b.handler = b.another()
	return b
}

func (b *bundle) clock() time.Time { return *b.now }

// another is one more process of the function over the same tables and queues.
func (b *bundle) another() *Handler {
	b.t.Helper()
	cfg := engine.Config(engine.StartQueues(b.t))
	business, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		b.t.Fatal(err)
	}
	h, err := NewHandler(Handler{
		Store: b.store, Surveys: b.surveys.Surveys, Signals: queue.New(cfg, b.signals), Messages: queue.New(cfg, b.messages),
		Now: b.clock, Log: b.log, Count: b.count,
	}, business)
	if err != nil {
		b.t.Fatal(err)
	}
	return h
}

// customer stores a profile with the traits; without any, one that every gate lets pass.
func (b *bundle) customer(id customer.ID, traits map[string]string) {
	b.t.Helper()
	if traits == nil {
		traits = map[string]string{customer.TraitEmail: string(id) + "@example.com", customer.ConsentTrait("email"): "true", customer.TraitTimeZone: "Asia/Shanghai"}
	}
	p := customer.Profile{Version: 1}
	for name, value := range traits {
		p.Set(name, customer.Trait{Value: value, Time: 1, Event: "e"})
	}
	if err := b.store.PutProfile(b.t.Context(), id, &p); err != nil {
		b.t.Fatal(err)
	}
}

// invoke hands the handler an envelope and returns what it reports as failed, and the units that it took.
func (b *bundle) invoke(h *Handler, raw []byte) (failures []string, read, write float64) {
	b.t.Helper()
	meter := &dynamo.Meter{}
	out, err := h.Handle(dynamo.WithMeter(b.t.Context(), meter), raw)
	if err != nil {
		b.t.Fatal(err)
	}
	if response, ok := out.(events.SQSEventResponse); ok {
		for _, f := range response.BatchItemFailures {
			failures = append(failures, f.ItemIdentifier)
		}
	}
	read, write = meter.Units()
	return failures, read, write
}

func sample(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "events", "outreach", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func envelope(t *testing.T, signals ...signal.Signal) []byte {
	t.Helper()
	body, err := encode(signals...)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m-1", Body: body}}})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// drain takes all messages off a queue.
func (b *bundle) drain(url string) []string {
	b.t.Helper()
	client := sqs.NewFromConfig(engine.Config(engine.StartQueues(b.t)))
	var bodies []string
	for {
		out, err := client.ReceiveMessage(b.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10})
		if err != nil {
			b.t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return bodies
		}
		for _, m := range out.Messages {
			bodies = append(bodies, *m.Body)
			if _, err := client.DeleteMessage(b.t.Context(), &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle}); err != nil {
				b.t.Fatal(err)
			}
		}
	}
}

// delayed counts what waits on a queue for later.
func (b *bundle) delayed(url string) string {
	b.t.Helper()
	client := sqs.NewFromConfig(engine.Config(engine.StartQueues(b.t)))
	out, err := client.GetQueueAttributes(b.t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{"ApproximateNumberOfMessagesDelayed"}})
	if err != nil {
		b.t.Fatal(err)
	}
	return out.Attributes["ApproximateNumberOfMessagesDelayed"]
}

func (b *bundle) entry(id customer.ID, scene, occasion string) message.Entry {
	b.t.Helper()
	e, err := b.store.Entry(b.t.Context(), id, message.ID(id, scene, occasion, 0, message.Email))
	if err != nil && fault.CodeOf(err) != fault.NotFound {
		b.t.Fatal(err)
	}
	return e
}

func slipped(id customer.ID, run string, at time.Time) signal.Signal {
	data, _ := json.Marshal(signal.SegmentData{Run: run, Model: "rfm10", From: "Champions", To: "At Risk"})
	return signal.Signal{ID: signal.SegmentID(run, "rfm10"), Kind: signal.SegmentChanged, Customer: id, Time: at, Data: data}
}
