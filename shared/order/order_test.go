package order_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/money"
	"liuke/shared/order"
)

var noon = time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

func TestOrderStandsAsItsChangesSay(t *testing.T) {
	t.Parallel()
	placed := order.Change{Event: "p", Kind: order.Placed, Time: at(0), Total: 10_000, Day: 100}
	for _, test := range []struct {
		name    string
		changes []order.Change
		counts  bool
		net     money.Amount
		status  string
	}{
		{"nothing has come", nil, false, 0, "waiting"},
		{"a placed order is worth its total", []order.Change{placed}, true, 10_000, "placed"},
		{"the same event twice counts once", []order.Change{placed, placed}, true, 10_000, "placed"},
		{"a refund before its order waits", []order.Change{{Event: "r", Kind: order.Refunded, Time: at(5), Total: 300}}, false, 0, "waiting"},
		{"refunds add up", []order.Change{
			{Event: "r1", Kind: order.Refunded, Time: at(5), Total: 300}, placed,
			{Event: "r2", Kind: order.Refunded, Time: at(5), Total: 200}}, true, 9_500, "placed"},
		{"the latest total wins", []order.Change{
			{Event: "u2", Kind: order.Updated, Time: at(9), Total: 700}, placed,
			{Event: "u1", Kind: order.Updated, Time: at(3), Total: 800}}, true, 700, "placed"},
		{"an edit in the very moment of the placement wins over it", []order.Change{
			{Event: "a", Kind: order.Updated, Time: at(0), Total: 700}, placed}, true, 700, "placed"},
		{"a whole refund leaves an order that is worth nothing", []order.Change{
			{Event: "w", Kind: order.Refunded, Time: at(5), Whole: true}, placed}, true, 0, "refunded"},
		{"more may be given back than was paid", []order.Change{placed, {Event: "r", Kind: order.Refunded, Time: at(1), Total: 10_001}}, true, -1, "refunded"},
		{"a cancelled order does not count", []order.Change{placed, {Event: "c", Kind: order.Cancelled, Time: at(1)}}, false, 0, "cancelled"},
		{"an edit does not revive a cancelled order", []order.Change{
			{Event: "c", Kind: order.Cancelled, Time: at(1)}, placed, {Event: "u", Kind: order.Updated, Time: at(2), Total: 5}}, false, 0, "cancelled"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := apply(t, test.changes)
			if r.Counts() != test.counts || r.Net() != test.net || r.Status() != test.status {
				t.Errorf("counts %v net %d status %s, want %v %d %s", r.Counts(), r.Net(), r.Status(), test.counts, test.net, test.status)
			}
		})
	}
}

func TestChangesMayComeInAnyOrderAndAnyNumberOfTimes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		changes := rapid.SliceOfNDistinct(change, 1, 8, func(c order.Change) string { return c.Event }).Draw(t, "changes")
		want := apply(t, changes)
		shuffled := append(slices.Clone(changes), rapid.SliceOfN(rapid.SampledFrom(changes), 0, 6).Draw(t, "duplicates")...)
		shuffled = rapid.Permutation(shuffled).Draw(t, "arrival")
		got := apply(t, shuffled)
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("arrival changed the order (-want +got):\n%s", diff)
		}
		var a, b customer.History
		want.AddTo(&a, 1)
		for i := range shuffled { // as it is folded: each step takes back what the step before had contributed
			before, after := apply(t, shuffled[:i]), apply(t, shuffled[:i+1])
			before.AddTo(&b, -1)
			after.AddTo(&b, 1)
		}
		if !a.Equal(&b) {
			t.Fatalf("history by steps %v, at once %v", slices.Collect(b.Days()), slices.Collect(a.Days()))
		}
	})
}

var change = rapid.Custom(func(t *rapid.T) order.Change {
	c := order.Change{
		Event: rapid.StringMatching("[a-z]{3}").Draw(t, "event"),
		Kind:  order.Kind(rapid.IntRange(int(order.Placed), int(order.Cancelled)).Draw(t, "kind")),
		Time:  at(rapid.IntRange(0, 3).Draw(t, "minutes")),
		Total: money.Amount(rapid.Int64Range(-5, 100_000).Draw(t, "total")),
		Day:   customer.Day(rapid.IntRange(0, 5).Draw(t, "day")),
	}
	c.Told = c.Kind == order.Placed && rapid.Bool().Draw(t, "told")
	c.Whole = c.Kind == order.Refunded && rapid.IntRange(0, 4).Draw(t, "whole") == 0
	if c.Kind != order.Cancelled {
		c.Currency = "KWD" // which has more decimals than what is assumed
	}
	if c.Kind == order.Updated || c.Kind == order.Refunded {
		if c.Assumed = rapid.Bool().Draw(t, "assumed"); c.Assumed {
			c.Currency = "CNY"
		}
	}
	if c.Kind == order.Placed {
		c.Rate = dollar[c.Day]
	}
	return c
})

// dollar is what a dollar is worth on each day that the changes are of.
var dollar = func() (rates []money.Rate) {
	for _, text := range []string{"7.1", "0.333333333333333333", "1", "0.5", "1234.5678", "0.0001"} {
		rate, err := money.ParseRate(text)
		if err != nil {
			panic(err)
		}
		rates = append(rates, rate)
	}
	return rates
}()

func TestOrderGivenBackWholeLeavesExactlyNothingAtAnyRate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.Int64Range(0, 100_000).Draw(t, "total")
		changes := []order.Change{{Event: "p", Kind: order.Placed, Time: at(0), Total: money.Amount(total), Currency: "USD",
			Day: 1, Rate: rapid.SampledFrom(dollar).Draw(t, "rate")}}
		for i := 0; total > 0; i++ { // in parts
			part := rapid.Int64Range(1, total).Draw(t, "part")
			changes = append(changes, order.Change{Event: fmt.Sprint("r", i), Kind: order.Refunded, Time: at(i), Total: money.Amount(part), Currency: "USD"})
			total -= part
		}
		if rapid.Bool().Draw(t, "at once") {
			changes = append(changes[:1], order.Change{Event: "w", Kind: order.Refunded, Time: at(1), Whole: true})
		}
		var h customer.History
		r := apply(t, rapid.Permutation(changes).Draw(t, "arrival"))
		r.AddTo(&h, 1)
		if h.Orders() != 1 || h.Net() != 0 || r.Worth() != 0 {
			t.Fatalf("%d orders worth %d are left", h.Orders(), h.Net())
		}
	})
}

func TestOrderStaysInOneCurrency(t *testing.T) {
	t.Parallel()
	placed := order.Change{Event: "p", Kind: order.Placed, Time: at(0), Total: 10_000, Day: 0, Currency: "USD", Rate: dollar[0]}
	for _, test := range []struct {
		name    string
		changes []order.Change
		refused bool // the last one
		worth   money.Amount
	}{
		{"an edit in the order's currency", []order.Change{placed, {Event: "u", Kind: order.Updated, Time: at(1), Total: 100, Currency: "USD"}}, false, 710},
		{"an edit in another", []order.Change{placed, {Event: "u", Kind: order.Updated, Time: at(1), Total: 100, Currency: "EUR"}}, true, 71_000},
		{"a cancellation that names none", []order.Change{placed, {Event: "c", Kind: order.Cancelled, Time: at(1)}}, false, 0},
		{"a placement after a cancellation that names none", []order.Change{{Event: "c", Kind: order.Cancelled, Time: at(1)}, placed}, false, 0},
		{"a placement after a refund in another", []order.Change{{Event: "r", Kind: order.Refunded, Time: at(1), Total: 1, Currency: "EUR"}, placed}, false, 71_000},
		{"an edit that names none, which is in the order's", []order.Change{placed, {Event: "u", Kind: order.Updated, Time: at(1), Total: 100, Currency: "CNY", Assumed: true}}, false, 710},
		{"a placement after a refund that names none", []order.Change{{Event: "r", Kind: order.Refunded, Time: at(1), Total: 100, Currency: "CNY", Assumed: true}, placed}, false, 70_290},
		{"an amount that names none takes as many decimals as the order's has", []order.Change{
			{Event: "p", Kind: order.Placed, Time: at(0), Total: 1_000, Currency: "JPY"},
			{Event: "r", Kind: order.Refunded, Time: at(1), Total: 20_000, Currency: "CNY", Assumed: true}}, false, 800},
		{"an amount that names none has more decimals than the order's currency", []order.Change{
			{Event: "p", Kind: order.Placed, Time: at(0), Total: 1_000, Currency: "JPY"},
			{Event: "r", Kind: order.Refunded, Time: at(1), Total: 20_050, Currency: "CNY", Assumed: true}}, true, 1_000},
		{"a placement whose currency has fewer decimals than a refund before it", []order.Change{
			{Event: "r", Kind: order.Refunded, Time: at(1), Total: 20_050, Currency: "CNY", Assumed: true},
			{Event: "p", Kind: order.Placed, Time: at(0), Total: 1_000, Currency: "JPY"}}, false, 1_000},
		{"the rate of the earlier of two placements", []order.Change{placed,
			{Event: "q", Kind: order.Placed, Time: at(-1), Total: 1, Day: 3, Currency: "USD", Rate: dollar[3]}}, false, 5_000},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			last := len(test.changes) - 1
			r := apply(t, test.changes[:last])
			before := r
			changed, err := r.Apply(test.changes[last])
			if (fault.CodeOf(err) == fault.Invalid) != test.refused || changed == test.refused || r.Worth() != test.worth {
				t.Errorf("%t, %v, worth %d; want it refused: %t, worth %d", changed, err, r.Worth(), test.refused, test.worth)
			}
			if diff := gocmp.Diff(before, r); test.refused && diff != "" {
				t.Errorf("what was refused changed the order:\n%s", diff)
			}
		})
	}
}

func TestOrderTakesALimitedNumberOfChanges(t *testing.T) {
	t.Parallel()
	var r order.Record
	for i := range order.MaxChanges {
		if ok, err := r.Apply(order.Change{Event: fmt.Sprint(i), Kind: order.Updated, Time: at(i)}); !ok || err != nil {
			t.Fatalf("change %d: %v %v", i, ok, err)
		}
	}
	if _, err := r.Apply(order.Change{Event: "one more", Kind: order.Updated, Time: at(0)}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("one change too many: %v", err)
	}
	if ok, err := r.Apply(order.Change{Event: "7", Kind: order.Updated, Time: at(7)}); ok || err != nil {
		t.Errorf("a repeat of a full order's change: %v %v", ok, err)
	}
}

type fataler interface{ Fatalf(string, ...any) }

func apply(t fataler, changes []order.Change) order.Record {
	var r order.Record
	for _, c := range changes {
		if _, err := r.Apply(c); err != nil {
			t.Fatalf("apply %v: %v", c, err)
		}
	}
	return r
}
