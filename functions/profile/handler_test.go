package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"liuke/infra/local/engine"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/fold"
	"liuke/shared/money"
	"liuke/shared/queue"
	"liuke/shared/signal"
	"liuke/shared/telemetry"
)

// bundle is a handler over the real engine's tables, with a lake and queues that keep what they are given; their
// errors, where set, are returned instead.
type bundle struct {
	*Handler
	store         *dynamo.Store
	now           time.Time
	folder        *fold.Folder
	lake          keptEvents
	signals, back keptMessages
	log, metrics  bytes.Buffer
}

type keptEvents struct {
	list []event.Event
	keys []customer.Key
	err  error
}

func (k *keptEvents) PutSealed(_ context.Context, list []event.Event, keys []customer.Key) error {
	k.list, k.keys = append(k.list, list...), append(k.keys, keys...)
	return k.err
}

type keptMessages struct {
	list []queue.Message
	err  error
}

func (k *keptMessages) Send(_ context.Context, messages ...queue.Message) error {
	if k.err == nil {
		k.list = append(k.list, messages...)
	}
	return k.err
}

func (k *keptMessages) signals(t *testing.T) (all []signal.Signal) {
	t.Helper()
	for _, m := range k.list {
		var pack signal.Pack
		if err := json.Unmarshal([]byte(m.Body), &pack); err != nil {
			t.Fatal(err)
		}
		all = append(all, pack.Signals...)
	}
	return all
}

func setup(t *testing.T) *bundle {
	t.Helper()
	customers, records := engine.NewTables(t)
	b := &bundle{store: dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records)}
	b.folder = &fold.Folder{
		Settings: fold.Settings{Zone: shanghai, Money: money.Only("CNY")},
		Store:    b.store,
		Sleep:    func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		Jitter:   func() float64 { return 0 },
		Random:   rand.Reader,
	}
	counter := telemetry.NewCounter(&b.metrics, "profile", func() time.Time { return time.Unix(0, 0) })
	b.Handler = NewHandler(b.folder, b.store, &b.lake, &b.signals, &b.back, func() time.Time { return b.now }, counter, slog.New(slog.NewJSONHandler(&b.log, nil)))
	return b
}

func envelope(t *testing.T, name string) (in events.SQSEvent) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "events", "profile", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		t.Fatal(err)
	}
	return in
}

// handle works on a sample and returns the ids of the messages that are to be delivered again.
func (b *bundle) handle(t *testing.T, in events.SQSEvent) (failed []string) {
	t.Helper()
	out, err := b.Handle(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range out.BatchItemFailures {
		failed = append(failed, f.ItemIdentifier)
	}
	return failed
}

func (b *bundle) customer(t *testing.T, id customer.ID) customer.Record {
	t.Helper()
	rec, err := b.store.Customer(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func TestActivityCountsOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 2 { // SQS delivers at least once
		if failed := b.handle(t, envelope(t, "activity")); failed != nil {
			t.Fatalf("to be delivered again: %v", failed)
		}
	}
	rec := b.customer(t, "user-0001")
	if rec.Activity.Total() != 2 || rec.Version != 1 || rec.Seen != rec.Last {
		t.Errorf("after two deliveries of two events: %+v", rec)
	}
	if visitor := b.customer(t, "anonymous:visitor-9"); visitor.Activity.Total() != 1 {
		t.Errorf("the anonymous visitor: %+v", visitor)
	}
	if len(b.lake.list) != 6 || len(b.signals.list) != 0 {
		t.Errorf("%d events in the lake, %d signals", len(b.lake.list), len(b.signals.list))
	}
}

func TestOrdersBecomeHistoryAndSignals(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.handle(t, envelope(t, "orders"))
	rec := b.customer(t, "user-0001")
	want := []customer.Purchases{{Day: customer.Date(2026, time.March, 1), Orders: 1, Net: 10_000}} // 00:30 in Shanghai
	if diff := cmp.Diff(want, slices.Collect(rec.History.Days())); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	if other := b.customer(t, "user-0002"); other.History.Len() != 0 || other.Version != 1 {
		t.Errorf("a cancelled order counts: %+v", other)
	}
	signals := b.signals.signals(t)
	if len(signals) != 3 {
		t.Fatalf("signals %v, want that one was placed, and what became of both: the cancelled one is not told", signals)
	}
	for i, want := range []signal.OrderData{
		{Order: "o-1", Amount: 10_000, Currency: "CNY", Worth: 10_000, First: true, Version: 2}, {},
		{Order: "o-2", Currency: "CNY", First: true, Version: 2, Void: true},
	} {
		var data signal.OrderData
		if err := json.Unmarshal(signals[i].Data, &data); err != nil || i != 1 && (data != want || signals[i].Kind != signal.OrderChanged) {
			t.Errorf("signal %d: %s with %+v, want %+v; %v", i, signals[i].Kind, data, want, err)
		}
	}
	signals = signals[1:]
	var data signal.OrderData
	if err := json.Unmarshal(signals[0].Data, &data); err != nil {
		t.Fatal(err)
	}
	if want := (signal.OrderData{Order: "o-1", Amount: 10_000, Currency: "CNY", Worth: 10_000, First: true, Version: 2}); data != want ||
		signals[0].ID != signal.OrderID("o-1") || signals[0].Customer != "user-0001" ||
		!signals[0].Time.Equal(time.Date(2026, 2, 28, 16, 30, 0, 0, time.UTC)) {
		t.Errorf("signal %+v with %+v, want %+v", signals[0], data, want)
	}
	version := rec.Version
	b.handle(t, envelope(t, "orders"))
	if again := b.customer(t, "user-0001"); again.Version != version {
		t.Errorf("a replay wrote: version %d, was %d", again.Version, version)
	}
	if all := b.signals.signals(t); len(all) != 6 || cmp.Diff(all[:3], all[3:]) != "" {
		t.Errorf("a replay must send the same signals again: %v", all)
	}
}

func TestImportedOrderHasItsOwnDayAndTellsNobody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.handle(t, envelope(t, "history"))
	rec := b.customer(t, "user-0001")
	want := []customer.Purchases{{Day: customer.Date(1997, time.January, 1), Orders: 1, Net: 1177}}
	if diff := cmp.Diff(want, slices.Collect(rec.History.Days())); diff != "" || len(b.signals.list) != 0 {
		t.Errorf("%d signals, history (-want +got):\n%s", len(b.signals.list), diff)
	}
}

func TestTraitsAreWhatTheLastEventSaid(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.handle(t, envelope(t, "identify"))
	b.handle(t, envelope(t, "identify"))
	p, err := b.store.Profile(t.Context(), "user-0001")
	if err != nil {
		t.Fatal(err)
	}
	if p.Email() != "sam@shop.example" || p.Name() != "Sam" || p.Locale() != "en-GB" || p.TimeZone() != "Europe/London" {
		t.Errorf("traits %v", p.Traits)
	}
	if p.Consents("email") || p.Consents("sms") {
		t.Errorf("who unsubscribed consents: %v", p.Traits)
	}
	if rec := b.customer(t, "user-0001"); p.Version != 1 || rec.Activity.Total() != 2 {
		t.Errorf("profile version %d, activity %d: want 1 and 2", p.Version, rec.Activity.Total())
	}
}

func TestAnswerIsToldToOutreach(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.handle(t, envelope(t, "answer"))
	signals := b.signals.signals(t)
	if len(signals) != 1 || signals[0].ID != signal.AnswerID("nps", "inv-1") || signals[0].Kind != signal.AnswerGiven ||
		string(signals[0].Data) != `{"survey":"nps","invitation":"inv-1","score":9}` {
		t.Errorf("signals %v", signals)
	}
	if rec := b.customer(t, "user-0001"); rec.Activity.Total() != 1 {
		t.Errorf("an answer is activity: %+v", rec)
	}
}

func TestPoisonTravelsAloneAndSpoilsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if failed := b.handle(t, envelope(t, "poison")); failed != nil {
		t.Errorf("the pack is delivered again: %v", failed)
	}
	if rec := b.customer(t, "user-0001"); rec.Activity.Total() != 1 || rec.History.Len() != 0 {
		t.Errorf("the good event was not folded alone: %+v", rec)
	}
	if len(b.back.list) != 2 || b.back.list[0].Reason != "invalid" || b.back.list[0].Delay != 0 {
		t.Fatalf("sent back %+v, want both poison events alone with their reason", b.back.list)
	}
	alone := envelope(t, "poison_alone")
	if failed := b.handle(t, alone); len(failed) != 1 || failed[0] != alone.Records[0].MessageId {
		t.Errorf("a poison event alone must fail by its message id: %v", failed)
	}
	if len(b.lake.list) != 1 {
		t.Errorf("%d events in the lake, want the one alone that was folded", len(b.lake.list))
	}
}

func TestUndecodableMessageFailsAlone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	in := envelope(t, "undecodable")
	if failed := b.handle(t, in); len(failed) != 1 || failed[0] != in.Records[0].MessageId {
		t.Errorf("to be delivered again: %v", failed)
	}
	if rec := b.customer(t, "user-0001"); rec.Activity.Total() != 1 {
		t.Errorf("the other message was not folded: %+v", rec)
	}
}

func TestNothingIsAcknowledgedBeforeLakeAndSignalsHaveIt(t *testing.T) {
	t.Parallel()
	down := fault.New(fault.Unavailable, "down")
	for _, test := range []struct {
		name     string
		lake     error
		signals  error
		sentBack int
	}{
		{"the lake is down: all events go back", down, nil, 4},
		{"the lake refuses: all events go back", fault.New(fault.Internal, "no permission"), nil, 4},
		{"the signals' queue is down: events with signals go back", nil, down, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.lake.err, b.signals.err = test.lake, test.signals
			if failed := b.handle(t, envelope(t, "orders")); failed != nil {
				t.Errorf("a try was spent on %v", failed)
			}
			if len(b.back.list) != test.sentBack {
				t.Errorf("%d events sent back, want %d", len(b.back.list), test.sentBack)
			}
			for _, m := range b.back.list {
				if m.Delay == 0 || m.Reason != "" {
					t.Errorf("sent back at once, or as poison: %+v", m)
				}
			}
		})
	}
}

func TestCustomersStayOutOfLogsMetricsAndAttributes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, name := range []string{"activity", "orders", "identify", "answer", "poison", "poison_alone", "undecodable"} {
		b.handle(t, envelope(t, name))
	}
	public := b.log.String() + b.metrics.String()
	for _, m := range b.back.list {
		public += m.Reason
	}
	for _, private := range []string{"user-000", "visitor-9", "sam@shop", "o-1", "o-2", "很好"} {
		if strings.Contains(public, private) {
			t.Errorf("%q is in what is logged, counted or an attribute", private)
		}
	}
	if b.log.Len() == 0 || !strings.Contains(b.metrics.String(), `"EventsRefused":2`) {
		t.Errorf("poison is neither logged nor counted: %s %s", &b.log, &b.metrics)
	}
}

func TestOutreachIsToldOfTheEventsThatScenesAskFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		named map[string]bool
		err   error
		want  int // signals
		later bool
	}{
		{"an event that a scene asks for", map[string]bool{"Review Posted": true}, nil, 1, false},
		{"an event that none asks for", map[string]bool{"Review Read": true}, nil, 0, false},
		{"while nobody knows, events wait", nil, fault.New(fault.Unavailable, "nobody there"), 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			b.folder.Named = func(context.Context) (map[string]bool, error) { return c.named, c.err }
			errs := b.work(t.Context(), []event.Event{{
				ID: "e-1", Type: event.Track, Name: "Review Posted", User: "user-0001", Time: time.Unix(1772352000, 0).UTC(),
				Received: time.Unix(1772352000, 0).UTC(), Source: event.SourceSegment, Properties: json.RawMessage(`{"product_id":"p-1"}`),
			}})
			if fault.Retryable(errs[0]) != c.later {
				t.Fatal(errs[0])
			}
			all := b.signals.signals(t)
			if len(all) != c.want || c.want > 0 && string(all[0].Data) != `{"event":"Review Posted","subject":"p-1"}` {
				t.Errorf("%+v", all)
			}
		})
	}
}
