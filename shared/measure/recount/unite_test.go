package recount_test

import (
	"fmt"
	"testing"
	"time"

	"liuke/infra/local/engine"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fold"
	"liuke/shared/measure"
	"liuke/shared/measure/recount"
	"liuke/shared/message"
	"liuke/shared/signal"
)

// Wherever a process ends that finds out that two customers are one person, they are counted once, with the orders of both.
func TestOnePersonIsCountedOnceWhereverAProcessEnds(t *testing.T) {
	customers, records := engine.NewTables(t)
	store := dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records)
	if err := store.Merge(t.Context(), &fold.Merge{Survivor: customer.Record{ID: "ann", Version: 1}, Absorbed: customer.Record{ID: "bob", Version: 1, Into: "ann"}}); err != nil {
		t.Fatal(err)
	}
	const calls = 6 // that write, of a count at most: of two entries, an enrolment, a tally of each hour, and so on
	for end := range 2 * calls {
		sc := fmt.Sprint("scene", end)
		for i, who := range []customer.ID{"bob", "ann"} { // the absorbed was first in every other case
			at := begin.Add(time.Duration(i) * 2 * time.Hour)
			if end%4 < 2 {
				at = begin.Add(time.Duration(1-i) * 2 * time.Hour)
			}
			e := message.New(sc, 0, message.Email, signal.Signal{ID: "s", Kind: signal.OrderPlaced, Customer: who, Time: at})
			e, _ = e.Claim(at)
			e, _ = e.Convert(message.Goal{ID: fmt.Sprint("order:", who), At: at.Add(time.Hour), Worth: 500})
			if _, err := store.WriteEntry(t.Context(), e); err != nil {
				t.Fatal(err)
			}
			enrolment := measure.Enrolment{Hour: measure.HourAt(sc, trial, window, at), Person: who, At: at, Variant: string(who), Entries: []message.Ref{{Customer: who, Entry: e.ID}}}
			if _, err := recount.NewEnroller(store, func() time.Time { return at }).Enrol(t.Context(), enrolment); err != nil {
				t.Fatal(err)
			}
		}
		first := "bob"
		if end%4 < 2 {
			first = "ann"
		}
		for day, p := range []*flaky{{Store: store, last: end / 2, done: end%2 == 0}, {Store: store, last: -1}, {Store: store, last: -1}} {
			c := recount.Counter{Store: p, Now: func() time.Time { return begin.AddDate(0, 0, 1+day) }, More: func() bool { return true }}
			_, _, _ = c.Count(t.Context()) // the first ends on the way
		}
		sum, err := store.Tallied(t.Context(), sc, trial, begin.Add(-time.Hour), begin.AddDate(0, 0, 1))
		if err != nil {
			t.Fatal(err)
		}
		if c := sum.Arms[first]; len(sum.Arms) != 1 || c == nil || c.Assigned != 1 || c.Converted != 1 || c.Revenue.Sum != 1000 {
			t.Errorf("end %d: %+v, want one of %s with both orders", end, sum.Arms, first)
		}
	}
}
