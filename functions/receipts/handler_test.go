package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"liuke/infra/local/engine"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/queue"
	"liuke/shared/signal"
	"liuke/shared/survey"
	"liuke/shared/telemetry"
	"liuke/shared/token"
)

const keysJSON = `{"current":"0123456789abcdef0123456789abcdef"}`

var sentAt = time.Date(2026, 3, 1, 8, 31, 2, 0, time.UTC)

type keys struct{}

func (keys) Value(context.Context) ([]byte, error) { return []byte(keysJSON), nil }

type sink struct{ back []queue.Message }

func (s *sink) Send(_ context.Context, messages ...queue.Message) error {
	s.back = append(s.back, messages...)
	return nil
}

type bundle struct {
	t       *testing.T
	handler *Handler
	store   *dynamo.Store
	queue   *sink
	now     *time.Time
	metrics *strings.Builder
	logged  *strings.Builder
	tag     string
}

func setup(t *testing.T) *bundle {
	t.Helper()
	customers, records := engine.NewTables(t)
	now := sentAt.Add(3 * time.Second)
	b := &bundle{t: t, queue: &sink{}, now: &now, metrics: &strings.Builder{}, logged: &strings.Builder{}}
	b.store = dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records)
	clock := func() time.Time { return *b.now }
	b.handler = NewHandler(Handler{
		Store: b.store, Receipts: b.queue, Keys: keys{}, Now: clock,
		Log: slog.New(slog.NewTextHandler(b.logged, nil)), Count: telemetry.NewCounter(b.metrics, "receipts", clock),
	})
	ring, err := token.NewKeyring([]byte(keysJSON))
	if err != nil {
		t.Fatal(err)
	}
	if b.tag, err = ring.Seal(token.PurposeEntry, token.Entry{Customer: "user-0001", Entry: entryID}); err != nil {
		t.Fatal(err)
	}
	return b
}

var entryID = message.ID("user-0001", "win_back", "segment:run-1:rfm10", 0, message.Email)

// entry stores an entry that is sending since the message was handed over, moved on by step.
func (b *bundle) entry(step func(message.Entry) (message.Entry, error)) {
	b.t.Helper()
	e := message.New("win_back", 0, message.Email, signal.Signal{ID: "segment:run-1:rfm10", Kind: signal.SegmentChanged, Customer: "user-0001", Time: sentAt})
	e.State, e.Attempted, e.Attempt = message.Sending, sentAt, "try"
	e, err := step(e)
	if err == nil {
		_, err = b.store.WriteEntry(b.t.Context(), e)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

func sending(e message.Entry) (message.Entry, error) { return e, nil }
func unknown(e message.Entry) (message.Entry, error) { return e.Lose("timeout") }
func sent(e message.Entry) (message.Entry, error) {
	return e.Accept("0107019caf000000-11111111-2222-3333-4444-555555555555-000000", "en", sentAt)
}

func (b *bundle) stored() message.Entry {
	b.t.Helper()
	e, err := b.store.Entry(b.t.Context(), "user-0001", entryID)
	if err != nil {
		b.t.Fatal(err)
	}
	return e
}

func (b *bundle) suppressed(address string) bool {
	b.t.Helper()
	yes, err := b.store.Suppressed(b.t.Context(), message.Email, address)
	if err != nil {
		b.t.Fatal(err)
	}
	return yes
}

// sample reads an envelope and puts the sealed tag of the stored entry into it.
func (b *bundle) sample(name string) events.SQSEvent {
	b.t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "events", "receipts", name+".json"))
	if err != nil {
		b.t.Fatal(err)
	}
	var in events.SQSEvent
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(raw), "ENTRY_TOKEN", b.tag)), &in); err != nil {
		b.t.Fatal(err)
	}
	return in
}

func (b *bundle) deliver(in events.SQSEvent) (failures int, write float64) {
	b.t.Helper()
	meter := &dynamo.Meter{}
	out, err := b.handler.Handle(dynamo.WithMeter(b.t.Context(), meter), in)
	if err != nil {
		b.t.Fatal(err)
	}
	_, write = meter.Units()
	return len(out.BatchItemFailures), write
}

func TestReceipts(t *testing.T) {
	delivered, bounced, accused := sentAt.Add(2*time.Second), sentAt.Add(3*time.Second), time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, sample string
		from         func(message.Entry) (message.Entry, error)
		state        message.State
		suppressed   bool
		write        float64
		check        func(message.Entry) bool
	}{
		{"a delivery is booked with one write", "delivery", sent, message.Sent, false, 1, func(e message.Entry) bool { return e.Delivered.Equal(delivered) }},
		{"a delivery settles what was unknown", "delivery", unknown, message.Sent, false, 1, func(e message.Entry) bool { return e.Delivered.Equal(delivered) && e.Provider != "" }},
		{"a delivery settles what is still sending", "delivery", sending, message.Sent, false, 1, func(e message.Entry) bool { return e.Delivered.Equal(delivered) }},
		{"that SES took a message is known already", "send", sent, message.Sent, false, 0, func(e message.Entry) bool { return true }},
		{"that SES took a message settles what was unknown", "send", unknown, message.Sent, false, 1, func(e message.Entry) bool { return e.Provider != "" }},
		{"a permanent bounce suppresses the address", "bounce_permanent", sent, message.Sent, true, 2, func(e message.Entry) bool { return e.Bounced.Equal(bounced) }},
		{"a permanent bounce settles what was unknown", "bounce_permanent", unknown, message.Sent, true, 2, func(e message.Entry) bool { return e.Bounced.Equal(bounced) }},
		{"a full mailbox suppresses nothing", "bounce_transient", sent, message.Sent, false, 0, func(e message.Entry) bool { return e.Bounced.IsZero() }},
		{"a complaint suppresses the address, however it is spelled", "complaint", sent, message.Sent, true, 2, func(e message.Entry) bool { return e.Complained.Equal(accused) }},
		{"a rejection after acceptance is a failure", "reject", sent, message.Failed, false, 1, func(e message.Entry) bool { return e.Reason == "rejected" }},
		{"a rendering failure is a failure", "rendering_failure", sent, message.Failed, false, 1, func(e message.Entry) bool { return !e.Rejected.IsZero() }},
		{"a delay changes nothing", "delivery_delay", sent, message.Sent, false, 0, func(e message.Entry) bool { return true }},
		{"a click that SES counted shows that the mail was opened", "click", sent, message.Sent, false, 1, func(e message.Entry) bool { return !e.Opened.IsZero() && e.Clicked.IsZero() }},
		{"and settles nothing", "click", unknown, message.Unknown, false, 1, func(e message.Entry) bool { return !e.Opened.IsZero() }},
		{"so does an opening", "open", unknown, message.Unknown, false, 1, func(e message.Entry) bool { return e.Opened.Equal(accused) && e.Provider == "" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			b.entry(c.from)
			failures, write := b.deliver(b.sample(c.sample))
			if e := b.stored(); failures != 0 || write != c.write || e.State != c.state || !c.check(e) {
				t.Errorf("%d failures, %g write units, %+v", failures, write, e)
			}
			if got := b.suppressed("li@example.com"); got != c.suppressed {
				t.Errorf("suppressed: %v", got)
			}
			if c.sample == "delivery" {
				t.Logf("a receipt: %g write units", write)
			}
			before := b.stored()
			if b.deliver(b.sample(c.sample)); !cmp.Equal(before, b.stored()) {
				t.Errorf("the same receipt again: %+v", b.stored())
			}
		})
	}
}

func TestAnAcceptanceWaitsForItsSender(t *testing.T) {
	b := setup(t)
	b.entry(sending)
	failures, write := b.deliver(b.sample("send"))
	if failures != 0 || write != 0 || len(b.queue.back) != 1 || b.stored().State != message.Sending {
		t.Errorf("while the sender may live: %d failures, %g write units, %d back", failures, write, len(b.queue.back))
	}
	*b.now = sentAt.Add(message.SendingHorizon)
	again := events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m", Body: b.queue.back[0].Body}}}
	if b.deliver(again); b.stored().State != message.Sent {
		t.Errorf("past that: %+v", b.stored())
	}
}

func TestEventsThatAreNotOurs(t *testing.T) {
	b := setup(t)
	for name, tag := range map[string]string{
		"foreign":  b.tag, // has no tag at all
		"delivery": "AAAA",
		"bounce_permanent": func() string { // sealed for another purpose
			ring, _ := token.NewKeyring([]byte(keysJSON))
			tok, _ := ring.Seal(token.PurposeUnsubscribe, token.Unsubscribe{Customer: "user-0001", Channel: "email"})
			return tok
		}(),
	} {
		b.tag = tag
		b.metrics.Reset()
		failures, write := b.deliver(b.sample(name))
		if failures != 0 || write != 0 || !strings.Contains(b.metrics.String(), `"ForeignEvents":1`) {
			t.Errorf("%s: %d failures, %g write units, metrics %s", name, failures, write, b.metrics)
		}
	}
	if b.suppressed("li@example.com") {
		t.Error("an event without our tag suppressed an address")
	}
}

func TestAnErasedEntryAndAnUndecodableMessage(t *testing.T) {
	b := setup(t)
	if failures, write := b.deliver(b.sample("delivery")); failures != 0 || write != 0 || !strings.Contains(b.metrics.String(), `"EntryGone":1`) {
		t.Errorf("an entry that is gone: %d failures, %g write units", failures, write)
	}
	if failures, _ := b.deliver(b.sample("undecodable")); failures != 1 {
		t.Errorf("an undecodable message: %d failures", failures)
	}
	if strings.Contains(b.logged.String(), "li@") || strings.Contains(b.metrics.String(), "li@") {
		t.Error("an address was logged")
	}
}

// TestAnyOrderAnyNumberAllAtOnce delivers the same events in many orders, twice each and side by side.
func TestAnyOrderAnyNumberAllAtOnce(t *testing.T) {
	names := []string{"send", "delivery", "bounce_permanent", "complaint", "reject", "delivery_delay"}
	var want *message.Entry
	for seed := range uint64(12) {
		b := setup(t)
		b.entry(unknown)
		all := append(append([]string{}, names...), names...)
		rand.New(rand.NewPCG(seed, 2)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		var wait sync.WaitGroup
		for _, name := range all {
			in := b.sample(name)
			deliver := func() {
				for range 20 { // what conflicts goes back to the queue and comes again
					other := *b
					other.queue = &sink{}
					h := NewHandler(Handler{Store: b.store, Receipts: other.queue, Keys: keys{}, Now: b.handler.Now, Log: slog.New(slog.DiscardHandler)})
					if _, err := h.Handle(context.Background(), in); err != nil {
						t.Error(err)
					}
					if len(other.queue.back) == 0 {
						return
					}
				}
				t.Errorf("seed %d: a receipt never got through", seed)
			}
			if seed%2 == 0 {
				deliver()
			} else {
				wait.Go(deliver)
			}
		}
		wait.Wait()
		got := b.stored()
		got.Revision, got.Sent = 0, time.Time{} // how often it was written, and when it was first known
		if want == nil {
			want = &got
		}
		if d := cmp.Diff(*want, got); d != "" {
			t.Fatalf("seed %d, in the order %v: %s", seed, all, d)
		}
	}
	if want.State != message.Sent || want.Delivered.IsZero() || want.Bounced.IsZero() || want.Complained.IsZero() || want.Rejected.IsZero() {
		t.Errorf("%+v", want)
	}
}

// broken is a store that fails.
type broken struct{ *dynamo.Store }

func (broken) Suppress(context.Context, message.Channel, string, string, time.Time) error {
	return fault.New(fault.Throttled, "slower")
}

func TestAThrottledTableSendsTheReceiptBack(t *testing.T) {
	b := setup(t)
	b.entry(sent)
	b.handler.Store = broken{b.store}
	in := b.sample("complaint")
	if failures, _ := b.deliver(in); failures != 0 || len(b.queue.back) != 1 || b.queue.back[0].Body != in.Records[0].Body {
		t.Errorf("%d failures, back: %s", failures, fmt.Sprint(len(b.queue.back)))
	}
	if !b.stored().Complained.IsZero() {
		t.Error("the entry was booked before the address was suppressed")
	}
}

// inviting makes of the stored entry an invitation to a survey.
func inviting(step func(message.Entry) (message.Entry, error)) func(message.Entry) (message.Entry, error) {
	return func(e message.Entry) (message.Entry, error) {
		e.Invitation = message.Invitation{Survey: "leaving", ID: e.ID}
		return step(e)
	}
}

func TestAnHourIsCountedAnewWhereAReceiptTellsThatAnInvitationWasSentOrNot(t *testing.T) {
	for _, c := range []struct {
		name, sample string
		before       func(message.Entry) (message.Entry, error)
		marks, asked int
	}{
		{"sent after all", "delivery", inviting(unknown), 1, 1},
		{"not sent after all", "reject", inviting(sent), 1, 0},
		{"known to be sent", "delivery", inviting(sent), 0, 1},
		{"no invitation", "delivery", unknown, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			b.entry(c.before)
			if failures, _ := b.deliver(b.sample(c.sample)); failures != 0 {
				t.Fatal("the receipt was not taken")
			}
			marks, err := b.store.Marks(t.Context(), "")
			if err != nil || len(marks) != c.marks || c.marks > 0 && marks[0].Hour != survey.HourAt("leaving", sentAt) {
				t.Errorf("%+v, %v", marks, err)
			}
			asked, err := b.store.AskedOfHour(t.Context(), "leaving", sentAt.Truncate(time.Hour), time.Time{})
			if err != nil || len(asked) != c.asked {
				t.Errorf("%+v, %v", asked, err)
			}
		})
	}
}
