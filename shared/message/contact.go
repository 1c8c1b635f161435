package message

import (
	"encoding/binary"
	"slices"
	"time"

	"liuke/shared/fault"
)

// Limits of a contact record, so that it stays within 1 KB and costs one write unit.
const (
	// MaxWindow is the longest sliding window that a cap may have: what is older is forgotten.
	MaxWindow = 31 * 24 * time.Hour
	// MaxStamps is how many messages the record can hold. It is over any cap; a record that is full of messages
	// within MaxWindow holds whatever comes next.
	MaxStamps = 96
	// MaxNameBytes is the longest name of a scene.
	MaxNameBytes = 32
)

// Stamp is one message that a customer was claimed for.
type Stamp struct {
	Time    time.Time // to the second
	Scene   string
	Channel Channel
	Service bool // a transactional message: counts against its own scene's caps alone
}

// Contact is what a customer was sent lately: the record that frequency caps are decided on. The claim of a message
// writes it on condition that the version has not moved, so that two signals at once cannot both pass a cap.
type Contact struct {
	Version int64   // +1 with each claim; 0 for a record that is not stored yet
	Stamps  []Stamp // oldest first
}

// Count returns how many stamps that match lie in the window (now − per, now]: one exactly as old as the window is
// counts no more. A stamp of the future counts, so that a clock set back opens nothing.
func (c Contact) Count(now time.Time, per time.Duration, match func(Stamp) bool) int {
	n := 0
	for _, s := range c.Stamps {
		if now.Sub(s.Time) < per && match(s) {
			n++
		}
	}
	return n
}

// Full reports whether the record has no room for another stamp at now.
func (c Contact) Full(now time.Time) bool {
	return c.Count(now, MaxWindow, func(Stamp) bool { return true }) >= MaxStamps
}

// Add returns the record with one stamp more, without those that left MaxWindow, and with the next version. It
// returns a Conflict error where the record is full.
func (c Contact) Add(s Stamp) (Contact, error) {
	if c.Full(s.Time) {
		return c, fault.New(fault.Conflict, "the contact record is full")
	}
	next := Contact{Version: c.Version + 1, Stamps: make([]Stamp, 0, len(c.Stamps)+1)}
	for _, old := range c.Stamps {
		if s.Time.Sub(old.Time) < MaxWindow {
			next.Stamps = append(next.Stamps, old)
		}
	}
	s.Time = s.Time.Truncate(time.Second)
	next.Stamps = append(next.Stamps, s)
	slices.SortStableFunc(next.Stamps, func(a, b Stamp) int { return a.Time.Compare(b.Time) })
	return next, nil
}

// Join returns the record of one who was two: the messages of both, of too many the latest, and the next version.
func (c Contact) Join(o Contact) Contact {
	joined := Contact{Version: c.Version + 1, Stamps: append(slices.Clone(c.Stamps), o.Stamps...)}
	slices.SortStableFunc(joined.Stamps, func(a, b Stamp) int { return a.Time.Compare(b.Time) })
	joined.Stamps = joined.Stamps[max(0, len(joined.Stamps)-MaxStamps):]
	return joined
}

const (
	contactFormat  = 1
	serviceBit     = 1
	minUnixSeconds = -1 << 36 // bounds what damaged bytes decode to
	maxUnixSeconds = 1 << 36
)

// MarshalBinary encodes the stamps: a format byte; the names of scenes and channels, each with its length; then for
// each stamp the seconds since the one before, the numbers of its names, and whether it is a service message, as
// uvarints (the first time as a varint). The version is the store's. The error is always nil.
func (c Contact) MarshalBinary() ([]byte, error) {
	var names []string
	number := map[string]int{}
	for _, s := range c.Stamps {
		for _, name := range []string{s.Scene, string(s.Channel)} {
			if _, ok := number[name]; !ok {
				number[name] = len(names)
				names = append(names, name)
			}
		}
	}
	b := append([]byte{contactFormat}, binary.AppendUvarint(nil, uint64(len(names)))...)
	for _, name := range names {
		b = binary.AppendUvarint(b, uint64(len(name)))
		b = append(b, name...)
	}
	var before int64
	for _, s := range c.Stamps {
		b = binary.AppendVarint(b, s.Time.Unix()-before)
		before = s.Time.Unix()
		flags := uint64(number[string(s.Channel)]) << 1
		if s.Service {
			flags |= serviceBit
		}
		b = binary.AppendUvarint(b, uint64(number[s.Scene]))
		b = binary.AppendUvarint(b, flags)
	}
	return b, nil
}

// UnmarshalBinary is the inverse of MarshalBinary; no bytes are no stamps. It returns an Internal error for what is
// damaged.
func (c *Contact) UnmarshalBinary(b []byte) error {
	c.Stamps = nil
	if len(b) == 0 {
		return nil
	}
	r := reader{b: b[1:], ok: b[0] == contactFormat}
	names := make([]string, 0, 8)
	for n := r.uvarint(); n > 0 && r.ok; n-- {
		names = append(names, string(r.bytes(r.uvarint())))
	}
	var at int64
	for r.ok && len(r.b) > 0 {
		at += r.varint()
		scene, flags := r.uvarint(), r.uvarint()
		if !r.ok || at < minUnixSeconds || at > maxUnixSeconds || scene >= uint64(len(names)) || flags>>1 >= uint64(len(names)) {
			r.ok = false
			break
		}
		c.Stamps = append(c.Stamps, Stamp{
			Time: time.Unix(at, 0).UTC(), Scene: names[scene], Channel: Channel(names[flags>>1]), Service: flags&serviceBit != 0,
		})
	}
	if !r.ok {
		c.Stamps = nil
		return fault.New(fault.Internal, "a contact record is damaged")
	}
	return nil
}

// reader takes numbers off the front of its bytes until it finds none.
type reader struct {
	b  []byte
	ok bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.b, r.ok = nil, false
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.b, r.ok = nil, false
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.b, r.ok = nil, false
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}
