package main

import (
	"fmt"
	"testing"
	"time"

	"liuke/shared/customer"
	"liuke/shared/recalc"
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
			w.expect(run, compute(t, run, histories, nil), w.told())

			w.now = w.now.AddDate(0, 3, 0)
			standing := w.standing(histories)
			second := w.plan(`{}`)
			deaths += w.stubborn(c.committed, true)
			run = w.done(second)
			told := w.told()
			w.expect(run, compute(t, run, histories, standing), told)
			if deaths < 100 || len(told) == 0 {
				t.Errorf("%d workers died and %d customers moved: the test shows little", deaths, len(told))
			}
			t.Logf("%d workers died", deaths)
		})
	}
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
			w.expect(run, compute(t, run, histories, nil), w.told())
			for _, body := range kept { // once more when all is over
				if !w.deliver(body) {
					t.Fatalf("not acknowledged: %s", body)
				}
			}
			if _, more := w.phases.take(); more || len(w.told()) != 0 {
				t.Error("messages of a run that is done have effects")
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
			w.expect(run, compute(t, run, histories, map[customer.ID]customer.Scores{}), w.told())
		}
	}
}
