package main

import (
	"context"
	"time"

	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/outreach"
	"liuke/shared/scene"
	"liuke/shared/signal"
)

// A journey is what a scene says to a customer on one occasion, step by step. It has no record of its own: where it stands is
// read from the entries of its steps, which say what was decided of each.

// entriesOf are the ids of the entries of a journey's steps up to one of them.
func entriesOf(sc *scene.Scene, c customer.ID, occasion string, last int) []string {
	var ids []string
	for step := range min(last+1, len(sc.Steps)) {
		ids = append(ids, sc.EntryID(c, occasion, step))
	}
	return ids
}

// goOn puts the step that follows on file, before the step is claimed or held which it follows: it is asked for then whether
// that was. What is decided anew puts the same there again, or another beside it: the ledger lets one have its effect.
func (h *Handler) goOn(ctx context.Context, c *scene.Candidate, t task, decided *message.Entry) error {
	if t.reminder() {
		return nil
	}
	next := outreach.Onward(c.Scene, decided)
	if next == scene.Exit {
		return nil
	}
	sig := t.sig
	sig.Scene, sig.Step, sig.Came = c.Scene.ID, next, ""
	return h.fileStep(ctx, c.Scene, sig, c.Now.Add(c.Scene.Steps[next].After))
}

// fileStep puts a step on file under the minute from which on it is due.
func (h *Handler) fileStep(ctx context.Context, sc *scene.Scene, sig signal.Signal, due time.Time) error {
	return h.Store.PutDue(ctx, wholeMinute(due), sc.EntryID(sig.Customer, sig.ID, sig.Step), sig)
}

// wholeMinute is the first whole minute from t on.
func wholeMinute(t time.Time) time.Time {
	if whole := t.Truncate(time.Minute); whole.Before(t) {
		return whole.Add(time.Minute)
	}
	return t
}

// delayed puts a signal on file of a scene that takes its time, and reports whether it is to wait.
func (h *Handler) delayed(ctx context.Context, sc *scene.Scene, sig signal.Signal, now time.Time) (bool, error) {
	due := wholeMinute(sig.Time.Add(sc.Delay))
	if sc.Delay == 0 || sig.Scene != "" || !due.After(now) {
		return false, nil
	}
	sig.Scene = sc.ID
	return true, h.fileStep(ctx, sc, sig, due)
}
