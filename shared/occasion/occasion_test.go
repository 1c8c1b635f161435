package occasion_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/customer"
	"liuke/shared/occasion"
	"liuke/shared/signal"
)

func day(text string) customer.Day {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return customer.DayOf(t, time.UTC)
}

func ordered(days ...string) *customer.History {
	var h customer.History
	for _, d := range days {
		h.Add(day(d), 100)
	}
	return &h
}

// many is so many orders on one day.
func many(n int, on string) *customer.History {
	var h customer.History
	h.Adjust(day(on), int64(n), 100)
	return &h
}

func TestDue(t *testing.T) {
	t.Parallel()
	leap := customer.Birthday{Month: 2, Day: 29}
	for _, test := range []struct {
		name         string
		facts        occasion.Facts
		settings     func(*occasion.Settings)
		after, until string
		want         []string // day, kind and id
	}{
		{"nothing is known", occasion.Facts{}, nil, "2026-05-16", "2026-05-20", nil},
		{"a birthday", occasion.Facts{Birthday: customer.Birthday{Month: 5, Day: 17}}, nil, "2026-05-16", "2026-05-17",
			[]string{"2026-05-17 of 2026-05-17 birthday:2026 2026"}},
		{"a birthday of yesterday", occasion.Facts{Birthday: customer.Birthday{Month: 5, Day: 17}}, nil, "2026-05-17", "2026-05-18", nil},
		{"a birthday that a missed run makes up", occasion.Facts{Birthday: customer.Birthday{Month: 5, Day: 17}}, nil, "2026-05-14", "2026-05-20",
			[]string{"2026-05-17 of 2026-05-17 birthday:2026 2026"}},
		{"a birthday too long ago to be made up", occasion.Facts{Birthday: customer.Birthday{Month: 5, Day: 17}}, nil, "2026-05-01", "2026-05-24", nil},
		{"a birthday just not too long ago", occasion.Facts{Birthday: customer.Birthday{Month: 5, Day: 17}}, nil, "2026-05-01", "2026-05-23",
			[]string{"2026-05-17 of 2026-05-17 birthday:2026 2026"}},
		{"a birthday on a leap day in a year without", occasion.Facts{Birthday: leap}, nil, "2026-02-27", "2026-03-01",
			[]string{"2026-02-28 of 2026-02-28 birthday:2026 2026"}},
		{"a birthday on a leap day", occasion.Facts{Birthday: leap}, nil, "2028-02-27", "2028-03-01",
			[]string{"2028-02-29 of 2028-02-29 birthday:2028 2028"}},
		{"a birthday of next year, told ahead", occasion.Facts{Birthday: customer.Birthday{Month: 1, Day: 3}},
			func(s *occasion.Settings) { s.BirthdayLead = 7 }, "2025-12-26", "2025-12-27",
			[]string{"2025-12-27 of 2026-01-03 birthday:2026 2026"}},
		{"the anniversaries of a first order", occasion.Facts{History: ordered("2024-02-29", "2024-03-05")}, only(occasion.Anniversary), "2027-02-26", "2027-03-01",
			[]string{"2027-02-28 of 2027-02-28 anniversary:3 3"}},
		{"a first order is no anniversary", occasion.Facts{History: ordered("2026-05-17")}, only(occasion.Anniversary), "2026-05-16", "2026-05-20", nil},
		{"the fifth order is told the day after", occasion.Facts{History: ordered("2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04", "2026-05-17", "2026-05-18")},
			only(occasion.Milestone), "2026-05-17", "2026-05-18", []string{"2026-05-18 of 2026-05-17 milestone:5 5"}},
		{"and not on its day", occasion.Facts{History: ordered("2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04", "2026-05-17")},
			only(occasion.Milestone), "2026-05-16", "2026-05-17", nil},
		{"a day of many orders passes several numbers", occasion.Facts{History: many(12, "2026-05-17")},
			only(occasion.Milestone), "2026-05-16", "2026-05-20", []string{"2026-05-18 of 2026-05-17 milestone:5 5", "2026-05-18 of 2026-05-17 milestone:10 10"}},
		{"an order of the future makes no number yet", occasion.Facts{History: many(12, "2026-05-21")}, only(occasion.Milestone), "2026-05-16", "2026-05-20", nil},
		{"silence since the last order", occasion.Facts{History: ordered("2026-01-01", "2026-04-17"), Seen: day("2026-05-10")}, only(occasion.Silence), "2026-05-16", "2026-05-17",
			[]string{"2026-05-17 of 2026-04-17 silence:30:2026-04-17 30"}},
		{"silence since the last sign of life", occasion.Facts{History: ordered("2026-01-01"), Seen: day("2026-04-17")},
			func(s *occasion.Settings) { s.SilenceSince = occasion.SinceSeen }, "2026-05-16", "2026-05-17",
			[]string{"2026-05-17 of 2026-04-17 silence:30:2026-04-17 30"}},
		{"silence of one who never ordered", occasion.Facts{Seen: day("2026-04-17")}, nil, "2026-05-16", "2026-05-17", nil},
		{"silence since the last sign of life of one who never ordered", occasion.Facts{Seen: day("2026-04-17")},
			func(s *occasion.Settings) { s.SilenceSince = occasion.SinceSeen }, "2026-05-16", "2026-05-17",
			[]string{"2026-05-17 of 2026-04-17 silence:30:2026-04-17 30"}},
		{"a due order", occasion.Facts{History: ordered("2026-04-17"), Repurchase: day("2026-05-20")}, only(occasion.Repurchase), "2026-05-19", "2026-05-20",
			[]string{"2026-05-20 of 2026-05-20 repurchase:2026-04-17 0"}},
		{"a due order told ahead, but not before the last is known", occasion.Facts{History: ordered("2026-05-19"), Repurchase: day("2026-05-21")},
			func(s *occasion.Settings) { s.Kinds, s.RepurchaseLead = []occasion.Kind{occasion.Repurchase}, 7 }, "2026-05-13", "2026-05-20",
			[]string{"2026-05-20 of 2026-05-21 repurchase:2026-05-19 0"}},
		{"what is not asked for", occasion.Facts{Birthday: leap, History: many(5, "2026-02-27")}, only(occasion.Repurchase), "2026-02-26", "2026-03-01", nil},
		{"a run of the same day again", occasion.Facts{Birthday: leap}, nil, "2026-02-28", "2026-02-28", nil},
		{"a clock that went back", occasion.Facts{Birthday: leap}, nil, "2026-03-28", "2026-02-28", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := occasion.Defaults()
			if test.settings != nil {
				test.settings(&s)
			}
			if test.facts.History == nil {
				test.facts.History = &customer.History{}
			}
			if err := s.Validate(); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, o := range occasion.Due(&test.facts, day(test.after), day(test.until), &s) {
				got = append(got, fmt.Sprintf("%s of %s %s %d", customer.DayTime(o.Day).Format(time.DateOnly), customer.DayTime(o.Of).Format(time.DateOnly), o.ID, o.Number))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func only(k occasion.Kind) func(*occasion.Settings) {
	return func(s *occasion.Settings) { s.Kinds = []occasion.Kind{k} }
}

func TestHistoryThatIsKeptByMonthMakesNoNumberOnADay(t *testing.T) {
	t.Parallel()
	var h customer.History
	first := day("2024-01-20")
	for i := range customer.ExactDays + 9 {
		h.Add(first+customer.Day(i), 100)
	}
	if !h.Approximate() {
		t.Fatal("the history is exact")
	}
	s, f := occasion.Defaults(), occasion.Facts{History: &h}
	s.Milestones = []int64{5, 500}
	found := map[string]customer.Day{}
	for d := first; d < first+800; d++ {
		for _, o := range occasion.Due(&f, d, d+1, &s) {
			found[o.ID] = o.Day
		}
	}
	if _, told := found["milestone:5"]; told || found["milestone:500"] != first+500 || found["anniversary:1"] != day("2025-01-01") {
		t.Errorf("%v", found)
	}
}

// anyFacts draws a customer and settings that make occasions dense.
func anyFacts(t *rapid.T, from customer.Day) (occasion.Facts, occasion.Settings) {
	var h customer.History
	for _, d := range rapid.SliceOfN(rapid.Int32Range(-800, 60), 0, 12).Draw(t, "orders") {
		h.Adjust(from+d, rapid.Int64Range(1, 3).Draw(t, "of a day"), 100)
	}
	f := occasion.Facts{History: &h, Customer: rapid.SampledFrom([]customer.ID{"", "a", "user-0001", "李雷"}).Draw(t, "customer")}
	if rapid.Bool().Draw(t, "has a birthday") {
		_, m, d := customer.DayTime(from + rapid.Int32Range(0, 365).Draw(t, "birthday")).Date()
		f.Birthday = customer.Birthday{Month: uint8(m), Day: uint8(d)}
	}
	if rapid.Bool().Draw(t, "was seen") {
		f.Seen = from + rapid.Int32Range(-90, 30).Draw(t, "seen")
	}
	if rapid.Bool().Draw(t, "is due") {
		f.Repurchase = from + rapid.Int32Range(-90, 90).Draw(t, "due")
	}
	s := occasion.Defaults()
	s.Milestones, s.SilenceDays = []int64{1, 2, 3, 5, 8}, []int{1, 7, 30, 31}
	s.BirthdayLead, s.RepurchaseLead = rapid.IntRange(0, 60).Draw(t, "ahead"), rapid.IntRange(0, 60).Draw(t, "due ahead")
	s.SilenceSince = rapid.SampledFrom([]occasion.Since{occasion.SinceOrder, occasion.SinceSeen}).Draw(t, "since")
	return f, s
}

func TestOneStepFindsWhatStepsOfADayFind(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		from := day("2023-12-01") + rapid.Int32Range(0, 1500).Draw(t, "from")
		f, s := anyFacts(t, from)
		n := rapid.Int32Range(0, 3*occasion.CatchUp).Draw(t, "days")
		var single []occasion.Occasion
		for d := range n {
			single = append(single, occasion.Due(&f, from+d, from+d+1, &s)...)
		}
		long := occasion.Due(&f, from, from+n, &s)
		single = slices.DeleteFunc(single, func(o occasion.Occasion) bool { return o.Day <= from+n-occasion.CatchUp })
		if fmt.Sprint(single) != fmt.Sprint(long) {
			t.Fatalf("step by step %+v, at once %+v", single, long)
		}
	})
}

func TestEveryCauseIsToldOnceOnItsDay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		from := day("2023-12-01") + rapid.Int32Range(0, 1500).Draw(t, "from")
		f, s := anyFacts(t, from)
		const years = 2
		told := map[string]customer.Day{}
		for at := from; at < from+years*366; {
			next := at + rapid.Int32Range(1, occasion.CatchUp).Draw(t, "step")
			for _, o := range occasion.Due(&f, at, next, &s) {
				if _, twice := told[o.ID]; twice || o.Day <= at || o.Day > next {
					t.Fatalf("%+v, between %d and %d, twice: %v", o, at, next, twice)
				}
				told[o.ID] = o.Day
			}
			at = next
		}
		birthdays, anniversaries, silences, checkIns := 0, 0, 0, 0
		for id := range told {
			switch {
			case id[0] == 'b':
				birthdays++
			case id[0] == 'a':
				anniversaries++
			case id[0] == 's':
				silences++
			case id[0] == 'c':
				checkIns++
			}
		}
		first, ordered := firstOrder(f.History)
		if has := f.Birthday != (customer.Birthday{}); has && birthdays < years || !has && birthdays > 0 || birthdays > years+1 {
			t.Fatalf("%d birthdays in %d years of %+v", birthdays, years, f.Birthday)
		}
		if !ordered && anniversaries > 0 || ordered && first < from && anniversaries < years {
			t.Fatalf("%d anniversaries", anniversaries)
		}
		if checkIns > years*366/occasion.CheckInEvery+1 || f.Customer == "" && checkIns > 0 {
			t.Fatalf("%d check-ins in %d years", checkIns, years)
		}
		if silences > len(s.SilenceDays) {
			t.Fatalf("%d silences after one last word", silences)
		}
	})
}

func firstOrder(h *customer.History) (customer.Day, bool) {
	for p := range h.Days() {
		return p.Day, true
	}
	return 0, false
}

func TestCheckInsAreSpreadEvenlyOverTheirDays(t *testing.T) {
	t.Parallel()
	const customers, from = 3640, "2026-01-01"
	s := occasion.Defaults()
	only(occasion.CheckIn)(&s)
	history := ordered("2025-12-01")
	var perDay [occasion.CheckInEvery]int
	for i := range customers {
		f := occasion.Facts{Customer: customer.ID(fmt.Sprintf("user-%04d", i)), History: history}
		var days []customer.Day
		for d := range customer.Day(2 * occasion.CheckInEvery) {
			for _, o := range occasion.Due(&f, day(from)+d-1, day(from)+d, &s) {
				days = append(days, d)
				if o.Of != o.Day || o.ID != "check_in:"+customer.DayTime(o.Day).Format(time.DateOnly) {
					t.Fatalf("%+v", o)
				}
			}
		}
		if len(days) != 2 || days[1]-days[0] != occasion.CheckInEvery {
			t.Fatalf("%s has the days %v", f.Customer, days)
		}
		perDay[days[0]]++
	}
	// 40 are expected on each day, with a standard deviation of 6.
	if least, most := slices.Min(perDay[:]), slices.Max(perDay[:]); least < 14 || most > 70 {
		t.Errorf("between %d and %d customers on a day", least, most)
	}
}

func TestWhoHasNotOrderedForAYearHasNoCheckIn(t *testing.T) {
	t.Parallel()
	s := occasion.Defaults()
	only(occasion.CheckIn)(&s)
	last := day("2025-01-10")
	f := occasion.Facts{Customer: "user-0001", History: ordered("2025-01-10")}
	var found []customer.Day
	for d := last - 100; d < last+1000; d++ {
		for _, o := range occasion.Due(&f, d-1, d, &s) {
			found = append(found, o.Day)
		}
	}
	if len(found) < 4 || found[0] <= last || found[len(found)-1] > last+occasion.CheckInSince {
		t.Errorf("an order on day %d has the check-ins %v", last, found)
	}
}

func TestSignalIsThatOfItsCause(t *testing.T) {
	t.Parallel()
	o := occasion.Occasion{Kind: occasion.Birthday, Day: day("2026-05-10"), Of: day("2026-05-17"), Number: 2026, ID: "birthday:2026"}
	got, err := o.Signal("c", time.FixedZone("CST", 8*60*60))
	want := signal.Signal{ID: "occasion:birthday:2026", Kind: signal.Occasion, Customer: "c", Time: time.Date(2026, 5, 9, 16, 0, 0, 0, time.UTC),
		Data: []byte(`{"kind":"birthday","day":"2026-05-17","number":2026}`)}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}
