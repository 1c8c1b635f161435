package budget_test

import (
	"maps"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/budget"
)

// Whoever asks counters in memory is told what a table of conditional writes would say, step by step.
func TestCountersInMemoryEndAReservationAsATableDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day, own := budget.Micro(rapid.IntRange(0, 400).Draw(t, "day")), budget.Micro(rapid.IntRange(0, 400).Draw(t, "own"))
		l := budget.Limits{Day: &day, Scene: map[string]budget.Micro{"s": own}, Dearest: 10}
		accounts := l.Accounts("s", "2026-03-01")
		counters, stored := budget.Counters{}, table{counters: map[budget.Counter]budget.Micro{}}
		for i := range rapid.IntRange(1, 60).Draw(t, "messages") {
			cost := budget.Micro(rapid.IntRange(0, 12).Draw(t, "cost"))
			before := maps.Clone(counters)
			one, other := l.NewReserve(accounts, strconv.Itoa(i), cost, 1), l.NewReserve(accounts, strconv.Itoa(i), cost, 1)
			end := counters.Reserve(one)
			step := other.Next()
			for ; step.Action == budget.Add || step.Action == budget.Undo; step = other.Next() {
				switch {
				case step.Action == budget.Undo:
					stored.change([]budget.Change{{Counter: step.Counter, Delta: step.Delta}})
					other.Undone()
				case stored.add(step):
					other.Added()
				default:
					other.Full()
				}
			}
			if end != step {
				t.Fatalf("ended with %+v, and at the table with %+v", end, step)
			}
			for c, spent := range stored.counters {
				if counters[c.Name()] != spent {
					t.Fatalf("%s holds %d, and at the table %d", c.Name(), counters[c.Name()], spent)
				}
			}
			if why := end.Reason(); (why == "") != (end.Action == budget.Reserved) || why != "" && !sameSums(before, counters) {
				t.Fatalf("%q leaves %v of %v", why, counters, before)
			}
			if end.Action == budget.Reserved && rapid.Bool().Draw(t, "released") {
				counters.Change(one.Reservation().Release())
				stored.change(other.Reservation().Release())
			}
		}
	})
}

// sameSums compares counters, of which one that holds nothing may be lacking.
func sameSums(a, b budget.Counters) bool {
	for name, spent := range b {
		if a[name] != spent {
			return false
		}
	}
	return true
}
