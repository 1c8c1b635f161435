package message

import (
	"encoding/binary"
	"time"

	"liuke/shared/fault"
)

const (
	contactFormat  = 1 // of a record without invitations
	askedFormat    = 2 // of one with some
	serviceBit     = 1
	minUnixSeconds = -1 << 36 // bounds what damaged bytes decode to
	maxUnixSeconds = 1 << 36
)

// MarshalBinary encodes the record: a format byte; where there are invitations to surveys, how many, and for each the
// survey's mark in 4 bytes, big-endian, and the minutes since the one before; the names of scenes and channels, each
// with its length; then for each stamp the seconds since the one before, the numbers of its names, and whether it is a
// service message. Numbers are uvarints, times varints. The version is the store's. The error is always nil.
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
	b := appendAsked(c.Asked)
	b = binary.AppendUvarint(b, uint64(len(names)))
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

// appendAsked begins the encoding of a record, with its invitations.
func appendAsked(asked map[SurveyMark]time.Time) []byte {
	if len(asked) == 0 {
		return []byte{contactFormat}
	}
	b := binary.AppendUvarint([]byte{askedFormat}, uint64(len(asked)))
	var before int64
	for _, mark := range inOrder(asked) {
		minutes := asked[mark].Unix() / 60
		b = binary.BigEndian.AppendUint32(b, uint32(mark))
		b = binary.AppendVarint(b, minutes-before)
		before = minutes
	}
	return b
}

// UnmarshalBinary is the inverse of MarshalBinary; no bytes are an empty record. It returns an Internal error for what is
// damaged.
func (c *Contact) UnmarshalBinary(b []byte) error {
	c.Stamps, c.Asked = nil, nil
	if len(b) == 0 {
		return nil
	}
	r := reader{b: b[1:], ok: b[0] == contactFormat || b[0] == askedFormat}
	if b[0] == askedFormat {
		c.Asked = r.asked()
	}
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
		c.Stamps, c.Asked = nil, nil
		return fault.New(fault.Internal, "a contact record is damaged")
	}
	return nil
}

// reader takes numbers off the front of its bytes until it finds none.
type reader struct {
	b  []byte
	ok bool
}

// asked takes the invitations.
func (r *reader) asked() map[SurveyMark]time.Time {
	all := map[SurveyMark]time.Time{}
	var at int64
	for n := r.uvarint(); n > 0 && r.ok; n-- {
		mark := r.bytes(4)
		at += r.varint()
		if !r.ok || at < minUnixSeconds || at > maxUnixSeconds {
			r.ok = false
			return nil
		}
		all[SurveyMark(binary.BigEndian.Uint32(mark))] = time.Unix(at*60, 0).UTC()
	}
	return all
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
