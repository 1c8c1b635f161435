package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"pgregory.net/rapid"

	"liuke/shared/consent"
	"liuke/shared/customer"
	shared "liuke/shared/event"
	"liuke/shared/message"
	"liuke/shared/telemetry"
	"liuke/shared/token"
)

const number = "+4915112345678"

// text is a customer's SMS in the envelope of its topic, so many seconds after the message that it answers.
func text(id, body, previous string, second int) string {
	inner := fmt.Sprintf(`{"originationNumber":%q,"destinationNumber":"+12065550152","messageBody":%q,"inboundMessageId":%q,"previousPublishedMessageId":%q}`, number, body, id, previous)
	return fmt.Sprintf(`{"Type":"Notification","Message":%q,"Timestamp":%q}`, inner, sentAt.Add(time.Duration(second)*time.Second).Format(time.RFC3339))
}

// take delivers bodies to the handler, and returns what it sent as events.
func (b *bundle) take(bodies ...string) (all []consent.Preferences, ids []string) {
	b.t.Helper()
	sent := &sink{}
	b.handler.Events = sent
	for _, body := range bodies {
		out, err := b.handler.Handle(b.t.Context(), events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m", Body: body}}})
		if err != nil || len(out.BatchItemFailures) > 0 || len(b.queue.back) > 0 {
			b.t.Fatalf("%v, %v, %d back", err, out.BatchItemFailures, len(b.queue.back))
		}
	}
	for _, m := range sent.back {
		list, err := shared.Unpack(m.Body)
		if err != nil {
			b.t.Fatal(err)
		}
		for _, e := range list {
			p, err := consent.ParsePreferences(e.Properties)
			if err != nil || e.User != "user-0001" || e.Source != shared.SourceSurvey || p.Proof.Source != customer.ByKeyword {
				b.t.Errorf("%+v, %v", e, err)
			}
			all, ids = append(all, p), append(ids, string(e.ID))
		}
	}
	return all, ids
}

func (b *bundle) stopped() bool {
	b.t.Helper()
	yes, err := b.store.Suppressed(b.t.Context(), message.SMS, number)
	if err != nil {
		b.t.Fatal(err)
	}
	return yes
}

func TestAWordStopsSMSAndTakesThatBack(t *testing.T) {
	b := setup(t)
	said, _ := b.take(textEvent("TEXT_DELIVERED", b.tag, 1), text("in-1", "退订", "p", 5))
	if !b.stopped() || len(said) != 1 || said[0].Channels["sms"] {
		t.Fatalf("stopped %v, %+v", b.stopped(), said)
	}
	if said, _ = b.take(text("in-2", "Start", "p", 60)); b.stopped() || len(said) != 1 || !said[0].Channels["sms"] {
		t.Errorf("stopped %v, %+v", b.stopped(), said)
	}
	_, ids := b.take(text("in-1", "退订", "p", 5), text("in-1", "退订", "p", 90)) // delivered again, and published again
	if b.stopped() || len(ids) != 2 || ids[0] != ids[1] {
		t.Errorf("stopped %v by a word from before, %q", b.stopped(), ids)
	}
}

func TestAWordOutsideAnEnvelopeMayOnlyStop(t *testing.T) {
	b := setup(t)
	bare := func(id, body string) events.SQSEvent {
		inner, _ := unwrap([]byte(text(id, body, "", 5)))
		return events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m", Body: string(inner)}}}
	}
	b.deliver(bare("in-1", "STOP"))
	if !b.stopped() {
		t.Fatal("a word without a time is lost")
	}
	*b.now = b.now.Add(time.Hour)
	if failures, _ := b.deliver(bare("in-2", "START")); !b.stopped() || failures != 1 {
		t.Errorf("stopped %v; %d messages are refused", b.stopped(), failures)
	}
}

func TestAStopAsItsTopicDeliversIt(t *testing.T) {
	b := setup(t)
	b.entry(sent)
	b.deliver(b.sample("text_delivered"))
	sent := &sink{}
	b.handler.Events = sent
	if failures, units := b.deliver(b.sample("text_stop")); failures > 0 || !b.stopped() || units != 1 || len(sent.back) != 1 {
		t.Errorf("%d failures; stopped %v for %v write units; %d events", failures, b.stopped(), units, len(sent.back))
	}
	list, err := shared.Unpack(sent.back[0].Body)
	if want := time.Date(2026, 3, 1, 8, 31, 2, 417e6, time.UTC); err != nil || !list[0].Time.Equal(want) {
		t.Errorf("said at %v, %v", list[0].Time, err)
	}
}

// TestTheLatestWordStandsInWhateverOrderWordsCome delivers words, and choices of the customer's on a page of the suite, in an
// order that rapid draws, some of them again; and compares with a model that sorts them by time.
func TestTheLatestWordStandsInWhateverOrderWordsCome(t *testing.T) {
	ring, err := token.NewKeyring([]byte(keysJSON))
	if err != nil {
		t.Fatal(err)
	}
	tag, err := ring.Seal(token.PurposeEntry, token.Entry{Customer: "user-0001", Entry: entryID})
	if err != nil {
		t.Fatal(err)
	}
	type word struct {
		body   string // an SMS, or "" for a choice on the page
		wanted bool
		second int
		id     string
	}
	rapid.Check(t, func(t *rapid.T) {
		var said []word
		for i := range rapid.IntRange(1, 8).Draw(t, "words") {
			w := word{second: rapid.IntRange(0, 5).Draw(t, "second"), id: fmt.Sprint("in-", i), wanted: rapid.Bool().Draw(t, "wanted")}
			if rapid.Bool().Draw(t, "by SMS") {
				w.body = map[bool]string{true: "START", false: "STOP"}[w.wanted]
			}
			said = append(said, w)
		}
		keyword, consents := map[bool]int{false: -1, true: -1}, map[bool]int{false: -1, true: -1}
		for _, w := range said {
			consents[w.wanted] = max(consents[w.wanted], w.second)
			if w.body != "" {
				keyword[w.wanted] = max(keyword[w.wanted], w.second)
			}
		}
		k, sent := &kept{reply: tag}, &sink{}
		clock := func() time.Time { return sentAt.Add(time.Hour) }
		h := NewHandler(Handler{Store: k, Receipts: &sink{}, Events: sent, Keys: keys{}, Now: clock, Log: slog.New(slog.DiscardHandler), Count: telemetry.NewCounter(&strings.Builder{}, "receipts", clock)})
		var profile customer.Profile
		arrivals := append(slices.Clone(said), rapid.SliceOf(rapid.SampledFrom(said)).Draw(t, "again")...)
		for _, w := range rapid.Permutation(arrivals).Draw(t, "arrival") {
			if w.body == "" {
				profile.Set("consent.sms", customer.Trait{Value: strconv.FormatBool(w.wanted), Time: sentAt.Add(time.Duration(w.second) * time.Second).UnixMilli(), Event: w.id})
				continue
			}
			out, err := h.Handle(context.Background(), events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m", Body: text(w.id, w.body, "p", w.second)}}})
			if err != nil || len(out.BatchItemFailures) > 0 {
				t.Fatalf("%+v, %v", out, err)
			}
			for _, m := range sent.back {
				list, err := shared.Unpack(m.Body)
				if err != nil {
					t.Fatal(err)
				}
				p, err := consent.ParsePreferences(list[0].Properties)
				if err != nil {
					t.Fatal(err)
				}
				for name, value := range p.Traits() {
					profile.Set(name, customer.Trait{Value: value, Time: list[0].Time.UnixMilli(), Event: string(list[0].ID)})
				}
			}
			sent.back = nil
		}
		if got, want := profile.Consents("sms"), consents[true] > consents[false]; got != want {
			t.Fatalf("consent is %v, want %v", got, want)
		}
		stopped, resumed := k.words.Last()
		if got, want := stopped > 0 && stopped >= resumed, keyword[false] >= 0 && keyword[false] >= keyword[true]; got != want {
			t.Fatalf("the number is suppressed %v, want %v", got, want)
		}
	})
}

func TestAWordWithoutAKnownMessageStopsTheNumberAlone(t *testing.T) {
	b := setup(t)
	for _, previous := range []string{"", "unknown"} {
		if said, _ := b.take(text("in-1", "STOP", previous, 5)); !b.stopped() || len(said) != 0 {
			t.Errorf("stopped %v, %+v", b.stopped(), said)
		}
	}
}

func TestAWordTakesBackNoOtherSuppression(t *testing.T) {
	b := setup(t)
	b.take(textEvent("TEXT_INVALID", b.tag, 1), text("in-1", "STOP", "", 5), text("in-2", "UNSTOP", "", 9))
	if !b.stopped() {
		t.Error("a number that is none is written to again")
	}
}

func TestOtherSMSChangeNothing(t *testing.T) {
	b := setup(t)
	if said, _ := b.take(textEvent("TEXT_DELIVERED", b.tag, 1), text("in-1", "HELP", "p", 5), text("in-2", "where is my order?", "p", 6)); b.stopped() || len(said) != 0 {
		t.Errorf("stopped %v, %+v", b.stopped(), said)
	}
}
