package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"liuke/shared/message"
)

// tryOut hands the handler a test, as the console queues it, and returns how many messages failed.
func (b *bundle) tryOut(m message.Test) int {
	b.t.Helper()
	body, err := json.Marshal(message.Job{Test: &m})
	if err != nil {
		b.t.Fatal(err)
	}
	out, err := b.handler.Handle(b.t.Context(), events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m-1", Body: string(body)}}})
	if err != nil {
		b.t.Fatal(err)
	}
	return len(out.BatchItemFailures)
}

func TestATestIsMarkedAndStandsInNoLedger(t *testing.T) {
	mail := message.Test{
		ID: "aaaaaaaaaaaaaaaaaaaaaaaaaa", Asked: arrival, Scene: "win_back", Channel: message.Email, To: "editor@shop.example", Subject: "We have missed you", Text: "Hello", HTML: "<p>Hello</p>",
	}
	for _, c := range []struct {
		name    string
		change  func(b *bundle, m *message.Test)
		sent    bool
		metric  string
		retried bool
		state   message.State
		reason  string
	}{
		{"one that is sent", func(*bundle, *message.Test) {}, true, "TestsSent", false, message.Sent, ""},
		{"an address that is suppressed since", func(b *bundle, _ *message.Test) {
			if err := b.store.Suppress(t.Context(), message.Email, "editor@shop.example", "bounce", arrival); err != nil {
				t.Fatal(err)
			}
		}, false, "TestsFailed", false, message.Failed, "suppressed"},
		{"a channel that is not set up", func(_ *bundle, m *message.Test) { m.Channel = message.Push }, false, "TestsFailed", false, message.Failed, reasonNoChannel},
		{"a provider whose answer is lost", func(b *bundle, _ *message.Test) { b.provider.answers = []int{500} }, true, "TestsFailed", false, message.Unknown, "any"},
		{"a provider that refuses", func(b *bundle, _ *message.Test) { b.provider.answers = []int{400} }, false, "TestsFailed", false, message.Failed, "any"},
		{"a provider that takes it later", func(b *bundle, _ *message.Test) { b.provider.answers = []int{429} }, false, "", true, message.Claimed, "any"},
		{"a provider that takes it later, which it has said for long", func(b *bundle, _ *message.Test) {
			b.provider.answers = []int{429}
			*b.now = b.now.Add(testPatience + time.Second)
		}, false, "TestsFailed", false, message.Failed, reasonExpired},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			m := mail
			c.change(b, &m)
			if failed := b.tryOut(m); failed != 0 || (len(b.queue.back) > 0) != c.retried {
				t.Errorf("%d failed, %d went back", failed, len(b.queue.back))
			}
			if mails := b.provider.mails(); len(mails) > 0 != c.sent || c.sent && !strings.Contains(mails[0], "[Test] We have missed you") {
				t.Errorf("%v", mails)
			}
			if c.metric != "" && !strings.Contains(b.metrics.String(), `"`+c.metric+`":1`) {
				t.Errorf("counted %s", b.metrics)
			}
			if strings.Contains(b.logged.String(), "editor@") || strings.Contains(b.metrics.String(), "editor@") {
				t.Errorf("an address was logged: %s", b.logged)
			}
			r, err := b.store.Test(t.Context(), m.ID)
			if err != nil || r.State != c.state || (r.Reason == "") != (c.reason == "") || c.reason != "any" && r.Reason != c.reason ||
				(r.Provider != "") != (c.state == message.Sent) || r.Settled.IsZero() != c.retried {
				t.Errorf("%+v is kept, %v", r, err)
			}
			entries, _, err := b.store.Messages(t.Context(), testCustomer, 10, "")
			if err != nil || len(entries) > 0 {
				t.Errorf("%v, %v", entries, err)
			}
		})
	}
}
