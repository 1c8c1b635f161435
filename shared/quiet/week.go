package quiet

import (
	"strings"
	"time"

	"liuke/shared/fault"
)

// week is which minutes of a week are open, by weekday (Sunday is 0) and minute after midnight.
type week [7][(dayMinutes + 63) / 64]uint64

func (w *week) open(day time.Weekday, minute int) bool { return w[day][minute/64]>>(minute%64)&1 == 1 }

func (w *week) allow(day, minute int) { w[day][minute/64] |= 1 << (minute % 64) }

// and leaves what is open in both.
func (w *week) and(o *week) {
	for day := range w {
		for i := range w[day] {
			w[day][i] &= o[day][i]
		}
	}
}

// always is the week without a closed minute.
func always() (w week) {
	for day := range w {
		for minute := range dayMinutes {
			w.allow(day, minute)
		}
	}
	return w
}

var days = []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

// parseWeek reads hours such as "Mon-Fri 10:00-13:00,14:00-20:00; Sat 09:00-17:00"; what is not named is closed. An end may
// be 24:00. It returns an Invalid error for other text.
func parseWeek(text string) (w week, err error) {
	for part := range strings.SplitSeq(text, ";") {
		which, spans, ok := strings.Cut(strings.TrimSpace(part), " ")
		first, last, isRange := strings.Cut(which, "-")
		if !isRange {
			last = first
		}
		from, to := dayOf(first), dayOf(last)
		if !ok || from < 0 || to < 0 {
			return week{}, fault.New(fault.Invalid, "%q names no days", part)
		}
		for span := range strings.SplitSeq(spans, ",") {
			begin, end, err := parseSpan(span)
			if err != nil {
				return week{}, err
			}
			for day := from; ; day = (day + 1) % 7 {
				for minute := begin; minute < end; minute++ {
					w.allow(day, minute)
				}
				if day == to {
					break
				}
			}
		}
	}
	return w, nil
}

func parseSpan(span string) (begin, end int, err error) {
	first, second, ok := strings.Cut(span, "-")
	begin, err = clock(first)
	if err == nil {
		end, err = clock(second)
	}
	if err != nil || !ok || begin >= end {
		return 0, 0, fault.New(fault.Invalid, "%q are no hours of a day", span)
	}
	return begin, end, nil
}

func clock(text string) (int, error) {
	if text == "24:00" {
		return dayMinutes, nil
	}
	t, err := time.Parse("15:04", text)
	return t.Hour()*60 + t.Minute(), err
}

func dayOf(name string) int {
	for i, day := range days {
		if day == name {
			return i
		}
	}
	return -1
}
