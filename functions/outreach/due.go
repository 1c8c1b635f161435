package main

import (
	"context"
	"errors"
	"time"

	"liuke/shared/batch"
	"liuke/shared/dynamo"
	"liuke/shared/queue"
	"liuke/shared/signal"
)

const (
	shardsAtOnce    = 4
	signalsAMessage = 25
	// messageBytes is how large a message may be, and signalBytes what a signal has beside its data at most.
	messageBytes = 200 << 10
	signalBytes  = 1 << 10
	// sweepReserve is how much of the function's time a sweep leaves unused; what is left waits for the next minute.
	sweepReserve = 10 * time.Second
)

// sweep sends every signal that is due by now to the signals queue again, for the one scene that deferred it, and then
// takes it off the file. A sweep that is cut short leaves on file what it has not sent, and may send again what it has:
// the ledger lets each have its effect once. A shard that fails does not keep the others waiting.
func (h *Handler) sweep(ctx context.Context) error {
	now := h.Now()
	errs := make([]error, dynamo.DueShards)
	batch.Each(dynamo.DueShards, shardsAtOnce, func(shard int) {
		errs[shard] = h.sweepShard(ctx, shard, now)
	})
	return errors.Join(errs...)
}

func (h *Handler) sweepShard(ctx context.Context, shard int, now time.Time) error {
	sent := 0
	defer func() { h.Count.Count("CameDue", sent) }()
	for {
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < sweepReserve {
			return nil
		}
		due, err := h.Store.Due(ctx, shard, now)
		if err != nil || len(due) == 0 {
			return err
		}
		messages, err := pack(due)
		if err != nil {
			return err
		}
		if err := h.Signals.Send(ctx, messages...); err != nil {
			return err
		}
		sent += len(due)
		for _, d := range due {
			if err := h.Store.DeleteDue(ctx, d.Key); err != nil {
				return err
			}
		}
	}
}

// pack makes messages of signals, each with no more than a queue takes.
func pack(due []dynamo.DueItem) (messages []queue.Message, err error) {
	var signals []signal.Signal
	size := 0
	flush := func() error {
		if len(signals) == 0 {
			return nil
		}
		body, err := encode(signals...)
		messages = append(messages, queue.Message{Body: body})
		signals, size = nil, 0
		return err
	}
	for _, d := range due {
		n := len(d.Signal.Data) + signalBytes
		if len(signals) == signalsAMessage || size+n > messageBytes {
			if err := flush(); err != nil {
				return nil, err
			}
		}
		signals, size = append(signals, d.Signal), size+n
	}
	return messages, flush()
}
