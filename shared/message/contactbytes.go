package message

import (
	"encoding/binary"
	"slices"
	"time"

	"liuke/shared/fault"
)

const (
	contactFormat  = 1 // of a record from before surveys, with the names of scenes
	askedFormat    = 2 // the same, with invitations
	markedFormat   = 3 // with the marks of scenes, and which were entered
	serviceBit     = 1
	minUnixSeconds = -1 << 36 // bounds what damaged bytes decode to
	maxUnixSeconds = 1 << 36
)

// MarshalBinary encodes the record: a format byte; how many invitations to surveys there are, and for each the survey's mark
// in 4 bytes, big-endian, and the minutes since the one before; how many enterings, and for each the scene's mark, the 16
// bytes of the entry's id, and the minutes since the one before; the marks of the scenes and the names of the channels of
// stamps, each with how many there are and a name with its length; then for each stamp the seconds since the one before, and
// in one number its scene, its channel and, lowest, whether it is a service message. Numbers are uvarints, times varints. The
// version is the store's. It returns an Internal error where an entering names no entry.
func (c Contact) MarshalBinary() ([]byte, error) {
	b := appendAsked([]byte{markedFormat}, c.Asked)
	b, err := appendEntered(b, c.Entered)
	if err != nil {
		return nil, err
	}
	var scenes []SceneMark
	var channels []Channel
	for _, s := range c.Stamps {
		if !slices.Contains(scenes, s.Scene) {
			scenes = append(scenes, s.Scene)
		}
		if !slices.Contains(channels, s.Channel) {
			channels = append(channels, s.Channel)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(scenes)))
	for _, mark := range scenes {
		b = binary.BigEndian.AppendUint32(b, uint32(mark))
	}
	b = binary.AppendUvarint(b, uint64(len(channels)))
	for _, name := range channels {
		b = binary.AppendUvarint(b, uint64(len(name)))
		b = append(b, name...)
	}
	var before int64
	for _, s := range c.Stamps {
		b = binary.AppendVarint(b, s.Time.Unix()-before)
		before = s.Time.Unix()
		n := uint64(slices.Index(scenes, s.Scene)*len(channels)+slices.Index(channels, s.Channel)) << 1
		if s.Service {
			n |= serviceBit
		}
		b = binary.AppendUvarint(b, n)
	}
	return b, nil
}

// appendAsked encodes the invitations.
func appendAsked(b []byte, asked map[SurveyMark]time.Time) []byte {
	b = binary.AppendUvarint(b, uint64(len(asked)))
	var before int64
	for _, mark := range inOrder(asked) {
		minutes := asked[mark].Unix() / 60
		b = binary.BigEndian.AppendUint32(b, uint32(mark))
		b = binary.AppendVarint(b, minutes-before)
		before = minutes
	}
	return b
}

func appendEntered(b []byte, entered []Entering) ([]byte, error) {
	b = binary.AppendUvarint(b, uint64(len(entered)))
	var before int64
	for _, e := range entered {
		id, err := idBytes(e.Entry)
		if err != nil {
			return nil, err
		}
		minutes := e.At.Unix() / 60
		b = binary.BigEndian.AppendUint32(b, uint32(e.Scene))
		b = append(b, id...)
		b = binary.AppendVarint(b, minutes-before)
		before = minutes
	}
	return b, nil
}

// UnmarshalBinary is the inverse of MarshalBinary; no bytes are an empty record. It returns an Internal error for what is
// damaged.
func (c *Contact) UnmarshalBinary(b []byte) error {
	c.Stamps, c.Asked, c.Entered = nil, nil, nil
	if len(b) == 0 {
		return nil
	}
	r := reader{b: b[1:], ok: true}
	switch b[0] {
	case contactFormat:
		c.Stamps = r.named()
	case askedFormat:
		c.Asked = r.asked()
		c.Stamps = r.named()
	case markedFormat:
		if c.Asked = r.asked(); len(c.Asked) == 0 {
			c.Asked = nil
		}
		c.Entered = r.entered()
		c.Stamps = r.marked()
	default:
		r.ok = false
	}
	if !r.ok {
		c.Stamps, c.Asked, c.Entered = nil, nil, nil
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

// entered takes the enterings.
func (r *reader) entered() (all []Entering) {
	var at int64
	for n := r.uvarint(); n > 0 && r.ok; n-- {
		mark, id := r.bytes(4), r.bytes(idLength)
		at += r.varint()
		if !r.ok || at < minUnixSeconds || at > maxUnixSeconds {
			r.ok = false
			return nil
		}
		all = append(all, Entering{Scene: SceneMark(binary.BigEndian.Uint32(mark)), At: time.Unix(at*60, 0).UTC(), Entry: idText(id)})
	}
	return all
}

// marked takes the stamps, to the end.
func (r *reader) marked() (all []Stamp) {
	var scenes []SceneMark
	for n := r.uvarint(); n > 0 && r.ok; n-- {
		if mark := r.bytes(4); r.ok {
			scenes = append(scenes, SceneMark(binary.BigEndian.Uint32(mark)))
		}
	}
	var channels []Channel
	for n := r.uvarint(); n > 0 && r.ok; n-- {
		channels = append(channels, Channel(r.bytes(r.uvarint())))
	}
	var at int64
	for r.ok && len(r.b) > 0 {
		at += r.varint()
		n := r.uvarint()
		which := n >> 1
		if !r.ok || at < minUnixSeconds || at > maxUnixSeconds || which >= uint64(len(scenes)*len(channels)) {
			r.ok = false
			return nil
		}
		all = append(all, Stamp{
			Time: time.Unix(at, 0).UTC(), Scene: scenes[which/uint64(len(channels))], Channel: channels[which%uint64(len(channels))],
			Service: n&serviceBit != 0,
		})
	}
	return all
}

// named takes the stamps of the older formats, to the end: names with their lengths, and for each stamp the numbers of two.
func (r *reader) named() (all []Stamp) {
	var names []string
	for n := r.uvarint(); n > 0 && r.ok; n-- {
		names = append(names, string(r.bytes(r.uvarint())))
	}
	var at int64
	for r.ok && len(r.b) > 0 {
		at += r.varint()
		scene, flags := r.uvarint(), r.uvarint()
		if !r.ok || at < minUnixSeconds || at > maxUnixSeconds || scene >= uint64(len(names)) || flags>>1 >= uint64(len(names)) {
			r.ok = false
			return nil
		}
		all = append(all, Stamp{
			Time: time.Unix(at, 0).UTC(), Scene: SceneMarkOf(names[scene]), Channel: Channel(names[flags>>1]), Service: flags&serviceBit != 0,
		})
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
