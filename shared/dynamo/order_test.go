package dynamo_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"liuke/shared/customer"
	"liuke/shared/money"
	"liuke/shared/order"
)

func TestOrderComesBackAsItWasStored(t *testing.T) {
	t.Parallel()
	rate, err := money.ParseRate("7.10000000000000001")
	if err != nil {
		t.Fatal(err)
	}
	s := foldStore(t)
	for _, test := range []struct {
		name    string
		changes []order.Change
	}{
		{"a cancellation alone, in no currency", []order.Change{{Event: "c", Kind: order.Cancelled}}},
		{"two refunds that wait for their order", []order.Change{
			{Event: "r", Kind: order.Refunded, Total: 3, Currency: "USD"}, {Event: "s", Kind: order.Refunded, Total: 1 << 50, Currency: "USD"}}},
		{"an order in another currency at a long rate", []order.Change{
			{Event: "p", Kind: order.Placed, Total: 1999, Day: 20_000, Currency: "USD", Rate: rate, Told: true}, {Event: "w", Kind: order.Refunded, Whole: true}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := order.Record{ID: "o", Version: 1}
			for _, c := range test.changes {
				if _, err := o.Apply(c); err != nil {
					t.Fatal(err)
				}
			}
			id := customer.ID(test.name)
			if err := s.Commit(t.Context(), &customer.Record{ID: id, Version: 1}, []order.Record{o}); err != nil {
				t.Fatal(err)
			}
			orders, err := s.Orders(t.Context(), id)
			if diff := cmp.Diff([]order.Record{o}, orders, cmpopts.EquateEmpty()); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}
