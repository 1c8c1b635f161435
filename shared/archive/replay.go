package archive

import (
	"time"

	"liuke/shared/fault"
	"liuke/shared/request"
)

// ReplayRequest is what an operator asks for: the range [From, To) of the time of receipt.
type ReplayRequest struct {
	From time.Time
	To   time.Time
}

// MaxReplayDays is over how many days one replay reaches.
const MaxReplayDays = 400

// ParseReplayRequest reads {"from":…,"to":…}, both RFC 3339 with a zone, strictly. It returns an Invalid error that names the
// field and says what to change.
func ParseReplayRequest(body []byte) (ReplayRequest, error) {
	var raw struct {
		From *string `json:"from"`
		To   *string `json:"to"`
	}
	if err := request.Parse(body, &raw); err != nil {
		return ReplayRequest{}, err
	}
	var r ReplayRequest
	for _, f := range []struct {
		pointer string
		text    *string
		into    *time.Time
	}{{"/from", raw.From, &r.From}, {"/to", raw.To, &r.To}} {
		if f.text == nil {
			return ReplayRequest{}, fault.At(f.pointer, "%s is missing: a moment such as 2026-01-01T00:00:00Z", f.pointer[1:])
		}
		t, err := time.Parse(time.RFC3339, *f.text)
		if err != nil {
			return ReplayRequest{}, fault.At(f.pointer, "%s must be a moment with its zone, such as 2026-01-01T00:00:00Z", f.pointer[1:])
		}
		*f.into = t.UTC().Truncate(time.Millisecond) // as the record keeps it
	}
	return r, nil
}

// check judges a request at a moment.
func (r ReplayRequest) check(now time.Time) error {
	switch {
	case !r.From.Before(r.To):
		return fault.At("/to", "to must be later than from")
	case r.To.After(now):
		return fault.At("/to", "to must not lie in the future: what has not come yet cannot be fed again")
	case len(r.Days()) > MaxReplayDays:
		return fault.At("/from", "a replay reaches over at most %d days: ask for several", MaxReplayDays)
	}
	return nil
}

// Days are the UTC days that the range touches.
func (r ReplayRequest) Days() []Day {
	var days []Day
	for t := r.From.UTC().Truncate(24 * time.Hour); t.Before(r.To) && len(days) <= MaxReplayDays; t = t.AddDate(0, 0, 1) {
		days = append(days, DayOf(t))
	}
	return days
}

// Holds reports whether a time of receipt lies in the range.
func (r ReplayRequest) Holds(received time.Time) bool {
	return !received.Before(r.From) && received.Before(r.To)
}

// ReplayRecord is what is kept of a replay.
type ReplayRecord struct {
	ID      string
	Request ReplayRequest
	Started time.Time
	Updated time.Time // when a day was done last; the zero time before the first
	Done    []Day     // ascending
	Count   Count     // of the days that are done
}

// Complete reports whether every day is done: its events are on their way to be folded.
func (r *ReplayRecord) Complete() bool { return len(r.Done) == len(r.Request.Days()) }
