package main

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"

	"liuke/shared/batch"
	"liuke/shared/clock"
	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/fold"
	"liuke/shared/queue"
	"liuke/shared/signal"
	"liuke/shared/survey/rollup"
	"liuke/shared/telemetry"
)

// Folder folds events into customers.
type Folder interface {
	Fold(ctx context.Context, events []event.Event) []fold.Outcome
}

// Lake keeps events, keys[i] sealing what identifies the customer of events[i].
type Lake interface {
	PutSealed(ctx context.Context, events []event.Event, keys []customer.Key) error
}

// Sender sends messages to a queue.
type Sender interface {
	Send(ctx context.Context, messages ...queue.Message) error
}

// Handler works on batches of the events queue.
type Handler struct {
	folder  Folder
	answers resolver
	lake    Lake
	signals Sender
	counter *telemetry.Counter
	runner  batch.Runner[event.Event]
}

// NewHandler returns a handler that folds with the folder, keeps in the lake what was folded, sends signals, and sends events
// that must wait, or are poison, back to their queue. It reads answers to surveys where events only point to them.
func NewHandler(folder Folder, answers Answers, lake Lake, signals, back Sender, now clock.Now, counter *telemetry.Counter, log *slog.Logger) *Handler {
	h := &Handler{folder: folder, lake: lake, signals: signals, counter: counter}
	h.answers = resolver{answers: answers, marker: rollup.NewMarker(answers, now), now: now}
	h.runner = batch.Runner[event.Event]{
		Decode: event.Unpack,
		Encode: func(e event.Event, reason string) (string, error) { return event.PackOne(e, reason), nil },
		Handle: h.work,
		Back:   back,
		Log:    log,
	}
	return h
}

// Handle works on one batch and reports what must be delivered again.
func (h *Handler) Handle(ctx context.Context, in events.SQSEvent) (events.SQSEventResponse, error) {
	return h.runner.Run(ctx, in)
}

// work does a batch: it resolves the pointers to answers and folds the rest.
func (h *Handler) work(ctx context.Context, batch []event.Event) []error {
	errs := make([]error, len(batch))
	events, at := h.answers.resolve(ctx, batch, errs)
	for i, err := range h.fold(ctx, events) {
		errs[at[i]] = err
	}
	return errs
}

// fold folds the events of a batch, puts what was folded into the lake, and then sends what follows from it. An event is
// done once its effect is durable, the lake has it, and its signals are sent; until then it is delivered again, which
// repeats sends and never effects. The lake comes after the fold, for it seals by the customers' keys: so it holds
// nothing that had no effect, poison and events of the erased least of all, and nothing twice that was fed again out of
// it.
func (h *Handler) fold(ctx context.Context, batch []event.Event) []error {
	outcomes := h.folder.Fold(ctx, batch)
	errs := make([]error, len(batch))
	for i := range outcomes {
		errs[i] = outcomes[i].Err
	}
	h.keep(ctx, batch, outcomes, errs)
	var signals []told
	for i := range outcomes {
		for _, s := range outcomes[i].Signals {
			if errs[i] == nil {
				signals = append(signals, told{i, s})
			}
		}
	}
	h.tell(ctx, signals, errs)
	h.count(outcomes, errs)
	return errs
}

// keep puts the events that were folded into the lake, and puts all of them off where it does not take them.
func (h *Handler) keep(ctx context.Context, batch []event.Event, outcomes []fold.Outcome, errs []error) {
	var events []event.Event
	var keys []customer.Key
	var at []int
	for i := range batch {
		if errs[i] == nil && !outcomes[i].Erased && !batch[i].Replay {
			events, keys, at = append(events, batch[i]), append(keys, outcomes[i].Key), append(at, i)
		}
	}
	if len(events) == 0 {
		return
	}
	if err := h.lake.PutSealed(ctx, events, keys); err != nil {
		for _, i := range at {
			errs[i] = fault.As(err, fault.Unavailable, "the lake did not take the events")
		}
	}
}

// told is a signal and the event that it follows from.
type told struct {
	event int
	signal.Signal
}

// packSignals is how many signals one message holds at most.
const packSignals = 25

// tell sends the signals, and puts off the events whose signals may not have been sent.
func (h *Handler) tell(ctx context.Context, signals []told, errs []error) {
	var messages []queue.Message
	for rest := signals; len(rest) > 0; {
		n := min(len(rest), packSignals)
		pack := signal.Pack{}
		for _, s := range rest[:n] {
			pack.Signals = append(pack.Signals, s.Signal)
		}
		body, err := json.Marshal(pack)
		if err != nil {
			for _, s := range rest[:n] {
				errs[s.event] = fault.As(err, fault.Internal, "the signals cannot be encoded")
			}
		} else {
			messages = append(messages, queue.Message{Body: string(body)})
		}
		rest = rest[n:]
	}
	if len(messages) == 0 {
		return
	}
	if err := h.signals.Send(ctx, messages...); err != nil {
		for _, s := range signals {
			// A definite refusal is poison: alone in its message, an event keeps nobody else's signals back.
			errs[s.event] = fault.As(err, fault.CodeOf(err), "the signals were not sent")
		}
		return
	}
	h.counter.Count("SignalsSent", len(signals))
}

// count counts what became of the events. EventsOfErased were dropped, as the erased customers' they are; TraitsDropped
// had no room in a profile, and count again with each delivery of their event.
func (h *Handler) count(outcomes []fold.Outcome, errs []error) {
	var folded, later, refused, erased, dropped int
	for i, err := range errs {
		switch {
		case err == nil && outcomes[i].Erased:
			erased++
		case err == nil:
			folded++
			dropped += outcomes[i].Dropped
		case fault.Retryable(err):
			later++
		default:
			refused++
		}
	}
	h.counter.Count("EventsFolded", folded)
	h.counter.Count("EventsPutOff", later)
	h.counter.Count("EventsRefused", refused)
	h.counter.Count("EventsOfErased", erased)
	h.counter.Count("TraitsDropped", dropped)
}
