package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"liuke/shared/budget"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/lately"
	"liuke/shared/measure"
	"liuke/shared/measure/recount"
	"liuke/shared/message"
	"liuke/shared/offer"
	"liuke/shared/outreach"
	"liuke/shared/queue"
	"liuke/shared/signal"
)

// crashing is a store whose caller ends, or never hears the answer, before or after some of the writes take effect.
type crashing struct {
	*dynamo.Store
	rnd           *rand.Rand
	kills, faults int
	quiet         bool
}

func (s *crashing) do(call func() error) error {
	fate := s.rnd.IntN(16)
	if s.quiet {
		return call()
	}
	switch fate {
	case 0:
		s.kills++
		panic(killed{})
	case 1:
		s.faults++
		return fault.New(fault.Unavailable, "before")
	}
	err := call()
	switch fate {
	case 2:
		s.kills++
		panic(killed{})
	case 3:
		s.faults++
		return fault.New(fault.Unavailable, "after")
	}
	return err
}

func (s *crashing) Reserve(ctx context.Context, r *budget.Reserve) (end budget.Step, err error) {
	err = s.do(func() error { end, err = s.Store.Reserve(ctx, r); return err })
	return end, err
}

func (s *crashing) AddSpent(ctx context.Context, changes []budget.Change) error {
	return s.do(func() error { return s.Store.AddSpent(ctx, changes) })
}

func (s *crashing) FindCode(ctx context.Context, pool string, c *offer.Claim) (step offer.Step, err error) {
	err = s.do(func() error { step, err = s.Store.FindCode(ctx, pool, c); return err })
	return step, err
}

func (s *crashing) Claim(ctx context.Context, person customer.ID, e message.Entry, c message.Contact) error {
	return s.do(func() error { return s.Store.Claim(ctx, person, e, c) })
}

func (s *crashing) WriteEntry(ctx context.Context, e message.Entry) (next message.Entry, err error) {
	err = s.do(func() error { next, err = s.Store.WriteEntry(ctx, e); return err })
	return next, err
}

func (s *crashing) WriteContact(ctx context.Context, person customer.ID, c message.Contact) error {
	return s.do(func() error { return s.Store.WriteContact(ctx, person, c) })
}

func (s *crashing) Enrol(ctx context.Context, e *measure.Enrolment) error {
	return s.do(func() error { return s.Store.Enrol(ctx, e) })
}

func (s *crashing) MarkTrials(ctx context.Context, now time.Time, hours ...measure.Hour) error {
	return s.do(func() error { return s.Store.MarkTrials(ctx, now, hours...) })
}

// nowhere takes whatever is sent.
type nowhere struct{}

func (nowhere) Send(context.Context, ...queue.Message) error { return nil }

// TestCrashesGiveNoCodeTwiceAndSpendNoMoreThanTheBudget lets processes end at their writes, seed by seed. In the end every
// message is claimed with a code of its own, or held for want of one or of money; each code that was given is known to its
// entry; no more is set aside than the limit, and no less than the entries have; and each customer is enrolled once.
func TestCrashesGiveNoCodeTwiceAndSpendNoMoreThanTheBudget(t *testing.T) {
	const seeds, people, codes = 200, 3, 2
	b := setup(t)
	b.stage("holdout: 20%\noffer: {pool: pool}\n"+plainAndBold, outreach.Settings{})
	kills, faults, states := 0, 0, map[string]int{}
	for seed := range uint64(seeds) {
		store := &crashing{Store: b.store, rnd: rand.New(rand.NewPCG(seed, 9))}
		w := &world{t: t}
		h := *b.handler
		h.Store, h.Signals, h.Messages = store, nowhere{}, nowhere{}
		h.enroller, h.empty = recount.NewEnroller(store, b.clock), lately.NewNames(emptyFor)
		h.Pools = b.store.Pools
		// Each seed has a pool, a scene and an account of its own in the same tables.
		id := fmt.Sprint("s", seed)
		sc := *b.handler.scenes.Scene("greet")
		exp := *sc.Experiment
		sc.ID, exp.Scene, sc.Experiment = id, id, &exp
		pool := &offer.Pool{ID: id}
		own := *sc.Offer
		own.Pool, sc.Offer = id, &own
		limit := budget.Micro(100 * (1 + store.rnd.IntN(people)))
		if seed%2 == 0 {
			limit *= 100
		}
		stand := *b.handler.stand
		stand.Settings = outreach.Settings{
			Limits: budget.Limits{Scene: map[string]budget.Micro{id: limit}, Dearest: 100}, Prices: budget.Prices{{Channel: "email", Each: 100}},
		}
		h.stand = &stand
		if err := b.store.PutPool(t.Context(), pool); err != nil {
			t.Fatal(err)
		}
		if err := b.store.PutCodes(t.Context(), pool, codesOf(id, codes)); err != nil {
			t.Fatal(err)
		}
		var sigs []signal.Signal
		for i := range people {
			who := customer.ID(fmt.Sprint(id, "-", i))
			b.customer(who, nil)
			sigs = append(sigs, order(who, i, arrival))
		}
		deliver := func(sig signal.Signal) bool {
			return w.guard(func() error {
				out := &result{errs: make([]error, 1), jobs: map[int][]queue.Message{}, gone: map[int]bool{}, counts: map[string]int{}}
				h.customer(t.Context(), sig.Customer, []task{{scene: &sc, sig: sig, entry: sc.EntryID(sig.Customer, sig.ID, 0)}}, out)
				return out.errs[0]
			})
		}
		for range 3 {
			for _, sig := range sigs {
				deliver(sig)
			}
		}
		store.quiet = true
		given := map[string]string{}
		var kept budget.Micro
		for _, sig := range sigs {
			for range 2 {
				if !deliver(sig) {
					t.Fatalf("seed %d: not answered", seed)
				}
			}
			e, err := b.store.Entry(t.Context(), sig.Customer, sc.EntryID(sig.Customer, sig.ID, 0))
			if err != nil {
				t.Fatal(err)
			}
			states[string(e.State)+" "+e.Reason]++
			kept += e.Reserved.Cost
			switch {
			case e.State == message.Claimed && e.Code.Pool == id && given[e.Code.Code] == "":
				given[e.Code.Code] = e.ID
			case e.State == message.Held && e.Code.Code == "" && e.Reserved.Cost == 0:
			default:
				t.Fatalf("seed %d: %+v", seed, e)
			}
		}
		if _, n, err := b.store.OfferStock(t.Context(), id); err != nil || n != int64(len(given)) {
			t.Fatalf("seed %d: %d codes given, and %d known to their entries: %v", seed, n, len(given), err)
		}
		account := stand.Settings.Limits.Accounts(id, "")[0]
		if spent, err := b.store.Spent(t.Context(), account); err != nil || spent > limit || spent < kept {
			t.Fatalf("seed %d: %d set aside, %d by entries, of %d: %v", seed, spent, kept, limit, err)
		}
		enrolled := 0
		terms := measure.Of(&sc, &h.rules.Policy)
		for shard := range measure.Shards {
			if err := b.store.EnrolledOfHour(t.Context(), measure.HourAt(id, terms.ID, terms.Window, arrival), shard, func(all []measure.Enrolment) error {
				enrolled += len(all)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		if enrolled != people {
			t.Fatalf("seed %d: %d enrolled", seed, enrolled)
		}
		kills, faults = kills+store.kills, faults+store.faults
	}
	t.Logf("%d seeds: %d kills, %d lost answers: %v", seeds, kills, faults, states)
	if kills < 250 || states["claimed "] < 100 || states["held "+offer.ReasonEmpty] < 20 || states["held "+budget.ReasonSpent] < 100 || states["held held_out_of_scene"] < 50 {
		t.Error("the run shows too little")
	}
}

func codesOf(prefix string, n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("%s-%d", prefix, i))
	}
	return all
}
