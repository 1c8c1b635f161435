package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/consent"
	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/signal"
	"liuke/shared/survey"
	"liuke/shared/telemetry"
	"liuke/shared/token"
)

// mailEvents are SES's events by type, each with what is its own.
var mailEvents = map[string]string{
	"Send": `"send":{}`, "Delivery": `"delivery":{"timestamp":%q}`, "DeliveryDelay": `"deliveryDelay":{"timestamp":%q}`, "Reject": `"reject":{"reason":"Bad content"}`,
	"Rendering Failure": `"failure":{"errorMessage":"x"}`, "Open": `"open":{"timestamp":%q}`, "Click": `"click":{"timestamp":%q}`, "Subscription": `"subscription":{}`,
	"Bounce":         `"bounce":{"bounceType":"Permanent","timestamp":%q,"bouncedRecipients":[{"emailAddress":"li@example.com"}]}`,
	"Bounce/soft":    `"bounce":{"bounceType":"Transient","timestamp":%q,"bouncedRecipients":[{"emailAddress":"li@example.com"}]}`,
	"Complaint":      `"complaint":{"timestamp":%q,"complainedRecipients":[{"emailAddress":"li@example.com"}]}`,
	"Complaint/none": `"complaint":{"timestamp":%q,"complaintFeedbackType":"not-spam","complainedRecipients":[{"emailAddress":"li@example.com"}]}`,
}

// textEvents are the types of the events of SMS.
var textEvents = []string{
	"TEXT_QUEUED", "TEXT_PENDING", "TEXT_SENT", "TEXT_UNKNOWN", "TEXT_SUCCESSFUL", "TEXT_DELIVERED", "TEXT_INVALID", "TEXT_BLOCKED", "TEXT_UNREACHABLE",
	"TEXT_CARRIER_UNREACHABLE", "TEXT_CARRIER_BLOCKED", "TEXT_SPAM", "TEXT_INVALID_MESSAGE", "TEXT_TTL_EXPIRED", "TEXT_PROTECT_BLOCKED", "TEXT_OF_TOMORROW",
}

// mailEvent writes an event of SES of the type, some seconds after the mail.
func mailEvent(kind, tag string, second int) string {
	at := sentAt.Add(time.Duration(second) * time.Second).Format(time.RFC3339)
	name, _, _ := strings.Cut(kind, "/")
	own := mailEvents[kind]
	if strings.Contains(own, "%q") {
		own = fmt.Sprintf(own, at)
	}
	return fmt.Sprintf(`{"eventType":%q,"mail":{"timestamp":%q,"messageId":"p","tags":{"liuke_entry":[%q]}},%s}`, name, sentAt.Format(time.RFC3339), tag, own)
}

// textEvent writes an event of SMS of the type.
func textEvent(kind, tag string, second int) string {
	return fmt.Sprintf(`{"eventType":%q,"eventTimestamp":%d,"messageId":"p","destinationPhoneNumber":"+4915112345678","context":{"liuke_entry":%q}}`,
		kind, sentAt.Add(time.Duration(second)*time.Second).UnixMilli(), tag)
}

// kept is a ledger of one entry, and addresses that are suppressed.
type kept struct {
	entry      message.Entry
	suppressed map[string]bool
	words      consent.Words
	reply      string
}

func (k *kept) PutReply(context.Context, string, string, time.Time) error { return nil }

func (k *kept) Reply(context.Context, string) (string, error) { return k.reply, nil }

func (k *kept) Say(_ context.Context, _ message.Channel, _ string, w consent.Word) (time.Time, error) {
	first, _ := k.words.Hear(w)
	return first, nil
}

func (k *kept) Suppress(_ context.Context, ch message.Channel, address, _ string, _ time.Time) error {
	k.suppressed[string(ch)+" "+address] = true
	return nil
}

func (k *kept) Entry(context.Context, customer.ID, string) (message.Entry, error) {
	return k.entry, nil
}

func (k *kept) WriteEntry(_ context.Context, e message.Entry) (message.Entry, error) {
	e.Revision++
	k.entry = e
	return e, nil
}

func (k *kept) MarkHours(context.Context, time.Time, ...survey.Hour) error { return nil }

// TestEveryEventInAnyOrderAndMoreThanOnceComesToTheSame delivers events of all types of one provider, in an order that rapid
// draws, some of them again, what goes back to the queue at its end.
func TestEveryEventInAnyOrderAndMoreThanOnceComesToTheSame(t *testing.T) {
	ring, err := token.NewKeyring([]byte(keysJSON))
	if err != nil {
		t.Fatal(err)
	}
	tag, err := ring.Seal(token.PurposeEntry, token.Entry{Customer: "user-0001", Entry: entryID})
	if err != nil {
		t.Fatal(err)
	}
	var mails []string
	for kind := range mailEvents {
		mails = append(mails, kind)
	}
	rapid.Check(t, func(t *rapid.T) {
		ch := rapid.SampledFrom([]message.Channel{message.Email, message.SMS}).Draw(t, "channel")
		start := rapid.SampledFrom([]message.State{message.Sending, message.Unknown, message.Sent, message.Claimed}).Draw(t, "state")
		body := rapid.Custom(func(t *rapid.T) string {
			second := rapid.IntRange(0, 9).Draw(t, "second")
			if ch == message.SMS {
				return textEvent(rapid.SampledFrom(textEvents).Draw(t, "type"), tag, second)
			}
			return mailEvent(rapid.SampledFrom(mails).Draw(t, "type"), tag, second)
		})
		bodies := rapid.SliceOfN(body, 1, 12).Draw(t, "events")
		again := append(append([]string{}, bodies...), rapid.SliceOf(rapid.SampledFrom(bodies)).Draw(t, "again")...)
		first, other := delivered(t, ch, start, bodies), delivered(t, ch, start, rapid.Permutation(again).Draw(t, "order"))
		if diff := cmp.Diff(first.entry, other.entry); diff != "" {
			t.Fatalf("another order comes to another entry: %s", diff)
		}
		if !maps.Equal(first.suppressed, other.suppressed) {
			t.Fatalf("%v is suppressed, or in another order %v", first.suppressed, other.suppressed)
		}
	})
}

func delivered(t *rapid.T, ch message.Channel, start message.State, bodies []string) *kept {
	k := &kept{suppressed: map[string]bool{}}
	k.entry = message.New("win_back", 0, ch, signal.Signal{ID: "s", Kind: signal.SegmentChanged, Customer: "user-0001", Time: sentAt})
	k.entry.State, k.entry.Attempted = start, sentAt
	now := sentAt.Add(10 * time.Second)
	clock := func() time.Time { return now }
	back := &sink{}
	h := NewHandler(Handler{Store: k, Receipts: back, Keys: keys{}, Now: clock, Log: slog.New(slog.DiscardHandler), Count: telemetry.NewCounter(&strings.Builder{}, "receipts", clock)})
	bodies = append([]string{}, bodies...)
	for len(bodies) > 0 {
		out, err := h.Handle(context.Background(), events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m", Body: bodies[0]}}})
		if err != nil || len(out.BatchItemFailures) > 0 {
			t.Fatalf("%+v, %v", out, err)
		}
		bodies = bodies[1:]
		for _, m := range back.back { // an acceptance waits for its sender, who is gone by then
			bodies = append(bodies, m.Body)
			now = sentAt.Add(message.SendingHorizon)
		}
		back.back = nil
	}
	k.entry.Revision, k.entry.Sent = 0, time.Time{} // how often it was written, and when it was first known to be sent
	return k
}

func TestANumberThatTakesNoSMSIsSuppressed(t *testing.T) {
	b := setup(t)
	b.entry(func(e message.Entry) (message.Entry, error) { e.Channel = message.SMS; return e, nil })
	for _, c := range []struct {
		sample     string
		write      float64
		suppressed bool
		check      func(message.Entry) bool
	}{
		{"text_delivered", 2, false, // one of them so that an answer finds the message
			func(e message.Entry) bool {
				return e.State == message.Sent && e.Delivered.Equal(sentAt.Add(2*time.Second))
			}},
		{"text_invalid", 2, true, func(e message.Entry) bool { return e.State == message.Sent && !e.Bounced.IsZero() }},
	} {
		failures, write := b.deliver(b.sample(c.sample))
		if e := b.stored(); failures != 0 || write != c.write || !c.check(e) {
			t.Errorf("%s: %d failures, %g write units, %+v", c.sample, failures, write, e)
		}
		if got, err := b.store.Suppressed(t.Context(), message.SMS, "+4915112345678"); err != nil || got != c.suppressed {
			t.Errorf("%s: suppressed %t, %v", c.sample, got, err)
		}
	}
	if b.suppressed("+4915112345678") || !strings.Contains(b.metrics.String(), `"Event_TextInvalid":1`) {
		t.Errorf("the number is suppressed for mail, or nothing counted: %s", b.metrics)
	}
}

func TestTypesOfEventsAreMetricsNames(t *testing.T) {
	for kind, want := range map[string]string{
		"TEXT_CARRIER_BLOCKED": "TextCarrierBlocked", "TEXT_TTL_EXPIRED": "TextTtlExpired", "TEXT_OF_TOMORROW": "TextOther",
	} {
		if got := textKind(kind); got != want {
			t.Errorf("%s: %s", kind, got)
		}
	}
	for kind, want := range map[string]string{"Rendering Failure": "RenderingFailure", "Open": "Open", "Horoscope": "Other"} {
		if got := mailKind(kind); got != want {
			t.Errorf("%s: %s", kind, got)
		}
	}
}
