package backtest

import (
	"bytes"
	"testing"

	"liuke/shared/customer"
)

func TestManyCustomersAreCountedInMemoryOfTheirDifferentValues(t *testing.T) {
	terms := &Terms{AsOf: 20_000, HoldoutDays: 30, Grid: Grid{WindowDays: []int32{90, 0}, Bins: []int{5}, Weights: WeightsUpTo(1)}}
	customers := make([]customer.History, 500)
	for i := range customers {
		customers[i].Add(20_000-customer.Day(i%200), int64(100*i))
	}
	whole, parts := NewCounts(terms), []*Counts{NewCounts(terms), NewCounts(terms)}
	const n = maxLoose + 1000
	for i := range n {
		h := &customers[i%len(customers)]
		whole.Add(terms, h)
		parts[2*i/n].Add(terms, h) // neither of which is brought together on its way
	}
	for i := range whole.windows {
		if held := whole.windows[i].Monetary.Len(); held > len(customers)+1000 {
			t.Errorf("%d values are held of %d different ones", held, len(customers))
		}
	}
	parts[0].Merge(parts[1])
	a, _ := whole.AppendBinary(nil)
	b, _ := parts[0].AppendBinary(nil)
	if !bytes.Equal(a, b) {
		t.Error("bringing values together changes the counts")
	}
}
