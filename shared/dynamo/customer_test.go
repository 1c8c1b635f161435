package dynamo_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"liuke/infra/local/engine"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/fold"
	"liuke/shared/order"
)

func foldStore(t testing.TB) *dynamo.Store {
	t.Helper()
	customers, records := engine.NewTables(t)
	return dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records)
}

var anyCustomer = cmp.AllowUnexported(customer.History{}, customer.Activity{}, customer.Signs{}, customer.Memory{})

// sample is a customer after one fold, with an order.
func sample(id customer.ID) (customer.Record, order.Record) {
	o := order.Record{ID: "o1", Version: 1, Currency: "CNY"}
	for _, c := range []order.Change{
		{Event: "placed", Kind: order.Placed, Time: time.UnixMilli(1_700_000_000_123), Total: 12_345, Day: 19_675},
		{Event: "edit", Kind: order.Updated, Time: time.UnixMilli(1_700_000_100_000), Total: 10_000},
		{Event: "refund", Kind: order.Refunded, Time: time.UnixMilli(1_700_000_200_000), Total: 500},
	} {
		o.Apply(c)
	}
	o.First = true
	rec := customer.Record{ID: id, Version: 1, Key: customer.Key{1, 2, 3}}
	o.AddTo(&rec.History, 1)
	rec.Activity.Add(646, 3)
	rec.Signs = customer.Signs{Birthday: customer.Birthday{Month: 2, Day: 29}, Declared: "fair"}
	rec.Signs.Add(customer.Referral, 646)
	rec.Signs.Answered(customer.NPS, customer.Opinion{Score: 9, Time: 1_700_000_000_123})
	rec.IDs.Remember(id, "event")
	rec.Touch(1_700_000_000)
	return rec, o
}

func TestCustomerAndOrdersComeBackAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), foldStore(t)
	rec, o := sample("李雷")
	if err := s.Commit(ctx, &rec, []order.Record{o}); err != nil {
		t.Fatal(err)
	}
	var p customer.Profile
	p.Version = 1
	p.Set("email", customer.Trait{Value: "a@example.com", Time: 5, Event: "e"})
	if err := s.PutProfile(ctx, "李雷", &p); err != nil {
		t.Fatal(err)
	}
	states, errs := s.Load(ctx, []fold.Want{{Customer: "李雷", Orders: []string{"o1", "none"}, Profile: true}, {Customer: "nobody", Profile: true}})
	want := []fold.State{
		{Customer: rec, Orders: map[string]order.Record{"o1": o}, Profile: p},
		{Customer: customer.Record{ID: "nobody"}, Orders: map[string]order.Record{}},
	}
	if diff := cmp.Diff(want, states, anyCustomer, cmpopts.EquateEmpty()); diff != "" || errs[0] != nil || errs[1] != nil {
		t.Errorf("load %v (-want +got):\n%s", errs, diff)
	}
	got, err := s.Customer(ctx, "李雷")
	if diff := cmp.Diff(rec, got, anyCustomer, cmpopts.EquateEmpty()); diff != "" || err != nil {
		t.Errorf("customer %v (-want +got):\n%s", err, diff)
	}
	orders, err := s.Orders(ctx, "李雷")
	if diff := cmp.Diff([]order.Record{o}, orders); diff != "" || err != nil {
		t.Errorf("orders %v (-want +got):\n%s", err, diff)
	}
	profile, err := s.Profile(ctx, "李雷")
	if diff := cmp.Diff(p, profile); diff != "" || err != nil {
		t.Errorf("profile %v (-want +got):\n%s", err, diff)
	}
}

func TestWriteIsRefusedWhereAnythingHasMoved(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), foldStore(t)
	rec, o := sample("c")
	if err := s.Commit(ctx, &rec, []order.Record{o}); err != nil {
		t.Fatal(err)
	}
	next, edited := rec.Clone(), o
	next.Version, edited.Version = 2, 2
	for _, test := range []struct {
		name  string
		write func() error
	}{
		{"a customer that exists is not created", func() error { return s.Commit(ctx, &rec, nil) }},
		{"a customer that exists is not created with an order", func() error {
			other := o
			other.ID = "o2"
			return s.Commit(ctx, &rec, []order.Record{other})
		}},
		{"an order that exists is not created", func() error { return s.Commit(ctx, &next, []order.Record{o}) }},
		{"an order is not written over another version", func() error {
			later := edited
			later.Version = 3
			return s.Commit(ctx, &next, []order.Record{later})
		}},
		{"a profile is not written over another version", func() error {
			return s.PutProfile(ctx, "c", &customer.Profile{Version: 2})
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := test.write(); fault.CodeOf(err) != fault.Conflict {
				t.Errorf("%v, want a conflict", err)
			}
		})
	}
	if got, err := s.Customer(ctx, "c"); err != nil || got.Version != 1 {
		t.Errorf("refused writes left version %d, %v", got.Version, err)
	}
	if err := s.Commit(ctx, &next, []order.Record{edited}); err != nil {
		t.Errorf("the write that follows: %v", err)
	}
}

func TestHistoryThatBecameEmptyIsStoredSo(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), foldStore(t)
	rec, o := sample("c")
	if err := s.Commit(ctx, &rec, []order.Record{o}); err != nil {
		t.Fatal(err)
	}
	o.AddTo(&rec.History, -1)
	rec.Version++
	if err := s.Commit(ctx, &rec, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Customer(ctx, "c"); err != nil || got.History.Len() != 0 || got.Activity.Total() != 3 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestLoadReadsMoreThanOneCallTakes(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), foldStore(t)
	var wants []fold.Want
	for i := range 40 {
		rec, o := sample(customer.ID(fmt.Sprint("c", i)))
		w := fold.Want{Customer: rec.ID, Profile: true}
		var orders []order.Record
		for k := range 4 {
			o.ID = fmt.Sprint("o", k)
			orders = append(orders, o)
			w.Orders = append(w.Orders, o.ID)
		}
		if err := s.Commit(ctx, &rec, orders); err != nil {
			t.Fatal(err)
		}
		wants = append(wants, w)
	}
	var m dynamo.Meter
	states, errs := s.Load(dynamo.WithMeter(ctx, &m), wants)
	for i := range states {
		if errs[i] != nil || states[i].Customer.Version != 1 || len(states[i].Orders) != 4 {
			t.Errorf("state %d: version %d, %d orders, %v", i, states[i].Customer.Version, len(states[i].Orders), errs[i])
		}
	}
	if read, _ := m.Units(); read < 200 || read > 240 { // 1 unit an item that exists, 1 or none for one that does not
		t.Errorf("%v read units for 200 items and 40 that do not exist", read)
	}
}

func TestLoadTellsWhichCustomersItCouldNotRead(t *testing.T) {
	t.Parallel()
	s := foldStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, errs := s.Load(ctx, []fold.Want{{Customer: "a"}, {Customer: "b"}})
	for i, err := range errs {
		if fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("customer %d: %v, want Unavailable", i, err)
		}
	}
}
