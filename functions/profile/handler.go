package main

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"

	"liuke/shared/batch"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/fold"
	"liuke/shared/queue"
	"liuke/shared/signal"
	"liuke/shared/telemetry"
)

// Folder folds events into customers.
type Folder interface {
	Fold(ctx context.Context, events []event.Event) []fold.Outcome
}

// Lake keeps every event.
type Lake interface {
	PutEvents(ctx context.Context, events []event.Event) error
}

// Sender sends messages to a queue.
type Sender interface {
	Send(ctx context.Context, messages ...queue.Message) error
}

// Handler works on batches of the events queue.
type Handler struct {
	folder  Folder
	lake    Lake
	signals Sender
	counter *telemetry.Counter
	runner  batch.Runner[event.Event]
}

// NewHandler returns a handler that folds with the folder, keeps events in the lake, sends signals, and sends events
// that must wait, or are poison, back to their queue.
func NewHandler(folder Folder, lake Lake, signals, back Sender, counter *telemetry.Counter, log *slog.Logger) *Handler {
	h := &Handler{folder: folder, lake: lake, signals: signals, counter: counter}
	h.runner = batch.Runner[event.Event]{
		Decode: event.Unpack,
		Encode: func(e event.Event, reason string) (string, error) { return event.PackOne(e, reason), nil },
		Handle: h.fold,
		Back:   back,
		Log:    log,
	}
	return h
}

// Handle works on one batch and reports what must be delivered again.
func (h *Handler) Handle(ctx context.Context, in events.SQSEvent) (events.SQSEventResponse, error) {
	return h.runner.Run(ctx, in)
}

// fold folds the events of a batch while the lake takes them, and then sends what follows from them. An event is done
// once it is in the lake, its effect is durable, and its signals are sent; until then it is delivered again, which
// repeats sends and never effects.
func (h *Handler) fold(ctx context.Context, batch []event.Event) []error {
	kept := make(chan error, 1)
	go func() { kept <- h.lake.PutEvents(ctx, batch) }()
	errs, signals := h.effects(ctx, batch)
	if err := <-kept; err != nil {
		unavailable := fault.As(err, fault.Unavailable, "the lake did not take the events")
		for i := range errs {
			errs[i] = unavailable
		}
		h.counter.Count("EventsPutOff", len(errs))
		return errs
	}
	h.tell(ctx, signals, errs)
	h.count(errs)
	return errs
}

// told is a signal and the event that it follows from.
type told struct {
	event int
	signal.Signal
}

func (h *Handler) effects(ctx context.Context, batch []event.Event) (errs []error, signals []told) {
	errs = make([]error, len(batch))
	for i, o := range h.folder.Fold(ctx, batch) {
		errs[i] = o.Err
		for _, s := range o.Signals {
			signals = append(signals, told{i, s})
		}
	}
	return errs, signals
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

func (h *Handler) count(errs []error) {
	var folded, later, refused int
	for _, err := range errs {
		switch {
		case err == nil:
			folded++
		case fault.Retryable(err):
			later++
		default:
			refused++
		}
	}
	h.counter.Count("EventsFolded", folded)
	h.counter.Count("EventsPutOff", later)
	h.counter.Count("EventsRefused", refused)
}
