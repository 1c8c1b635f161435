package dynamo_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/budget"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/message"
)

func limits(day, scene budget.Micro) *budget.Limits {
	return &budget.Limits{Day: &day, Scene: map[string]budget.Micro{"win_back": scene}, Dearest: 100}
}

// However many reserve side by side, no account holds more than its limit, and of each that was refused nothing is left.
func TestNoLimitIsPassedHoweverManyReserve(t *testing.T) {
	store, ctx := ledgerStore(t), t.Context()
	l := limits(20_000, 12_000)
	accounts := l.Accounts("win_back", "2026-03-01")
	var held [8]budget.Micro
	var all sync.WaitGroup
	for worker := range held {
		all.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(worker), 1))
			for i := range 40 {
				r := l.NewReserve(accounts, fmt.Sprint("e", worker, i), budget.Micro(1+rnd.IntN(100)), 1)
				end, err := store.Reserve(ctx, r)
				switch {
				case err != nil:
					t.Error(err)
				case end.Action == budget.Reserved:
					held[worker] += r.Reservation().Cost
				case end.Action != budget.Spent:
					t.Errorf("ended with %v", end.Action)
				}
			}
		})
	}
	all.Wait()
	var sum budget.Micro
	for _, h := range held {
		sum += h
	}
	for _, a := range accounts {
		if spent := must[budget.Micro](t)(store.Spent(ctx, a)); spent != sum || spent > a.Limit {
			t.Errorf("%s holds %d of %d, and %d are reserved", a.ID, spent, a.Limit, sum)
		}
	}
	if sum < 11_000 {
		t.Errorf("only %d of 12,000 could be had", sum)
	}
}

func TestWhatIsSetAsideGoesWithTheStepThatEndsTheMessage(t *testing.T) {
	store, ctx, step := ledgerStore(t), t.Context(), must[message.Entry](t)
	l := limits(10_000, 10_000)
	accounts := l.Accounts("win_back", "2026-03-01")
	for i, c := range []struct {
		name  string
		end   func(message.Entry) (message.Entry, error)
		left  budget.Micro
		write float64
	}{
		{"held, all of it is free again", func(e message.Entry) (message.Entry, error) { return e.Hold("consent", "no_consent", decidedAt) }, 0, 6},
		{"failed, as well", func(e message.Entry) (message.Entry, error) { return e.Fail("refused") }, 0, 6},
		{"sent for less, the rest is", func(e message.Entry) (message.Entry, error) { return send(e, 40) }, 40, 6},
		{"sent for more, the excess is added", func(e message.Entry) (message.Entry, error) { return send(e, 95) }, 95, 6},
		{"sent for as much, nothing is written beside the entry", func(e message.Entry) (message.Entry, error) { return send(e, 70) }, 70, 1},
	} {
		e := candidate(fmt.Sprint("s", i))
		r := l.NewReserve(accounts, e.ID, 70, 1)
		before := must[budget.Micro](t)(store.Spent(ctx, accounts[1]))
		meter := &dynamo.Meter{}
		if end, err := store.Reserve(dynamo.WithMeter(ctx, meter), r); err != nil || end.Action != budget.Reserved {
			t.Fatalf("%s: %v, %v", c.name, end, err)
		}
		if _, write := meter.Units(); write != 2 {
			t.Errorf("%s: set aside for %g write units", c.name, write)
		}
		e = step(e.Claim(decidedAt))
		e.Reserved = r.Reservation()
		e = step(store.WriteEntry(ctx, e))
		stored := step(store.Entry(ctx, "c1", e.ID))
		if d := cmp.Diff(e, stored); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
		meter = &dynamo.Meter{}
		end := step(c.end(stored))
		written := step(store.WriteEntry(dynamo.WithMeter(ctx, meter), end))
		if _, write := meter.Units(); write != c.write {
			t.Errorf("%s: ended for %g write units", c.name, write)
		}
		if _, err := store.WriteEntry(ctx, end); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("%s: written twice: %v", c.name, err)
		}
		if written.Reserved.Cost != c.left || len(written.Reserved.Counters) != 0 {
			t.Errorf("%s: the entry has %+v", c.name, written.Reserved)
		}
		for _, a := range accounts {
			if spent := must[budget.Micro](t)(store.Spent(ctx, a)); spent != before+c.left {
				t.Errorf("%s: %s holds %d, and %d before", c.name, a.ID, spent, before)
			}
		}
	}
}

// send takes a claimed entry to sent for a cost.
func send(e message.Entry, cost budget.Micro) (message.Entry, error) {
	e, err := e.Begin("try", decidedAt)
	if err != nil {
		return e, err
	}
	e, err = e.Accept("p", "en", decidedAt.Add(time.Second))
	return e.Settle(cost), err
}
