package cron

import (
	"math/bits"
	"time"
)

// horizon is within how many days a schedule comes: the 29th of February may be eight years off, over a century's end.
const horizon = 9 * 366

// Next returns the first moment after t at which the schedule comes in the zone, in UTC; not ok for the zero value alone.
func (s *Schedule) Next(t time.Time, zone *time.Location) (next time.Time, ok bool) {
	year, month, day := t.In(zone).Date()
	for i := -1; i < horizon; i++ { // the day before as well: its last hour may be left out, and made up for today
		date := time.Date(year, month, day+i, 0, 0, 0, 0, time.UTC)
		if !s.on(date) {
			continue
		}
		if at, ok := s.after(t, date, zone); ok {
			return at, true
		}
	}
	return time.Time{}, false
}

// Last returns the last moment after from and up to t at which the schedule comes in the zone; not ok where there is none.
func (s *Schedule) Last(from, t time.Time, zone *time.Location) (last time.Time, ok bool) {
	for span := time.Hour; span < horizon*24*4*time.Hour; span *= 4 { // further and further back, so that one of each minute is found at once
		begin := t.Add(-span)
		if begin.Before(from) {
			begin = from
		}
		for at, some := s.Next(begin, zone); some && !at.After(t); at, some = s.Next(at, zone) {
			last, ok = at, true
		}
		if ok || !begin.After(from) {
			return last, ok
		}
	}
	return last, ok
}

// on reports whether the schedule comes on a day of the calendar.
func (s *Schedule) on(date time.Time) bool {
	if s.months>>date.Month()&1 == 0 {
		return false
	}
	day, weekday := s.days>>date.Day()&1 == 1, s.weekdays>>date.Weekday()&1 == 1
	if s.anyDay || s.anyWeekday {
		return day && weekday
	}
	return day || weekday
}

// after returns the first moment of a day's that is after t.
func (s *Schedule) after(t, date time.Time, zone *time.Location) (first time.Time, ok bool) {
	for hours := s.hours; hours != 0; hours &= hours - 1 {
		for minutes := s.minutes; minutes != 0; minutes &= minutes - 1 {
			at := moment(date, bits.TrailingZeros64(hours), bits.TrailingZeros64(minutes), zone)
			if at.After(t) && (!ok || at.Before(first)) {
				first, ok = at, true
			}
		}
		if ok {
			return first, true // later hours of the clock are not before it
		}
	}
	return first, ok
}

// moment is when the clock of a zone first shows a time of a day, or where it never does, the first moment after the gap.
func moment(date time.Time, hour, minute int, zone *time.Location) time.Time {
	wall := date.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
	// The offsets that the zone had before and has after any change of the clock nearby.
	_, before := wall.Add(-26 * time.Hour).In(zone).Zone()
	_, behind := wall.Add(26 * time.Hour).In(zone).Zone()
	var first time.Time
	for _, offset := range []int{before, behind} {
		at := wall.Add(-time.Duration(offset) * time.Second)
		if _, is := at.In(zone).Zone(); is == offset && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	if !first.IsZero() {
		return first
	}
	// In the gap: the change comes between the two readings of the time.
	low, high := wall.Add(-time.Duration(behind)*time.Second), wall.Add(-time.Duration(before)*time.Second)
	if _, is := low.In(zone).Zone(); is != before { // more than one change nearby
		return time.Date(date.Year(), date.Month(), date.Day(), hour, minute, 0, 0, zone).UTC()
	}
	for high.Sub(low) > time.Second {
		middle := low.Add(high.Sub(low) / 2).Truncate(time.Second)
		if _, is := middle.In(zone).Zone(); is == before {
			low = middle
		} else {
			high = middle
		}
	}
	return high.UTC()
}
