package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/queue"
	"liuke/shared/signal"
)

func TestASignalBecomesOneClaimedMessage(t *testing.T) {
	b := setup(t)
	b.customer("user-0001", nil)
	failures, read, write := b.invoke(b.handler, sample(t, "order_placed"))
	if len(failures) != 0 || write != 5 || read != 6 {
		t.Errorf("failures %v, %g read and %g write units, want 6 and 5", failures, read, write)
	}
	t.Logf("a batch with a claim: %g read units, %g write units, one of them to file the batch's claims", read, write)
	e := b.entry("user-0001", "order_thanks", "order:o-1")
	want := fmt.Sprintf(`{"customer":"user-0001","entry":%q}`, e.ID)
	if got := b.drain(b.messages); len(got) != 1 || got[0] != want {
		t.Errorf("queued %v, want %s", got, want)
	}
	if e.State != message.Claimed || !e.Claimed.Equal(arrival) || !e.Caused.Equal(arrival.Add(-time.Minute)) {
		t.Errorf("%+v", e)
	}
	t.Run("the same signal again queues its message again, and writes no more than that it did", func(t *testing.T) {
		if _, _, write := b.invoke(b.handler, sample(t, "order_placed")); write != 1 {
			t.Errorf("%g write units", write)
		}
		if got := b.drain(b.messages); len(got) != 1 || got[0] != want {
			t.Errorf("queued %v", got)
		}
	})
	t.Run("once the message is under way, the signal does nothing", func(t *testing.T) {
		next, err := e.Begin("try", arrival)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.store.WriteEntry(t.Context(), next); err != nil {
			t.Fatal(err)
		}
		if _, _, write := b.invoke(b.handler, sample(t, "order_placed")); write != 0 || len(b.drain(b.messages)) != 0 {
			t.Errorf("%g write units, or a message", write)
		}
	})
}

func TestAHeldMessageCostsOneUnitAndSaysWhy(t *testing.T) {
	for _, c := range []struct {
		name, gate, reason string
		traits             map[string]string
		suppress           bool
	}{
		{"a customer who is not known", "consent", "unknown_customer", map[string]string{}, false},
		{"a customer who said no", "consent", "no_consent", map[string]string{customer.TraitEmail: "li@example.com", customer.ConsentTrait("email"): "false"}, false},
		{"a customer without an address", "consent", "no_address", map[string]string{customer.ConsentTrait("email"): "true"}, false},
		{"an address that bounced", "suppression", "suppressed", map[string]string{customer.TraitEmail: "Li@example.com", customer.ConsentTrait("email"): "true"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			if len(c.traits) > 0 {
				b.customer("user-0001", c.traits)
			}
			if c.suppress {
				if err := b.store.Suppress(t.Context(), message.Email, "li@example.com", "bounce", arrival); err != nil {
					t.Fatal(err)
				}
			}
			failures, read, write := b.invoke(b.handler, sample(t, "order_placed"))
			t.Logf("held: %g read units, %g write units", read, write)
			if e := b.entry("user-0001", "order_thanks", "order:o-1"); len(failures) != 0 || write != 1 || e.State != message.Held || e.Gate != c.gate || e.Reason != c.reason {
				t.Errorf("failures %v, %g write units, %+v", failures, write, e)
			}
			if got := b.drain(b.messages); len(got) != 0 {
				t.Errorf("queued %v", got)
			}
			if _, _, write := b.invoke(b.handler, sample(t, "order_placed")); write != 0 {
				t.Errorf("the same signal again: %g write units", write)
			}
		})
	}
}

func TestStaleSignalsAreIgnored(t *testing.T) {
	b := setup(t)
	b.customer("user-0001", nil)
	*b.now = arrival.Add(49 * time.Hour)
	failures, read, write := b.invoke(b.handler, sample(t, "order_placed"))
	// An order may be what a journey was for, however late it comes: whether one was, is read.
	if len(failures) != 0 || read > 4 || write != 0 || len(b.drain(b.messages)) != 0 {
		t.Errorf("failures %v, %g read and %g write units", failures, read, write)
	}
}

func TestAtNightASignalWaitsForTheMorning(t *testing.T) {
	b := setup(t)
	b.customer("user-0001", nil)
	night := time.Date(2026, 3, 1, 15, 0, 0, 0, time.UTC)  // 23:00 in Shanghai
	morning := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC) // 08:00
	sig := slipped("user-0001", "run-1", night.Add(-47*time.Hour))
	*b.now = night
	_, _, write := b.invoke(b.handler, envelope(t, sig))
	if e := b.entry("user-0001", "win_back", sig.ID); e.State != message.Deferred || !e.Due.Equal(morning) || write != 2 {
		t.Fatalf("%g write units, %+v", write, e)
	}
	t.Logf("a deferral: %g write units, and 1 to take it off the file", write)
	if _, _, write := b.invoke(b.handler, envelope(t, sig)); write != 0 {
		t.Errorf("the same signal again: %g write units", write)
	}
	*b.now = morning.Add(-time.Second)
	if b.invoke(b.handler, sample(t, "due")); len(b.drain(b.signals)) != 0 {
		t.Fatal("came due a second early")
	}
	*b.now = morning.Add(30 * time.Second)
	b.invoke(b.handler, sample(t, "due"))
	due := b.drain(b.signals)
	if len(due) != 1 {
		t.Fatalf("came due: %v", due)
	}
	back, err := decode(due[0])
	if err != nil || len(back) != 1 || back[0].Scene != "win_back" || back[0].ID != sig.ID {
		t.Fatalf("%+v, %v", back, err)
	}
	if b.invoke(b.handler, sample(t, "due")); len(b.drain(b.signals)) != 0 {
		t.Error("came due twice")
	}
	b.invoke(b.handler, envelope(t, back[0]))
	if e := b.entry("user-0001", "win_back", sig.ID); e.State != message.Claimed || !e.Decided.Equal(night) {
		t.Errorf("though more than 48 hours old when it came due, it was looked at in time: %+v", e)
	}
	if got := b.drain(b.messages); len(got) != 1 {
		t.Errorf("queued %v", got)
	}
}

func TestASweepAfterAPauseLeavesNothing(t *testing.T) {
	b := setup(t)
	want := map[string]bool{}
	for i := range 240 {
		id := customer.ID(fmt.Sprint("user-", i))
		sig := slipped(id, "run-1", arrival)
		sig.Scene = "win_back"
		minute := arrival.Add(-time.Duration(i/2) * 37 * time.Minute).Truncate(time.Minute) // two of one cause a minute
		if err := b.store.PutDue(t.Context(), minute, message.ID(id, "win_back", sig.ID, 0, message.Email), sig); err != nil {
			t.Fatal(err)
		}
		want[string(id)] = true
	}
	b.invoke(b.handler, sample(t, "due"))
	for _, body := range b.drain(b.signals) {
		signals, err := decode(body)
		if err != nil || len(signals) > 25 {
			t.Fatalf("%d signals in a message, %v", len(signals), err)
		}
		for _, s := range signals {
			delete(want, string(s.Customer))
		}
	}
	if len(want) != 0 {
		t.Errorf("%d signals were left", len(want))
	}
	if _, _, write := b.invoke(b.handler, sample(t, "due")); write != 0 {
		t.Errorf("a second sweep found something: %g write units", write)
	}
}

func TestWhatASweepOfAnIdleMinuteCosts(t *testing.T) {
	b := setup(t)
	_, read, write := b.invoke(b.handler, sample(t, "due"))
	t.Logf("%g read and %g write units", read, write)
	if read > dynamo.DueShards || write != 0 || b.metrics.Len() > 0 {
		t.Errorf("%g read and %g write units, and the metrics %q: want one read unit a shard, and nothing else", read, write, b.metrics)
	}
}

func TestTwoSignalsAtOnceCannotBothPassTheCap(t *testing.T) {
	b := setup(t)
	for round := range 5 {
		id := customer.ID(fmt.Sprint("user-", round))
		b.customer(id, nil)
		var all sync.WaitGroup
		for i := range 4 {
			h, raw := b.another(), envelope(t, slipped(id, fmt.Sprint("run-", i), arrival))
			all.Go(func() {
				if _, err := h.Handle(context.Background(), raw); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		states := map[message.State]int{}
		for i := range 4 {
			states[b.entry(id, "win_back", signal.SegmentID(fmt.Sprint("run-", i), "rfm10")).State]++
		}
		if states[message.Claimed] != 1 || states[message.Held] != 3 {
			t.Fatalf("four signals at once: %v", states)
		}
	}
	if got := b.drain(b.messages); len(got) != 5 {
		t.Errorf("%d messages for five customers", len(got))
	}
}

func TestSignalsOfOneBatchCountAgainstEachOther(t *testing.T) {
	b := setup(t)
	b.customer("user-0001", nil)
	b.invoke(b.handler, envelope(t, slipped("user-0001", "run-1", arrival), slipped("user-0001", "run-2", arrival)))
	first, second := b.entry("user-0001", "win_back", "segment:run-1:rfm10"), b.entry("user-0001", "win_back", "segment:run-2:rfm10")
	if first.State != message.Claimed || second.State != message.Held || second.Gate != "frequency_cap" {
		t.Errorf("%+v\n%+v", first, second)
	}
}

// deaf is a queue that takes nothing.
type deaf struct{}

func (deaf) Send(context.Context, ...queue.Message) error {
	return fault.New(fault.Unavailable, "nobody there")
}

func TestACrashBetweenClaimAndQueueIsHealedByTheSignalComingAgain(t *testing.T) {
	b := setup(t)
	b.customer("user-0001", nil)
	whole := b.handler.Messages
	b.handler.Messages = deaf{}
	if failures, _, _ := b.invoke(b.handler, sample(t, "order_placed")); len(failures) != 0 {
		t.Errorf("a signal that is to be tried later spent a try: %v", failures)
	}
	if got := b.delayed(b.signals); got != "1" {
		t.Fatalf("%s signals wait for later", got)
	}
	b.handler.Messages = whole
	b.invoke(b.handler, sample(t, "order_placed"))
	if got := b.drain(b.messages); len(got) != 1 {
		t.Errorf("queued %v", got)
	}
}

func TestPoison(t *testing.T) {
	b := setup(t)
	b.customer("user-0001", nil)
	if failures, _, _ := b.invoke(b.handler, sample(t, "poison_alone")); len(failures) != 1 {
		t.Errorf("a poison signal alone: failures %v", failures)
	}
	if failures, _, _ := b.invoke(b.handler, sample(t, "undecodable")); len(failures) != 1 || !strings.HasSuffix(failures[0], "78") {
		t.Errorf("an undecodable message beside a good one: failures %v", failures)
	}
	if got := b.drain(b.messages); len(got) != 1 {
		t.Errorf("the good message beside it: %v", got)
	}
	if failures, _, _ := b.invoke(b.handler, sample(t, "poison")); len(failures) != 0 {
		t.Errorf("a poison signal in a pack: failures %v", failures)
	}
	if got := b.drain(b.signals); len(got) != 1 || !strings.Contains(got[0], `"id":""`) {
		t.Errorf("queued alone: %v", got)
	}
	if _, err := b.handler.Handle(t.Context(), []byte(`{"schedule":"dinner"}`)); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("an unknown schedule: %v", err)
	}
	if strings.Contains(b.logged.String(), "user-0001") {
		t.Errorf("the log names a customer: %s", b.logged)
	}
}

func TestARunsSignalsReachEachOfItsCustomers(t *testing.T) {
	b := setup(t)
	b.customer("user-0001", nil)
	b.customer("user-0002", map[string]string{customer.TraitEmail: "wu@example.com", customer.ConsentTrait("email"): "true"})
	_, _, write := b.invoke(b.handler, sample(t, "segment_changed"))
	if write != 9 || len(b.drain(b.messages)) != 2 {
		t.Errorf("%g write units for two claims and their file", write)
	}
	for _, id := range []customer.ID{"user-0001", "user-0002"} {
		if e := b.entry(id, "win_back", "segment:run-1:rfm10"); e.State != message.Claimed {
			t.Errorf("%s: %+v", id, e)
		}
	}
}

func TestARunsSignalsAtNightAllComeDue(t *testing.T) {
	b := setup(t)
	night := time.Date(2026, 3, 1, 15, 0, 0, 0, time.UTC) // 23:00 in Shanghai
	*b.now = night
	ids := []customer.ID{"user-0001", "user-0002", "user-0003"}
	for _, id := range ids {
		b.customer(id, map[string]string{customer.TraitEmail: string(id) + "@example.com", customer.ConsentTrait("email"): "true"})
		b.invoke(b.handler, envelope(t, slipped(id, "run-1", night)))
	}
	*b.now = night.Add(12 * time.Hour)
	b.invoke(b.handler, sample(t, "due"))
	for _, body := range b.drain(b.signals) {
		signals, err := decode(body)
		if err != nil {
			t.Fatal(err)
		}
		b.invoke(b.handler, envelope(t, signals...))
	}
	for _, id := range ids {
		if e := b.entry(id, "win_back", "segment:run-1:rfm10"); e.State != message.Claimed {
			t.Errorf("%s is left %s", id, e.State)
		}
	}
}
