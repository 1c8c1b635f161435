package event

import (
	"time"

	"liuke/shared/fault"
)

// layouts are the spellings of ISO 8601 that clients send beside RFC 3339; without a zone, UTC is meant.
var layouts = [...]string{
	"2006-01-02T15:04:05Z0700",
	"2006-01-02T15:04:05",
	"2006-01-02T15:04Z07:00",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05",
	"2006-01-02",
}

// ParseTime reads an ISO 8601 time, to the nanosecond, in the years 1970 to 9999. Without a zone it is UTC, without a
// time of day midnight.
func ParseTime(text string) (t time.Time, ok bool) {
	t, err := time.Parse(time.RFC3339Nano, text)
	for i := 0; err != nil && i < len(layouts); i++ {
		t, err = time.Parse(layouts[i], text)
	}
	if err != nil {
		return time.Time{}, false
	}
	t = t.UTC()
	return t, inRange(t)
}

func inRange(t time.Time) bool { return t.Year() >= 1970 && t.Year() <= 9999 }

// time reads a time; absent (or "") is none.
func (s *scanner) time(v value, pointer string) (t time.Time, ok bool, err error) {
	if v.absent() || (v.kind == '"' && v.end-v.start == 2) {
		return time.Time{}, false, nil
	}
	if v.kind == '"' {
		if t, ok = ParseTime(s.string(v)); ok {
			return t, true, nil
		}
	}
	return time.Time{}, false, fault.At(pointer, "%s must be an ISO 8601 time since 1970, such as \"2026-01-31T08:00:00.000Z\"", pointer[1:])
}

// happened returns when the event happened by our clock: the client's clock was wrong by as much when the event
// happened as when it was sent (Segment's rule: timestamp − sentAt + receivedAt). No time at all means now.
func (s *scanner) happened(d *draft, n *normal) (time.Time, error) {
	t, ok, err := s.time(d.timestamp, "/timestamp")
	if err == nil && !ok {
		t, ok, err = s.time(d.original, "/originalTimestamp")
	}
	if err != nil || !ok {
		return n.now, err
	}
	sentAt, sent, err := s.time(d.sentAt, "/sentAt")
	if err != nil {
		return t, err
	}
	if !sent {
		sentAt, sent = n.sentAt, n.hasSentAt
	}
	if sent {
		t = t.Add(n.now.Sub(sentAt))
	}
	if latest := n.now.Add(MaxAhead); t.After(latest) {
		t = latest
	}
	if !inRange(t) {
		return t, fault.At("/timestamp", "timestamp is before 1970 when corrected by sentAt")
	}
	return t, nil
}
