// Package cron reads when something recurs, in the five fields of crontab(5), by the clock of a time zone:
//
//	minute  hour  day of the month  month  day of the week
//	0–59    0–23  1–31              1–12   0–7, 0 and 7 are Sunday
//
// A field is a list, with commas, of numbers, ranges "1-5", "*" for all, and steps of a range or of all: "*/15", "8-18/2".
// Months and days of the week may be named by their first three letters in English, in any case. As in crontab, a moment
// must match all fields, but where both the day of the month and the day of the week are other than "*", one of the two is
// enough. There are no seconds, no nicknames and no extensions.
//
// The clock of a place is put forward and back. A time that the clock leaves out is made up for at the first moment after
// the gap, once however many it leaves out; one that it shows twice counts the first time alone. So what is due each day is
// due once on every day.
package cron

import (
	"math/bits"
	"strconv"
	"strings"

	"liuke/shared/fault"
)

// Schedule is when something recurs. Its zero value never does; use Parse.
type Schedule struct {
	minutes, hours, days, months, weekdays uint64 // bit n stands for the number n
	anyDay, anyWeekday                     bool   // written "*"
}

// maxBytes is how long a schedule may be as text.
const maxBytes = 200

type field struct {
	name          string
	lowest, least int // lowest is the least number, least that of the first name
	highest       int
	names         string // of three letters each
}

var fields = [5]field{
	{name: "minute", highest: 59},
	{name: "hour", highest: 23},
	{name: "day of the month", lowest: 1, highest: 31},
	{name: "month", lowest: 1, least: 1, highest: 12, names: "janfebmaraprmayjunjulaugsepoctnovdec"},
	{name: "day of the week", highest: 7, names: "sunmontuewedthufrisat"},
}

// Parse reads a schedule. It returns an Invalid error, which names the field, for what is none, and for one that never comes
// such as the 30th of February.
func Parse(text string) (Schedule, error) {
	var s Schedule
	parts := strings.Fields(text)
	if len(parts) != len(fields) || len(text) > maxBytes {
		return s, fault.New(fault.Invalid, `a schedule has five fields (minute, hour, day of the month, month, day of the week), such as "0 10 * * 1"`)
	}
	for i, into := range []*uint64{&s.minutes, &s.hours, &s.days, &s.months, &s.weekdays} {
		var err error
		if *into, err = fields[i].parse(parts[i]); err != nil {
			return Schedule{}, err
		}
	}
	if s.weekdays>>7&1 == 1 {
		s.weekdays |= 1
	}
	s.anyDay, s.anyWeekday = parts[2] == "*", parts[4] == "*"
	if !s.comes() {
		return Schedule{}, fault.New(fault.Invalid, "the day of the month is in none of the months of the schedule")
	}
	return s, nil
}

// WithinHour reports whether the schedule comes more than once in an hour.
func (s *Schedule) WithinHour() bool { return bits.OnesCount64(s.minutes) > 1 }

// comes reports whether there is a day on which the schedule comes. A weekday is in every month.
func (s *Schedule) comes() bool {
	if !s.anyWeekday {
		return true
	}
	for month, days := range [...]int{1: 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31} {
		if s.months>>month&1 == 1 && bits.TrailingZeros64(s.days) <= days {
			return true
		}
	}
	return false
}

func (f *field) parse(text string) (set uint64, err error) {
	for item := range strings.SplitSeq(text, ",") {
		span, step, stepped := strings.Cut(item, "/")
		from, to, ranged := strings.Cut(span, "-")
		first, last := f.lowest, f.highest
		if f.highest == 7 {
			last = 6 // of "*": 7 is 0 again
		}
		if span != "*" {
			if first, err = f.number(from, item); err != nil {
				return 0, err
			}
			last = first
			if ranged {
				if last, err = f.number(to, item); err != nil {
					return 0, err
				}
			}
		}
		by := 1
		if stepped {
			if by, err = digits(step); err != nil || by < 1 || by > f.highest || span != "*" && !ranged {
				return 0, fault.New(fault.Invalid, `the %s of the schedule: a step is of a range or of all, such as "*/2", and not %q`, f.name, item)
			}
		}
		if last < first {
			return 0, fault.New(fault.Invalid, "the %s of the schedule: the range %q ends before it begins", f.name, span)
		}
		for n := first; n <= last; n += by {
			set |= 1 << n
		}
	}
	return set, nil
}

// number reads a number, or a name, of an item of the schedule.
func (f *field) number(text, item string) (int, error) {
	if len(text) == 3 {
		if i := strings.Index(f.names, strings.ToLower(text)); i >= 0 && i%3 == 0 {
			return f.least + i/3, nil
		}
	}
	n, err := digits(text)
	if err != nil || n < f.lowest || n > f.highest {
		return 0, fault.New(fault.Invalid, "the %s of the schedule is from %d to %d, and %q is not", f.name, f.lowest, f.highest, item)
	}
	return n, nil
}

// digits reads one or two digits.
func digits(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 8)
	if err != nil || len(text) > 2 {
		return 0, strconv.ErrSyntax
	}
	return int(n), nil
}
