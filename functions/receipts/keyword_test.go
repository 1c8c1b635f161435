package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"liuke/shared/consent"
	"liuke/shared/customer"
	shared "liuke/shared/event"
	"liuke/shared/message"
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
	_, ids := b.take(text("in-1", "退订", "p", 5), text("in-1", "退订", "p", 5)) // delivered again, and late
	if b.stopped() || len(ids) != 2 || ids[0] != ids[1] {
		t.Errorf("stopped %v by a word from before, %q", b.stopped(), ids)
	}
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
