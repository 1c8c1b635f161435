package churn

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

type day struct {
	day    customer.Day
	orders int64
}

func historyOf(days ...day) *customer.History {
	var h customer.History
	for _, d := range days {
		h.Adjust(d.day, d.orders, 100)
	}
	return &h
}

func TestPatternOfAHistory(t *testing.T) {
	for _, c := range []struct {
		name string
		days []day
		want Pattern
		none bool
	}{
		{name: "no order", none: true},
		{name: "an order after the day", days: []day{{101, 1}}, none: true},
		{name: "a refund of an order that was cancelled", days: []day{{60, 0}}, none: true},
		{name: "one order", days: []day{{60, 1}}, want: Pattern{First: 60, Last: 60, Purchases: 1}},
		{name: "orders of one day are one purchase", days: []day{{60, 2}, {60, 1}}, want: Pattern{First: 60, Last: 60, Purchases: 1}},
		{name: "the first is none of late", days: []day{{95, 1}, {100, 1}}, want: Pattern{First: 95, Last: 100, Purchases: 2, Lately: 1, Gaps: [2]int32{0, 5}}},
		{name: "the last two gaps", days: []day{{10, 1}, {20, 1}, {50, 1}, {80, 1}, {90, 0}, {91, 1}, {120, 1}}, want: Pattern{First: 10, Last: 91, Purchases: 5, Lately: 1, Gaps: [2]int32{30, 11}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := PatternOf(historyOf(c.days...), 100, 20)
			if ok == c.none || got != c.want {
				t.Fatalf("got %+v, %v", got, ok)
			}
		})
	}
}

// simulate draws customers whose gaps are Gamma(shape, λ) and whose rates Gamma(rate, days), seen for so many days.
func simulate(rng *rand.Rand, n int, shape int, rate, days float64, seen float64) []Pattern {
	list := make([]Pattern, n)
	for i := range list {
		lambda := gamma(rng, rate) / days
		p := Pattern{First: 1000, Last: 1000, Purchases: 1}
		for at := 0.0; ; {
			for range shape {
				at += rng.ExpFloat64() / lambda
			}
			if at > seen {
				break
			}
			if d := 1000 + customer.Day(at); d > p.Last {
				p.Gaps = [2]int32{p.Gaps[1], d - p.Last}
				p.Last = d
				p.Purchases++
			}
		}
		list[i] = p
	}
	return list
}

// gamma draws from Gamma(shape, 1) for a shape of 1 or more (Marsaglia & Tsang 2000).
func gamma(rng *rand.Rand, shape float64) float64 {
	d := shape - 1./3
	for {
		z := rng.NormFloat64()
		v := 1 + z/math.Sqrt(9*d)
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(rng.Float64()) < z*z/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

func TestTheRhythmOfAPopulationIsRecovered(t *testing.T) {
	for _, c := range []struct {
		name       string
		shape      int
		rate, days float64
	}{
		{"gaps without regularity", 1, 4, 120},
		{"regular gaps", 3, 6, 90},
		{"gaps that keep a calendar", 12, 20, 60},
	} {
		t.Run(c.name, func(t *testing.T) {
			var counts RhythmCounts
			for _, p := range simulate(rand.New(rand.NewPCG(5, 6)), 20_000, c.shape, c.rate, c.days, 4000) {
				counts.Add(p)
			}
			got, err := FitRhythm(&counts)
			if err != nil {
				t.Fatal(err)
			}
			usual, want := got.Shape*got.Days/got.Rate, float64(c.shape)*c.days/c.rate
			if !near(got.Shape, float64(c.shape), .1) || !near(got.Rate, c.rate, .2) || !near(usual, want, .05) {
				t.Errorf("got %+v with a usual gap of %.1f days, drawn from %v, %v and %.1f days", got, usual, c.shape, c.rate, want)
			}
		})
	}
}

func TestARhythmThatTheCountsDoNotDetermineIsRefused(t *testing.T) {
	counts := func(n int, p Pattern) *RhythmCounts {
		var c RhythmCounts
		for range n {
			c.Add(p)
		}
		return &c
	}
	thrice := Pattern{First: 10, Last: 30, Purchases: 3, Gaps: [2]int32{12, 8}}
	for _, c := range []struct {
		name   string
		counts *RhythmCounts
	}{
		{"nobody", counts(0, thrice)},
		{"everybody bought once", counts(5000, Pattern{First: 10, Last: 10, Purchases: 1})},
		{"everybody bought twice", counts(5000, Pattern{First: 10, Last: 30, Purchases: 2, Gaps: [2]int32{0, 20}})},
		{"too few bought three times", counts(MinRhythms-1, thrice)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if p, err := FitRhythm(c.counts); fault.CodeOf(err) != fault.Conflict {
				t.Errorf("got %+v, %v", p, err)
			}
		})
	}
	p, err := FitRhythm(counts(MinRhythms, thrice))
	if err != nil || p.Rate != maxRate || !near(p.Shape*p.Days/p.Rate, 20, 1e-12) {
		t.Errorf("equal customers make %+v, %v; want rates as alike as any, one in 20 days", p, err)
	}
}

func TestCountsDoNotDependOnHowThePopulationIsSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		var whole, merged RhythmCounts
		parts := make([]RhythmCounts, 1+rng.IntN(5))
		for _, p := range simulate(rng, 200, 1+rng.IntN(3), 2, 40, 400) {
			whole.Add(p)
			parts[rng.IntN(len(parts))].Add(p)
		}
		for _, i := range rng.Perm(len(parts)) {
			raw, _ := parts[i].AppendBinary([]byte{7})
			var back RhythmCounts
			rest, err := back.Decode(append(raw[1:], 9))
			if err != nil || !bytes.Equal(rest, []byte{9}) || back != parts[i] {
				t.Fatalf("%+v became %+v and %v, %v", parts[i], back, rest, err)
			}
			merged.Merge(&back)
		}
		if merged != whole {
			t.Fatalf("merged %+v, whole %+v", merged, whole)
		}
		if all, repeat := whole.Customers(); all != 200 || repeat > all {
			t.Fatalf("%d customers of 200, %d of them repeaters", all, repeat)
		}
	})
}

func FuzzDecodeRhythmCounts(f *testing.F) {
	var c RhythmCounts
	for _, p := range simulate(rand.New(rand.NewPCG(1, 1)), 50, 2, 2, 40, 400) {
		c.Add(p)
	}
	raw, _ := c.AppendBinary(nil)
	f.Add(raw)
	f.Add(raw[:4])
	f.Add(make([]byte, sums))
	f.Fuzz(func(t *testing.T, b []byte) {
		var c RhythmCounts
		rest, err := c.Decode(b)
		if err != nil {
			if c != (RhythmCounts{}) {
				t.Fatal("damaged counts changed what was there")
			}
			return
		}
		if again, _ := c.AppendBinary(nil); !bytes.Equal(append(again, rest...), b) {
			t.Fatalf("%x was decoded, and is encoded as %x", b, again)
		}
		if p, err := FitRhythm(&c); err == nil && !(p.Shape > 0 && p.Rate > 0 && p.Days > 0 && !math.IsInf(p.Days, 0)) {
			t.Fatalf("the rhythm is %+v", p)
		}
	})
}
