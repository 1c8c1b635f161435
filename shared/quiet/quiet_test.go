package quiet_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"

	"liuke/shared/fault"
	"liuke/shared/quiet"
)

func location(t testing.TB, name string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func hours(t testing.TB, from, to string) quiet.Hours {
	t.Helper()
	h, err := quiet.Parse(from, to)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func instant(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestOpeningAtAKnownPlace(t *testing.T) {
	for _, c := range []struct {
		name, zone, from, to, at, want string
	}{
		{"in the day it is open at once", "Europe/Berlin", "21:00", "08:00", "2026-01-15T12:34:56+01:00", "2026-01-15T12:34:56+01:00"},
		{"the last minute before the quiet hours is open", "Europe/Berlin", "21:00", "08:00", "2026-01-15T20:59:59+01:00", "2026-01-15T20:59:59+01:00"},
		{"the first minute of the quiet hours waits for the morning", "Europe/Berlin", "21:00", "08:00", "2026-01-15T21:00:00+01:00", "2026-01-16T08:00:00+01:00"},
		{"after midnight it waits for the same morning", "Europe/Berlin", "21:00", "08:00", "2026-01-15T03:10:00+01:00", "2026-01-15T08:00:00+01:00"},
		{"the end of the quiet hours is open", "Europe/Berlin", "21:00", "08:00", "2026-01-15T08:00:00+01:00", "2026-01-15T08:00:00+01:00"},
		{"the last second of the quiet hours waits one second", "Europe/Berlin", "21:00", "08:00", "2026-01-15T07:59:59+01:00", "2026-01-15T08:00:00+01:00"},
		{"a night cut short by daylight saving ends at eight all the same", "Europe/Berlin", "21:00", "08:00", "2026-03-28T22:00:00+01:00", "2026-03-29T08:00:00+02:00"},
		{"a night made longer ends at eight all the same", "Europe/Berlin", "21:00", "08:00", "2026-10-24T22:00:00+02:00", "2026-10-25T08:00:00+01:00"},
		{"quiet hours that end inside the gap end with the gap", "Europe/Berlin", "21:00", "02:30", "2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00"},
		{"quiet hours that end inside the overlap end the first time", "Europe/Berlin", "21:00", "02:30", "2026-10-25T01:00:00+02:00", "2026-10-25T02:30:00+02:00"},
		{"the repeated part of the overlap is quiet again", "Europe/Berlin", "21:00", "02:30", "2026-10-25T02:10:00+01:00", "2026-10-25T02:30:00+01:00"},
		{"a clock put back to before the quiet hours opens between the two", "America/New_York", "01:01", "02:01", "2026-11-01T01:59:59-04:00", "2026-11-01T01:00:00-05:00"},
		{"quiet hours that lie inside the gap alone never happen that day", "Europe/Berlin", "02:00", "03:00", "2026-03-29T03:00:00+02:00", "2026-03-29T03:00:00+02:00"},
		{"zones off by 45 minutes count by their own clock", "Asia/Kathmandu", "21:00", "08:00", "2026-01-15T22:00:00+05:45", "2026-01-16T08:00:00+05:45"},
		{"quiet hours within a day", "Asia/Shanghai", "12:00", "14:00", "2026-01-15T12:30:00+08:00", "2026-01-15T14:00:00+08:00"},
		{"no quiet hours are always open", "Asia/Shanghai", "00:00", "00:00", "2026-01-15T03:00:00+08:00", "2026-01-15T03:00:00+08:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := hours(t, c.from, c.to).Opening(instant(t, c.at), quiet.At(location(t, c.zone)))
			if want := instant(t, c.want); !ok || !got.Equal(want) {
				t.Errorf("opens at %s, %v; want %s", got.In(want.Location()), ok, want)
			}
		})
	}
}

func TestOpeningWhereThePlaceIsInDoubt(t *testing.T) {
	atlas := quiet.NewAtlas(location(t, "Asia/Shanghai"))
	night := hours(t, "21:00", "08:00")
	for _, c := range []struct {
		name, zone, locale, at, want string
	}{
		{"the profile's zone comes first", "Europe/London", "en-US", "2026-01-15T09:00:00Z", "2026-01-15T09:00:00Z"},
		{"a region with one zone is that zone", "", "de-DE", "2026-01-15T06:00:00Z", "2026-01-15T07:00:00Z"},
		{"a region with many zones is open when its west and its east are", "", "en-US", "2026-01-15T13:30:00Z", "2026-01-15T18:00:00Z"},
		{"a region with many zones closes with its east", "", "en-US", "2026-01-16T02:00:00Z", "2026-01-16T18:00:00Z"},
		{"underscores and scripts are understood", "", "zh_Hans_CN", "2026-01-15T00:30:00Z", "2026-01-15T02:00:00Z"},
		{"a zone that is none counts as absent", "Mars/Olympus", "de-DE", "2026-01-15T06:00:00Z", "2026-01-15T07:00:00Z"},
		{"the machine's own zone is no answer", "Local", "de-DE", "2026-01-15T06:00:00Z", "2026-01-15T07:00:00Z"},
		{"nothing known opens three hours after the business's morning", "", "", "2026-01-15T00:00:00Z", "2026-01-15T03:00:00Z"},
		{"nothing known closes three hours before the business's evening", "", "zh", "2026-01-15T10:00:00Z", "2026-01-16T03:00:00Z"},
		{"nothing known is open in between", "", "eo", "2026-01-15T09:59:59Z", "2026-01-15T09:59:59Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := night.Opening(instant(t, c.at), atlas.Place(c.zone, c.locale))
			if want := instant(t, c.want); !ok || !got.Equal(want) {
				t.Errorf("opens at %s, %v; want %s", got.UTC(), ok, want)
			}
		})
	}
	t.Run("a place that never opens everywhere at once has no opening", func(t *testing.T) {
		if got, ok := hours(t, "18:00", "09:00").Opening(instant(t, "2026-01-15T12:00:00Z"), atlas.Place("", "ru-RU")); ok {
			t.Errorf("opens at %s", got)
		}
	})
}

// TestOpeningIsTheFirst holds the search against looking at every minute.
func TestOpeningIsTheFirst(t *testing.T) {
	zones := []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "Africa/Casablanca", "Pacific/Apia"}
	atlas := quiet.NewAtlas(location(t, "Europe/Berlin"))
	changes := []string{"2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z", "2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z", "2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z", "2026-06-01T00:00:00Z"}
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.IntRange(0, 1439).Draw(t, "from")
		length := rapid.IntRange(0, quiet.MaxMinutes).Draw(t, "length")
		h := quiet.Hours{From: from, To: (from + length) % 1440}
		base, _ := time.Parse(time.RFC3339, rapid.SampledFrom(changes).Draw(t, "around"))
		at := base.Add(time.Duration(rapid.IntRange(-36*3600, 36*3600).Draw(t, "seconds")) * time.Second)
		place := atlas.Place(rapid.SampledFrom(append(zones, "")).Draw(t, "zone"), "")
		got, ok := h.Opening(at, place)
		want, found := at, !h.Quiet(at, place)
		for minute := at.Truncate(time.Minute).Add(time.Minute); !found && minute.Before(at.Add(48*time.Hour)); minute = minute.Add(time.Minute) {
			want, found = minute, !h.Quiet(minute, place)
		}
		if !found || !ok || !got.Equal(want) {
			t.Fatalf("%+v from %s: opens at %s, %v; minute by minute %s, %v", h, at, got, ok, want, found)
		}
	})
}

func TestParseRefuses(t *testing.T) {
	for name, c := range map[string][2]string{
		"a time that is none":            {"25:00", "08:00"},
		"a time without minutes":         {"21", "08:00"},
		"more hours than leave a window": {"10:00", "03:00"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := quiet.Parse(c[0], c[1]); fault.CodeOf(err) != fault.Invalid {
				t.Errorf("got %v, want invalid", err)
			}
		})
	}
}
