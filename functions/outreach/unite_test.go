package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"liuke/shared/customer"
	"liuke/shared/experiment"
	"liuke/shared/measure"
	"liuke/shared/message"
	"liuke/shared/outreach"
	"liuke/shared/signal"
)

// shop is some customers who order and turn out to be one person, in any order.
type shop struct {
	*bundle
	rnd      *rand.Rand
	people   []customer.ID
	into     map[customer.ID]customer.ID
	signals  []signal.Signal
	enrolled map[customer.ID]*measure.Enrolment // as they were first enrolled
}

func (s *shop) root(id customer.ID) customer.ID {
	for s.into[id] != "" {
		id = s.into[id]
	}
	return id
}

// order lets somebody order, who is told of once, twice, or again with an order of before.
func (s *shop) order() {
	id := s.people[s.rnd.IntN(len(s.people))]
	sig := order(id, len(s.signals)+1000*s.rnd.IntN(1000), *s.now)
	s.signals = append(s.signals, sig)
	s.invoke(s.handler, envelope(s.t, sig))
	if s.rnd.IntN(3) == 0 {
		s.invoke(s.handler, envelope(s.t, s.signals[s.rnd.IntN(len(s.signals))], sig))
	}
	for _, p := range s.people {
		all, err := s.store.Enrolments(s.t.Context(), p, "greet")
		if err != nil {
			s.t.Fatal(err)
		}
		if len(all) == 1 && s.enrolled[p] == nil {
			s.enrolled[p] = &all[0]
		}
	}
}

// become makes two persons one, and tells it again where that is so already.
func (s *shop) become() {
	i := 1 + s.rnd.IntN(len(s.people)-1)
	from, to := s.people[i], s.people[s.rnd.IntN(i)]
	if a, b := s.root(from), s.root(to); a != b {
		s.into[a] = b
		s.merge(a, b)
		return
	}
	s.merge(from, to)
}

// expected is what is true of each person, read from the enrolments as they came and from the ledger.
func (s *shop) expected() map[string]measured {
	first := map[customer.ID]*measure.Enrolment{}
	for id, e := range s.enrolled {
		if was := first[s.root(id)]; was == nil || cmp.Or(e.At.Compare(was.At), cmp.Compare(e.Person, was.Person)) < 0 {
			first[s.root(id)] = e
		}
	}
	out := map[string]measured{}
	for root, e := range first {
		arm := e.Variant
		if e.Held {
			arm = "held"
		}
		m := out[arm]
		m.assigned++
		worth := int64(0)
		for _, sig := range s.signals {
			if entry := s.of(sig.Customer, sig); s.root(sig.Customer) == root && !entry.Converted.IsZero() {
				worth += entry.Worth
			}
		}
		if worth > 0 {
			m.converted++
		}
		m.worth += worth
		out[arm] = m
	}
	return out
}

type measured struct{ assigned, converted, worth int64 }

// Whoever becomes one person is counted once, by the first enrolment and with all orders of both, whether that is found out before
// they order or after, however often it is told, and whatever is counted on the way.
func TestCustomersWhoBecomeOnePersonAreCountedOnce(t *testing.T) {
	b := setup(t)
	b.stage("holdout: 25%\n"+plainAndBold, outreach.Settings{})
	b.handler.rules.Policy.Caps = nil
	became := 0
	start := *b.now
	for seed := range uint64(12) {
		*b.now = start.AddDate(0, 0, int(seed)*40) // in hours of their own
		s := &shop{bundle: b, rnd: rand.New(rand.NewPCG(seed, 41)), into: map[customer.ID]customer.ID{}, enrolled: map[customer.ID]*measure.Enrolment{}}
		for i := range 5 {
			s.people = append(s.people, customer.ID(fmt.Sprintf("p%d-%d", seed, i)))
			b.customer(s.people[i], nil)
		}
		for range 14 {
			switch s.rnd.IntN(5) {
			case 0, 1:
				s.order()
			case 2:
				s.become()
			case 3:
				b.tallied()
			case 4:
				*b.now = b.now.Add(time.Duration(1+s.rnd.IntN(300)) * time.Minute)
			}
		}
		// The hour of the first may be counted before the one in which the other is found to be the same person.
		for range 3 {
			*b.now = b.now.Add(30 * time.Hour)
			b.tallied()
		}
		terms := measure.Of(b.handler.scenes.Scene("greet"), &b.handler.rules.Policy)
		sum, err := b.store.Tallied(t.Context(), "greet", terms.ID, start.AddDate(0, 0, int(seed)*40-1), b.now.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		want := s.expected()
		for _, arm := range []string{"plain", "bold", "held"} {
			c := cmp.Or(sum.Arms[arm], &experiment.Counters{})
			if arm == "held" {
				c = &sum.Held
			}
			if got := (measured{c.Assigned, c.Converted, int64(c.Revenue.Sum)}); got != want[arm] {
				t.Errorf("seed %d, %s: %+v, want %+v of %v", seed, arm, got, want[arm], s.into)
			}
		}
		people := map[customer.ID]int{}
		for id := range s.enrolled {
			people[s.root(id)]++
		}
		for _, n := range people {
			if n > 1 {
				became++
			}
		}
	}
	if t.Logf("%d persons had been enrolled as several", became); became < 5 {
		t.Error("the run shows too little")
	}
}

// What is found out when the first is not counted any more changes nothing.
func TestCustomersWhoBecomeOnePersonTooLateStayTwo(t *testing.T) {
	b := setup(t)
	b.stage(plainAndBold, outreach.Settings{})
	for i, id := range []customer.ID{"ann", "bob"} {
		b.customer(id, nil)
		b.invoke(b.handler, envelope(t, order(id, i, *b.now)))
		*b.now = b.now.Add(9 * 24 * time.Hour)
	}
	b.merge("bob", "ann")
	var all []message.Ref
	for range 3 {
		var assigned int64
		for _, a := range b.tallied().Arms {
			assigned += a.Assigned
		}
		if assigned != 2 {
			t.Errorf("%d are counted", assigned)
		}
		*b.now = b.now.Add(12 * time.Hour)
	}
	for _, id := range []customer.ID{"ann", "bob"} {
		enrolled, err := b.store.Enrolments(t.Context(), id, "greet")
		if err != nil || len(enrolled) != 1 || enrolled[0].Superseded {
			t.Fatalf("%s: %+v, %v", id, enrolled, err)
		}
		all = append(all, enrolled[0].Entries...)
	}
	if len(slices.Compact(all)) != 2 {
		t.Errorf("entries moved: %+v", all)
	}
}
