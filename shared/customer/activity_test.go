package customer_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

func TestActivityIsTheSumOfWhatWasAddedInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		months := rapid.SliceOf(rapid.Int32Range(-5, 300)).Draw(t, "months")
		var a, b customer.Activity
		for _, m := range months {
			a.Add(m, 1)
		}
		for _, m := range rapid.Permutation(months).Draw(t, "arrival") {
			b.Add(m, 1)
		}
		if !a.Equal(&b) || a.Total() != int64(len(months)) {
			t.Fatalf("%v and %v of %d", a, b, len(months))
		}
		if len(months) > 0 {
			latest := slices.Max(months)
			count := int64(0)
			for _, m := range months {
				if m == latest {
					count++
				}
			}
			if a.In(latest) != count || a.In(latest-customer.ActivityMonths) != 0 {
				t.Fatalf("%d in the latest month, want %d; %d too long ago", a.In(latest), count, a.In(latest-customer.ActivityMonths))
			}
		}
		sameActivity(t, &a)
	})
}

func sameActivity(t fataler, a *customer.Activity) {
	b, _ := a.MarshalBinary()
	var back customer.Activity
	if err := back.UnmarshalBinary(b); err != nil || !back.Equal(a) {
		t.Fatalf("%v came back as %v: %v", a, back, err)
	}
}

func FuzzActivityDecodesOnlyWhatItEncodes(f *testing.F) {
	var a customer.Activity
	for m := range customer.Month(80) {
		a.Add(600+m, int64(m)+1)
	}
	b, _ := a.MarshalBinary()
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		var a customer.Activity
		if err := a.UnmarshalBinary(b); err != nil {
			if fault.CodeOf(err) != fault.Internal {
				t.Fatalf("code of %v", err)
			}
			return
		}
		sameActivity(t, &a)
	})
}

func TestMemoryKnowsTheLastEvents(t *testing.T) {
	t.Parallel()
	var m customer.Memory
	name := func(i int) string { return string(rune('a'+i%26)) + string(rune('0'+i/26)) }
	for i := range customer.Remembered + 10 {
		if !m.Remember("c", name(i)) || m.Remember("c", name(i)) {
			t.Fatalf("event %d did not count exactly once", i)
		}
	}
	back, err := customer.MemoryOf(m.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for i := range customer.Remembered + 10 {
		if back.Has("c", name(i)) != (i >= 10) {
			t.Errorf("event %d is remembered: %v", i, back.Has("c", name(i)))
		}
	}
	if _, err := customer.MemoryOf(make([]byte, 7)); fault.CodeOf(err) != fault.Internal {
		t.Errorf("damaged memory: %v", err)
	}
}

func TestMemoryOfACopyIsItsOwn(t *testing.T) {
	t.Parallel()
	var a customer.Memory
	for i := range customer.Remembered {
		a.Remember("c", string(rune('A'+i)))
	}
	b := a
	b.Remember("c", "later")
	if !a.Has("c", "A") || b.Has("c", "A") || a.Has("c", "later") || a.Has("d", "A") {
		t.Error("remembering in a copy changed the original")
	}
}
