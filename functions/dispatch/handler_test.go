package main

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/outreach"
	"liuke/shared/signal"
	"liuke/shared/token"
)

func TestAClaimedMessageIsSentOnce(t *testing.T) {
	b := setup(t)
	b.claim()
	failures, write := b.deliver()
	if failures != 0 || write != 4 {
		t.Errorf("%d failures, %g write units, want 2, and 2 for the index and the mark", failures, write)
	}
	e := b.entry()
	if e.State != message.Sent || e.Provider != "ses-1" || e.Locale != "en" || !e.Sent.Equal(arrival) {
		t.Errorf("%+v", e)
	}
	b.deliver()
	if b.provider.asked() != 1 {
		t.Errorf("the message came twice and was sent %d times", b.provider.asked())
	}
}

func TestLinksLeadBack(t *testing.T) {
	b := setup(t)
	e := b.claim()
	b.deliver()
	mail := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(b.provider.mails()[0])
	var survey token.Survey
	found := regexp.MustCompile(base + `/s/([A-Za-z0-9_-]+)`).FindStringSubmatch(mail)
	if found == nil {
		t.Fatalf("no survey link in %s", mail)
	}
	if err := b.ring.Open(token.PurposeSurvey, found[1], &survey); err != nil {
		t.Fatal(err)
	}
	if want := (token.Survey{
		Survey: "leaving", Customer: "user-0001", Invitation: e.ID, Expires: arrival.AddDate(0, 0, 30),
		Segment: "At Risk", Tier: "C", Node: "leaving", Channel: "email",
	}); survey != want {
		t.Errorf("survey link %+v, want %+v", survey, want)
	}
	var unsubscribe token.Unsubscribe
	found = regexp.MustCompile(`"List-Unsubscribe","Value":"<` + base + `/u/([A-Za-z0-9_-]+)>"`).FindStringSubmatch(mail)
	if found == nil {
		t.Fatalf("no List-Unsubscribe in %s", mail)
	}
	if err := b.ring.Open(token.PurposeUnsubscribe, found[1], &unsubscribe); err != nil || unsubscribe.Customer != "user-0001" || unsubscribe.Channel != "email" {
		t.Errorf("unsubscribe link %+v, %v", unsubscribe, err)
	}
	var ledger token.Entry
	found = regexp.MustCompile(`"liuke_entry","Value":"([A-Za-z0-9_-]+)"`).FindStringSubmatch(mail)
	if found == nil {
		t.Fatalf("no tag in %s", mail)
	}
	if err := b.ring.Open(token.PurposeEntry, found[1], &ledger); err != nil || ledger != (token.Entry{Customer: "user-0001", Entry: e.ID}) {
		t.Errorf("tag %+v, %v", ledger, err)
	}
	if strings.Contains(mail, "user-0001") {
		t.Error("the mail names the customer's id")
	}
}

func TestProviderAnswers(t *testing.T) {
	for _, c := range []struct {
		name     string
		answer   int
		want     message.State
		failures int
		back     int
		again    message.State // after the message comes again and the provider takes it
	}{
		{"a refusal is final", 400, message.Failed, 0, 0, message.Failed},
		{"asked for a slower pace, it is sent later", 429, message.Claimed, 0, 1, message.Sent},
		{"without permission it waits for a person", 403, message.Claimed, 1, 0, message.Sent},
		{"an internal error leaves it unknown for ever", 500, message.Unknown, 0, 0, message.Unknown},
		{"a lost answer leaves it unknown for ever", -1, message.Unknown, 0, 0, message.Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			b.claim()
			b.provider.answers = []int{c.answer, 0}
			failures, _ := b.deliver()
			if e := b.entry(); e.State != c.want || failures != c.failures || len(b.queue.back) != c.back {
				t.Errorf("%d failures, %d back, %+v", failures, len(b.queue.back), e)
			}
			if c.back == 1 && b.queue.back[0].Delay < 10*time.Second {
				t.Errorf("goes back with a delay of %s", b.queue.back[0].Delay)
			}
			b.deliver()
			if e := b.entry(); e.State != c.again || len(b.provider.mails()) > 1 {
				t.Errorf("the message again: %d taken, %+v", len(b.provider.mails()), e)
			}
			if strings.Contains(b.logged.String(), "li@example.com") || strings.Contains(b.logged.String(), "user-0001") {
				t.Errorf("the log names the customer: %s", b.logged)
			}
		})
	}
}

func TestWhatChangedSinceTheClaimHoldsTheMessage(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*bundle)
		gate   string
	}{
		{"unsubscribed", func(b *bundle) {
			b.profile(map[string]string{customer.TraitEmail: "li@example.com", customer.ConsentTrait("email"): "false"})
		}, "consent"},
		{"the address was suppressed", func(b *bundle) {
			if err := b.store.Suppress(b.t.Context(), message.Email, "LI@example.com", "complaint", arrival); err != nil {
				b.t.Fatal(err)
			}
		}, "suppression"},
		{"the address was taken back", func(b *bundle) { b.profile(map[string]string{customer.ConsentTrait("email"): "true"}) }, "consent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			b.claim()
			c.change(b)
			failures, write := b.deliver()
			if e := b.entry(); failures != 0 || write != 4 || e.State != message.Held || e.Gate != c.gate || b.provider.asked() != 0 {
				t.Errorf("%d failures, %g write units, %d calls, %+v", failures, write, b.provider.asked(), e)
			}
		})
	}
}

func TestFoundSending(t *testing.T) {
	b := setup(t)
	b.write(b.claim().Begin("another's", arrival))
	*b.now = arrival.Add(message.SendingHorizon - time.Second)
	b.deliver()
	if e := b.entry(); e.State != message.Sending || len(b.queue.back) != 1 {
		t.Errorf("while its sender may live: %d back, %+v", len(b.queue.back), e)
	}
	*b.now = arrival.Add(message.SendingHorizon)
	b.deliver()
	if e := b.entry(); e.State != message.Unknown || e.Reason != reasonCrash || b.provider.asked() != 0 {
		t.Errorf("past that: %d calls, %+v", b.provider.asked(), e)
	}
}

func TestAReceiptThatComesFirstIsCompleted(t *testing.T) {
	b := setup(t)
	b.claim()
	b.provider.before = func() {
		next, _ := b.entry().Apply(message.Receipt{Evidence: message.Delivery, Provider: "ses-1", Time: arrival.Add(time.Second)})
		b.write(next, nil)
	}
	failures, _ := b.deliver()
	if e := b.entry(); failures != 0 || e.State != message.Sent || e.Provider != "ses-1" || e.Locale != "en" || e.Delivered.IsZero() {
		t.Errorf("%d failures, %+v", failures, e)
	}
}

func TestWhatCannotBeMadeFails(t *testing.T) {
	for _, c := range []struct {
		name, reason string
		change       func(*message.Entry)
	}{
		{"a missing variable is named", "missing_variable:occasion.number", func(e *message.Entry) {
			e.Scene, e.Kind, e.Data = "anniversary", signal.OrderPlaced, json.RawMessage(`{"amount":1,"currency":"CNY"}`)
		}},
		{"a scene that is gone", reasonNoScene, func(e *message.Entry) { e.Scene = "festival" }},
		{"data that do not fit", outreach.ReasonContent, func(e *message.Entry) { e.Data = json.RawMessage(`[]`) }},
		{"a message that has waited for a day", reasonExpired, func(e *message.Entry) { e.Claimed = arrival.Add(-25 * time.Hour) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			b.claimWith(func(e *message.Entry) {
				invited(e)
				c.change(e)
			})
			failures, write := b.deliver()
			if e := b.entry(); failures != 0 || write != 4 || e.State != message.Failed || e.Reason != c.reason || b.provider.asked() != 0 {
				t.Errorf("%d failures, %g write units, %+v", failures, write, e)
			}
		})
	}
}

func TestOddMessages(t *testing.T) {
	b := setup(t)
	if failures, write := b.deliver(); failures != 0 || write != 0 || b.provider.asked() != 0 {
		t.Errorf("a message without its entry: %d failures, %g write units", failures, write)
	}
	out, err := b.handler.Handle(t.Context(), events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m", Body: "{}"}}})
	if err != nil || len(out.BatchItemFailures) != 1 {
		t.Errorf("an undecodable message: %+v, %v", out, err)
	}
	b.claim()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	raw, _ := json.Marshal(message.Job{Customer: "user-0001", Entry: b.entry().ID})
	if _, err := b.handler.Handle(ctx, events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m", Body: string(raw)}}}); err != nil {
		t.Fatal(err)
	}
	if e := b.entry(); e.State != message.Claimed || len(b.queue.back) != 1 {
		t.Errorf("with too little time left it waits: %d back, %+v", len(b.queue.back), e)
	}
}

func TestSenderName(t *testing.T) {
	for sender, want := range map[string]string{"Shop <hello@example.com>": "Shop", "hello@example.com": "example.com"} {
		if got := (settings{Sender: sender}).senderName(); got != want {
			t.Errorf("%s: %s", sender, got)
		}
	}
}
