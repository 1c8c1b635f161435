package recount_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/infra/local/engine"
	"liuke/shared/budget"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/experiment"
	"liuke/shared/fault"
	"liuke/shared/measure"
	"liuke/shared/measure/recount"
	"liuke/shared/message"
	"liuke/shared/money"
	"liuke/shared/signal"
)

var begin = time.Date(2026, 3, 1, 10, 50, 0, 0, time.UTC)

const (
	window = 3 * 24 * time.Hour
	trial  = "0123456789"
)

// flaky is a store as a process sees it that ends at one of its calls, before or after that takes effect.
type flaky struct {
	*dynamo.Store
	mu   sync.Mutex // hours are counted side by side
	last int        // calls that are left; below 0 for any number
	done bool
	took map[customer.ID]*measure.Enrolment // the enrolments that took effect
}

func (f *flaky) call(effect func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last < 0 {
		return effect()
	}
	f.last--
	if f.last >= 0 {
		return effect()
	}
	if f.done {
		_ = effect()
	}
	f.last = 0
	return fault.New(fault.Unavailable, "the process is gone")
}

func (f *flaky) Enrol(ctx context.Context, e *measure.Enrolment) error {
	return f.call(func() error {
		err := f.Store.Enrol(ctx, e)
		if err == nil {
			f.took[e.Person] = e
		}
		return err
	})
}

func (f *flaky) EnrolAgain(ctx context.Context, e *measure.Enrolment, ref message.Ref) error {
	return f.call(func() error { return f.Store.EnrolAgain(ctx, e, ref) })
}

func (f *flaky) Supersede(ctx context.Context, e *measure.Enrolment) error {
	return f.call(func() error { return f.Store.Supersede(ctx, e) })
}

func (f *flaky) MarkTrials(ctx context.Context, now time.Time, hours ...measure.Hour) error {
	return f.call(func() error { return f.Store.MarkTrials(ctx, now, hours...) })
}

func (f *flaky) MarkCounted(ctx context.Context, m measure.Mark) error {
	return f.call(func() error { return f.Store.MarkCounted(ctx, m) })
}

func (f *flaky) PutTally(ctx context.Context, h measure.Hour, shard int, t *measure.Tally) error {
	return f.call(func() error { return f.Store.PutTally(ctx, h, shard, t) })
}

// world is some customers of a scene and what becomes of their messages.
type world struct {
	t       *testing.T
	rnd     *rand.Rand
	store   *dynamo.Store
	scene   string
	now     time.Time
	pending []message.Entry // signals whose enrolment has not succeeded yet
	entries map[message.Ref]message.Entry
	known   map[customer.ID]bool
	took    map[customer.ID]*measure.Enrolment
}

func (w *world) process() *flaky {
	if w.rnd.IntN(2) == 0 {
		return &flaky{Store: w.store, last: -1, took: w.took}
	}
	return &flaky{Store: w.store, last: w.rnd.IntN(3), done: w.rnd.IntN(2) == 0, took: w.took}
}

func variantOf(p customer.ID) (variant string, held bool) {
	switch p[len(p)-1] % 4 {
	case 0:
		return "", true
	case 1:
		return "plain", false
	}
	return "bold", false
}

// spent is what a customer had spent before, as it is known at a time: only what is known at entering counts.
func spent(p customer.ID, at time.Time) *money.Amount {
	amount := money.Amount(p[len(p)-1]%5)*700 + money.Amount(at.Sub(begin)/time.Minute)
	return &amount
}

// come lets a signal come, which is delivered until it has been answered once and perhaps again.
func (w *world) come() {
	p := customer.ID(fmt.Sprint(w.scene, "-", w.rnd.IntN(8)))
	w.pending = append(w.pending, message.New(w.scene, 0, message.Email, signal.Signal{ID: fmt.Sprint("s", w.rnd.IntN(30)), Kind: signal.OrderPlaced, Customer: p, Time: w.now}))
}

func (w *world) deliver(faulty bool) {
	for n := len(w.pending); n > 0; n-- {
		e := w.pending[0]
		w.pending = w.pending[1:]
		p := &flaky{Store: w.store, last: -1, took: w.took}
		if faulty {
			p = w.process()
		}
		variant, held := variantOf(e.Customer)
		ref := message.Ref{Customer: e.Customer, Entry: e.ID}
		_, err := recount.NewEnroller(p, w.clock).Enrol(w.t.Context(), measure.Enrolment{
			Hour: measure.HourAt(w.scene, trial, window, w.now), Person: e.Customer, At: w.now, Variant: variant, Held: held, Entries: []message.Ref{ref},
			Before: spent(e.Customer, w.now),
		})
		if err != nil {
			w.pending = append(w.pending, e)
			continue
		}
		w.known[e.Customer] = true
		if _, ok := w.entries[ref]; !ok {
			e, _ = e.Claim(w.now)
			w.write(ref, e)
		}
		if faulty && w.rnd.IntN(4) == 0 {
			w.pending = append(w.pending, e)
		}
	}
}

func (w *world) write(ref message.Ref, e message.Entry) {
	e, err := w.store.WriteEntry(w.t.Context(), e)
	if err != nil {
		w.t.Fatal(err)
	}
	w.entries[ref] = e
}

// happen lets something become of a message.
func (w *world) happen() {
	for ref, e := range w.entries {
		switch w.rnd.IntN(7) {
		case 0:
			e.State, e.Sent, e.Reserved = message.Sent, w.now, budget.Reservation{Cost: 10}
		case 1:
			e.Delivered = w.now
		case 2:
			e.Clicked = w.now
		case 3:
			e, _ = e.Unsubscribe(w.now)
		case 4:
			e, _ = e.Convert(message.Goal{
				ID: fmt.Sprint("order:", w.rnd.IntN(3)), At: w.now, Worth: int64(100 * (1 + w.rnd.IntN(3))), Version: int64(w.rnd.IntN(4)), Void: w.rnd.IntN(4) == 0,
			})
		default:
			continue
		}
		w.write(ref, e)
		return
	}
}

func (w *world) clock() time.Time { return w.now }

func (w *world) count(p *flaky, some int64) (left int, err error) {
	var asked atomic.Int64
	c := recount.Counter{Store: p, Now: w.clock, More: func() bool { return asked.Add(1) != some }}
	_, left, err = c.Count(w.t.Context())
	return left, err
}

// model counts what is true.
func (w *world) model() string {
	t := &measure.Tally{}
	for p := range w.known {
		e := &measure.Enrolment{Hour: measure.Hour{Window: 1000 * time.Hour}, At: begin, Person: p}
		e.Variant, e.Held = variantOf(p)
		e.Before = w.took[p].Before
		var own []message.Entry
		for ref, m := range w.entries {
			if ref.Customer == p {
				own = append(own, m)
			}
		}
		t.Add(e, own)
	}
	text, _ := t.Encode()
	return text
}

// before adds up by hand what the customers of an arm had spent before, and its products with what their orders are worth.
func (w *world) before(arm string) (n, sum, squares, products int64) {
	for p := range w.known {
		variant, held := variantOf(p)
		if held {
			variant = "held"
		}
		if variant != arm {
			continue
		}
		x, net := int64(*w.took[p].Before), int64(0)
		for ref, m := range w.entries {
			if ref.Customer == p && !m.Converted.IsZero() {
				net += m.Worth
			}
		}
		n, sum, squares, products = n+1, sum+x, squares+x*x, products+x*net
	}
	return n, sum, squares, products
}

// What is counted agrees with who was enrolled and what became of them, whatever crashed and came twice on the way.
func TestCountsAgreeWithAModelWhateverCrashes(t *testing.T) {
	customers, records := engine.NewTables(t)
	store := dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records)
	for seed := range uint64(60) {
		w := &world{
			t: t, rnd: rand.New(rand.NewPCG(seed, 6)), store: store, scene: fmt.Sprint("scene", seed), now: begin,
			entries: map[message.Ref]message.Entry{}, known: map[customer.ID]bool{}, took: map[customer.ID]*measure.Enrolment{},
		}
		for range 25 {
			switch w.rnd.IntN(6) {
			case 0, 1:
				w.come()
			case 2:
				w.deliver(true)
			case 3:
				w.happen()
			case 4:
				_, _ = w.count(w.process(), 1+w.rnd.Int64N(12)) // whatever it comes to, it is done again
			case 5:
				w.now = w.now.Add(time.Duration(1+w.rnd.IntN(100)) * time.Minute)
			}
		}
		w.deliver(false)
		w.now = begin.Add(window + measure.Late + 60*time.Hour)
		for range 3 { // counts, then takes the marks away
			if left, err := w.count(&flaky{Store: store, last: -1}, -1); err != nil || left != 0 {
				t.Fatalf("seed %d: %d left, %v", seed, left, err)
			}
		}
		sum, err := store.Tallied(t.Context(), w.scene, trial, begin.Add(-time.Hour), w.now)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := sum.Encode()
		if d := cmp.Diff(tree(t, w.model()), tree(t, got)); d != "" {
			t.Fatalf("seed %d: %s", seed, d)
		}
		sum.Arms["held"] = &sum.Held
		for _, arm := range []string{"plain", "bold", "held"} {
			n, total, squares, products := w.before(arm)
			var got experiment.Before
			if sum.Arms[arm] != nil {
				got = sum.Arms[arm].Before
			}
			if got.Count != n || int64(got.Sum) != total || got.Squares.String() != fmt.Sprint(squares) || got.Products.String() != fmt.Sprint(products) {
				t.Fatalf("seed %d, %s: %+v, by hand %d, %d, %d, %d", seed, arm, got, n, total, squares, products)
			}
		}
		if marks, err := store.TrialMarks(t.Context(), w.scene, trial); err != nil || len(marks) != 0 {
			t.Fatalf("seed %d: still marked: %v, %v", seed, marks, err)
		}
	}
}

func tree(t *testing.T, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestEnrollingTakesTwoUnitsACustomerAndNoneAMessageThatIsKnown(t *testing.T) {
	customers, records := engine.NewTables(t)
	store := dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records)
	r := recount.NewEnroller(store, func() time.Time { return begin })
	enrol := func(person, entry string, at time.Time) float64 {
		meter := &dynamo.Meter{}
		_, err := r.Enrol(dynamo.WithMeter(t.Context(), meter), measure.Enrolment{
			Hour: measure.HourAt("win_back", trial, window, at), Person: customer.ID(person), At: at, Variant: "plain",
			Entries: []message.Ref{{Customer: customer.ID(person), Entry: entry}},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, write := meter.Units()
		return write
	}
	for _, c := range []struct {
		name, person, entry string
		at                  time.Time
		write               float64
	}{
		{"the first of an hour marks it, too", "ann", "e1", begin, 3},
		{"another customer", "bob", "e2", begin, 2},
		{"the same message again", "ann", "e1", begin.Add(time.Hour), 0},
		{"another message of the same customer, within the window", "ann", "e3", begin.Add(time.Hour), 1},
		{"one behind it", "ann", "e4", begin.Add(window + time.Hour), 0},
	} {
		if got := enrol(c.person, c.entry, c.at); got != c.write {
			t.Errorf("%s: %g write units, want %g", c.name, got, c.write)
		}
	}
}

// Where a scene's customers are drawn anew, what an earlier trial has moved is no measure of the next one.
func TestWhatWasSpentBeforeIsThatOfTheFirstTrial(t *testing.T) {
	customers, records := engine.NewTables(t)
	store := dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records)
	r := recount.NewEnroller(store, func() time.Time { return begin })
	enrol := func(trial string, days int, spent money.Amount) money.Amount {
		at := begin.AddDate(0, 0, days)
		e := measure.Enrolment{
			Hour: measure.HourAt("win_back", trial, window, at), Person: "ann", At: at, Before: &spent, Entries: []message.Ref{{Customer: "ann", Entry: fmt.Sprint("e", days)}},
		}
		if _, err := r.Enrol(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		all, err := store.Enrolments(t.Context(), "ann", "win_back")
		if err != nil {
			t.Fatal(err)
		}
		for i := range all {
			if all[i].Trial == trial {
				return *all[i].Before
			}
		}
		t.Fatalf("%s is not among %+v", trial, all)
		return 0
	}
	for _, c := range []struct {
		name, trial string
		days        int
		spent, want money.Amount
	}{
		{"the first", "5555555555", 0, 4_200, 4_200},
		{"the same trial again", "5555555555", 1, 9_900, 4_200},
		{"another", "9999999999", 20, 9_900, 4_200},
		{"a third, whose name is before the others'", "1111111111", 40, -100, 4_200},
	} {
		if got := enrol(c.trial, c.days, c.spent); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestAnHourIsCountedMoreRarelyAsItGrowsOlder(t *testing.T) {
	h := measure.HourAt("win_back", trial, window, begin)
	m, counts := measure.Mark{Hour: h}, 0
	for now := h.Begin; !m.Over(); now = now.Add(5 * time.Minute) {
		if m.Due(now) {
			m.Counted = now
			counts++
		}
		if now.After(h.Final().Add(10 * time.Minute)) {
			t.Fatal("never over")
		}
	}
	if counts < 20 || counts > 60 || m.Counted.Before(h.Final()) {
		t.Errorf("counted %d times, last at %s", counts, m.Counted)
	}
}
