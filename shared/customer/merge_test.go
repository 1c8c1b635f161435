package customer_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/customer"
)

func TestMergedHistoryIsTheSumOfBoth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.SampledFrom([]int{5, 40, 900}).Draw(t, "orders")
		draw := func(name string) (list []adjustment) {
			first := rapid.IntRange(0, 2000).Draw(t, name+" from")
			for i := range rapid.IntRange(0, most).Draw(t, name) {
				list = append(list, adjustment{customer.Day(first + i*2), 1, int64(1 + i%7)})
			}
			return list
		}
		one, other := draw("one"), draw("other")
		all := historyOf(slices.Concat(one, other))
		a, b := historyOf(one), historyOf(other)
		merged, back := a.Clone(), b.Clone()
		merged.Merge(b)
		back.Merge(a)
		if !merged.Agrees(all) || !merged.Equal(&back) || merged.Orders() != all.Orders() || merged.Net() != all.Net() {
			t.Fatalf("%v and %v make %v", slices.Collect(a.Days()), slices.Collect(b.Days()), slices.Collect(merged.Days()))
		}
		if len(one)+len(other) <= customer.ExactDays && !merged.Equal(all) {
			t.Fatal("a short history is exact by day")
		}
		roundTrip(t, &merged)
	})
}

func TestMergedActivityIsTheSumOfBoth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var a, b, all customer.Activity
		for _, m := range rapid.SliceOf(rapid.IntRange(0, 150)).Draw(t, "one") {
			a.Add(customer.Month(m), 1)
			all.Add(customer.Month(m), 1)
		}
		for _, m := range rapid.SliceOf(rapid.IntRange(0, 150)).Draw(t, "other") {
			b.Add(customer.Month(m), 2)
			all.Add(customer.Month(m), 2)
		}
		a.Merge(&b)
		if !a.Equal(&all) {
			t.Fatalf("%v, want %v", slices.Collect(a.Months()), slices.Collect(all.Months()))
		}
	})
}

func TestAbsorbedRecordKeepsTheWayItsKeyAndItsMemory(t *testing.T) {
	t.Parallel()
	a := customer.Record{ID: "a", Version: 3, Key: customer.Key{1}, Absorbed: []customer.ID{"x"}, Seen: 5, Last: 9}
	a.IDs.Remember("a", "e")
	a.History.Add(100, 7)
	b := customer.Record{ID: "b", Version: 1, Key: customer.Key{2}, Seen: 6, Last: 7}
	left := b.Absorb(&a, true)
	if left.Into != "b" || left.Key != a.Key || left.Version != 3 || !left.IDs.Has("a", "e") || left.History.Len() != 0 || left.Absorbed != nil {
		t.Errorf("left is %+v", left)
	}
	if b.Seen != 5 || b.Last != 9 || b.History.Net() != 7 || !slices.Equal(b.Absorbed, []customer.ID{"x", "a"}) || b.IDs.Len() != 0 {
		t.Errorf("the survivor is %+v", b)
	}
}
