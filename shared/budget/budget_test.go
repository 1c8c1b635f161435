package budget_test

import (
	"math"
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"

	"liuke/shared/budget"
	"liuke/shared/fault"
	"liuke/shared/money"
)

func TestWhatMessagesCost(t *testing.T) {
	prices := budget.Prices{
		{Channel: "sms", Each: 50_000}, {Channel: "sms", Country: "US", Each: 6_450}, {Channel: "sms", Country: "FR", Each: 70_000},
		{Channel: "email", Each: 100}, {Channel: "push", Country: "US", Each: 0},
	}
	if err := prices.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, channel, country string
		parts                  int
		want                   budget.Micro
		code                   fault.Code
	}{
		{"a text of three segments", "sms", "US", 3, 19_350, ""},
		{"a country without a price of its own", "sms", "DE", 1, 50_000, ""},
		{"a country that is not known costs as the dearest", "sms", "", 2, 140_000, ""},
		{"an email", "email", "US", 1, 100, ""},
		{"what is free", "push", "US", 1, 0, ""},
		{"what has no price there is not free", "push", "DE", 1, 0, fault.NotFound},
		{"a channel without a price", "webhook", "", 1, 0, fault.NotFound},
		{"a text without a segment", "sms", "US", 0, 0, fault.Invalid},
		{"a cost beyond counting", "sms", "US", math.MaxInt64 / 6000, 0, fault.Invalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := prices.Cost(c.channel, c.country, c.parts); got != c.want || fault.CodeOf(err) != c.code {
				t.Errorf("%d, %v; want %d", got, err, c.want)
			}
		})
	}
	for name, bad := range map[string]budget.Prices{
		"below 0":    {{Channel: "sms", Each: -1}},
		"twice":      {{Channel: "sms"}, {Channel: "sms"}},
		"no channel": {{Each: 1}},
	} {
		if err := bad.Validate(); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMicroUnits(t *testing.T) {
	for _, c := range []struct {
		currency money.Currency
		amount   money.Amount
		micro    budget.Micro
	}{{"USD", 125, 1_250_000}, {"JPY", 8, 8_000_000}, {"KWD", 1, 1_000}, {"USD", -5, -50_000}} {
		if got, ok := budget.MicroOf(c.amount, c.currency); !ok || got != c.micro || got.Amount(c.currency) != c.amount {
			t.Errorf("%d %s are %d, %v, and back %d", c.amount, c.currency, got, ok, got.Amount(c.currency))
		}
	}
	if _, ok := budget.MicroOf(math.MaxInt64, "USD"); ok {
		t.Error("an amount beyond a Micro is taken")
	}
	if _, ok := budget.MicroOf(math.MinInt64, "USD"); ok {
		t.Error("the least amount is taken")
	}
	if got := budget.Micro(6_450).Amount("USD"); got != 1 {
		t.Errorf("0.00645 USD are %d cents, want 1", got)
	}
}

func TestADayIsTheBusinessesOwn(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	hours := map[string]int{}
	for at := time.Date(2026, 3, 27, 0, 0, 0, 0, time.UTC); at.Before(time.Date(2026, 10, 27, 0, 0, 0, 0, time.UTC)); at = at.Add(time.Hour) {
		hours[budget.Day(at, berlin)]++
	}
	for day, want := range map[string]int{"2026-03-28": 24, "2026-03-29": 23, "2026-06-01": 24, "2026-10-25": 25} {
		if hours[day] != want {
			t.Errorf("%s has %d hours, want %d", day, hours[day], want)
		}
	}
}

func TestAccountsAreThoseOfTheLimits(t *testing.T) {
	day := budget.Micro(50_000_000)
	l := budget.Limits{Day: &day, SceneDay: map[string]budget.Micro{"win_back": 1_000_000}, Scene: map[string]budget.Micro{"win_back": 0}, Dearest: 100_000}
	got := l.Accounts("win_back", "2026-11-28")
	want := []budget.Account{
		{ID: "scene/win_back", Limit: 0, Shards: 1},
		{ID: "scene/win_back/2026-11-28", Limit: 1_000_000, Shards: 1},
		{ID: "day/2026-11-28", Limit: 50_000_000, Shards: 16},
	}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%+v, want %+v", got[i], want[i])
		}
	}
	if got := l.Accounts("birthday", "2026-11-28"); len(got) != 1 || got[0].ID != "day/2026-11-28" {
		t.Errorf("of a scene without limits: %+v", got)
	}
	if got := (&budget.Limits{}).Accounts("birthday", "2026-11-28"); len(got) != 0 {
		t.Errorf("without limits: %+v", got)
	}
}

func TestABatchIsSplitWithoutLoss(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := budget.Reservation{Cost: budget.Micro(rapid.Int64Range(0, 1e6).Draw(t, "whole")), Counters: []budget.Counter{{Account: "a", Shard: 1}}}
		rest, sum := whole, budget.Micro(0)
		for range 10 {
			cost := budget.Micro(rapid.Int64Range(-5, 3e5).Draw(t, "cost"))
			part, left, ok := rest.Take(cost)
			if ok != (cost >= 0 && cost <= rest.Cost) {
				t.Fatalf("%d of %d: %v", cost, rest.Cost, ok)
			}
			sum, rest = sum+part.Cost, left
		}
		if sum+rest.Cost != whole.Cost {
			t.Fatalf("%d and %d are not %d", sum, rest.Cost, whole.Cost)
		}
	})
}
