package rfm_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/customer"
	"liuke/shared/rfm"
)

func TestValueOfAHistory(t *testing.T) {
	type order struct {
		day customer.Day
		net int64
	}
	cases := []struct {
		name   string
		orders []order
		window rfm.Window
		want   rfm.Value
		none   bool
	}{
		{name: "no order is no value", window: rfm.Window{AsOf: 100}, none: true},
		{name: "an order after the day does not count", orders: []order{{101, 5}}, window: rfm.Window{AsOf: 100}, none: true},
		{name: "an order on the day is of recency 0", orders: []order{{100, 5}}, window: rfm.Window{AsOf: 100, Days: 1}, want: rfm.Value{Recency: 0, Frequency: 1, Monetary: 5}},
		{name: "two orders of one day are two orders", orders: []order{{90, 5}, {90, 7}}, window: rfm.Window{AsOf: 100}, want: rfm.Value{Recency: 10, Frequency: 2, Monetary: 12}},
		{name: "the window's first day counts", orders: []order{{71, 5}, {72, 7}}, window: rfm.Window{AsOf: 100, Days: 30}, want: rfm.Value{Recency: 28, Frequency: 2, Monetary: 12}},
		{name: "the day before the window does not", orders: []order{{70, 5}, {72, 7}}, window: rfm.Window{AsOf: 100, Days: 30}, want: rfm.Value{Recency: 28, Frequency: 1, Monetary: 7}},
		{name: "without an order in the window recency still counts from the last", orders: []order{{10, 5}}, window: rfm.Window{AsOf: 100, Days: 30}, want: rfm.Value{Recency: 90}},
		{name: "0 days are the whole history", orders: []order{{1, 5}, {100, 6}}, window: rfm.Window{AsOf: 100}, want: rfm.Value{Frequency: 2, Monetary: 11}},
		{name: "a free order counts", orders: []order{{50, 0}}, window: rfm.Window{AsOf: 100}, want: rfm.Value{Recency: 50, Frequency: 1}},
		{name: "refunds beyond the total leave a negative value", orders: []order{{50, -5}}, window: rfm.Window{AsOf: 100}, want: rfm.Value{Recency: 50, Frequency: 1, Monetary: -5}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var h customer.History
			for _, o := range c.orders {
				h.Add(o.day, o.net)
			}
			got, ok := c.window.Of(&h)
			if ok == c.none || ok && got != c.want {
				t.Fatalf("got %+v, %v; want %+v", got, ok, c.want)
			}
		})
	}
}

func cut(num, den int64) rfm.Cut { return rfm.Cut{Num: num, Den: den} }

func TestQuantilesAreThoseOfR(t *testing.T) {
	cases := []struct {
		name   string
		values []int64
		want   []float64 // quantile(values, 1:4/5), type 7
	}{
		{"nobody has no cuts", nil, nil},
		{"one value is every cut", []int64{7}, []float64{7, 7, 7, 7}},
		{"four values are interpolated", []int64{1, 2, 3, 4}, []float64{1.6, 2.2, 2.8, 3.4}},
		{"six values are met exactly", []int64{60, 10, 50, 20, 40, 30}, []float64{20, 30, 40, 50}},
		{"equal values are every cut", []int64{3, 3, 3, 3, 3, 3, 3}, []float64{3, 3, 3, 3}},
		{"ties count each time", []int64{1, 1, 1, 1, 1, 1, 2, 3, 4, 9}, []float64{1, 1, 1.4, 3.2}},
		{"negative values", []int64{-10, -5, 0, 5}, []float64{-7, -4, -1, 2}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var tally rfm.Tally
			var table rfm.Table
			for _, v := range c.values {
				tally.Add(v)
				table.Append(rfm.Value{Frequency: 1, Monetary: v})
			}
			var got []float64
			for _, c := range tally.Quantiles(5) {
				got = append(got, c.Float())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Fatal(diff)
			}
			if diff := cmp.Diff(tally.Quantiles(5), table.Quantiles(5).Monetary); diff != "" {
				t.Fatal("selected from columns: " + diff)
			}
		})
	}
}

func TestScoresCountTheCutsReached(t *testing.T) {
	cuts := rfm.Cuts{
		Recency:   []rfm.Cut{cut(115, 1), cut(181, 1), cut(2974, 10), cut(482, 1)},
		Frequency: []rfm.Cut{cut(4, 1), cut(5, 1), cut(6, 1), cut(8, 1)},
		Monetary:  []rfm.Cut{cut(25580, 1), cut(38200, 1), cut(50640, 1), cut(66600, 1)},
	}
	s := cuts.Scorer()
	for name, c := range map[string]struct {
		value rfm.Value
		want  rfm.Scores
	}{
		"below every cut":                  {rfm.Value{Recency: 114, Frequency: 3, Monetary: 25579}, rfm.Scores{R: 5, F: 1, M: 1}},
		"a cut that is met is reached":     {rfm.Value{Recency: 115, Frequency: 4, Monetary: 25580}, rfm.Scores{R: 4, F: 2, M: 2}},
		"a cut between days":               {rfm.Value{Recency: 297, Frequency: 7, Monetary: 66599}, rfm.Scores{R: 3, F: 4, M: 4}},
		"the day after it":                 {rfm.Value{Recency: 298, Frequency: 8, Monetary: 66600}, rfm.Scores{R: 2, F: 5, M: 5}},
		"beyond every cut":                 {rfm.Value{Recency: math.MaxInt32, Frequency: 999, Monetary: math.MaxInt64}, rfm.Scores{R: 1, F: 5, M: 5}},
		"nothing bought in the window":     {rfm.Value{Recency: 900}, rfm.Scores{R: 1, F: 1, M: 1}},
		"more was refunded than was spent": {rfm.Value{Frequency: 1, Monetary: math.MinInt64}, rfm.Scores{R: 5, F: 1, M: 1}},
	} {
		if got := s.Score(c.value); got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

func TestQuantilesCloseTheirBins(t *testing.T) {
	cases := []struct {
		name   string
		orders []int32
		want   []uint8
	}{
		{"one-time buyers are at the bottom however many they are", []int32{1, 1, 1, 1, 1, 1, 1, 2, 3, 9}, []uint8{1, 1, 1, 1, 1, 1, 1, 4, 5, 5}},
		{"equals are all at the bottom", []int32{4, 4, 4, 4}, []uint8{1, 1, 1, 1}},
		{"a single customer is at the bottom", []int32{4}, []uint8{1}},
		{"four are spread", []int32{1, 2, 3, 4}, []uint8{1, 2, 4, 5}},
		{"five take a bin each", []int32{10, 20, 30, 40, 50}, []uint8{1, 2, 3, 4, 5}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var counts rfm.Counts
			for _, n := range c.orders {
				counts.Add(rfm.Value{Recency: n, Frequency: n, Monetary: int64(n)})
			}
			cuts := counts.Quantiles(5)
			s := cuts.Scorer()
			for i, n := range c.orders {
				want := rfm.Scores{R: 6 - c.want[i], F: c.want[i], M: c.want[i]}
				if got := s.Score(rfm.Value{Recency: n, Frequency: n, Monetary: int64(n)}); got != want {
					t.Errorf("%d scores %v, want %v", n, got, want)
				}
			}
		})
	}
}

func TestParseCut(t *testing.T) {
	for text, want := range map[string]rfm.Cut{"297.4": cut(1487, 5), "482": cut(482, 1), "-0.5": cut(-1, 2), "4": cut(4, 1)} {
		if got, err := rfm.ParseCut(text, 1); err != nil || got != want {
			t.Errorf("ParseCut(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	if got, err := rfm.ParseCut("255.8", 100); err != nil || got != cut(25580, 1) || got.Over(100) != 255.8 {
		t.Errorf("255.8 in minor units is %v, %v, and back %v", got, err, got.Over(100))
	}
	for _, text := range []string{"", "1e9", "1/3", "0x10", "abc", "--1", "1.2.3", "9999999999999999999", "NaN"} {
		if got, err := rfm.ParseCut(text, 1); err == nil {
			t.Errorf("ParseCut(%q) = %v, want an error", text, got)
		}
	}
}

// population draws values with many ties, a few far outliers, and negative money.
func population(t *rapid.T) []rfm.Value {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) rfm.Value {
		money := rapid.OneOf(rapid.Int64Range(-50, 50), rapid.Int64(), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64}))
		return rfm.Value{
			Recency:   rapid.Int32Range(0, 400).Draw(t, "recency"),
			Frequency: rapid.OneOf(rapid.Int32Range(0, 3), rapid.Int32Range(0, 100000)).Draw(t, "frequency"),
			Monetary:  money.Draw(t, "monetary"),
		}
	}), 0, 60).Draw(t, "population")
}

func TestCutsDoNotDependOnHowThePopulationIsSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := population(t)
		var whole, merged rfm.Counts
		var table rfm.Table
		parts := make([]rfm.Counts, rapid.IntRange(1, 5).Draw(t, "parts"))
		for _, v := range values {
			whole.Add(v)
			table.Append(v)
		}
		for _, v := range rapid.Permutation(values).Draw(t, "order") {
			parts[rapid.IntRange(0, len(parts)-1).Draw(t, "part")].Add(v)
		}
		for i := range parts {
			raw, err := parts[i].AppendBinary(nil)
			if err != nil {
				t.Fatal(err)
			}
			var back rfm.Counts
			if rest, err := back.Decode(raw); err != nil || len(rest) != 0 {
				t.Fatalf("decoded with %d bytes left: %v", len(rest), err)
			}
			merged.Merge(&back)
		}
		bins := rapid.IntRange(2, 9).Draw(t, "bins")
		want := whole.Quantiles(bins)
		if diff := cmp.Diff(want, merged.Quantiles(bins)); diff != "" {
			t.Fatal("merged: " + diff)
		}
		if diff := cmp.Diff(want, table.Quantiles(bins)); diff != "" {
			t.Fatal("columns: " + diff)
		}
		a, _ := whole.AppendBinary(nil)
		b, _ := merged.AppendBinary(nil)
		if !slices.Equal(a, b) {
			t.Fatal("merged parts are encoded otherwise than the whole")
		}
	})
}

func TestQuantilesAreExactRationals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(-1000, 1000), 1, 40).Draw(t, "values")
		var tally rfm.Tally
		for _, v := range values {
			tally.Add(v)
		}
		slices.Sort(values)
		for k, got := range tally.Quantiles(5) {
			h := (len(values) - 1) * (k + 1)
			lo, hi := values[h/5], values[min(h/5+1, len(values)-1)]
			if got.Num*5 != (5*lo+int64(h%5)*(hi-lo))*got.Den {
				t.Fatalf("quantile %d of %v is %v", k+1, values, got)
			}
		}
	})
}

func TestWhoOrderedNothingInTheWindowIsAtTheBottom(t *testing.T) {
	window := rfm.Window{AsOf: 1000, Days: 365}
	var counts rfm.Counts
	var values []rfm.Value
	for i := range customer.Day(100) { // ninety of a hundred have lapsed
		var h customer.History
		h.Add(1000-30*i, 500)
		if i < 5 {
			h.Add(999, 500)
		}
		v, ok := window.Of(&h)
		if !ok {
			t.Fatal("has ordered, and has no value")
		}
		counts.Add(v)
		values = append(values, v)
	}
	if n := counts.N(); n != 13 {
		t.Fatalf("cuts part %d customers, want the 13 who ordered in the window", n)
	}
	cuts := counts.Quantiles(5)
	fixed := rfm.Cuts{Recency: []rfm.Cut{cut(2000, 1)}, Frequency: []rfm.Cut{cut(0, 1)}, Monetary: []rfm.Cut{cut(-5, 1), cut(0, 1)}}
	for _, v := range values {
		lapsed := v.Frequency == 0
		if got := cuts.Scorer().Score(v); (got == rfm.Scores{R: 1, F: 1, M: 1}) != lapsed && got.R != 1 {
			t.Errorf("%+v scores %+v", v, got)
		}
		if got := fixed.Scorer().Score(v); (got == rfm.Scores{R: 1, F: 1, M: 1}) != lapsed {
			t.Errorf("by fixed cuts %+v scores %+v", v, got)
		}
	}
	// Of those who did order, one-time buyers stay at the bottom of frequency, however few they are of all.
	if got := cuts.Scorer().Score(values[6]); got.F != 1 || got.R < 2 {
		t.Errorf("an order in the window scores %+v", got)
	}
}

func TestScoresAreMonotoneAndShared(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := population(t)
		var counts rfm.Counts
		for _, v := range values {
			counts.Add(v)
		}
		cuts := counts.Quantiles(5)
		if err := cuts.Validate(); err != nil {
			t.Fatal(err)
		}
		s := cuts.Scorer()
		for _, a := range values {
			for _, b := range values {
				x, y := s.Score(a), s.Score(b)
				if a.Frequency == 0 && x != (rfm.Scores{R: 1, F: 1, M: 1}) {
					t.Fatalf("%+v scores %+v", a, x)
				}
				if a.Frequency == 0 || b.Frequency == 0 {
					continue
				}
				if a.Recency <= b.Recency && x.R < y.R || a.Frequency <= b.Frequency && x.F > y.F || a.Monetary <= b.Monetary && x.M > y.M {
					t.Fatalf("%+v scores %+v and %+v scores %+v", a, x, b, y)
				}
				if x.R < 1 || x.R > 5 || x.F < 1 || x.F > 5 || x.M < 1 || x.M > 5 {
					t.Fatalf("%+v scores %+v", a, x)
				}
			}
		}
	})
}

func FuzzDecodeCounts(f *testing.F) {
	var c rfm.Counts
	c.Add(rfm.Value{Recency: 3, Frequency: 1, Monetary: -7})
	c.Add(rfm.Value{Recency: 9, Frequency: 1, Monetary: math.MaxInt64})
	raw, _ := c.AppendBinary(nil)
	f.Add(raw)
	f.Fuzz(func(t *testing.T, b []byte) {
		var c rfm.Counts
		rest, err := c.Decode(b)
		if err != nil {
			return
		}
		again, _ := c.AppendBinary(nil)
		var d rfm.Counts
		if _, err := d.Decode(again); err != nil {
			t.Fatalf("%d bytes decode, and not again: %v", len(b)-len(rest), err)
		}
	})
}
