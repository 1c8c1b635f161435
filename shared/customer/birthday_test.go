package customer_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"liuke/shared/customer"
)

func TestBirthdayOf(t *testing.T) {
	t.Parallel()
	none := customer.Birthday{}
	for _, test := range []struct {
		name, trait string
		want        customer.Birthday
	}{
		{"a date", "1990-05-17", customer.Birthday{Month: 5, Day: 17}},
		{"a time, of which the date counts", "1990-05-17T23:30:00Z", customer.Birthday{Month: 5, Day: 17}},
		{"a month and a day", "05-17", customer.Birthday{Month: 5, Day: 17}},
		{"a month and a day as ISO 8601 had them", "--05-17", customer.Birthday{Month: 5, Day: 17}},
		{"white space around it", " 1990-05-17\n", customer.Birthday{Month: 5, Day: 17}},
		{"a leap day", "2000-02-29", customer.Birthday{Month: 2, Day: 29}},
		{"a leap day of a year without, as careless forms take it", "1990-02-29", customer.Birthday{Month: 2, Day: 29}},
		{"nothing", "", none},
		{"a day that there is not", "1990-02-30", none},
		{"a month that there is not", "1990-13-01", none},
		{"no day", "1990-05-00", none},
		{"a year alone", "1990", none},
		{"an order of day and month that may be either", "05/06/1990", none},
		{"a year of two digits", "90-05-17", none},
		{"words", "the 17th of May", none},
		{"a number too great", "05-273", none},
		{"signs", "+5-17", none},
	} {
		if got := customer.BirthdayOf(test.trait); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

func TestBirthdayFallsOnceAYear(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		born := customer.DayTime(customer.Day(rapid.IntRange(0, 40_000).Draw(t, "born")))
		year := rapid.IntRange(1970, 2100).Draw(t, "year")
		b := customer.BirthdayOf(born.Format(time.DateOnly))
		got := customer.DayTime(b.In(year))
		want := time.Date(year, born.Month(), born.Day(), 0, 0, 0, 0, time.UTC)
		if born.Month() == time.February && born.Day() == 29 && want.Month() == time.March {
			want = want.AddDate(0, 0, -1)
		}
		if !got.Equal(want) {
			t.Fatalf("who was born on %v has the birthday on %v, want %v", born, got, want)
		}
	})
}

func FuzzBirthdayOf(f *testing.F) {
	f.Add("1990-05-17T00:00:00Z")
	f.Add("--02-29")
	f.Fuzz(func(t *testing.T, trait string) {
		b := customer.BirthdayOf(trait)
		if b == (customer.Birthday{}) {
			return
		}
		s := customer.Signs{Birthday: b} // is kept as it was read
		sameSigns(t, &s)
	})
}
