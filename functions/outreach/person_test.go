package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fold"
	"liuke/shared/message"
	"liuke/shared/money"
	"liuke/shared/signal"
)

func (b *bundle) erase(id customer.ID) {
	b.t.Helper()
	if err := b.store.Erase(b.t.Context(), id, *b.now); err != nil {
		b.t.Fatal(err)
	}
}

// nothingOf fails the test where anything stands under a customer.
func (b *bundle) nothingOf(id customer.ID) {
	b.t.Helper()
	entries, _, err := b.store.Messages(b.t.Context(), id, 100, "")
	if err != nil {
		b.t.Fatal(err)
	}
	d, err := b.store.Profile(b.t.Context(), id)
	if err != nil || len(entries) > 0 || d.Version != 0 {
		b.t.Errorf("%d entries and a profile of version %d stand under %s, %v", len(entries), d.Version, id, err)
	}
	if got := b.drain(b.messages); len(got) > 0 {
		b.t.Errorf("queued %v", got)
	}
}

func TestSignalsOfTheErasedAreDropped(t *testing.T) {
	b := setup(t)
	b.customer("user-0001", nil)
	b.erase("user-0001")
	failures, read, write := b.invoke(b.handler, envelope(t, slipped("user-0001", "run-1", arrival), slipped("user-0001", "run-2", arrival)))
	if len(failures) > 0 || write != 0 || !strings.Contains(b.metrics.String(), `"SignalsOfErased":2`) {
		t.Errorf("failures %v, %g write units, %s", failures, write, b.metrics)
	}
	t.Logf("dropped: %g read units", read)
	b.nothingOf("user-0001")
}

func TestWhatWaitsForItsMinuteDoesNotOutliveItsCustomer(t *testing.T) {
	b := setup(t)
	b.customer("user-0001", nil)
	night := time.Date(2026, 3, 1, 15, 0, 0, 0, time.UTC) // 23:00 in Shanghai
	*b.now = night
	b.invoke(b.handler, envelope(t, slipped("user-0001", "run-1", night)))
	b.erase("user-0001")
	*b.now = night.Add(12 * time.Hour)
	b.invoke(b.handler, sample(t, "due"))
	due := b.drain(b.signals)
	if len(due) != 1 {
		t.Fatalf("came due: %v", due)
	}
	signals, err := decode(due[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, _, write := b.invoke(b.handler, envelope(t, signals...)); write != 0 || !strings.Contains(b.metrics.String(), `"SignalsOfErased":1`) {
		t.Errorf("%g write units, %s", write, b.metrics)
	}
	b.nothingOf("user-0001")
}

// eraser erases a customer once its first dossier was read.
type eraser struct {
	Store
	erase func()
}

func (e *eraser) Dossier(ctx context.Context, w message.Wanted) (message.Dossier, error) {
	d, err := e.Store.Dossier(ctx, w)
	if e.erase != nil {
		e.erase()
		e.erase = nil
	}
	return d, err
}

func TestADecisionThatAnErasureOvertakesIsDropped(t *testing.T) {
	b := setup(t)
	b.customer("user-0001", nil)
	b.invoke(b.handler, sample(t, "order_placed")) // so that there is a contact record
	b.drain(b.messages)
	b.handler.Store = &eraser{b.store, func() { b.erase("user-0001") }}
	failures, _, _ := b.invoke(b.handler, envelope(t, slipped("user-0001", "run-1", arrival)))
	if len(failures) > 0 || !strings.Contains(b.metrics.String(), `"SignalsOfErased":1`) {
		t.Errorf("failures %v, %s", failures, b.metrics)
	}
	b.nothingOf("user-0001")
}

func TestWhatWasWrittenInTheMomentOfAnErasureGoesWhenThatIsRepeated(t *testing.T) {
	b := setup(t)
	b.customer("user-0001", nil)
	b.handler.Store = &eraser{b.store, func() { b.erase("user-0001") }}
	sig := slipped("user-0001", "run-1", arrival)
	b.invoke(b.handler, envelope(t, sig))
	if e := b.entry("user-0001", "win_back", sig.ID); e.State != message.Claimed {
		t.Fatalf("the claim did not fall into the erasure: %+v", e)
	}
	b.drain(b.messages) // dispatch sends none of the erased
	b.erase("user-0001")
	b.nothingOf("user-0001")
}

// merge makes one customer part of another, as profile does.
func (b *bundle) merge(absorbed, survivor customer.ID) {
	b.t.Helper()
	f := fold.Folder{
		Settings: fold.Settings{Zone: time.UTC, Money: money.Only("CNY")}, Store: b.store, Random: rand.Reader, Concurrency: 1,
		Sleep: func(context.Context, time.Duration) error { return nil }, Jitter: func() float64 { return 0 },
	}
	seen := func(id customer.ID) event.Event {
		return event.Event{ID: event.MessageID("seen"), Type: event.Track, Name: "Seen", User: string(id), Time: arrival, Received: arrival,
			Source: event.SourceSegment, Properties: json.RawMessage(`{}`)}
	}
	for i, o := range f.Fold(b.t.Context(), []event.Event{seen(absorbed), seen(survivor), {
		ID: event.MessageID("alias"), Type: event.Alias, Previous: string(absorbed), User: string(survivor), Time: arrival,
		Received: arrival, Source: event.SourceSegment,
	}}) {
		if o.Err != nil {
			b.t.Fatalf("event %d: %v", i, o.Err)
		}
	}
}

func TestSignalsOfWhoWasAbsorbedCountAgainstThePersonsCaps(t *testing.T) {
	b := setup(t)
	b.customer("old", nil)
	b.customer("new", nil)
	b.merge("old", "new")
	both := envelope(t, slipped("old", "run-1", arrival), slipped("new", "run-1", arrival))
	for range 2 {
		if failures, _, _ := b.invoke(b.handler, both); len(failures) > 0 || b.delayed(b.signals) != "0" {
			t.Fatalf("failures %v, %s put off", failures, b.delayed(b.signals))
		}
	}
	states := map[message.State]int{}
	for _, id := range []customer.ID{"old", "new"} {
		states[b.entry(id, "win_back", signal.SegmentID("run-1", "rfm10")).State]++
	}
	if states[message.Claimed] != 1 || states[message.Held] != 1 {
		t.Errorf("two signals of one person: %v", states)
	}
	if got := b.drain(b.messages); len(got) != 2 || got[0] != got[1] {
		t.Errorf("queued %v, want the one message twice", got)
	}
}

func TestAMessageIsKnownAgainAfterItsCustomerWasAbsorbed(t *testing.T) {
	b := setup(t)
	b.customer("old", nil)
	b.customer("new", map[string]string{customer.ConsentTrait("email"): "true"})
	sig := slipped("old", "run-1", arrival)
	b.invoke(b.handler, envelope(t, sig))
	first := b.drain(b.messages)
	b.merge("old", "new")
	if _, _, write := b.invoke(b.handler, envelope(t, sig)); write != 1 {
		t.Errorf("%g write units", write)
	}
	if again := b.drain(b.messages); len(first) != 1 || len(again) != 1 || first[0] != again[0] {
		t.Errorf("queued %v and then %v", first, again)
	}
	other := slipped("old", "run-2", arrival)
	b.invoke(b.handler, envelope(t, other))
	if e := b.entry("old", "win_back", other.ID); e.State != message.Held || e.Gate != "frequency_cap" {
		t.Errorf("what was sent before the merge does not count: %+v", e)
	}
}

func TestConsentIsThePersons(t *testing.T) {
	b := setup(t)
	b.customer("old", nil)
	b.merge("old", "new")
	p, err := b.store.Profile(t.Context(), "new")
	if err != nil {
		t.Fatal(err)
	}
	p.Version++
	p.Set(customer.ConsentTrait("email"), customer.Trait{Value: "false", Time: arrival.UnixMilli(), Event: "later"})
	if err := b.store.PutProfile(t.Context(), "new", &p); err != nil {
		t.Fatal(err)
	}
	sig := slipped("old", "run-1", arrival)
	b.invoke(b.handler, envelope(t, sig))
	if e := b.entry("old", "win_back", sig.ID); e.State != message.Held || e.Gate != "consent" {
		t.Errorf("%+v", e)
	}
}
