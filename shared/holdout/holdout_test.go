package holdout_test

import (
	"fmt"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/holdout"
)

func id(i int) customer.ID { return customer.ID(fmt.Sprint("customer-", i)) }

func TestAHoldoutTakesItsShare(t *testing.T) {
	const n = 100_000
	for _, share := range []float64{0, .01, .05, .1, .5, 1} {
		held := 0
		for i := range n {
			if (holdout.Holdout{Salt: "2026", Share: share}).Holds(id(i)) {
				held++
			}
		}
		if margin := 4 * math.Sqrt(share*(1-share)*n); math.Abs(float64(held)-share*n) > margin {
			t.Errorf("%d of %d held out, of a share of %g", held, n, share)
		}
	}
}

func TestPlacesAreUniform(t *testing.T) {
	const n, bins = 100_000, 100
	var below [bins + 1]int
	for b := range below {
		h := holdout.Holdout{Salt: "uniform", Share: float64(b) / bins}
		for i := range n / 10 {
			if h.Holds(id(i)) {
				below[b]++
			}
		}
	}
	chi := 0.0
	for b := range bins {
		expected := float64(n/10) / bins
		d := float64(below[b+1]-below[b]) - expected
		chi += d * d / expected
	}
	if chi > 160 { // of 99 degrees of freedom: once in 10,000 draws
		t.Errorf("χ² is %.1f", chi)
	}
}

func TestSaltsDrawIndependently(t *testing.T) {
	const n = 100_000
	all := holdout.Holdout{Salt: "2026", Share: .2}
	for name, other := range map[string]holdout.Holdout{
		"another salt": {Salt: "2027", Share: .2},
		"a scene":      all.Named("win_back", .2),
		"no salt":      {Share: .2},
	} {
		both := 0
		for i := range n {
			if all.Holds(id(i)) && other.Holds(id(i)) {
				both++
			}
		}
		if math.Abs(float64(both)-.04*n) > 4*math.Sqrt(.04*.96*n) {
			t.Errorf("%s: %d of %d in both, want some %g", name, both, n, .04*n)
		}
	}
}

func TestAGrowingShareLetsNobodyBackIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := holdout.Holdout{Salt: rapid.String().Draw(t, "salt"), Share: rapid.Float64Range(0, 1).Draw(t, "share")}
		who := customer.ID(rapid.String().Draw(t, "id"))
		more := h
		more.Share = rapid.Float64Range(h.Share, 1).Draw(t, "more")
		if h.Holds(who) && !more.Holds(who) {
			t.Fatal("let back in")
		}
		if (holdout.Holdout{Salt: h.Salt}).Holds(who) || !(holdout.Holdout{Salt: h.Salt, Share: 1}).Holds(who) {
			t.Fatal("a share of 0 holds out nobody, and one of 1 everybody")
		}
	})
}

// The customers are named here for good: another draw would move standing customers between the arms.
func TestTheDrawIsAsItWas(t *testing.T) {
	h := holdout.Holdout{Salt: "2026", Share: .05}
	got := ""
	for i := range 100 {
		if h.Holds(id(i)) {
			got += fmt.Sprint(i, " ")
		}
	}
	if want := "2 3 11 56 66 77 "; got != want {
		t.Errorf("held out: %s, want %s", got, want)
	}
}

func TestParseShare(t *testing.T) {
	for s, want := range map[string]float64{"5%": .05, "0.5%": .005, "0%": 0, "50%": .5, "07%": .07, "33.3333%": .333333} {
		if got, err := holdout.ParseShare(s); err != nil || got != want {
			t.Errorf("%s is %g, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "%", "5", "0.05", "51%", "-1%", "1e1%", "5 %", ".5%", "5.%", "1.2.3%", "1/2%", "0x1%", "1_0%", "NaN%"} {
		if got, err := holdout.ParseShare(s); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q is taken for %g, %v", s, got, err)
		}
	}
}

func TestArmsCountWhoWasACustomerBefore(t *testing.T) {
	all, none := holdout.Holdout{Share: 1}, holdout.Holdout{}
	var h customer.History
	h.Add(90, 1000)
	h.Add(100, 250)
	h.Add(105, 250)
	h.Add(111, 9999)
	for _, c := range []struct {
		name                             string
		from                             customer.Day
		customers, buyers, orders, spent int64
	}{
		{"what was bought from the day on counts, until the end of the last day", 100, 1, 1, 2, 500},
		{"the days before make a customer and count for nothing", 101, 1, 1, 1, 250},
		{"who bought nothing since counts with nothing", 106, 1, 0, 0, 0},
		{"who first ordered on the day was no customer before", 90, 0, 0, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var a holdout.Arms
			a.Add(none, "c", &h, c.from, 110)
			o := a.Treated
			if o.Customers != c.customers || o.Buyers != c.buyers || o.Orders != c.orders || o.Net().Int64() != c.spent || a.Held.Customers != 0 {
				t.Errorf("%+v", a)
			}
			var held holdout.Arms
			held.Add(all, "c", &h, c.from, 110)
			if held.Held != o || held.Treated != a.Held {
				t.Errorf("held out it comes to %+v", held)
			}
		})
	}
}

func TestSpendIsExactAtTheEndsOfAmounts(t *testing.T) {
	var o holdout.Outcome
	for range 5 {
		o.Add(1, math.MaxInt64)
		o.Add(1, math.MinInt64)
	}
	if got := o.Net(); got.Int64() != -5 {
		t.Errorf("the net is %s", got)
	}
	s := o.Spend()
	if want := math.Pow(2, 126) * 10 / 9; s.Mean != -.5 || math.Abs(s.Variance/want-1) > 1e-15 {
		t.Errorf("%+v, want a variance of %g", s, want)
	}
	var big5 holdout.Outcome // a variance that floats would lose: 2^62 apart from 0 by two
	big5.Add(1, 1<<62)
	big5.Add(1, 1<<62+2)
	if s := big5.Spend(); s.Variance != 2 {
		t.Errorf("the variance is %g", s.Variance)
	}
}

func drawArms(t *rapid.T, members int) []holdout.Arms {
	parts := make([]holdout.Arms, 4)
	for range members {
		o := &parts[rapid.IntRange(0, 3).Draw(t, "part")].Treated
		if rapid.Bool().Draw(t, "held") {
			o = &parts[rapid.IntRange(0, 3).Draw(t, "part")].Held
		}
		o.Add(rapid.Int64Range(0, 9).Draw(t, "orders"), rapid.Int64().Draw(t, "net"))
	}
	return parts
}

func TestArmsMergeInAnyGroupingAndComeBackFromBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := drawArms(t, rapid.IntRange(0, 20).Draw(t, "members"))
		var left, right, pair holdout.Arms
		for i := range parts {
			left.Merge(&parts[i])
		}
		pair.Merge(&parts[3])
		pair.Merge(&parts[1])
		right.Merge(&parts[2])
		right.Merge(&pair)
		right.Merge(&parts[0])
		if left != right {
			t.Fatalf("%+v is not %+v", left, right)
		}
		b, _ := left.AppendBinary(nil)
		var back holdout.Arms
		rest, err := back.Decode(append(b, "rest"...))
		if err != nil || string(rest) != "rest" || back != left {
			t.Fatalf("%+v comes back as %+v, rest %q, %v", left, back, rest, err)
		}
		if s := left.Treated.Spend(); s.Variance < 0 || math.IsNaN(s.Mean) {
			t.Fatalf("%+v", s)
		}
	})
}

func TestNetIsTheSumOfTheNets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var o holdout.Outcome
		want := new(big.Int)
		for _, v := range rapid.SliceOfN(rapid.Int64(), 0, 30).Draw(t, "nets") {
			o.Add(1, v)
			want.Add(want, big.NewInt(v))
		}
		if got := o.Net(); got.Cmp(want) != 0 {
			t.Fatalf("%s, want %s", got, want)
		}
	})
}

func FuzzDecodeArms(f *testing.F) {
	var a holdout.Arms
	a.Held.Add(2, 300)
	a.Treated.Add(0, -5)
	b, _ := a.AppendBinary(nil)
	f.Add(b)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		var a holdout.Arms
		if _, err := a.Decode(b); err != nil {
			if fault.CodeOf(err) != fault.Internal || a != (holdout.Arms{}) {
				t.Errorf("%v, and left %+v", err, a)
			}
			return
		}
		if a.Treated.Spend().Variance < 0 || a.Held.Spend().Variance < 0 {
			t.Error("a negative variance")
		}
		back, _ := a.AppendBinary(nil)
		var again holdout.Arms
		if _, err := again.Decode(back); err != nil || again != a {
			t.Errorf("comes back as %+v, %v", again, err)
		}
	})
}
