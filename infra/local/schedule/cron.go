// Package schedule fires the suite's schedules as EventBridge Scheduler would: cron and rate expressions in a time zone,
// by the suite's own clock.
package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Expression says when a schedule is due.
type Expression interface {
	// Next returns the first time after the given one; the zero time when there is none.
	Next(after time.Time) time.Time
}

// Parse reads an expression of EventBridge Scheduler, "cron(minutes hours day-of-month month day-of-week year)" or
// "rate(5 minutes)", whose cron fields are read in the zone. Rates count from the start.
func Parse(text string, zone *time.Location, start time.Time) (Expression, error) {
	name, rest, ok := strings.Cut(text, "(")
	body, closed := strings.CutSuffix(rest, ")")
	if ok && closed {
		switch name {
		case "rate":
			return parseRate(body, start)
		case "cron":
			return parseCron(body, zone)
		}
	}
	return nil, fmt.Errorf("the schedule %q is neither cron(…) nor rate(…)", text)
}

type rate struct {
	every time.Duration
	start time.Time
}

func parseRate(body string, start time.Time) (Expression, error) {
	fields := strings.Fields(body)
	if len(fields) != 2 {
		return nil, fmt.Errorf("rate(%s) is not a number and a unit", body)
	}
	n, err := strconv.Atoi(fields[0])
	unit, ok := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}[strings.TrimSuffix(fields[1], "s")]
	if err != nil || n < 1 || !ok {
		return nil, fmt.Errorf("rate(%s) is not a positive number of minutes, hours or days", body)
	}
	return rate{time.Duration(n) * unit, start}, nil
}

// Next returns the first multiple of the rate from the start on.
func (r rate) Next(after time.Time) time.Time {
	if after.Before(r.start) {
		return r.start
	}
	return r.start.Add((after.Sub(r.start)/r.every + 1) * r.every)
}

// cron holds, for each field, which values are due.
type cron struct {
	zone                   *time.Location
	minutes, hours, months []bool
	days                   []bool // of the month, nil for "?"
	weekdays               []bool // Sunday is 0; nil for "?"
	years                  []bool // from firstYear on
	lastDay                bool   // "L": the month's last day
	nearest                int    // "15W": the weekday nearest to the day, 0 for none
	nth                    int    // "2#1": which of the month's weekdays, 0 for all
	lastWeekday            bool   // "6L": the month's last of the weekday
}

const (
	firstYear = 1970
	lastYear  = 2199
)

var (
	monthNames   = strings.Fields("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC")
	weekdayNames = strings.Fields("SUN MON TUE WED THU FRI SAT")
)

func parseCron(body string, zone *time.Location) (Expression, error) {
	fields := strings.Fields(strings.ToUpper(body))
	if len(fields) != 6 {
		return nil, fmt.Errorf("cron(%s) has %d fields and not 6: minutes, hours, day of month, month, day of week, year", body, len(fields))
	}
	if (fields[2] == "?") == (fields[4] == "?") {
		return nil, fmt.Errorf("cron(%s): exactly one of day of month and day of week must be ?", body)
	}
	c := &cron{zone: zone}
	var err error
	set := func(into *[]bool, text string, low, high int, names []string) {
		if err == nil {
			*into, err = parseField(text, low, high, names)
		}
	}
	set(&c.minutes, fields[0], 0, 59, nil)
	set(&c.hours, fields[1], 0, 23, nil)
	set(&c.months, fields[3], 1, 12, monthNames)
	set(&c.years, fields[5], firstYear, lastYear, nil)
	switch day := fields[2]; {
	case day == "?":
	case day == "L":
		c.lastDay = true
	case strings.HasSuffix(day, "W"):
		if c.nearest, err = strconv.Atoi(strings.TrimSuffix(day, "W")); err != nil || c.nearest < 1 || c.nearest > 31 {
			err = fmt.Errorf("%s is not a day and W", day)
		}
	default:
		set(&c.days, day, 1, 31, nil)
	}
	if err == nil && fields[4] != "?" {
		err = c.parseWeekday(fields[4])
	}
	if err != nil {
		return nil, fmt.Errorf("cron(%s): %w", body, err)
	}
	return c, nil
}

func (c *cron) parseWeekday(text string) (err error) {
	if day, nth, ok := strings.Cut(text, "#"); ok {
		if c.nth, err = strconv.Atoi(nth); err != nil || c.nth < 1 || c.nth > 5 {
			return fmt.Errorf("%s is not a day of the week, # and 1 to 5", text)
		}
		text = day
	} else if day, ok := strings.CutSuffix(text, "L"); ok && day != "" {
		c.lastWeekday = true
		text = day
	}
	from1, err := parseField(text, 1, 7, weekdayNames) // Sunday is 1
	if err == nil {
		c.weekdays = from1[1:]
	}
	return err
}

// parseField reads lists of values, ranges and steps; the result is indexed by value.
func parseField(text string, low, high int, names []string) ([]bool, error) {
	set := make([]bool, high+1)
	for _, part := range strings.Split(text, ",") {
		span, stepText, stepped := strings.Cut(part, "/")
		step := 1
		if stepped {
			var err error
			if step, err = strconv.Atoi(stepText); err != nil || step < 1 {
				return nil, fmt.Errorf("%s has no positive step", part)
			}
		}
		first, last := low, high
		if span != "*" {
			from, to, ranged := strings.Cut(span, "-")
			var err error
			if first, err = parseValue(from, low, high, names); err != nil {
				return nil, err
			}
			switch {
			case ranged:
				if last, err = parseValue(to, low, high, names); err != nil {
					return nil, err
				}
			case !stepped:
				last = first
			}
			if last < first {
				return nil, fmt.Errorf("%s ends before it begins", part)
			}
		}
		for v := first; v <= last; v += step {
			set[v] = true
		}
	}
	return set, nil
}

func parseValue(text string, low, high int, names []string) (int, error) {
	for i, name := range names {
		if text == name {
			return low + i, nil
		}
	}
	v, err := strconv.Atoi(text)
	if err != nil || v < low || v > high {
		return 0, fmt.Errorf("%q is not from %d to %d", text, low, high)
	}
	return v, nil
}

// Next walks from day to day and looks within those that are due. A time that the change to summer time leaves out is
// left out; one that the change back repeats is due once, as in EventBridge Scheduler.
func (c *cron) Next(after time.Time) time.Time {
	local := after.In(c.zone)
	day := time.Date(local.Year(), local.Month(), local.Day(), 12, 0, 0, 0, time.UTC)
	for ; day.Year() <= lastYear; day = day.AddDate(0, 0, 1) {
		if !c.years[day.Year()] || !c.months[day.Month()] {
			day = day.AddDate(0, 1, -day.Day()) // the month's last day; the loop goes on to the next month
			continue
		}
		if !c.dueOn(day) {
			continue
		}
		for hour, due := range c.hours {
			if !due {
				continue
			}
			for minute, due := range c.minutes {
				if !due {
					continue
				}
				t := time.Date(day.Year(), day.Month(), day.Day(), hour, minute, 0, 0, c.zone)
				if t.Hour() != hour || t.Minute() != minute { // left out that day
					continue
				}
				if t.After(after) {
					return t
				}
			}
		}
	}
	return time.Time{}
}

// dueOn decides a day by the field, of month or of week, that is not "?".
func (c *cron) dueOn(day time.Time) bool {
	last := time.Date(day.Year(), day.Month()+1, 0, 12, 0, 0, 0, time.UTC)
	switch {
	case c.lastDay:
		return day.Day() == last.Day()
	case c.nearest > 0:
		return day.Day() == nearestWeekday(day, min(c.nearest, last.Day()), last.Day())
	case c.days != nil:
		return c.days[day.Day()]
	case !c.weekdays[day.Weekday()]:
		return false
	case c.nth > 0:
		return (day.Day()-1)/7+1 == c.nth
	case c.lastWeekday:
		return day.Day()+7 > last.Day()
	default:
		return true
	}
}

// nearestWeekday is the day from Monday to Friday nearest to a day of the month, within the month.
func nearestWeekday(month time.Time, day, last int) int {
	switch time.Date(month.Year(), month.Month(), day, 12, 0, 0, 0, time.UTC).Weekday() {
	case time.Saturday:
		if day == 1 {
			return 3
		}
		return day - 1
	case time.Sunday:
		if day == last {
			return day - 2
		}
		return day + 1
	default:
		return day
	}
}
