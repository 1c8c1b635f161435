package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/fold"
	"liuke/shared/message"
	"liuke/shared/signal"
)

func (b *bundle) erase() {
	b.t.Helper()
	if err := b.store.Erase(b.t.Context(), "user-0001", *b.now); err != nil {
		b.t.Fatal(err)
	}
}

// gone fails the test where the entry stands.
func (b *bundle) gone(id string) {
	b.t.Helper()
	if e, err := b.store.Entry(b.t.Context(), "user-0001", id); fault.CodeOf(err) != fault.NotFound {
		b.t.Errorf("the entry stands: %+v, %v", e, err)
	}
}

func TestTheErasedAreNotSentTo(t *testing.T) {
	t.Run("where the entry is gone", func(t *testing.T) {
		b := setup(t)
		e := b.claim()
		b.erase()
		failures, write := b.deliver()
		if failures != 0 || write != 0 || b.provider.asked() != 0 || !strings.Contains(b.metrics.String(), `"EntryGone":1`) {
			t.Errorf("%d failures, %g write units, %d calls, %s", failures, write, b.provider.asked(), b.metrics)
		}
		b.gone(e.ID)
	})
	for name, state := range map[string]func(message.Entry) (message.Entry, error){
		"where an entry was claimed in the moment of the erasure": nil,
		"where one was being sent in that moment":                 func(e message.Entry) (message.Entry, error) { return e.Begin("another's", arrival) },
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			b.erase()
			e := b.claim()
			if state != nil {
				b.write(state(e))
			}
			failures, write := b.deliver()
			if failures != 0 || write != 0 || b.provider.asked() != 0 || len(b.queue.back) != 0 || !strings.Contains(b.metrics.String(), `"EntryGone":1`) {
				t.Errorf("%d failures, %d back, %g write units, %d calls, %s", failures, len(b.queue.back), write, b.provider.asked(), b.metrics)
			}
			b.erase()
			b.gone(e.ID)
		})
	}
}

// eraser erases the customer once the dossier was read.
type eraser struct {
	Store
	erase func()
}

func (e *eraser) Dossier(ctx context.Context, w message.Wanted) (message.Dossier, error) {
	d, err := e.Store.Dossier(ctx, w)
	e.erase()
	return d, err
}

func TestAnErasureBeforeTheStepToSendingStopsTheMessage(t *testing.T) {
	b := setup(t)
	e := b.claim()
	b.handler.Store = &eraser{b.store, b.erase}
	b.deliver()
	if b.provider.asked() != 0 || len(b.queue.back) != 1 {
		t.Errorf("%d calls, %d back", b.provider.asked(), len(b.queue.back))
	}
	b.gone(e.ID)
}

func TestAnErasureDuringTheSendLeavesNothing(t *testing.T) {
	for name, answer := range map[string]int{"taken": 0, "refused": 400, "asked to come later": 429, "no answer": -1} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			e := b.claim()
			b.provider.answers = []int{answer}
			b.provider.before = b.erase
			b.deliver()
			b.deliver()
			if b.provider.asked() != 1 {
				t.Errorf("%d calls", b.provider.asked())
			}
			b.gone(e.ID)
		})
	}
}

func TestConsentIsThatOfThePersonWhoTheCustomerHasBecomePartOf(t *testing.T) {
	b := setup(t)
	b.claim()
	for _, id := range []customer.ID{"user-0001", "survivor"} {
		if err := b.store.Commit(t.Context(), &customer.Record{ID: id, Version: 1, Key: customer.Key{1}}, nil); err != nil {
			t.Fatal(err)
		}
	}
	withdrawn := customer.Profile{Version: 1}
	withdrawn.Set(customer.TraitEmail, customer.Trait{Value: "li@example.com", Time: 9, Event: "e"})
	withdrawn.Set(customer.ConsentTrait("email"), customer.Trait{Value: "false", Time: 9, Event: "e"})
	if err := b.store.Merge(t.Context(), &fold.Merge{
		Survivor: customer.Record{ID: "survivor", Version: 2}, Profile: &withdrawn,
		Absorbed: customer.Record{ID: "user-0001", Version: 2, Into: "survivor", Key: customer.Key{1}},
	}); err != nil {
		t.Fatal(err)
	}
	failures, write := b.deliver()
	if e := b.entry(); failures != 0 || write != 1 || e.State != message.Held || e.Gate != "consent" || b.provider.asked() != 0 {
		t.Errorf("%d failures, %g write units, %d calls, %+v", failures, write, b.provider.asked(), e)
	}
}

func TestWhatASendReads(t *testing.T) {
	b := setup(t)
	b.claimWith(func(e *message.Entry) {
		e.Scene, e.Kind, e.Data = "birthday", signal.Occasion, json.RawMessage(`{"kind":"birthday","day":"2026-03-01"}`)
	})
	meter := &dynamo.Meter{}
	b.deliverBy(dynamo.WithMeter(t.Context(), meter))
	if read, write := meter.Units(); b.entry().State != message.Sent || read != 6 || write != 2 {
		t.Errorf("a send took %g read and %g write units, want 6 and 2", read, write)
	}
}
