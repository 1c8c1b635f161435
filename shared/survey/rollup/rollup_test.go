package rollup_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"liuke/infra/local/engine"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/survey"
	"liuke/shared/survey/rollup"
	"liuke/shared/survey/tally"
	"liuke/shared/token"
)

// flaky is a store of which a call may be the last of its caller: it does, or does not do, what it was called for, and the
// caller never hears of it. Hours are counted side by side, so that it is called from several goroutines.
type flaky struct {
	*dynamo.Store
	calls atomic.Int64
	last  int64 // the call that is the last; 0 for none
	done  bool  // whether it takes effect
	busy  sync.Once
	other func() // what others do, once, while an hour is being counted; nil for nothing
}

func (f *flaky) call(effect func() error) error {
	n := f.calls.Add(1)
	if f.last == 0 || n < f.last {
		return effect()
	}
	if n == f.last && f.done {
		_ = effect()
	}
	return fault.New(fault.Unavailable, "the process is gone")
}

func (f *flaky) MarkHours(ctx context.Context, now time.Time, hours ...survey.Hour) error {
	return f.call(func() error { return f.Store.MarkHours(ctx, now, hours...) })
}

func (f *flaky) Unmark(ctx context.Context, m survey.Mark) error {
	return f.call(func() error { return f.Store.Unmark(ctx, m) })
}

func (f *flaky) PutRollup(ctx context.Context, r *tally.Rollup) error {
	if f.other != nil {
		f.busy.Do(f.other)
	}
	return f.call(func() error { return f.Store.PutRollup(ctx, r) })
}

// pointer says that an answer has been, or is being, stored.
type pointer struct {
	customer   customer.ID
	invitation string
	revision   int
}

// world is what stores, erases and counts, process by process.
type world struct {
	t        *rapid.T
	ctx      context.Context
	store    *dynamo.Store
	survey   *survey.Survey
	now      time.Time
	pointers []pointer
	erased   map[customer.ID]bool
	marker   *rollup.Marker // of a process that lives on
	start    time.Time
	people   []customer.ID // "" is nobody: who answers by a public form
}

func (w *world) clock() time.Time { return w.now }

// process returns the store as a process sees it that may end at any call.
func (w *world) process() *flaky {
	f := &flaky{Store: w.store}
	if rapid.Bool().Draw(w.t, "ends early") {
		f.last, f.done = rapid.Int64Range(1, 3).Draw(w.t, "its last call"), rapid.Bool().Draw(w.t, "takes effect")
	}
	return f
}

// answer gives or changes an answer: first its pointer is sent, then it is stored, unless the process ends before.
func (w *world) answer() {
	c := rapid.SampledFrom(w.people).Draw(w.t, "who")
	if w.erased[c] {
		return
	}
	to := token.Survey{Survey: w.survey.ID, Customer: c, Invitation: fmt.Sprintf("i%d", rapid.IntRange(0, 2).Draw(w.t, "invitation")), Channel: "email"}
	standing, err := w.store.Answer(w.ctx, c, to.Survey, to.Invitation)
	w.must(err)
	sent := survey.Sent{Values: survey.Values{"score": survey.Number(rapid.IntRange(0, 10).Draw(w.t, "score"))}, Locale: "en", Complete: rapid.Bool().Draw(w.t, "complete")}
	next, err := w.survey.Answer(to, standing, sent, w.now)
	if err != nil || standing != nil && next.Revision == standing.Revision {
		return // closed, or the same again
	}
	w.pointers = append(w.pointers, pointer{c, to.Invitation, next.Revision})
	if rapid.IntRange(0, 4).Draw(w.t, "survives") > 0 {
		w.must(w.store.PutAnswer(w.ctx, standing, next))
	}
}

// deliver delivers a pointer, which may come again: what it names is marked, where it is there.
func (w *world) deliver() {
	if len(w.pointers) == 0 {
		return
	}
	i := rapid.IntRange(0, len(w.pointers)-1).Draw(w.t, "pointer")
	p := w.pointers[i]
	a, err := w.store.Answer(w.ctx, p.customer, w.survey.ID, p.invitation)
	w.must(err)
	if a != nil {
		m := w.marker
		if rapid.Bool().Draw(w.t, "by another process") {
			m = rollup.NewMarker(w.process(), w.clock)
		}
		if m.Mark(w.ctx, survey.HourOf(a)) != nil {
			return // comes again
		}
	}
	if rapid.IntRange(0, 3).Draw(w.t, "comes again") > 0 {
		w.pointers = slices.Delete(w.pointers, i, i+1)
	}
}

// ask notes an invitation that others send, for which the hour is marked before.
func (w *world) ask() {
	c := rapid.SampledFrom(w.people[:2]).Draw(w.t, "whom")
	if w.erased[c] || w.marker.Mark(w.ctx, survey.HourAt(w.survey.ID, w.now)) != nil {
		return
	}
	a := tally.Asked{Survey: w.survey.ID, Customer: c, Invitation: fmt.Sprintf("a%d", rapid.IntRange(0, 5).Draw(w.t, "invitation")), Sent: w.now,
		Cell: survey.Cell{Channel: "link"}}
	w.must(w.store.PutInvitation(w.ctx, &a))
}

func (w *world) erase() {
	c := rapid.SampledFrom([]customer.ID{w.people[0], w.people[3]}).Draw(w.t, "whom")
	w.must(w.store.Erase(w.ctx, c, w.now))
	w.erased[c] = true
}

func (w *world) count() {
	p := w.process()
	if rapid.Bool().Draw(w.t, "not alone") {
		p.other = func() {
			w.answer()
			w.deliver()
		}
	}
	_, _, _ = rollup.Count(w.ctx, p, w.clock, func() bool { return true }) // whatever it comes to, it is done again
}

func (w *world) wait() {
	w.now = w.now.Add(time.Duration(rapid.SampledFrom([]int{1, 1, 6, 20, 70}).Draw(w.t, "minutes")) * time.Minute)
}

func (w *world) must(err error) {
	if err != nil {
		w.t.Helper()
		w.t.Fatal(err)
	}
}

// settle lets everything come to its end: pointers are delivered, and what is marked is counted until nothing is.
func (w *world) settle() {
	for _, p := range w.pointers {
		a, err := w.store.Answer(w.ctx, p.customer, w.survey.ID, p.invitation)
		w.must(err)
		if a != nil {
			w.must(w.marker.Mark(w.ctx, survey.HourOf(a)))
		}
	}
	w.pointers = nil
}

// truth counts the stored answers themselves.
func (w *world) truth() map[time.Time]tally.Rollup {
	byHour := map[time.Time][]survey.Answer{}
	for _, c := range w.people {
		var all []survey.Answer
		var err error
		if c == "" {
			for i := range 3 {
				a, err := w.store.Answer(w.ctx, "", w.survey.ID, fmt.Sprintf("i%d", i))
				w.must(err)
				if a != nil {
					all = append(all, *a)
				}
			}
		} else {
			all, err = w.store.Answers(w.ctx, c, 0)
			w.must(err)
		}
		for _, a := range all {
			h := survey.HourOf(&a).Begin
			byHour[h] = append(byHour[h], a)
		}
	}
	out := map[time.Time]tally.Rollup{}
	for h := w.start.Truncate(time.Hour); !h.After(w.now); h = h.Add(time.Hour) {
		asked, err := w.store.AskedOfHour(w.ctx, w.survey.ID, h, time.Time{})
		w.must(err)
		if r := tally.Count(w.survey.ID, h, w.now, byHour[h], asked); len(r.Cells) > 0 {
			out[h] = r
		}
	}
	return out
}

// TestCountsAgreeWithTheAnswers holds that counts and stored answers come to the same after crashes at any call, pointers
// that come late, twice and in any order, corrections and erasures.
func TestCountsAgreeWithTheAnswers(t *testing.T) {
	customers, records := engine.NewTables(t)
	all, err := survey.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		own := *all["nps"]
		own.ID = fmt.Sprintf("nps%d", n) // each run has a survey and customers of its own in the same tables
		w := &world{
			t: rt, ctx: t.Context(), store: dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records), survey: &own,
			now: time.Date(2026, 3, 1, 10, 50, 0, 0, time.UTC), erased: map[customer.ID]bool{},
		}
		w.start = w.now
		w.people = []customer.ID{customer.ID(fmt.Sprintf("ann%d", n)), customer.ID(fmt.Sprintf("bob%d", n)), "", customer.ID(fmt.Sprintf("eve%d", n))}
		w.marker = rollup.NewMarker(w.store, w.clock)
		for range rapid.IntRange(5, 40).Draw(rt, "steps") {
			rapid.SampledFrom([]func(){w.answer, w.answer, w.answer, w.deliver, w.deliver, w.ask, w.erase, w.count, w.count, w.wait, w.wait}).Draw(rt, "step")()
		}
		w.settle()
		if len(w.erased) == 0 { // before anything more is counted, what is new is read
			w.same(rt, "answers before the next count", false)
		}
		w.now = w.now.Add(time.Hour + 2*rollup.Settled)
		for marks := 1; marks > 0; {
			if _, _, err := rollup.Count(w.ctx, w.store, w.clock, func() bool { return true }); err != nil {
				rt.Fatal(err)
			}
			left, err := w.store.Marks(w.ctx, own.ID)
			w.must(err)
			marks = len(left)
		}
		w.same(rt, "all", true)
	})
}

// same compares what is read with the truth: each hour's rollup, or only how many answers there are.
func (w *world) same(t *rapid.T, when string, whole bool) {
	var got []tally.Rollup
	waiting, err := rollup.Read(w.ctx, w.store, w.survey.ID, w.start.Add(-time.Hour), w.now.Add(2*time.Hour), w.now, func(r *tally.Rollup) { got = append(got, *r) })
	if err != nil || waiting != 0 {
		t.Fatalf("%s: %d hours are waiting, %v", when, waiting, err)
	}
	want := w.truth()
	if !whole {
		var read, stored int64
		for _, r := range got {
			for _, c := range r.Cells {
				read += c.Answers
			}
		}
		for _, r := range want {
			for _, c := range r.Cells {
				stored += c.Answers
			}
		}
		if read != stored {
			t.Fatalf("%s: %d are counted, %d stored", when, read, stored)
		}
		return
	}
	have := map[time.Time]tally.Rollup{}
	for _, r := range got {
		if len(r.Cells) > 0 {
			have[r.Hour] = r
		}
	}
	if d := cmp.Diff(want, have, cmpopts.IgnoreFields(tally.Rollup{}, "Through"), cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("%s: %s", when, d)
	}
}
