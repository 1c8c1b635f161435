package main

import (
	"context"
	"time"

	"liuke/shared/channel/sms/inbound"
	"liuke/shared/consent"
	"liuke/shared/customer"
	eventOf "liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/queue"
	"liuke/shared/token"
)

// Replies keeps which message an answer is to, and who has asked by a word to be sent no SMS.
type Replies interface {
	// PutReply keeps a message's opaque id by the service's own; Reply returns it, "" where it is not known.
	PutReply(ctx context.Context, provider, entry string, at time.Time) error
	Reply(ctx context.Context, provider string) (entry string, err error)
	// Say notes that a number asked by a word for no more messages, or to take that back, and returns when the word was said
	// first. The last word counts, in whatever order and however often they come, and takes back no suppression for any other
	// reason.
	Say(ctx context.Context, channel message.Channel, address string, word consent.Word) (time.Time, error)
}

// said does what a customer's SMS asks for. The number is suppressed at once; that the customer has withdrawn consent, or
// given it anew, is an event as from any other page, where the message that it answers tells whose number it is. Which of two
// words is the later, their envelopes tell: without a time, STOP counts from now on, however often it comes, and START is refused.
func (h *Handler) said(ctx context.Context, keys *token.Keyring, m *inbound.Message) error {
	word := m.Word()
	if word == inbound.None || word == inbound.Help {
		return nil
	}
	at := m.Time
	if at.IsZero() && word == inbound.Start {
		return fault.New(fault.Invalid, "a word that takes back another needs the time of its envelope")
	}
	if at.IsZero() {
		at = h.Now().UTC()
	}
	at, err := h.Store.Say(ctx, message.SMS, m.From, consent.Word{ID: m.ID, Stop: word == inbound.Stop, Time: at})
	if err != nil {
		return err
	}
	if m.Previous == "" {
		return nil
	}
	entry, err := h.Store.Reply(ctx, m.Previous)
	var id token.Entry
	if err != nil || entry == "" || keys.Open(token.PurposeEntry, entry, &id) != nil {
		return err
	}
	p := consent.Preferences{Channels: map[string]bool{string(message.SMS): word == inbound.Start}, Proof: customer.Proof{Source: customer.ByKeyword}}
	e, err := p.Event(id.Customer, eventOf.MessageID("sms:"+m.ID), eventOf.Event{Time: at, Received: at})
	if err != nil {
		return err
	}
	return h.Events.Send(ctx, queue.Message{Body: eventOf.PackOne(e, "")})
}

// reachable keeps which message an answer would be to, of an SMS that arrived. It is one write a delivery.
func (h *Handler) reachable(ctx context.Context, e event) error {
	if e.channel != message.SMS || e.receipt.Evidence != message.Delivery || e.receipt.Provider == "" {
		return nil
	}
	return fault.As(h.Store.PutReply(ctx, e.receipt.Provider, e.entry, e.receipt.Time), fault.Unavailable, "keep which message an answer is to")
}
