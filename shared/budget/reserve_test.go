package budget_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/budget"
)

// table is a table of conditional writes: every method is one request, all or nothing.
type table struct {
	counters map[budget.Counter]budget.Micro
	entries  map[string]*entry
	writes   int
}

// entry is what the ledger knows of a message.
type entry struct {
	state    string // claimed, sent, failed
	reserved budget.Reservation
	paid     budget.Micro
}

func (s *table) add(step budget.Step) bool {
	if s.writes++; step.AtMost < 0 {
		panic("a counter that does not exist would take it")
	}
	if s.counters[step.Counter] > step.AtMost {
		return false
	}
	s.counters[step.Counter] += step.Delta
	return true
}

func (s *table) change(changes []budget.Change) {
	for _, c := range changes {
		s.counters[c.Counter] += c.Delta
	}
}

// claim writes the entry on condition that there is none.
func (s *table) claim(id string, r budget.Reservation) bool {
	if _, ok := s.entries[id]; ok {
		return false
	}
	s.entries[id] = &entry{state: "claimed", reserved: r}
	return true
}

// finish is the transaction of the entry's step and the counters' changes, on condition that it is still claimed.
func (s *table) finish(id, state string, paid budget.Micro) {
	if e := s.entries[id]; e.state == "claimed" {
		e.state, e.paid = state, paid
		s.change(e.reserved.Settle(paid))
	}
}

func (s *table) total(account string) (sum budget.Micro) {
	for c, spent := range s.counters {
		if c.Account == account {
			sum += spent
		}
	}
	return sum
}

// owed is what the entries have reserved or paid in an account.
func (s *table) owed(account string) (sum budget.Micro) {
	for _, e := range s.entries {
		for _, c := range e.reserved.Counters {
			if c.Account == account {
				if e.state == "claimed" {
					sum += e.reserved.Cost
				} else {
					sum += e.paid
				}
			}
		}
	}
	return sum
}

// worker brings one message through, one request at a time; what it holds is lost when it crashes.
type worker struct {
	id      string
	cost    budget.Micro
	paid    budget.Micro // what the provider will charge
	fails   bool
	reserve *budget.Reserve
	back    []budget.Change // of a reservation whose entry another has claimed
	done    bool
	spent   string // the account that had no room
}

func (w *worker) step(s *table, l *budget.Limits, accounts []budget.Account, unclear bool) (lost budget.Micro) {
	switch e := s.entries[w.id]; {
	case w.back != nil:
		if unclear { // not tried again: it might be made twice
			lost = w.cost
		} else {
			s.change(w.back)
		}
		w.back, w.reserve, w.done = nil, nil, s.entries[w.id].state != "claimed"
		return lost
	case w.reserve == nil && e != nil && e.state == "claimed":
		if w.fails {
			s.finish(w.id, "failed", 0)
		} else {
			s.finish(w.id, "sent", w.paid)
		}
		w.done = true
		return 0
	case w.reserve == nil && e != nil:
		w.done = true
		return 0
	case w.reserve == nil:
		w.reserve = l.NewReserve(accounts, w.id, w.cost, 1)
	}
	switch step := w.reserve.Next(); step.Action {
	case budget.Add:
		switch added := s.add(step); {
		case added && unclear:
			w.reserve.Full()
			return w.cost
		case added:
			w.reserve.Added()
		default:
			w.reserve.Full()
		}
	case budget.Undo:
		if unclear {
			lost = w.cost
		} else {
			s.change([]budget.Change{{Counter: step.Counter, Delta: step.Delta}})
		}
		w.reserve.Undone()
	case budget.Reserved:
		if r := w.reserve.Reservation(); s.claim(w.id, r) {
			w.reserve = nil
		} else if w.back = r.Release(); w.back == nil {
			w.reserve = nil
		}
	case budget.Spent:
		w.spent, w.done = step.Account, true
	case budget.Dear:
		w.done = true
	}
	return lost
}

// held is what a crash of the worker now would lose to each limit at most.
func (w *worker) held() budget.Micro {
	if w.reserve == nil && w.back == nil {
		return 0
	}
	return w.cost
}

// Workers of several messages, some of the same one, take turns request by request, crash anywhere and begin anew, and are
// not told what came of some writes.
func TestNoMoreIsSpentThanMayBeWhateverCrashes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		const dearest = 100
		limit := func(name string) budget.Micro { return budget.Micro(rapid.Int64Range(0, 20_000).Draw(t, name)) }
		day := limit("day")
		l := &budget.Limits{Day: &day, SceneDay: map[string]budget.Micro{"s": limit("scene and day")}, Scene: map[string]budget.Micro{"s": limit("scene")}, Dearest: dearest}
		accounts := l.Accounts("s", "d")
		faults := rapid.Bool().Draw(t, "faults")
		overcharges := rapid.Bool().Draw(t, "overcharges")
		messages := rapid.IntRange(1, 150).Draw(t, "messages")
		s := &table{counters: map[budget.Counter]budget.Micro{}, entries: map[string]*entry{}}
		workers := make([]*worker, messages+messages/4)
		for i := range workers {
			w := &worker{id: fmt.Sprint("entry-", i%messages), fails: i%messages%7 == 3}
			w.cost = budget.Micro(1 + i%messages*37%dearest)
			if w.paid = w.cost; i%3 == 0 {
				w.paid /= 2
			} else if overcharges && i%5 == 0 {
				w.paid += 10
			}
			if i >= messages {
				w.paid = workers[i-messages].paid // the provider charges what it charges
			}
			workers[i] = w
		}
		lost := budget.Micro(0)
		check := func() {
			var excess, inHand budget.Micro
			for _, e := range s.entries {
				excess += max(0, e.paid-e.reserved.Cost)
			}
			for _, w := range workers {
				inHand += w.held()
			}
			for _, a := range accounts {
				total, owed := s.total(a.ID), s.owed(a.ID)
				if total > a.Limit+excess {
					t.Fatalf("%s holds %d of %d, and %d were charged beyond what was reserved", a.ID, total, a.Limit, excess)
				}
				if owed > total {
					t.Fatalf("%s holds %d, and the entries %d", a.ID, total, owed)
				}
				if total-owed > lost+inHand {
					t.Fatalf("%s holds %d, the entries %d, and only %d and %d are lost and in hand", a.ID, total, owed, lost, inHand)
				}
			}
		}
		for open := len(workers); open > 0; {
			open = 0
			for _, i := range random.Perm(len(workers)) {
				w := workers[i]
				if w.done {
					continue
				}
				open++
				if faults && random.IntN(40) == 0 {
					lost += w.held()
					w.reserve, w.back = nil, nil
				}
				lost += w.step(s, l, accounts, faults && random.IntN(20) == 0)
			}
			check()
		}
		if !faults {
			for _, a := range accounts {
				if total, owed := s.total(a.ID), s.owed(a.ID); total != owed {
					t.Fatalf("without a fault %s holds %d, and the entries %d", a.ID, total, owed)
				}
			}
		}
	})
}

// Messages of one price fill a limit but for less than one message a counter.
func TestALimitIsUsedUp(t *testing.T) {
	for _, c := range []struct{ limit, cost, dearest, least budget.Micro }{
		{1_000_000, 645, 1_000, 1_000_000 - 16*645},
		{5_000, 1_000, 1_000, 5_000},
		{999, 1_000, 1_000, 0},
		{20_000, 999, 1_000, 20_000 - 2*999},
		{0, 1, 1_000, 0},
	} {
		day := c.limit
		l := &budget.Limits{Day: &day, Dearest: c.dearest}
		s := &table{counters: map[budget.Counter]budget.Micro{}, entries: map[string]*entry{}}
		accounts := l.Accounts("s", "d")
		messages, most := 0, 0
		for i := 0; ; i++ {
			w, before := &worker{id: fmt.Sprint(i), cost: c.cost, paid: c.cost}, s.writes
			for !w.done {
				w.step(s, l, accounts, false)
			}
			most = max(most, s.writes-before)
			if w.spent != "" {
				break
			}
			messages++
		}
		spent := budget.Micro(messages) * c.cost
		if spent > c.limit || spent < c.least || s.total("day/d") != spent {
			t.Errorf("of %d, at %d each, %d were spent, want at least %d; the counters hold %d", c.limit, c.cost, spent, c.least, s.total("day/d"))
		}
		if writes := float64(s.writes) / float64(max(messages, 1)); messages > 100 && writes > 1.2 || most > budget.MaxShards {
			t.Errorf("%.2f writes a reservation, at most %d", writes, most)
		}
	}
}

func TestWhatIsDearIsRefusedAndWhatIsFreePasses(t *testing.T) {
	day := budget.Micro(5_000)
	l := &budget.Limits{Day: &day, Dearest: 1_000}
	accounts := l.Accounts("s", "d")
	for _, c := range []struct {
		name     string
		cost     budget.Micro
		messages int
		want     budget.Action
	}{
		{"a message that costs too much", 1_001, 1, budget.Dear},
		{"a batch of which each may", 3_000, 3, budget.Add},
		{"a batch of which each costs too much", 9_000, 3, budget.Dear},
		{"a batch beyond the whole limit", 6_000, 6, budget.Spent},
		{"a message that costs nothing", 0, 1, budget.Reserved},
		{"a batch of which one must cost too much", 3_001, 3, budget.Dear},
		{"a cost that is none", -1, 1, budget.Dear},
	} {
		if got := l.NewReserve(accounts, "e", c.cost, c.messages).Next(); got.Action != c.want {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	if got := (&budget.Limits{Dearest: 10}).NewReserve(nil, "e", 5, 1); got.Next().Action != budget.Reserved || len(got.Reservation().Counters) != 0 {
		t.Error("without a limit nothing is counted")
	}
}
