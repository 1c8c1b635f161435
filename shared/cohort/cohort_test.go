package cohort_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/cohort"
	"liuke/shared/customer"
	"liuke/shared/fault"
)

type order struct {
	day customer.Day
	net int64
}

func history(orders ...order) *customer.History {
	var h customer.History
	for _, o := range orders {
		h.Add(o.day, o.net)
	}
	return &h
}

func date(year int, month time.Month, day int) customer.Day { return customer.Date(year, month, day) }

// a small shop: three customers of January, one of February
func shop(asOf customer.Day) *cohort.Counts {
	var c cohort.Counts
	for _, h := range []*customer.History{
		history(order{date(2026, 1, 5), 1000}, order{date(2026, 1, 20), 500}, order{date(2026, 2, 1), 300}, order{date(2026, 4, 30), 700}),
		history(order{date(2026, 1, 31), 2000}, order{date(2026, 3, 31), 900}),
		history(order{date(2026, 1, 1), 0}),
		history(order{date(2026, 2, 28), 400}, order{date(2026, 3, 1), 100}, order{date(2026, 5, 1), 9999}),
		history(order{date(2026, 6, 1), 1}),
		history(),
	} {
		c.Add(h, asOf)
	}
	return &c
}

func TestRetentionByMonthOfFirstOrder(t *testing.T) {
	asOf := date(2026, 4, 30)
	r := cohort.ReportOf(shop(asOf), asOf, cohort.Monthly)
	if r.Customers != 4 || len(r.Cohorts) != 2 {
		t.Fatalf("%+v", r)
	}
	type cell struct {
		age            int
		month          string
		active, orders int64
		net            int64
		revenue        float64
	}
	for i, want := range []struct {
		cohort    string
		customers int64
		cells     []cell
	}{
		{"2026-01", 3, []cell{{0, "2026-01", 3, 4, 3500, 1}, {1, "2026-02", 1, 1, 300, 300. / 3500}, {2, "2026-03", 1, 1, 900, 900. / 3500}, {3, "2026-04", 1, 1, 700, .2}}},
		{"2026-02", 1, []cell{{0, "2026-02", 1, 1, 400, 1}, {1, "2026-03", 1, 1, 100, .25}, {2, "2026-04", 0, 0, 0, 0}}},
	} {
		got := r.Cohorts[i]
		if got.Cohort != want.cohort || got.Customers != want.customers || len(got.Months) != len(want.cells) {
			t.Fatalf("%+v", got)
		}
		for j, w := range want.cells {
			a := got.Months[j]
			if (cell{a.Age, a.Month, a.Active, a.Orders, a.Net, *a.Revenue}) != w || a.Partial || *a.Retention != *cohort.EstimateOf(w.active, want.customers) {
				t.Errorf("%s: %+v, want %+v", want.cohort, a, w)
			}
		}
	}
}

func TestChurnIsWhoDidNotOrderInTheNextPeriod(t *testing.T) {
	asOf := date(2026, 4, 29) // the last order of April is not there yet
	r := cohort.ReportOf(shop(asOf), asOf, cohort.Monthly)
	type row struct {
		period               string
		before, stayed, left int64
		partial              bool
	}
	var got []row
	for _, l := range r.Churn {
		got = append(got, row{l.Period, l.Before, l.Stayed, l.Left, l.Partial})
	}
	want := []row{{"2026-02", 3, 1, 2, false}, {"2026-03", 2, 1, 1, false}, {"2026-04", 2, 0, 2, true}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if rate := r.Churn[0].Rate; rate.Share != 2./3 || *rate != *cohort.EstimateOf(2, 3) {
		t.Errorf("the rate is %+v", rate)
	}
	r = cohort.ReportOf(shop(date(2026, 6, 30)), date(2026, 6, 30), cohort.Quarterly)
	if len(r.Churn) != 1 || r.Churn[0] != (cohort.Left{Period: "2026-Q2", Before: 4, Stayed: 2, Left: 2, Rate: r.Churn[0].Rate}) || r.Span != "quarter" {
		t.Errorf("by quarter: %+v", r)
	}
}

func TestWhatIsOlderThanTheMonthsThatAreKeptIsPooled(t *testing.T) {
	asOf := date(2026, 12, 31)
	oldest := customer.MonthOf(asOf) - cohort.Kept + 1 // January 2022
	var c cohort.Counts
	c.Add(history(order{date(2015, 3, 1), 100}, order{date(2021, 12, 31), 200}, order{date(2022, 1, 1), 300}, order{date(2022, 2, 1), 50}), asOf)
	c.Add(history(order{date(2022, 1, 1), 7}), asOf)
	r := cohort.ReportOf(&c, asOf, cohort.Monthly)
	if len(r.Cohorts) != 2 || r.Cohorts[0].Cohort != "earlier" || r.Cohorts[1].Cohort != cohort.MonthName(oldest) {
		t.Fatalf("%+v", r.Cohorts)
	}
	if first := r.Cohorts[0].Months[0]; first.Month != "2022-01" || first.Active != 1 || first.Net != 300 || first.Revenue != nil || len(r.Cohorts[0].Months) != cohort.Kept {
		t.Errorf("the earlier cohort begins with %+v", first)
	}
	if l := r.Churn[0]; l.Period != "2022-02" || l.Before != 2 || l.Stayed != 1 {
		t.Errorf("churn begins with %+v", l)
	}
}

func TestAHistoryKeptByMonthCountsAsOneKeptByDay(t *testing.T) {
	var orders []order
	for i := range customer.Day(customer.ExactDays + 200) {
		orders = append(orders, order{date(2024, 1, 3) + i, int64(i)})
	}
	long := history(orders...)
	if !long.Approximate() {
		t.Fatal("the history is exact")
	}
	asOf := orders[len(orders)-1].day
	var whole, split cohort.Counts
	whole.Add(long, asOf)
	r := cohort.ReportOf(&whole, asOf, cohort.Monthly)
	split.Add(history(orders[:300]...), asOf)
	split.Add(history(orders[300:]...), asOf)
	var net, orderCount int64
	for _, a := range r.Cohorts[0].Months {
		net, orderCount = net+a.Net, orderCount+a.Orders
		if a.Active != 1 {
			t.Errorf("not active in %s", a.Month)
		}
	}
	if net != long.Net() || orderCount != long.Orders() {
		t.Errorf("%d orders of %d, want %d of %d", orderCount, net, long.Orders(), long.Net())
	}
}

func TestReportsOfNobodyAreEmptyAndReadAsJSON(t *testing.T) {
	var c cohort.Counts
	r := cohort.ReportOf(&c, date(2026, 1, 1), cohort.Quarterly)
	b, err := json.Marshal(r)
	if err != nil || string(b) != `{"as_of":"2026-01-01","customers":0,"cohorts":[],"span":"quarter","churn":[]}` {
		t.Errorf("%s, %v", b, err)
	}
	if r.Text() == "" || cohort.EstimateOf(0, 0) != nil {
		t.Error("nobody has a rate")
	}
	// in 1970 there are fewer months than are kept
	early := cohort.ReportOf(&c, 0, cohort.Monthly)
	if len(early.Churn) != 0 {
		t.Errorf("%+v", early)
	}
}

func TestTextShowsTheTriangle(t *testing.T) {
	asOf := date(2026, 4, 29)
	got := cohort.ReportOf(shop(asOf), asOf, cohort.Monthly).Text()
	for _, line := range []string{
		"cohort    customers      0      1      2      3",
		"2026-01           3  100.0   33.3   33.3   0.0*",
		"2026-02           1  100.0  100.0   0.0*",
		"2026-02           3         2    66.7       20.8 – 93.9",
		"2026-04           2         2  100.0*      34.2 – 100.0",
	} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("no line %q in\n%s", line, got)
		}
	}
}

// draw returns customers of random orders around a day, and the day.
func draw(t *rapid.T) ([][]order, customer.Day) {
	asOf := rapid.Int32Range(0, 30_000).Draw(t, "as of")
	customers := make([][]order, rapid.IntRange(0, 12).Draw(t, "customers"))
	for i := range customers {
		for range rapid.IntRange(0, 8).Draw(t, "orders") {
			customers[i] = append(customers[i], order{max(0, asOf-rapid.Int32Range(-40, 2400).Draw(t, "ago")), rapid.Int64Range(-100, 1000).Draw(t, "net")})
		}
	}
	return customers, asOf
}

func TestCountsAreThoseOfASimpleModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		customers, asOf := draw(t)
		var c cohort.Counts
		type ordered map[customer.Month]bool
		size, active, net := map[string]int64{}, map[string]int64{}, map[string]int64{}
		var months []ordered
		for _, orders := range customers {
			c.Add(history(orders...), asOf)
			in, first := ordered{}, customer.Month(math.MaxInt32)
			for _, o := range orders {
				if o.day <= asOf {
					in[customer.MonthOf(o.day)] = true
					first = min(first, customer.MonthOf(o.day))
				}
			}
			months = append(months, in)
			if len(in) == 0 {
				continue
			}
			name := cohort.MonthName(first)
			if first <= customer.MonthOf(asOf)-cohort.Kept {
				name = "earlier"
			}
			size[name]++
			for m := range in {
				active[name+cohort.MonthName(m)]++
			}
			for _, o := range orders {
				if o.day <= asOf {
					net[name+cohort.MonthName(customer.MonthOf(o.day))] += o.net
				}
			}
		}
		r := cohort.ReportOf(&c, asOf, cohort.Monthly)
		if len(r.Cohorts) != len(size) {
			t.Fatalf("%d cohorts, want %d", len(r.Cohorts), len(size))
		}
		for _, row := range r.Cohorts {
			if row.Customers != size[row.Cohort] {
				t.Fatalf("%s: %d customers, want %d", row.Cohort, row.Customers, size[row.Cohort])
			}
			for _, a := range row.Months {
				if key := row.Cohort + a.Month; a.Active != active[key] || a.Net != net[key] {
					t.Fatalf("%s: %+v, want %d active and %d", key, a, active[key], net[key])
				}
			}
		}
		for _, l := range r.Churn {
			var before, stayed int64
			for _, in := range months {
				for m := range in {
					if cohort.MonthName(m+1) == l.Period {
						before++
						if in[m+1] {
							stayed++
						}
					}
				}
			}
			if l.Before != before || l.Stayed != stayed || l.Left != before-stayed {
				t.Fatalf("%+v, want %d before and %d stayed", l, before, stayed)
			}
		}
	})
}

func TestCountsMergeInAnyGroupingAndComeBackFromBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		customers, asOf := draw(t)
		var whole, merged cohort.Counts
		parts := make([]cohort.Counts, 3)
		for _, orders := range customers {
			whole.Add(history(orders...), asOf)
			parts[rapid.IntRange(0, 2).Draw(t, "part")].Add(history(orders...), asOf)
		}
		parts[2].Merge(&parts[0])
		merged.Merge(&parts[1])
		merged.Merge(&parts[2])
		want, _ := whole.AppendBinary(nil)
		got, _ := merged.AppendBinary(nil)
		if string(got) != string(want) {
			t.Fatalf("% x is not % x", got, want)
		}
		var back cohort.Counts
		rest, err := back.Decode(append(want, "rest"...))
		if err != nil || string(rest) != "rest" {
			t.Fatalf("rest %q, %v", rest, err)
		}
		if diff := cmp.Diff(cohort.ReportOf(&whole, asOf, cohort.Quarterly), cohort.ReportOf(&back, asOf, cohort.Quarterly)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzDecodeCounts(f *testing.F) {
	b, _ := shop(date(2026, 4, 30)).AppendBinary(nil)
	f.Add(b)
	f.Add([]byte{0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		var c cohort.Counts
		rest, err := c.Decode(b)
		if err != nil {
			if fault.CodeOf(err) != fault.Internal {
				t.Error(err)
			}
			return
		}
		back, _ := c.AppendBinary(nil)
		var again cohort.Counts
		if over, err := again.Decode(back); err != nil || len(over) != 0 || len(rest) > len(b) {
			t.Errorf("does not come back: %v", err)
		}
		_ = cohort.ReportOf(&c, date(2026, 4, 30), cohort.Monthly).Text()
	})
}

func BenchmarkAdd(b *testing.B) {
	asOf := date(2026, 4, 30)
	var customers []*customer.History
	for i := range 1000 {
		var h customer.History
		for j := range i % 12 {
			h.Add(asOf-customer.Day((i*37+j*91)%1500), 1000)
		}
		customers = append(customers, &h)
	}
	var c cohort.Counts
	for b.Loop() {
		for _, h := range customers {
			c.Add(h, asOf)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(customers)), "ns/customer")
}
