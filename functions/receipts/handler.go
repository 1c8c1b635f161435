package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"liuke/shared/batch"
	"liuke/shared/clock"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/queue"
	"liuke/shared/survey"
	"liuke/shared/telemetry"
	"liuke/shared/token"
)

// Store keeps the ledger and the suppressed addresses. WriteEntry returns Conflict where the entry has moved.
type Store interface {
	Suppress(ctx context.Context, channel message.Channel, address, reason string, since time.Time) error
	Entry(ctx context.Context, id customer.ID, entry string) (message.Entry, error)
	WriteEntry(ctx context.Context, e message.Entry) (message.Entry, error)
	MarkHours(ctx context.Context, now time.Time, hours ...survey.Hour) error
	Replies
}

// Handler handles batches of the receipts queue.
type Handler struct {
	Store    Store
	Receipts interface {
		Send(ctx context.Context, messages ...queue.Message) error
	}
	Events interface { // that customers withdraw consent by a word
		Send(ctx context.Context, messages ...queue.Message) error
	}
	Keys interface {
		Value(ctx context.Context) ([]byte, error)
	}
	Now   clock.Now
	Log   *slog.Logger
	Count *telemetry.Counter

	runner *batch.Runner[item]
}

// item is an event with its raw text, which goes back to the queue as it came.
type item struct {
	raw   string
	event event
}

// bookTries is how often a receipt is booked anew when the entry moved meanwhile.
const bookTries = 5

// NewHandler completes a handler.
func NewHandler(h Handler) *Handler {
	h.runner = &batch.Runner[item]{
		Decode: func(body string) ([]item, error) {
			e, err := parse([]byte(body))
			return []item{{body, e}}, err
		},
		Encode: func(i item, _ string) (string, error) { return i.raw, nil },
		Handle: h.handle,
		Back:   h.Receipts,
		Delay:  2 * time.Second, // mostly for the sender to write what the event tells, too
		Log:    h.Log,
	}
	return &h
}

// Handle books a batch of events.
func (h *Handler) Handle(ctx context.Context, in events.SQSEvent) (events.SQSEventResponse, error) {
	return h.runner.Run(ctx, in)
}

func (h *Handler) handle(ctx context.Context, items []item) []error {
	errs := make([]error, len(items))
	keys, err := token.Load(ctx, h.Keys)
	for i, it := range items {
		if errs[i] = err; err == nil {
			errs[i] = h.book(ctx, keys, it.event)
		}
	}
	return errs
}

// book suppresses what is to be suppressed and applies the receipt to its entry.
func (h *Handler) book(ctx context.Context, keys *token.Keyring, e event) error {
	h.Count.Count("Event_"+e.kind, 1)
	if e.inbound != nil {
		return h.said(ctx, keys, e.inbound)
	}
	if e.receipt == nil {
		return nil
	}
	var id token.Entry
	if e.entry == "" || keys.Open(token.PurposeEntry, e.entry, &id) != nil {
		h.Count.Count("ForeignEvents", 1)
		return nil
	}
	if err := h.reachable(ctx, e); err != nil {
		return err
	}
	for _, address := range e.suppress {
		if err := h.Store.Suppress(ctx, e.channel, address, e.reason, e.receipt.Time); err != nil {
			return err
		}
	}
	for try := 1; ; try++ {
		entry, err := h.Store.Entry(ctx, id.Customer, id.Entry)
		if fault.CodeOf(err) == fault.NotFound {
			h.Count.Count("EntryGone", 1)
			return nil
		}
		if err != nil {
			return err
		}
		if entry.Premature(*e.receipt, h.Now()) {
			return fault.New(fault.Unavailable, "the sender of the message is about to write the same")
		}
		next, changed := entry.Apply(*e.receipt)
		if !changed {
			return nil
		}
		if err := h.mark(ctx, entry, next); err != nil {
			return err
		}
		if _, err = h.Store.WriteEntry(ctx, next); err == nil {
			if next.State != entry.State {
				h.Count.Count("Settled", 1)
			}
			return nil
		}
		if try == bookTries || fault.CodeOf(err) != fault.Conflict {
			return err
		}
	}
}

// mark has the hour of an invitation counted anew, where a receipt is what tells that it was sent, or was not.
func (h *Handler) mark(ctx context.Context, before, after message.Entry) error {
	at, invited := after.Invited()
	if then, already := before.Invited(); already == invited {
		return nil
	} else if already {
		at = then
	}
	return h.Store.MarkHours(ctx, h.Now(), survey.HourAt(after.Invitation.Survey, at))
}
