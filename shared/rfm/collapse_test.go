package rfm

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestCollapsedTalliesHaveTheSameQuantiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-5000, 5000), rapid.Int64Range(0, 1<<40))
		values := rapid.SliceOfN(value, 1, 300).Draw(t, "values")
		q := rapid.IntRange(2, 100).Draw(t, "bins")
		parts := rapid.IntRange(1, 5).Draw(t, "parts")
		look := func(whole Bands) (all Tally) {
			for part := range slices.Chunk(values, (len(values)+parts-1)/parts) {
				var tally Tally
				for _, v := range part {
					tally.Add(v)
				}
				all.Merge(&tally)
				all.Collapse(whole)
			}
			return all
		}
		first := look(nil)
		whole := Bands{}
		for k := 1; k < q; k++ {
			first.Bands(whole, QuantileRanks(first.N(), k, q)...)
		}
		second := look(whole)
		var plain Tally
		for _, v := range values {
			plain.Add(v)
		}
		if first.N() != plain.N() || second.N() != plain.N() {
			t.Fatalf("%d and %d of %d values are counted", first.N(), second.N(), plain.N())
		}
		if got, want := second.Quantiles(q), plain.Quantiles(q); !slices.Equal(got, want) {
			t.Errorf("%v collapsed, %v plain", got, want)
		}
		k := rapid.IntRange(0, q).Draw(t, "quantile")
		if got, ok := plain.Quantile(k, q); !ok || k > 0 && k < q && got != plain.Quantiles(q)[k-1] {
			t.Errorf("the quantile %d of %d is %v", k, q, got)
		}
	})
}

func TestBandsAreInTheOrderOfTheirValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
		if a > b {
			a, b = b, a
		}
		if band(a) > band(b) {
			t.Errorf("the band of %d is above that of %d", a, b)
		}
		if band(band(a)) != band(a) {
			t.Errorf("the band of %d is not in itself", a)
		}
	})
}

func TestACollapsedTallyIsBounded(t *testing.T) {
	var tally Tally
	for i := range int64(64) {
		for j := range int64(20_000) {
			tally.Add(1<<62>>i + j*j)
		}
	}
	tally.Collapse(nil)
	if n := tally.Len(); n > 110_000 {
		t.Errorf("%d bands", n)
	}
}
