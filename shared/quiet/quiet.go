// Package quiet decides when a message may arrive: outside of the quiet hours at the recipient's place. Where the
// place is not known, it is open only when it is open everywhere the recipient may plausibly be; nothing is ever let
// through for want of knowledge.
package quiet

import (
	"slices"
	"time"

	"liuke/shared/fault"
)

// Hours are quiet hours by the local clock: from From up to, but not at, To, both in minutes after midnight. They may
// reach over midnight. From equal to To means none.
type Hours struct{ From, To int }

const (
	dayMinutes = 24 * 60
	// MaxMinutes is how long quiet hours may be: an unknown place spans 6 hours, and must have its opening too.
	MaxMinutes = 16 * 60
	// searchLimit is how far ahead an opening is looked for.
	searchLimit = 72 * time.Hour
)

// Parse reads quiet hours from clock times such as "21:00" and "08:00". It returns an Invalid error for other
// spellings and for more than 16 hours.
func Parse(from, to string) (Hours, error) {
	var h Hours
	for _, f := range []struct {
		text string
		at   *int
	}{{from, &h.From}, {to, &h.To}} {
		t, err := time.Parse("15:04", f.text)
		if err != nil {
			return Hours{}, fault.New(fault.Invalid, `quiet hours begin and end at a clock time such as "21:00", and %q is none`, f.text)
		}
		*f.at = t.Hour()*60 + t.Minute()
	}
	if h.length() > MaxMinutes {
		return Hours{}, fault.New(fault.Invalid, "quiet hours last at most %d hours", MaxMinutes/60)
	}
	return h, nil
}

func (h Hours) length() int { return (h.To - h.From + dayMinutes) % dayMinutes }

// at reports whether a minute of the day is quiet.
func (h Hours) at(minute int) bool {
	return (minute-h.From+dayMinutes)%dayMinutes < h.length()
}

// Place is where a recipient is, or may be.
type Place struct {
	zones []zone
}

// zone is a time zone, or one that is so far off from it.
type zone struct {
	location *time.Location
	shift    time.Duration
}

func (z zone) minute(t time.Time) int {
	local := t.Add(z.shift).In(z.location)
	return local.Hour()*60 + local.Minute()
}

func (z zone) offset(t time.Time) int {
	_, seconds := t.Add(z.shift).In(z.location).Zone()
	return seconds
}

// At returns the place with one known time zone.
func At(location *time.Location) Place { return Place{zones: []zone{{location: location}}} }

// Quiet reports whether it is quiet anywhere in the place at t.
func (h Hours) Quiet(t time.Time, p Place) bool {
	return slices.ContainsFunc(p.zones, func(z zone) bool { return h.at(z.minute(t)) })
}

// Opening returns the first moment from t on at which it is quiet nowhere in the place: t itself, or the beginning of
// a minute. It reports false where there is none within three days. Only the local clock counts: in a gap of
// daylight-saving time the opening is at the first minute after it that is not quiet; an hour that comes twice is as
// quiet the second time as the first, and may be open again between the two.
func (h Hours) Opening(t time.Time, p Place) (time.Time, bool) {
	limit := t.Add(searchLimit)
	for at := t; !at.After(limit); {
		next := at
		for _, z := range p.zones {
			next = h.openingIn(next, z)
		}
		if next.Equal(at) {
			return at, true
		}
		at = next
	}
	return time.Time{}, false
}

// openingIn returns the first moment from t on that is not quiet in one zone.
func (h Hours) openingIn(t time.Time, z zone) time.Time {
	if !h.at(z.minute(t)) {
		return t
	}
	at := t.Truncate(time.Minute)
	end := at.Add(time.Duration((h.To-z.minute(at)+dayMinutes)%dayMinutes) * time.Minute)
	if z.offset(t) == z.offset(end) {
		return end
	}
	for h.at(z.minute(at)) { // the clock is put forward or back meanwhile, and may open before it shows the end
		at = at.Add(time.Minute)
	}
	return at
}
