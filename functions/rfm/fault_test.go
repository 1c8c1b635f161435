package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/customer"
	"liuke/shared/recalc"
	"liuke/shared/snapshot"
)

// stubborn delivers every message again and again to workers that die, the first at its first call to the outside, the
// next at its second, and so on, until one lives to the end. So each call of each phase is the last of some worker.
func (w *world) stubborn(committed func(dieAt int) bool, twice bool) (deaths int) {
	w.t.Helper()
	for {
		body, ok := w.phases.take()
		if !ok {
			return deaths
		}
		for dieAt := 1; ; dieAt++ {
			if dieAt > 500 {
				w.t.Fatalf("no end to %s", body)
			}
			w.network.revive(dieAt, committed(dieAt))
			acknowledged := w.deliver(body)
			died := w.network.died()
			w.network.revive(0, false)
			if !died {
				if !acknowledged {
					w.t.Fatalf("not acknowledged: %s", body)
				}
				break
			}
			deaths++
		}
		if twice && !w.deliver(body) {
			w.t.Fatalf("not acknowledged the second time: %s", body)
		}
	}
}

func TestWorkersThatDieAtAnyCallChangeNothing(t *testing.T) {
	for _, c := range []struct {
		name      string
		committed func(int) bool
	}{
		{"before the call has its effect", func(int) bool { return false }},
		{"after it had, before the answer", func(int) bool { return true }},
		{"now before, now after", func(n int) bool { return n%2 == 0 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.paged.counted, w.paged.rows = 100_000, 8
			w.handler = w.newHandler(Props{PartRows: 8})
			histories := shop(11, 36)
			w.put(histories)
			first := w.plan(`{}`)
			deaths := w.stubborn(c.committed, true)
			run := w.done(first)
			w.expect(run, w.compute(run, histories, stood{}), w.told())

			w.now = w.now.AddDate(0, 3, 0)
			before := stood{w.standing(histories), run}
			second := w.plan(`{"binning":"ntile"}`)
			deaths += w.stubborn(c.committed, true)
			run = w.done(second)
			told := w.told()
			w.expect(run, w.compute(run, histories, before), told)
			if deaths < 100 || len(told) == 0 {
				t.Errorf("%d workers died and %d customers moved: the test shows little", deaths, len(told))
			}
			t.Logf("%d workers died", deaths)
		})
	}
}

func TestCallsThatFailAreMadeAgain(t *testing.T) {
	for _, committed := range []bool{false, true} {
		t.Run(fmt.Sprintf("committed %v", committed), func(t *testing.T) {
			w := newWorld(t)
			w.paged.counted, w.paged.rows = 100_000, 8
			w.handler = w.newHandler(Props{PartRows: 8})
			histories := shop(11, 36)
			w.put(histories)
			first := w.run(`{}`)
			w.told()
			w.now = w.now.AddDate(0, 3, 0)
			before := stood{w.standing(histories), first}
			id := w.plan(`{}`)
			w.network.stumbles = true
			tries := make(map[recalc.Message]int)
			for {
				body, ok := w.phases.take()
				if !ok {
					break
				}
				m, _ := decode(body)
				m[0].Row, m[0].Write = 0, 0
				tries[m[0]]++
				if tries[m[0]] > 500 {
					t.Fatalf("no end to %s", body)
				}
				w.network.revive(tries[m[0]], committed)
				if acknowledged := w.deliver(body); !acknowledged {
					w.phases.bodies = append(w.phases.bodies, body) // SQS delivers it again
				}
				w.network.revive(0, false)
			}
			run := w.done(id)
			told := w.told()
			w.expect(run, w.compute(run, histories, before), told)
			if len(told) == 0 {
				t.Error("nobody moved: the test shows nothing")
			}
		})
	}
}

func TestTwoWorkersOnOneSliceShareIt(t *testing.T) {
	w := newWorld(t)
	w.paged.rows = 8
	w.handler = w.newHandler(Props{PartRows: 8})
	histories := shop(11, 60)
	w.put(histories)
	id := w.plan(`{}`)
	body := w.phases.bodies[0]
	day := customer.Date(2026, time.March, 1)
	nested := false
	w.paged.scanned = func(page int) {
		if nested || page == 0 {
			return
		}
		nested = true // the slower worker has read its second page when everybody orders and a quicker one does all of it
		for id := range histories {
			w.order(id, day, 4321)
		}
		if !w.deliver(body) {
			t.Fatal("the quicker worker fails")
		}
		w.drain()
	}
	w.drain()
	run := w.done(id)
	slice, err := w.store.Slice(t.Context(), id, 0)
	if err != nil || slice.Cursor != "" {
		t.Fatal(slice, err)
	}
	rows := 0
	seen := make(map[customer.ID]*customer.History)
	for _, p := range slice.Parts {
		file, err := w.lake.Get(t.Context(), recalc.PartKey(id, p))
		if err != nil {
			t.Fatal(err)
		}
		names, err := w.lake.Get(t.Context(), recalc.NamesKey(id, p))
		if err != nil {
			t.Fatal(err)
		}
		part, err := snapshot.Decode(file, names)
		if err != nil {
			t.Fatal(err)
		}
		rows += len(part)
		for _, row := range part {
			h := &customer.History{}
			if err := h.UnmarshalBinary(row.History); err != nil {
				t.Fatal(err)
			}
			seen[row.ID] = h
		}
	}
	if rows != len(histories) || len(seen) != rows {
		t.Errorf("the parts hold %d rows of %d customers, want %d", rows, len(seen), len(histories))
	}
	w.expect(run, w.compute(run, seen, stood{}), w.told()) // summaries and rows are of the same worker
}

func TestEveryMessageTwiceAndInAnyOrder(t *testing.T) {
	for seed := range 6 {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := newWorld(t)
			w.paged.counted, w.paged.rows = 150_000, 8
			w.handler = w.newHandler(Props{PartRows: 8})
			histories := shop(uint64(seed), 60)
			w.put(histories)
			id := w.plan(`{}`)
			var kept []string // all that was ever delivered
			for n := seed; ; n++ {
				body, ok := w.phases.take()
				if !ok {
					break
				}
				kept = append(kept, body)
				for _, body := range []string{body, kept[n%len(kept)], body} { // an old one in between
					if !w.deliver(body) {
						t.Fatalf("not acknowledged: %s", body)
					}
				}
				if n > 3000 {
					t.Fatal("the run does not end")
				}
			}
			run := w.done(id)
			w.expect(run, w.compute(run, histories, stood{}), w.told())
			for _, body := range kept { // once more when all is over
				if !w.deliver(body) {
					t.Fatalf("not acknowledged: %s", body)
				}
			}
			w.drain() // what an engine that was busy had sent back
			after, err := w.store.Run(t.Context(), id)
			if diff := cmp.Diff(run, after); diff != "" || err != nil || len(w.told()) != 0 {
				t.Errorf("messages of a run that is done have effects: %v\n%s", err, diff)
			}
		})
	}
}

func TestAPlanThatDiesHoldsNobodyBackForLong(t *testing.T) {
	for _, committed := range []bool{false, true} {
		for dieAt := 1; dieAt <= 6; dieAt++ {
			w := newWorld(t)
			histories := shop(2, 12)
			w.put(histories)
			p := recalc.Planner{Store: w.paged, Queue: w.phases, Now: func() time.Time { return w.now }, Settings: w.settings}
			at := w.now
			w.network.revive(dieAt, committed)
			_, err := p.PlanScheduled(t.Context(), at)
			if died := w.network.died(); died != (err != nil) {
				t.Fatalf("call %d: died %v, %v", dieAt, died, err)
			}
			w.network.revive(0, false)
			id, err := p.PlanScheduled(t.Context(), at) // the schedule fires again
			if err != nil {
				t.Fatalf("call %d: %v", dieAt, err)
			}
			w.drain()
			run := w.done(id)
			w.expect(run, w.compute(run, histories, stood{}), w.told())
		}
	}
}
