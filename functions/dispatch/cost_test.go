package main

import (
	"testing"

	"liuke/shared/budget"
	"liuke/shared/customer"
	"liuke/shared/message"
)

func TestWhatAMessageDidCostTakesThePlaceOfWhatWasSetAside(t *testing.T) {
	for _, c := range []struct {
		name        string
		prices      budget.Prices
		consent     string
		spent, cost budget.Micro
	}{
		{"sent for less", budget.Prices{{Channel: "email", Each: 60}}, "true", 60, 60},
		{"sent for what nobody knows", nil, "true", 100, 100},
		{"not sent at all", nil, "false", 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			day := budget.Micro(1000)
			l := budget.Limits{Day: &day, Dearest: 100}
			accounts := l.Accounts("win_back", "2026-03-01")
			b.claimWith(func(e *message.Entry) {
				r := l.NewReserve(accounts, e.ID, 100, 1)
				if _, err := b.store.Reserve(t.Context(), r); err != nil {
					t.Fatal(err)
				}
				invited(e)
				e.Reserved = r.Reservation()
			})
			b.profile(map[string]string{customer.TraitEmail: "li@example.com", customer.ConsentTrait("email"): c.consent, customer.TraitFirstName: "Li"})
			b.handler.operators.Prices = c.prices
			b.deliver()
			spent, err := b.store.Spent(t.Context(), accounts[0])
			if stored := b.entry(); err != nil || spent != c.spent || stored.Reserved.Cost != c.cost || len(stored.Reserved.Counters) != 0 {
				t.Errorf("%d spent, the entry is %s and has %+v, %v", spent, stored.State, stored.Reserved, err)
			}
		})
	}
}
