package dynamo_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/message"
)

func TestWhatCameOfAMessageComesBack(t *testing.T) {
	store, ctx, step := ledgerStore(t), t.Context(), must[message.Entry](t)
	e := candidate("s1")
	e.Variant, e.Came = "bold", "event:e-1"
	e = step(store.WriteEntry(ctx, step(e.Hold("holdout", "held_out_of_scene", decidedAt))))
	for _, goal := range []message.Goal{
		{ID: "order:o-2", Worth: 1250}, {ID: "order:o 1", Worth: 1250}, {ID: "order:o-3", Worth: 9, Version: 4, Void: true}, {ID: "order:o-2", Worth: -700, Version: 2},
	} {
		goal.At = decidedAt.Add(time.Hour)
		next, _ := e.Convert(goal)
		meter := &dynamo.Meter{}
		e = step(store.WriteEntry(dynamo.WithMeter(ctx, meter), next))
		if _, write := meter.Units(); write != 1 {
			t.Errorf("an order attributed costs %g write units, want 1", write)
		}
	}
	got := step(store.Entry(ctx, "c1", e.ID))
	if d := cmp.Diff(e, got); d != "" || got.Worth != 550 || len(got.Goals) != 3 {
		t.Errorf("%s%+v", d, got)
	}
}

func TestEntriesOfSeveralCustomersAreReadAtOnce(t *testing.T) {
	store, ctx, step := ledgerStore(t), t.Context(), must[message.Entry](t)
	e := step(store.WriteEntry(ctx, step(candidate("s1").Hold("consent", "no_consent", decidedAt))))
	refs := []message.Ref{{Customer: "c1", Entry: e.ID}, {Customer: "c2", Entry: e.ID}}
	for range 110 {
		refs = append(refs, message.Ref{Customer: customer.ID("x"), Entry: candidate(time.Duration(len(refs)).String()).ID})
	}
	got, err := store.Entries(ctx, refs)
	if d := cmp.Diff(map[message.Ref]message.Entry{refs[0]: e}, got); err != nil || d != "" {
		t.Errorf("%v\n%s", err, d)
	}
}

func TestAContactRecordIsWrittenOnlyFromTheVersionBefore(t *testing.T) {
	store, ctx := ledgerStore(t), t.Context()
	c := message.Contact{Version: 1}.Enter("welcome", candidate("s1").ID, decidedAt)
	meter := &dynamo.Meter{}
	if err := store.WriteContact(dynamo.WithMeter(ctx, meter), "c1", c); err != nil {
		t.Fatal(err)
	}
	if _, write := meter.Units(); write != 1 {
		t.Errorf("%g write units, want 1", write)
	}
	if err := store.WriteContact(ctx, "c1", c); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a second first version: %v", err)
	}
	d, err := store.Dossier(ctx, message.Wanted{Customer: "c1"})
	if err != nil || cmp.Diff(c, d.Contact) != "" {
		t.Errorf("%+v, %v", d.Contact, err)
	}
}
