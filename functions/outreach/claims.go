package main

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/queue"
	"liuke/shared/signal"
)

// What was claimed is looked after until it is final: whatever becomes of processes and queues, nothing stays claimed or
// sending for good.
const (
	// claimsAfter is how long after claims were queued it is looked whether they were sent; each further look comes after
	// claimsFactor times as long, so that a queue which is slow is not filled with what waits in it.
	claimsAfter  = 20 * time.Minute
	claimsFactor = 3
	// claimsLooks is how often it is looked at most: the last time forty hours after, when dispatch gives up what it could not
	// send within a day.
	claimsLooks = 5
	// claimsAnItem is how many claims are filed together.
	claimsAnItem = 100
)

// claimed is the data of a signal of kind ClaimsDue.
type claimed struct {
	Jobs []message.Job `json:"jobs"`
	Look int           `json:"look,omitempty"` // how often it was looked before
}

// fileClaims puts claims on file to be looked after, all of them together: it is a few writes a batch, not a message.
func (h *Handler) fileClaims(ctx context.Context, jobs []message.Job, look int) error {
	after := claimsAfter
	for range look {
		after *= claimsFactor
	}
	now := h.Now()
	for some := range slices.Chunk(jobs, claimsAnItem) {
		data, err := json.Marshal(claimed{some, look})
		if err != nil {
			return err
		}
		id := "claims:" + some[0].Entry
		sig := signal.Signal{ID: id, Kind: signal.ClaimsDue, Customer: some[0].Customer, Time: now, Data: data}
		if err := h.Store.PutDue(ctx, wholeMinute(now.Add(after)), id, sig); err != nil {
			return err
		}
	}
	return nil
}

// reconcile looks after claims. Those that are still to be sent are queued again, and filed again before that; dispatch lets
// one message of each through, and gives up those whose sender was lost.
func (h *Handler) reconcile(ctx context.Context, signals []signal.Signal, due []int, out *result) {
	for _, i := range due {
		if err := h.reconcileOne(ctx, i, &signals[i], out); err != nil {
			out.fail(i, err)
		}
	}
}

func (h *Handler) reconcileOne(ctx context.Context, i int, sig *signal.Signal, out *result) error {
	var c claimed
	if err := json.Unmarshal(sig.Data, &c); err != nil || len(c.Jobs) == 0 {
		return fault.New(fault.Invalid, "the signal names no claims")
	}
	refs := make([]message.Ref, len(c.Jobs))
	for k, job := range c.Jobs {
		refs[k] = message.Ref{Customer: job.Customer, Entry: job.Entry}
	}
	entries, err := h.Store.Entries(ctx, refs)
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(c.Jobs, func(job message.Job) bool {
		e := entries[message.Ref{Customer: job.Customer, Entry: job.Entry}]
		return e.State != message.Claimed && e.State != message.Sending
	})
	if len(left) == 0 {
		return nil
	}
	if c.Look++; c.Look < claimsLooks {
		if err := h.fileClaims(ctx, left, c.Look); err != nil {
			return err
		}
	}
	messages := make([]queue.Message, len(left))
	for k, job := range left {
		body, err := json.Marshal(job)
		if err != nil {
			return err
		}
		messages[k] = queue.Message{Body: string(body)}
	}
	if err := h.Messages.Send(ctx, messages...); err != nil {
		return err
	}
	for range left {
		out.count("ClaimsFound")
	}
	return nil
}
