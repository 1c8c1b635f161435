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
// takes it later, the test is over; and so it is where it was asked for longer than testPatience ago. What became of it is kept apart,
// for whoever asked for it.
func (h *Handler) test(ctx context.Context, keys *token.Keyring, t *message.Test) error {
	r, err := h.try(ctx, keys, t)
	if err != nil {
		return err
	}
	metric := "TestsSent"
	switch r.State {
	case message.Claimed:
		h.keep(ctx, r)
		return fault.New(fault.Throttled, "the provider says %s", r.Reason)
	case message.Failed, message.Unknown:
		metric = "TestsFailed"
		h.Log.WarnContext(ctx, "test not sent", "test", t.ID, "scene", t.Scene, "channel", t.Channel, "reason", r.Reason)
	}
	r.Settled = h.Now()
	h.keep(ctx, r)
	h.Count.Count(metric, 1)
	return nil
}

// try hands a test to its provider and returns what came of that; one that the provider takes later stays claimed.
func (h *Handler) try(ctx context.Context, keys *token.Keyring, t *message.Test) (message.TestRecord, error) {
	r := t.Record()
	suppressed, err := h.Store.Suppressed(ctx, t.Channel, t.To)
	if err != nil {
		return r, err
	}
	r.State = message.Failed
	switch {
	case h.Channels[t.Channel] == nil:
		r.Reason = reasonNoChannel
		return r, nil
	case suppressed:
		r.Reason = "suppressed"
		return r, nil
	case h.Now().Sub(t.Asked) > testPatience:
		r.Reason = reasonExpired
		return r, nil
	}
	m, err := marked(keys, t)
	if err != nil {
		return r, err
	}
	id, err := h.Channels[t.Channel].Send(ctx, m)
	if err == nil {
		r.State, r.Provider = message.Sent, id
		return r, nil
	}
	outcome, why := channel.OutcomeOf(err)
	switch r.Reason = why; outcome {
	case channel.Throttled:
		r.State = message.Claimed
	case channel.Unknown:
		r.State = message.Unknown
	}
	return r, nil
}

// keep keeps what became of a test. Where that cannot be written the test is over all the same: sent again, it would come twice.
func (h *Handler) keep(ctx context.Context, r message.TestRecord) {
	if err := h.Store.PutTest(ctx, r); err != nil {
		h.Log.WarnContext(ctx, "what became of a test was not kept", "test", r.ID, "state", r.State, "code", fault.CodeOf(err))
	}
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
