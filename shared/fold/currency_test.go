package fold_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/money"
)

// TestForeignOrdersAddUpInAnyOrderOfArrival folds the events of a customer's orders in three currencies in random orders,
// in batches of random sizes, some of them twice: the history is the sum of the records, and what it should be.
func TestForeignOrdersAddUpInAnyOrderOfArrival(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	var err error
	if f.Money, err = money.ParseRates(`{"USD":{"2026-01-01":"7.25","2026-03-01":"7.1001"},"JPY":{"2026-01-01":"0.0483"}}`, "CNY"); err != nil {
		t.Fatal(err)
	}
	about := func(name, id, order, currency, total string) event.Event {
		p := map[string]any{"order_id": order}
		if currency != "" {
			p["currency"] = currency
		}
		if total != "" {
			p["total"] = total
		}
		return track(id, "", name, p)
	}
	events := []event.Event{
		about(event.OrderCompleted, "p1", "dollars", "USD", "100.01"), // refunded in part: 100.00 left at 7.1001
		about(event.OrderRefunded, "r1", "dollars", "", "0.01"),       // in the order's currency, whatever comes first
		about(event.OrderCompleted, "p2", "back", "USD", "33.33"),     // given back in parts
		about(event.OrderRefunded, "r2", "back", "USD", "11.11"),
		about(event.OrderRefunded, "r3", "back", "USD", "22.22"),
		about(event.OrderCompleted, "p3", "yen", "JPY", "1001"), // edited to 1003: 48.4449
		about(event.OrderUpdated, "u3", "yen", "", "1003"),
		about(event.OrderCompleted, "p4", "gone", "JPY", "5"),
		about(event.OrderCancelled, "c4", "gone", "", ""),
		about(event.OrderCompleted, "p5", "whole", "USD", "5"),
		about(event.OrderRefunded, "w5", "whole", "", ""),
		about(event.OrderCompleted, "p6", "own", "", "1.00"),
	}
	events[6].Time = noon.Add(1) // the edit comes after what it edits, if only by the kind of event
	const net = 71_001 + 0 + 4_844 + 100
	random := rand.New(rand.NewPCG(7, 28))
	for round := range 40 {
		user := fmt.Sprint("c", round)
		arrival := make([]event.Event, 0, len(events)+4)
		for _, i := range random.Perm(len(events)) {
			arrival = append(arrival, events[i])
		}
		for range 4 {
			arrival = append(arrival, events[random.IntN(len(events))])
		}
		for i := range arrival {
			arrival[i].User = user
		}
		for len(arrival) > 0 {
			n := min(1+random.IntN(4), len(arrival))
			foldAll(t, f, t.Context(), arrival[:n]...)
			arrival = arrival[n:]
		}
		audit, err := f.Audit(t.Context(), customer.ID(user))
		if err != nil || !audit.Agrees || audit.Orders != 5 || audit.HistoryNet != net {
			t.Fatalf("round %d: %+v, %v; want 5 orders worth %d", round, audit, err, net)
		}
	}
}

func TestOrderWithoutARateForItsDayIsRefused(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	var err error
	if f.Money, err = money.ParseRates(`{"USD":{"2026-03-06":"7.1"}}`, "CNY"); err != nil {
		t.Fatal(err)
	}
	e := track("p", "c", event.OrderCompleted, map[string]any{"order_id": "o", "total": "1.00", "currency": "USD"})
	e.Time = noon // of the day before; in the east the next has begun at 10:00
	if out := f.Fold(t.Context(), []event.Event{e}); fault.CodeOf(out[0].Err) != fault.Invalid {
		t.Errorf("%v, want Invalid", out[0].Err)
	}
}
