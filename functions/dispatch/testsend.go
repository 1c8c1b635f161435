package main

import (
	"context"
	"encoding/json"
	"time"

	"liuke/shared/channel"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/token"
)

// testMark stands before what an operator looks at.
const testMark = "[Test] "

// testPatience is how long a test may wait to be sent, while the provider says later or nobody is there: an operator is looking for
// it now.
const testPatience = 15 * time.Minute

// testCustomer stands for nobody in the token by which receipts look for an entry: they find none.
const testCustomer = "test"

// test sends what an operator looks at a scene by, marked as such. It stands in no ledger: whatever the provider says but that it
// takes it later, the test is over, and the log says why; and so it is where it was asked for longer than testPatience ago.
func (h *Handler) test(ctx context.Context, keys *token.Keyring, t *message.Test) error {
	reason := ""
	suppressed, err := h.Store.Suppressed(ctx, t.Channel, t.To)
	switch {
	case err != nil:
		return err
	case h.Now().Sub(t.Asked) > testPatience:
		reason = reasonExpired
	case h.Channels[t.Channel] == nil:
		reason = reasonNoChannel
	case suppressed:
		reason = "suppressed"
	default:
		m, err := marked(keys, t)
		if err != nil {
			return err
		}
		if _, err := h.Channels[t.Channel].Send(ctx, m); err != nil {
			outcome, why := channel.OutcomeOf(err)
			if outcome == channel.Throttled {
				return fault.New(fault.Throttled, "the provider says %s", why)
			}
			reason = why
		}
	}
	if reason != "" {
		h.Log.WarnContext(ctx, "test not sent", "test", t.ID, "scene", t.Scene, "channel", t.Channel, "reason", reason)
		h.Count.Count("TestsFailed", 1)
		return nil
	}
	h.Count.Count("TestsSent", 1)
	return nil
}

// marked is a test's message for its channel.
func marked(keys *token.Keyring, t *message.Test) (channel.Message, error) {
	ledger, err := keys.Seal(token.PurposeEntry, token.Entry{Customer: testCustomer, Entry: t.ID})
	if err != nil {
		return channel.Message{}, err
	}
	m := channel.Message{To: t.To, Subject: t.Subject, Text: t.Text, HTML: t.HTML, Data: t.JSON, Transactional: t.Transactional, Ledger: ledger}
	switch t.Channel {
	case message.Email:
		m.Subject = testMark + m.Subject
	case message.SMS:
		m.Text = testMark + m.Text
	case message.Push:
		m.Subject = testMark + t.Title
		if len(t.Data) > 0 {
			m.Data, err = json.Marshal(t.Data)
		}
	}
	return m, err
}
