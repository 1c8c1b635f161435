package order_test

import (
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"liuke/shared/money"
	"liuke/shared/order"
)

// TestUnionIsTheRecordOfAllChanges spreads a set of changes over several records, each change into one or more of them,
// in any order, and adds the records up in any order, all at once or bit by bit.
func TestUnionIsTheRecordOfAllChanges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		changes := rapid.SliceOfNDistinct(change, 0, 10, func(c order.Change) string { return c.Event }).Draw(t, "changes")
		parts := make([][]order.Change, rapid.IntRange(1, 4).Draw(t, "records"))
		for _, c := range changes {
			in := rapid.SliceOfNDistinct(rapid.IntRange(0, len(parts)-1), 1, len(parts), rapid.ID[int]).Draw(t, "in")
			for _, i := range in {
				parts[i] = append(parts[i], c)
			}
		}
		records := make([]order.Record, len(parts))
		for i, part := range parts {
			if len(part) > 0 {
				part = rapid.Permutation(part).Draw(t, "arrival")
			}
			records[i] = apply(t, part)
		}
		want := apply(t, changes)
		check := func(how string, got order.Record) {
			if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("union %s (-one record of all +got):\n%s", how, diff)
			}
		}
		check("at once", order.Union(records...))
		check("in another order", order.Union(rapid.Permutation(records).Draw(t, "order")...))
		var step order.Record
		for i := range records {
			step = order.Union(step, records[i])
		}
		check("bit by bit", step)
		check("with itself", order.Union(step, step))
		for _, c := range changes {
			if !step.Has(c.Event) {
				t.Fatalf("the union does not know %s", c.Event)
			}
		}
	})
}

func TestUnionOfWhatDoesNotFitTogetherDependsOnNoOrder(t *testing.T) {
	t.Parallel()
	record := func(currency money.Currency, changes ...order.Change) order.Record {
		r := apply(t, changes)
		r.ID, r.Currency = "o", currency
		return r
	}
	placed := order.Change{Event: "p", Kind: order.Placed, Time: at(1), Total: 10_000, Day: 100, Told: true}
	for _, test := range []struct {
		name    string
		records []order.Record
		net     money.Amount
		status  string
		has     []string
	}{
		{"a refund in another currency is known and gives nothing back", []order.Record{
			record("USD", placed), record("EUR", order.Change{Event: "r", Kind: order.Refunded, Time: at(2), Total: 300})},
			10_000, "placed", []string{"p", "r"}},
		{"of two placements in two currencies the earlier one counts", []order.Record{
			record("EUR", placed), record("USD", order.Change{Event: "q", Kind: order.Placed, Time: at(0), Total: 700, Day: 99})},
			700, "placed", []string{"p", "q"}},
		{"a cancellation counts whatever the currency", []order.Record{
			record("USD", placed), record("EUR", order.Change{Event: "c", Kind: order.Cancelled, Time: at(2)})},
			0, "cancelled", []string{"p", "c"}},
		{"one id for two refunds gives back the larger", []order.Record{
			record("USD", placed, order.Change{Event: "r", Kind: order.Refunded, Time: at(2), Total: 300}),
			record("USD", order.Change{Event: "r", Kind: order.Refunded, Time: at(2), Total: 500})},
			9_500, "placed", []string{"p", "r"}},
		{"one id for a refund and an edit counts as the refund", []order.Record{
			record("USD", placed, order.Change{Event: "r", Kind: order.Refunded, Time: at(2), Total: 300}),
			record("USD", order.Change{Event: "r", Kind: order.Updated, Time: at(0), Total: 1})},
			9_700, "placed", []string{"p", "r"}},
		{"an amount that names no currency is in the order's", []order.Record{
			record("USD", placed), record("CNY", order.Change{Event: "r", Kind: order.Refunded, Time: at(2), Total: 300, Currency: "CNY", Assumed: true})},
			9_700, "placed", []string{"p", "r"}},
		{"one id for two totals says the larger", []order.Record{
			record("USD", placed), record("USD", order.Change{Event: "p", Kind: order.Placed, Time: at(1), Total: 11_000, Day: 101})},
			11_000, "placed", []string{"p"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			u := order.Union(test.records...)
			slices.Reverse(test.records)
			if diff := gocmp.Diff(u, order.Union(test.records...)); diff != "" {
				t.Errorf("the other way round:\n%s", diff)
			}
			if u.Net() != test.net || u.Status() != test.status || u.ID != "o" {
				t.Errorf("%q net %d status %s, want %d %s", u.ID, u.Net(), u.Status(), test.net, test.status)
			}
			for _, event := range test.has {
				if !u.Has(event) {
					t.Errorf("the union does not know %s", event)
				}
			}
		})
	}
}

func TestEncodedChangesAndRefundsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := apply(t, rapid.SliceOfNDistinct(change, 0, 12, func(c order.Change) string { return c.Event }).Draw(t, "changes"))
		changes, err := order.DecodeChanges(order.EncodeChanges(r.Changes))
		if err != nil || !slices.Equal(changes, r.Changes) {
			t.Fatalf("%v, %v", changes, err)
		}
		refunds, err := order.DecodeRefunds(order.EncodeRefunds(r.Refunds))
		if err != nil || !slices.Equal(refunds, r.Refunds) {
			t.Fatalf("%v, %v", refunds, err)
		}
	})
	if _, err := order.DecodeChanges(make([]byte, 17)); err == nil {
		t.Error("17 bytes are fingerprints")
	}
	if _, err := order.DecodeRefunds(make([]byte, 25)); err == nil {
		t.Error("25 bytes are refunds")
	}
}
