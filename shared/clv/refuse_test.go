package clv

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"liuke/shared/fault"
)

func TestWhatCannotBeFittedIsRefused(t *testing.T) {
	repeat := func(n int, f func(i int32) (Transactions, Spend)) *Counts {
		var c Counts
		for i := range n {
			c.Add(f(int32(i)))
		}
		return &c
	}
	rng := rand.New(rand.NewPCG(1, 1))
	money := func(x int32) Spend { return Spend{x, int64(x) * (500 + rng.Int64N(2000))} }
	const few, flat, rising, either = "too few", "the same", "keeps rising", "either"
	cases := []struct {
		name   string
		c      *Counts
		orders string // what the reason says; "" where it is not about orders
		spend  string // "" where there is nothing to refuse; either where a fit would do as well
	}{
		{"nobody", &Counts{}, few, few},
		{"one customer", repeat(1, func(int32) (Transactions, Spend) { return Transactions{3, 20, 50}, Spend{3, 900} }), few, few},
		{"four customers", repeat(4, func(i int32) (Transactions, Spend) { return Transactions{i, 9 * i, 50}, money(i) }), few, few},
		{"everybody ordered once", repeat(5000, func(i int32) (Transactions, Spend) { return Transactions{0, 0, i % 300}, Spend{} }), few, few},
		{"everybody came today", repeat(5000, func(int32) (Transactions, Spend) { return Transactions{}, Spend{} }), few, few},
		{"purchases in no time", repeat(500, func(i int32) (Transactions, Spend) { return Transactions{i % 3, 0, 0}, Spend{} }), "on the day of the run", few},
		{"too few ordered again", repeat(5000, func(i int32) (Transactions, Spend) {
			if i < MinRepeaters-1 {
				return Transactions{1, 5, 50}, Spend{1, int64(i)}
			}
			return Transactions{0, 0, 50}, Spend{}
		}), few, few},
		{"everybody is alike", repeat(500, func(int32) (Transactions, Spend) { return Transactions{10, 100, 100}, Spend{10, 1000} }), rising, flat},
		{"everybody is still there", repeat(5000, func(i int32) (Transactions, Spend) { return Transactions{1 + i%7, 100, 100}, money(1 + i%7) }), rising, ""},
		{"nobody ever leaves", simulate(rng, 5000, BGNBD{R: .6, Alpha: 9, A: 1e-9, B: 3}, GammaGamma{P: 5, Q: 4, V: 20}), rising, ""},
		{"everybody buys again, at any time", repeat(5000, func(i int32) (Transactions, Spend) {
			x := 1 + rng.Int32N(6)
			return Transactions{x, x + rng.Int32N(294), 300 + i%50}, money(x)
		}), rising, ""},
		{"two kinds of customers", repeat(500, func(i int32) (Transactions, Spend) { return Transactions{i % 2, 50 * (i % 2), 100}, money(i % 2) }), rising, either},
		{"one customer of billions of purchases", repeat(500, func(i int32) (Transactions, Spend) {
			if i == 7 {
				return Transactions{math.MaxInt32, 99, 100}, Spend{math.MaxInt32, math.MaxInt64}
			}
			return Transactions{i % 4, 20 * (i % 4), 100 + i%50}, money(i % 4)
		}), rising, either},
		{"customers of millions of years", repeat(500, func(i int32) (Transactions, Spend) {
			return Transactions{i % 4, 20 * (i % 4), math.MaxInt32 - i}, money(i % 4)
		}), rising, either},
		{"everybody spends the same", repeat(500, func(i int32) (Transactions, Spend) {
			return Transactions{1 + i%5, 100, 100}, Spend{1 + i%5, 1000 * int64(1+i%5)}
		}), rising, flat},
		{"all repeat purchases were free", repeat(500, func(i int32) (Transactions, Spend) {
			return Transactions{1 + i%5, 100, 100}, Spend{1 + i%5, 0}
		}), rising, few},
	}
	says := func(t *testing.T, err error, want string) {
		t.Helper()
		if fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), want) {
			t.Errorf("the refusal is %v, and should say %q", err, want)
		}
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := FitBGNBD(c.c)
			says(t, err, c.orders)
			_, err = FitMBGNBD(c.c)
			says(t, err, c.orders)
			switch g, err := FitGammaGamma(c.c, 100); c.spend {
			case few, flat:
				says(t, err, c.spend)
			case "":
				if err != nil || !(g.Errors.P > 0 && g.Errors.Q > 0 && g.Errors.V > 0) {
					t.Errorf("Gamma-Gamma is %+v, %v", g, err)
				}
			case either:
				if err != nil && fault.CodeOf(err) != fault.Conflict {
					t.Error(err)
				}
			}
		})
	}
}

func TestARefusalIsNoErrorOfARun(t *testing.T) {
	f, err := FitOrders(&Counts{}, ModelMBGNBD)
	if err != nil || f.Orders() != nil || !strings.Contains(f.Refused, "too few") {
		t.Errorf("a fit to nobody is %+v, %v", f, err)
	}
	if _, err := FitOrders(&Counts{}, "pareto_nbd"); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a model that there is none of is %v", err)
	}
	c := simulate(rand.New(rand.NewPCG(1, 2)), 5000, BGNBD{R: .6, Alpha: 9, A: .9, B: 3}, GammaGamma{P: 5, Q: 4, V: 20})
	for _, model := range []Model{ModelBGNBD, ModelMBGNBD} {
		f, err := FitOrders(c, model)
		if err != nil || f.Orders() == nil || f.Orders().Model() != model {
			t.Fatalf("a fit of %s is %+v, %v", model, f, err)
		}
		raw, _ := json.Marshal(f)
		var back OrdersFit
		if err := json.Unmarshal(raw, &back); err != nil || back.Orders().Model() != model || back.Orders().NewOrders(9) != f.Orders().NewOrders(9) {
			t.Errorf("%s comes back from its record as %+v: %v", raw, back, err)
		}
	}
}
