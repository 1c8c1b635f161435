package customer_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

type adjustment struct {
	day         customer.Day
	orders, net int64
}

func historyOf(list []adjustment) *customer.History {
	var h customer.History
	for _, a := range list {
		h.Adjust(a.day, a.orders, a.net)
	}
	return &h
}

func TestHistoryIsTheSumOfItsChangesInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		changes := rapid.SliceOf(rapid.Custom(func(t *rapid.T) adjustment {
			return adjustment{
				day:    customer.Day(rapid.IntRange(-1, 40).Draw(t, "day")),
				orders: rapid.Int64Range(-2, 2).Draw(t, "orders"),
				net:    rapid.Int64().Draw(t, "net"),
			}
		})).Draw(t, "changes")
		a, b := historyOf(changes), historyOf(rapid.Permutation(changes).Draw(t, "arrival"))
		if !a.Equal(b) {
			t.Fatalf("%v in one order, %v in another", slices.Collect(a.Days()), slices.Collect(b.Days()))
		}
		for _, c := range changes {
			b.Adjust(c.day, -c.orders, -c.net)
		}
		if b.Len() != 0 {
			t.Fatalf("taking everything back leaves %v", slices.Collect(b.Days()))
		}
		roundTrip(t, a)
	})
}

func TestLongHistoryKeepsItsSumsByMonthAndItsLastDays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		var changes []adjustment
		for range 700 + rng.IntN(700) {
			changes = append(changes, adjustment{customer.Day(rng.IntN(3000)), 1, rng.Int64N(100_000)})
		}
		for range rng.IntN(200) { // some are taken back
			c := changes[rng.IntN(len(changes))]
			changes = append(changes, adjustment{c.day, 0, -c.net / 2})
		}
		h := historyOf(changes)
		rng.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
		other := historyOf(changes)
		if !h.Agrees(other) {
			t.Fatal("the order of arrival changed a month's sum or an exact day")
		}
		exact := map[customer.Day][2]int64{}
		months := map[customer.Month][2]int64{}
		var net int64
		for _, c := range changes {
			e, m := exact[c.day], months[customer.MonthOf(c.day)]
			exact[c.day] = [2]int64{e[0] + c.orders, e[1] + c.net}
			months[customer.MonthOf(c.day)] = [2]int64{m[0] + c.orders, m[1] + c.net}
			net += c.net
		}
		got := map[customer.Month][2]int64{}
		days := 0
		for p := range h.Days() {
			m := got[customer.MonthOf(p.Day)]
			got[customer.MonthOf(p.Day)] = [2]int64{m[0] + p.Orders, m[1] + p.Net}
			if p.Approximate {
				continue
			}
			if days++; exact[p.Day] != [2]int64{p.Orders, p.Net} {
				t.Fatalf("day %d: %v, want %v", p.Day, p, exact[p.Day])
			}
		}
		if days != customer.ExactDays || h.Net() != net {
			t.Fatalf("%d exact days, net %d, want %d and %d", days, h.Net(), customer.ExactDays, net)
		}
		for m, want := range months {
			if got[m] != want {
				t.Fatalf("month %d: %v, want %v", m, got[m], want)
			}
		}
		roundTrip(t, h)
	})
}

type fataler interface{ Fatalf(string, ...any) }

func roundTrip(t fataler, h *customer.History) {
	b, err := h.MarshalBinary()
	if err != nil {
		t.Fatalf("marshal: %v", err)
	}
	var back customer.History
	if err := back.UnmarshalBinary(b); err != nil {
		t.Fatalf("unmarshal %x: %v", b, err)
	}
	if !back.Equal(h) {
		t.Fatalf("%v came back as %v", slices.Collect(h.Days()), slices.Collect(back.Days()))
	}
}

func TestChangeOfAMergedDayGoesToItsMonth(t *testing.T) {
	t.Parallel()
	var h customer.History
	first := customer.Date(2020, time.January, 10)
	for i := range customer.ExactDays + 2 {
		h.Add(first+customer.Day(i), 100)
	}
	if h.Boundary() != first+2 {
		t.Fatalf("boundary %d, want %d", h.Boundary(), first+2)
	}
	h.Adjust(first, 0, -30)   // a refund of an order on a merged day
	h.Adjust(first-5, 1, 500) // an old order that comes late
	got := slices.Collect(h.Days())[0]
	want := customer.Purchases{Day: customer.Date(2020, time.January, 1), Orders: 3, Net: 670, Approximate: true}
	if got != want {
		t.Errorf("merged month %+v, want %+v", got, want)
	}
}

func TestHistoryTakesAboutFiveBytesAPurchaseDay(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	var h customer.History
	day := customer.Date(2023, time.May, 1)
	for range 200 {
		day += customer.Day(1 + rng.ExpFloat64()*30)
		h.Add(day, int64(math.Exp(rng.NormFloat64()+9))) // around 80.00
	}
	b, _ := h.MarshalBinary()
	if perDay := float64(len(b)) / float64(h.Len()); perDay > 5 {
		t.Errorf("%.2f bytes a purchase day, want at most 5", perDay)
	} else {
		t.Logf("%.2f bytes a purchase day", perDay)
	}
}

func TestHistoryKnowsItsLastOrder(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		changes []adjustment
		want    customer.Day
		known   bool
	}{
		{"no orders", nil, 0, false},
		{"the later of two", []adjustment{{30, 1, 5}, {20, 1, 5}}, 30, true},
		{"money alone is no order", []adjustment{{20, 1, 5}, {30, 0, -5}}, 20, true},
		{"a cancelled order is none", []adjustment{{20, 1, 5}, {30, 1, 5}, {30, -1, -5}}, 20, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got, known := historyOf(test.changes).Last(); got != test.want || known != test.known {
				t.Errorf("%d %v, want %d %v", got, known, test.want, test.known)
			}
		})
	}
}

func FuzzHistoryDecodesOnlyWhatItEncodes(f *testing.F) {
	for _, h := range []*customer.History{{}, historyOf([]adjustment{{20_000, 1, 4999}, {20_031, 2, -1}})} {
		b, _ := h.MarshalBinary()
		f.Add(b)
	}
	var long customer.History
	for i := range customer.ExactDays + 90 {
		long.Add(customer.Day(15_000+3*i), int64(i))
	}
	b, _ := long.MarshalBinary()
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		var h customer.History
		if err := h.UnmarshalBinary(b); err != nil {
			if fault.CodeOf(err) != fault.Internal {
				t.Fatalf("code of %v", err)
			}
			return
		}
		roundTrip(t, &h)
		h.Add(20_000, 1)
		roundTrip(t, &h)
	})
}
