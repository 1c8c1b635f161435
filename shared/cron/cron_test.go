package cron

import (
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"

	"liuke/shared/fault"
)

func place(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestWhenSchedulesCome(t *testing.T) {
	for _, c := range []struct {
		name, text, zone, after string
		want                    []string
	}{
		{"each Monday at ten", "0 10 * * 1", "Asia/Shanghai", "2026-11-27T12:00:00Z", []string{"2026-11-30T02:00:00Z", "2026-12-07T02:00:00Z"}},
		{"by the name of the day", "0 10 * * mon", "Asia/Shanghai", "2026-11-27T12:00:00Z", []string{"2026-11-30T02:00:00Z"}},
		{"not at the moment itself", "0 10 * * 1", "UTC", "2026-11-30T10:00:00Z", []string{"2026-12-07T10:00:00Z"}},
		{"Sunday is 7 as well", "0 0 * * 7", "UTC", "2026-11-27T12:00:00Z", []string{"2026-11-29T00:00:00Z"}},
		{"working days", "30 9 * * 1-5", "UTC", "2026-11-27T09:30:00Z", []string{"2026-11-30T09:30:00Z", "2026-12-01T09:30:00Z"}},
		{"each quarter of an hour", "*/15 8-9 * * *", "UTC", "2026-11-27T08:31:00Z", []string{"2026-11-27T08:45:00Z", "2026-11-27T09:00:00Z"}},
		{"the first of each quarter", "0 6 1 jan,APR,7,10 *", "UTC", "2026-11-27T00:00:00Z", []string{"2027-01-01T06:00:00Z", "2027-04-01T06:00:00Z", "2027-07-01T06:00:00Z"}},
		{"the 13th, or a Friday", "0 0 13 * 5", "UTC", "2026-12-05T00:00:00Z", []string{"2026-12-11T00:00:00Z", "2026-12-13T00:00:00Z", "2026-12-18T00:00:00Z"}},
		{"the 29th of February", "0 0 29 2 *", "UTC", "2026-11-27T00:00:00Z", []string{"2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"}},
		{"over a century without one", "0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", []string{"2104-02-29T00:00:00Z"}},
		{"left out in spring, made up for after the gap", "30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", []string{"2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"}},
		{"two that are left out are made up for once", "0,30 2 * * *", "America/New_York", "2026-03-08T06:00:00Z", []string{"2026-03-08T07:00:00Z", "2026-03-09T06:00:00Z"}},
		{"shown twice in autumn, the first counts", "30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", []string{"2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"}},
		{"midnight left out", "0 0 * * *", "America/Santiago", "2026-09-05T12:00:00Z", []string{"2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"}},
		{"a day left out", "0 10 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z", []string{"2011-12-30T10:00:00Z", "2012-12-29T20:00:00Z"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Parse(c.text)
			if err != nil {
				t.Fatal(err)
			}
			zone := place(t, c.zone)
			at, _ := time.Parse(time.RFC3339, c.after)
			for _, want := range c.want {
				next, ok := s.Next(at, zone)
				if got := next.Format(time.RFC3339); !ok || got != want {
					t.Fatalf("after %s: %s, want %s", at.Format(time.RFC3339), got, want)
				}
				if last, ok := s.Last(at, next, zone); !ok || !last.Equal(next) {
					t.Fatalf("the last up to %s is %s", want, last)
				}
				if last, ok := s.Last(at, next.Add(-time.Nanosecond), zone); ok {
					t.Fatalf("the last before %s is %s", want, last)
				}
				at = next
			}
		})
	}
}

func TestTheZeroScheduleNeverComes(t *testing.T) {
	var s Schedule
	if at, ok := s.Next(time.Unix(0, 0), time.UTC); ok {
		t.Error(at)
	}
	if at, ok := s.Last(time.Time{}, time.Unix(0, 0), time.UTC); ok {
		t.Error(at)
	}
}

func TestWhatComesMoreThanOnceInAnHour(t *testing.T) {
	for text, want := range map[string]bool{"0 10 * * 1": false, "59 * * * *": false, "* * * * *": true, "0,30 10 1 1 *": true, "*/30 * * * *": true, "5-6 3 * * *": true, "*/59 3 * * *": true} {
		s, err := Parse(text)
		if err != nil || s.WithinHour() != want {
			t.Errorf("%q: %v, %v", text, s.WithinHour(), err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "five fields"}, {"* * * *", "five fields"}, {"* * * * * *", "five fields"}, {"@daily", "five fields"},
		{"-1 * * * *", `"-1" is not`}, {"60 * * * *", "minute"}, {"* 24 * * *", "hour"}, {"* * 0 * *", "day of the month"}, {"* * 32 * *", "day of the month"},
		{"* * * 13 *", "month"}, {"* * * * 8", "day of the week"}, {"* * * monday *", "month"}, {"* * * * mo", "day of the week"},
		{"* * * * unm", "day of the week"}, {"mon * * * *", "minute"}, {"+1 * * * *", "minute"}, {"001 * * * *", "minute"}, {", * * * *", "minute"}, {"1, * * * *", "minute"},
		{"*/0 * * * *", "step"}, {"5/2 * * * *", "step"}, {"*/ * * * *", "step"}, {"*/2/2 * * * *", "step"}, {"5-3 * * * *", "before it begins"},
		{"0 0 30 2 *", "none of the months"}, {"0 0 31 4,6,9,11 *", "none of the months"}, {strings.Repeat("1,", 100) + "1 * * * *", "five fields"},
	} {
		if _, err := Parse(c.text); fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
}

// plain is a schedule as lists of what matches, read another way than Parse reads it.
func plain(t *rapid.T, name string, low, high int) (text string, matches func(int) bool) {
	if rapid.Bool().Draw(t, name+" any") {
		return "*", func(int) bool { return true }
	}
	set := map[int]bool{}
	var items []string
	for range rapid.IntRange(1, 3).Draw(t, name+" items") {
		from := rapid.IntRange(low, high).Draw(t, name+" from")
		to := rapid.IntRange(from, high).Draw(t, name+" to")
		by := rapid.IntRange(1, high).Draw(t, name+" by")
		items = append(items, strconv.Itoa(from)+"-"+strconv.Itoa(to)+"/"+strconv.Itoa(by))
		for n := from; n <= to; n += by {
			set[n] = true
		}
	}
	return strings.Join(items, ","), func(n int) bool { return set[n] }
}

func TestNextIsTheFirstMinuteThatMatches(t *testing.T) {
	zones := []string{"UTC", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "America/Santiago"}
	rapid.Check(t, func(t *rapid.T) {
		minute, ofMinute := plain(t, "minute", 0, 59)
		hour, ofHour := plain(t, "hour", 0, 23)
		day, ofDay := plain(t, "day", 1, 28)
		month, ofMonth := plain(t, "month", 1, 12)
		weekday, ofWeekday := plain(t, "weekday", 0, 6)
		s, err := Parse(strings.Join([]string{minute, hour, day, month, weekday}, " "))
		if err != nil {
			t.Fatal(err)
		}
		zone, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		matches := func(w time.Time) bool {
			of := ofDay(w.Day()) || ofWeekday(int(w.Weekday()))
			if day == "*" || weekday == "*" {
				of = ofDay(w.Day()) && ofWeekday(int(w.Weekday()))
			}
			return of && ofMonth(int(w.Month())) && ofHour(w.Hour()) && ofMinute(w.Minute())
		}
		// What comes due as the clock of the place goes on minute by minute for two days: each reading once, and those that
		// it leaps over together.
		from := time.Unix(rapid.Int64Range(1_760_000_000, 1_800_000_000).Draw(t, "from"), 0).UTC().Truncate(time.Minute)
		wall := func(at time.Time) time.Time {
			_, offset := at.In(zone).Zone()
			return at.Add(time.Duration(offset) * time.Second)
		}
		furthest := wall(from)
		for at := from.Add(-4 * time.Hour); !at.After(from); at = at.Add(time.Minute) { // the clock may have been put back just now
			if w := wall(at); w.After(furthest) {
				furthest = w
			}
		}
		next, ok := s.Next(from, zone)
		for at := from.Add(time.Minute); at.Before(from.Add(48 * time.Hour)); at = at.Add(time.Minute) {
			due := false
			for reading := furthest.Add(time.Minute); !reading.After(wall(at)); reading = reading.Add(time.Minute) {
				due = due || matches(reading)
				furthest = reading
			}
			switch {
			case due && !next.Equal(at):
				t.Fatalf("after %s comes %s, and Next says %s", from, at, next)
			case due:
				return
			}
		}
		if ok && next.Before(from.Add(48*time.Hour)) {
			t.Fatalf("after %s, Next says %s, at which nothing is due", from, next)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"0 10 * * 1", "*/15 8-18/2 1,15 jan-mar mon-fri", "59 23 31 12 7", "0 0 30 2 *", "* * * * *", "-1 * * * *", "1-2-3 * * * *"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatal(err)
			}
			return
		}
		at := time.Date(2026, 11, 28, 2, 30, 0, 0, time.UTC)
		next, ok := s.Next(at, time.UTC)
		if !ok || !next.After(at) || next.Second() != 0 {
			t.Fatalf("%q comes after %s at %s", text, at, next)
		}
		if last, ok := s.Last(at, next, time.UTC); !ok || !last.Equal(next) {
			t.Fatalf("%q came up to %s at %s", text, next, last)
		}
	})
}
