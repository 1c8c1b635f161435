package importfile

import (
	"strconv"
	"strings"
	"time"

	"liuke/shared/event"
)

// moment is when something happened, as a file says it: a day of the business's calendar, or a time.
type moment struct {
	day  string // YYYY-MM-DD, where the file says no more; else ""
	time time.Time
}

// zoned are the spellings of a time with its zone, beside RFC 3339's.
var zoned = [...]string{
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999 -0700",
	"2006-01-02 15:04:05.999999999 -07:00",
	"2006-01-02T15:04:05.999999999Z0700",
}

// local are those without: the business's zone is meant.
var local = [...]string{
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999",
	"2006-01-02T15:04",
	"2006-01-02 15:04",
}

const whenHint = "a date is a day such as 2026-01-31, or a time such as 2026-01-31T08:00:00+08:00 (without a zone it is the business's), since 1970"

// when reads a day, a time or Unix seconds or milliseconds. A day's time is noon in UTC, which is within a day of it
// everywhere, so that the day travels as it is written.
func (f *Reader) when(text string) (m moment, ok bool) {
	if len(text) == len(time.DateOnly) && text[4] == '-' {
		day, err := time.Parse(time.DateOnly, text)
		return moment{text, day.Add(12 * time.Hour)}, err == nil && inRange(day)
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && (len(text) == 10 || len(text) == 13) && n > 0 {
		if len(text) == 10 {
			n *= 1000
		}
		m.time = time.UnixMilli(n).UTC()
		return m, inRange(m.time)
	}
	if t, found := f.parseTime(text); found {
		m.time = t.UTC()
		return m, inRange(m.time)
	}
	return m, false
}

func (f *Reader) parseTime(text string) (time.Time, bool) {
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, true
	}
	utc, isUTC := strings.CutSuffix(text, " UTC")
	for _, layout := range zoned {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	zone := f.settings.Zone
	if isUTC {
		zone = time.UTC
	}
	for _, layout := range local {
		if t, err := time.ParseInLocation(layout, utc, zone); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func inRange(t time.Time) bool { return t.Year() >= 1970 && t.Year() <= 9999 }

// date reads the field that says when, which must not lie in the future.
func (f *Reader) date(fields []string, field string) (moment, error) {
	m, ok := f.when(f.columns.get(fields, field))
	switch {
	case !ok:
		return m, f.refuse(field, whenHint)
	case m.time.After(f.received.Add(event.MaxAhead)):
		return m, f.refuse(field, "the date lies in the future: an import is of what has happened")
	}
	return m, nil
}

// spelled is the moment in one spelling, however the file spells it.
func (m *moment) spelled() string {
	if m.day != "" {
		return m.day
	}
	return m.time.Format(time.RFC3339Nano)
}
