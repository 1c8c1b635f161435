package customer

import (
	"strconv"
	"strings"
	"time"
)

// Birthday is the day of the year on which a customer was born. The year is not kept. The zero value says that it is not
// known.
type Birthday struct {
	Month uint8 // 1 to 12
	Day   uint8 // 1 to 31
}

// BirthdayOf reads the trait birthday: a date such as 1990-05-17 (or an RFC 3339 time, of which the date counts), or a
// month and a day such as 05-17 or --05-17. It is the zero value for anything else.
func BirthdayOf(trait string) Birthday {
	date, _, _ := strings.Cut(strings.TrimSpace(trait), "T")
	parts := strings.Split(strings.TrimPrefix(date, "--"), "-")
	if len(parts) == 3 {
		if _, err := strconv.Atoi(parts[0]); err != nil || len(parts[0]) != 4 {
			return Birthday{}
		}
		parts = parts[1:]
	}
	if len(parts) != 2 {
		return Birthday{}
	}
	month, err1 := strconv.ParseUint(parts[0], 10, 8)
	day, err2 := strconv.ParseUint(parts[1], 10, 8)
	b := Birthday{Month: uint8(month), Day: uint8(day)}
	if err1 != nil || err2 != nil || !b.valid() {
		return Birthday{}
	}
	return b
}

// valid reports whether there is such a day in a leap year.
func (b Birthday) valid() bool {
	if b.Month < 1 || b.Month > 12 || b.Day < 1 {
		return false
	}
	const leapYear = 2000
	last := time.Date(leapYear, time.Month(b.Month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return int(b.Day) <= last
}

// In returns the day on which it falls in a year: of 29 February, the 28th in years without.
func (b Birthday) In(year int) Day {
	day := time.Date(year, time.Month(b.Month), int(b.Day), 0, 0, 0, 0, time.UTC)
	if day.Month() != time.Month(b.Month) {
		day = day.AddDate(0, 0, -1)
	}
	y, m, d := day.Date()
	return Date(y, m, d)
}
