// Package batch runs a Lambda function's SQS batches, one way for all of them. A message holds a pack of items. Each
// item's outcome is its own: done; to be tried later (throttled, unavailable, or a conflict that would not settle),
// which sends it back as a new, delayed message and spends no try; or poison, which is queued alone with its reason
// while the rest of its pack is acknowledged. Tries are for poison alone: an item that is alone in its message and
// fails finally is reported as a batch item failure, until the queue's redrive policy moves it to the dead letters.
// A handler that panics over several items is run again item by item, so that one bad item spoils only itself.
package batch

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"liuke/shared/fault"
	"liuke/shared/queue"
)

// Sender sends messages to the queue that the batch came from.
type Sender interface {
	Send(ctx context.Context, messages ...queue.Message) error
}

// Runner runs batches of packs of T.
type Runner[T any] struct {
	// Decode reads a message's body into its items. An error makes the message poison.
	Decode func(body string) ([]T, error)
	// Encode makes the body of a message that holds the one item, with the reason where it is poison.
	Encode func(item T, reason string) (string, error)
	// Handle works on the items of all the messages of a batch at once and returns one error an item, nil where
	// done. A nil slice means that all are done.
	Handle func(ctx context.Context, items []T) []error
	// Back is the queue that items go back to.
	Back Sender
	// Delay is how long an item waits that is to be tried later; 0 is 20 seconds.
	Delay time.Duration
	// DelayOf, where set, says how long an item waits that failed by the error, up to 15 minutes; 0 is Delay.
	DelayOf func(err error) time.Duration
	Log     *slog.Logger
}

type origin struct {
	message int  // index into the batch
	alone   bool // the only item of its message
}

// Run works on one batch and reports, by message id, what must be delivered again.
func (r *Runner[T]) Run(ctx context.Context, in events.SQSEvent) (events.SQSEventResponse, error) {
	var items []T
	var origins []origin
	failed := make([]bool, len(in.Records))
	for i := range in.Records {
		decoded, err := r.Decode(in.Records[i].Body)
		if err != nil {
			r.Log.WarnContext(ctx, "undecodable message", "message_id", in.Records[i].MessageId, "code", fault.CodeOf(err))
			failed[i] = true
			continue
		}
		for _, item := range decoded {
			items = append(items, item)
			origins = append(origins, origin{message: i, alone: len(decoded) == 1})
		}
	}
	outcomes := r.handle(ctx, items)
	for k, err := range outcomes {
		if err == nil {
			continue
		}
		if !r.settle(ctx, items[k], origins[k], err) {
			failed[origins[k].message] = true
		}
	}
	var out events.SQSEventResponse
	for i, f := range failed {
		if f {
			out.BatchItemFailures = append(out.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: in.Records[i].MessageId})
		}
	}
	return out, nil
}

// handle runs the handler over all items, and one by one where that panics.
func (r *Runner[T]) handle(ctx context.Context, items []T) []error {
	if len(items) == 0 {
		return nil
	}
	outcomes, panicked := r.guarded(ctx, items)
	if !panicked {
		return outcomes
	}
	outcomes = make([]error, len(items))
	for i := range items {
		if each, _ := r.guarded(ctx, items[i:i+1]); len(each) == 1 {
			outcomes[i] = each[0]
		}
	}
	return outcomes
}

func (r *Runner[T]) guarded(ctx context.Context, items []T) (outcomes []error, panicked bool) {
	defer func() {
		if p := recover(); p != nil {
			r.Log.ErrorContext(ctx, "handler panicked", "items", len(items), "panic", fmt.Sprintf("%T", p))
			outcomes, panicked = make([]error, len(items)), true
			for i := range outcomes {
				outcomes[i] = fault.New(fault.Internal, "panic")
			}
		}
	}()
	return r.Handle(ctx, items), false
}

// delay is how long an item that failed by the error waits to be tried again.
func (r *Runner[T]) delay(err error) time.Duration {
	var own time.Duration
	if r.DelayOf != nil {
		own = r.DelayOf(err)
	}
	return cmp.Or(own, r.Delay, 20*time.Second)
}

// settle reports whether a failed item has been taken care of, so that its message need not be delivered again.
func (r *Runner[T]) settle(ctx context.Context, item T, from origin, err error) bool {
	code := fault.CodeOf(err)
	later := fault.Retryable(err)
	r.Log.WarnContext(ctx, "item not done", "code", code, "later", later, "alone", from.alone, "error", err.Error())
	if !later && from.alone {
		return false
	}
	m := queue.Message{}
	if later {
		m.Delay = r.delay(err)
	} else {
		m.Reason = string(code)
	}
	body, encodeErr := r.Encode(item, m.Reason)
	if encodeErr != nil {
		r.Log.ErrorContext(ctx, "item not encodable", "error", encodeErr.Error())
		return false
	}
	m.Body = body
	if sendErr := r.Back.Send(ctx, m); sendErr != nil {
		r.Log.WarnContext(ctx, "item not sent back", "code", fault.CodeOf(sendErr))
		return false
	}
	return true
}
