package experiment_test

import (
	"encoding/json"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/experiment"
	"liuke/shared/fault"
)

func TestSquaresAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w, back experiment.Wide
		for _, v := range rapid.SliceOfN(rapid.Int64Range(-4e18, 4e18), 0, 6).Draw(t, "amounts") {
			w = w.Plus(experiment.Squared(moneyOf(v)))
		}
		x, y := rapid.Int64().Draw(t, "less"), rapid.Int64().Draw(t, "times")
		less := experiment.Product(moneyOf(x), moneyOf(y))
		if want := new(big.Int).Mul(big.NewInt(x), big.NewInt(y)); less.String() != want.String() {
			t.Fatalf("%d · %d is %s", x, y, less)
		}
		if w.Plus(less).Minus(less) != w {
			t.Fatal("what is added and taken away again leaves something")
		}
		w = w.Minus(less)
		b, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) > 38 { // beyond what DynamoDB's numbers hold
			return
		}
		if err := json.Unmarshal(b, &back); err != nil || back != w {
			t.Fatalf("%s comes back as %s, %v", w, back, err)
		}
	})
	if got := experiment.Squared(math.MinInt64).String(); got != "85070591730234615865843651857942052864" {
		t.Errorf("the square of the least amount is %s", got)
	}
	for _, bad := range []string{"", "-", "1.5", "1e3", "+1", "0x1", "999999999999999999999999999999999999999"} {
		if w, err := experiment.ParseWide(bad); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q is taken for %s", bad, w)
		}
	}
}

// However a customer's net moves, the counters are those of where it stands.
func TestChangesOfRevenueAddUpToWhatStands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sum, want experiment.Revenue
		for range rapid.IntRange(0, 5).Draw(t, "customers") {
			last := int64(0)
			for _, next := range rapid.SliceOfN(rapid.Int64Range(-1000, 1e12), 0, 5).Draw(t, "nets") {
				sum = sum.Plus(experiment.Change(moneyOf(last), moneyOf(next)))
				last = next
			}
			want = want.Plus(experiment.Change(0, moneyOf(last)))
		}
		if sum != want {
			t.Fatalf("%+v, want %+v", sum, want)
		}
	})
}

func TestCustomersAddUpInAnyGrouping(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var whole experiment.Counters
		var parts [3]experiment.Counters
		for range rapid.IntRange(0, 20).Draw(t, "customers") {
			before := moneyOf(rapid.Int64Range(0, 5000).Draw(t, "before"))
			j := experiment.Journey{Sent: rapid.Bool().Draw(t, "sent"), Converted: rapid.Bool().Draw(t, "converted"), Net: moneyOf(rapid.Int64Range(-100, 5000).Draw(t, "net")), Before: &before}
			j.Clicked, j.Unsubscribed = j.Sent && j.Converted, j.Sent && !j.Converted
			whole.Add(j)
			parts[rapid.IntRange(0, 2).Draw(t, "part")].Add(j)
		}
		sum := parts[2].Plus(parts[0]).Plus(parts[1])
		if whole != sum {
			t.Fatalf("%+v, and in parts %+v", whole, sum)
		}
		if _, err := of(1).Compare(whole, sum); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzParseWide(f *testing.F) {
	for _, s := range []string{"0", "-1", "85070591730234615865843651857942052864", "99999999999999999999999999999999999999", "1e9", "--1", "007"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		w, err := experiment.ParseWide(s)
		if err != nil {
			return
		}
		if back, err := experiment.ParseWide(w.String()); err != nil || back != w {
			t.Errorf("%q is %s, and comes back as %s, %v", s, w, back, err)
		}
	})
}

func TestCountersThatAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, pointer string
		with          func(*experiment.Observed)
	}{
		{"a count below 0", "/variants/1/clicked", func(o *experiment.Observed) { o.Variants[1].Clicked = -1 }},
		{"counters of too few variants", "/variants", func(o *experiment.Observed) { o.Variants = o.Variants[:1] }},
		{"more buyers than customers", "/variants/0/revenue/count", func(o *experiment.Observed) { o.Variants[0].Revenue.Count = 1e6 }},
		{"squares that no amounts have", "/variants/0/revenue/squares", func(o *experiment.Observed) { o.Variants[0].Revenue = experiment.Revenue{Count: 2, Sum: 10} }},
		{"spending of more customers than there are", "/variants/0/before/count", func(o *experiment.Observed) { o.Variants[0].Before.Count = 51 }},
		{"squares of spending that no amounts have", "/variants/1/before/squares", func(o *experiment.Observed) { o.Variants[1].Before = experiment.Before{Count: 2, Sum: 10} }},
		{"products that no amounts have", "/variants/1/before/products", func(o *experiment.Observed) {
			o.Variants[1].Before = experiment.Before{Count: 50, Products: experiment.Squared(3)}
		}},
		{"a holdout's spending that no amounts have", "/holdout/before/squares", func(o *experiment.Observed) {
			o.Holdout = &experiment.Held{Share: .1, Assigned: 9, Before: experiment.Before{Count: 2, Sum: 10}}
		}},
		{"a share that is none", "/holdout/share", func(o *experiment.Observed) { o.Holdout = &experiment.Held{Share: 1} }},
		{"more converts than were held out", "/holdout/converted", func(o *experiment.Observed) { o.Holdout = &experiment.Held{Share: .1, Converted: 1} }},
		{"a margin beyond the revenue", "/margin_share", func(o *experiment.Observed) { o.Economy.MarginShare = 2 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := experiment.Observed{Variants: []experiment.Counters{arm(5, 50), arm(6, 50)}}
			c.with(&o)
			var f *fault.Error
			if _, err := of(1, 1).Analyse(o); !asFault(err, &f) || f.Code != fault.Invalid || f.Pointer != c.pointer {
				t.Errorf("got %#v, want invalid at %s", err, c.pointer)
			}
		})
	}
}
