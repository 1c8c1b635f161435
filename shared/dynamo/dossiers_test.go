package dynamo_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fold"
	"liuke/shared/message"
	"liuke/shared/signal"
)

func TestDossiersOfManyAreThoseOfEachForHalfTheUnits(t *testing.T) {
	t.Parallel()
	s, ctx := ledgerStore(t), t.Context()
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var ids []customer.ID
	for i := range 60 { // more than two calls take
		id := customer.ID(fmt.Sprint("c", i))
		ids = append(ids, id)
		rec := customer.Record{ID: id, Version: 1, Key: customer.Key{byte(i)}}
		rec.History.Add(20_000, 500)
		do(s.Commit(ctx, &rec, nil))
		if i%3 == 0 {
			p := customer.Profile{Version: 1}
			p.Set(customer.TraitEmail, customer.Trait{Value: string(id) + "@example.com", Time: 1, Event: "e"})
			do(s.PutProfile(ctx, id, &p))
		}
		if i%5 == 0 {
			contact, err := message.Contact{}.Add(message.Stamp{Time: decidedAt, Scene: message.SceneMarkOf("win_back"), Channel: message.Email})
			do(err)
			e, err := message.New("win_back", 0, message.Email, signal.Signal{ID: "s1", Kind: signal.SegmentChanged, Customer: id, Time: decidedAt}).Claim(decidedAt)
			do(err)
			do(s.Claim(ctx, id, e, contact))
		}
		if i != 7 {
			_, err := s.WriteScores(ctx, id, customer.Scores{R: 1 + i%5, F: 1, M: 1, Segment: "Lost", Run: 1})
			do(err)
		}
	}
	a, err := s.Customer(ctx, "c7")
	do(err)
	b, err := s.Customer(ctx, "c8")
	do(err)
	a.Version, b.Version, a.Into = a.Version+1, b.Version+1, "c8"
	do(s.Merge(ctx, &fold.Merge{Survivor: b, Absorbed: a}))
	do(s.Erase(ctx, "c9", decidedAt))
	ids = append(ids, "nobody")
	meter := &dynamo.Meter{}
	got, err := s.Dossiers(dynamo.WithMeter(ctx, meter), ids)
	do(err)
	if read, _ := meter.Units(); read != 2*float64(len(ids)) {
		t.Errorf("%g read units of %d customers", read, len(ids))
	}
	for i, id := range ids {
		want, err := s.Dossier(ctx, message.Wanted{Customer: id})
		do(err)
		if id == "c7" {
			want = message.Dossier{Person: "c8"}
		}
		want.Entries, want.History = nil, customer.History{}
		if d := cmp.Diff(want, got[i], histories); d != "" {
			t.Errorf("%s: %s", id, d)
		}
	}
	if !got[9].Erased {
		t.Errorf("%+v", got[9])
	}
}

func TestWhichOfManyAddressesAreSuppressed(t *testing.T) {
	t.Parallel()
	s, ctx := ledgerStore(t), t.Context()
	var all []message.Address
	for i := range 130 { // more than a call takes
		all = append(all, message.Address{Channel: message.Email, Address: fmt.Sprint("c", i, "@example.com")})
	}
	all = append(all, message.Address{Channel: "sms", Address: all[3].Address}, all[3])
	for _, i := range []int{3, 129} {
		if err := s.Suppress(ctx, all[i].Channel, all[i].Address, "bounce", decidedAt); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.SuppressedAmong(ctx, all)
	if err != nil || len(got) != len(all) {
		t.Fatal(len(got), err)
	}
	for i := range all {
		if want := i == 3 || i == 129 || i == 131; got[i] != want {
			t.Errorf("%d: %v", i, got[i])
		}
	}
}
