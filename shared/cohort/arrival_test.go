package cohort_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/cohort"
	"liuke/shared/customer"
	"liuke/shared/fault"
)

func TestArrivalsByMonthAndChannel(t *testing.T) {
	asOf := date(2026, 4, 30)
	var a cohort.Arrivals
	a.Add(history(order{date(2026, 1, 5), 1000}, order{date(2026, 1, 5), 250}, order{date(2026, 3, 1), 500}), "Search", 12.345, 100, asOf)
	a.Add(history(order{date(2026, 1, 31), 800}), " search ", math.NaN(), 100, asOf)
	a.Add(history(order{date(2026, 4, 30), 300}), "", 2, 100, asOf)
	a.Add(history(order{date(2026, 5, 1), 300}), "search", 2, 100, asOf)
	a.Add(history(order{date(2019, 1, 1), 60}), "\x00\x01", 1, 100, asOf)
	a.Add(history(), "search", 2, 100, asOf)
	want := []cohort.ArrivalRow{
		{Month: cohort.Earlier, Channel: "unknown", Arrival: cohort.Arrival{Customers: 1, FirstRevenue: 60, Orders: 1, Net: 60, Days: 2676, Valued: 1, Value: 100}},
		{Month: customer.MonthOf(asOf) - 3, Channel: "search", Arrival: cohort.Arrival{Customers: 2, FirstRevenue: 2050, Orders: 4, Net: 2550, Days: 115 + 89, Valued: 1, Value: 1234}},
		{Month: customer.MonthOf(asOf), Channel: "unknown", Arrival: cohort.Arrival{Customers: 1, FirstRevenue: 300, Orders: 1, Net: 300, Valued: 1, Value: 200}},
	}
	if diff := cmp.Diff(want, a.Rows()); diff != "" {
		t.Error(diff)
	}
}

func TestAReportNamesTheBiggestChannels(t *testing.T) {
	asOf := date(2026, 4, 30)
	var a cohort.Arrivals
	for i := range cohort.MaxChannels + 10 {
		for range 100 - i {
			a.Add(history(order{asOf, 100}), fmt.Sprintf("channel-%02d", i), math.NaN(), 100, asOf)
		}
	}
	rows := a.Rows("channel-73")
	customers := map[string]int64{}
	for _, r := range rows {
		customers[r.Channel] += r.Customers
	}
	if len(customers) != cohort.MaxChannels+2 || customers["channel-73"] != 27 || customers["channel-63"] != 37 || customers["other"] != 36+35+34+33+32+31+30+29+28 {
		t.Errorf("%d channels: %v", len(customers), customers)
	}
}

func TestIDsInThePlaceOfChannelsPushNoChannelOut(t *testing.T) {
	asOf := date(2026, 4, 30)
	var a cohort.Arrivals
	for i := range 5000 {
		a.Add(history(order{asOf, 100}), fmt.Sprintf("click-%08d", i*7919%5000), math.NaN(), 100, asOf)
		if i%100 == 0 {
			a.Add(history(order{asOf, 100}), "email", math.NaN(), 100, asOf)
			a.Add(history(order{asOf, 100}), "", math.NaN(), 100, asOf)
		}
	}
	customers := map[string]int64{}
	for _, r := range a.Rows() {
		customers[r.Channel] += r.Customers
	}
	if customers["email"] != 50 || customers["unknown"] != 50 || customers["other"] != 5000-62 || len(customers) != cohort.MaxChannels+1 {
		t.Errorf("%v", customers)
	}
	if b, _ := a.AppendBinary(nil); len(b) > 16_000 {
		t.Errorf("%d bytes", len(b))
	}
}

func TestArrivalsMergeInAnyGroupingAndComeBackFromBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		asOf := date(2026, 4, 30)
		names := rapid.IntRange(1, 2*cohort.MaxNames).Draw(t, "names")
		var whole, merged cohort.Arrivals
		parts := make([]cohort.Arrivals, 3)
		seed := rapid.IntRange(0, 1000).Draw(t, "seed")
		for i := range rapid.IntRange(0, 2*names).Draw(t, "customers") {
			name := strings.Repeat("x", (i*i+seed)%3) + fmt.Sprint((i*31+seed)%names)
			h := history(order{asOf - customer.Day((i*53+seed)%3000), int64(i)})
			whole.Add(h, name, float64(i)/7, 100, asOf)
			parts[(i+seed/7)%3].Add(h, name, float64(i)/7, 100, asOf)
		}
		if rapid.Bool().Draw(t, "another order") {
			parts[0], parts[1] = parts[1], parts[0]
		}
		parts[2].Merge(&parts[0])
		merged.Merge(&parts[1])
		merged.Merge(&parts[2])
		want, _ := whole.AppendBinary(nil)
		got, _ := merged.AppendBinary(nil)
		if string(got) != string(want) {
			t.Fatal("the merged parts are not the whole")
		}
		var back cohort.Arrivals
		rest, err := back.Decode(append(want, "rest"...))
		if err != nil || string(rest) != "rest" {
			t.Fatalf("rest %q, %v", rest, err)
		}
		if diff := cmp.Diff(whole.Rows(), back.Rows()); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzDecodeArrivals(f *testing.F) {
	asOf := date(2026, 4, 30)
	var a cohort.Arrivals
	a.Add(history(order{asOf, 100}), "email", 5, 100, asOf)
	a.Add(history(order{asOf - 90, 100}), "", math.NaN(), 100, asOf)
	b, _ := a.AppendBinary(nil)
	f.Add(b)
	f.Add([]byte{0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		var a cohort.Arrivals
		if _, err := a.Decode(b); err != nil {
			if fault.CodeOf(err) != fault.Internal {
				t.Error(err)
			}
			return
		}
		back, _ := a.AppendBinary(nil)
		var again cohort.Arrivals
		if over, err := again.Decode(back); err != nil || len(over) != 0 {
			t.Errorf("does not come back: %v", err)
		}
		a.Rows()
	})
}
