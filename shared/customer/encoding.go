package customer

import (
	"encoding/binary"
	"math"

	"liuke/shared/fault"
)

// The encodings are a version byte and varints. A history is:
//
//	version 1 | boundary | months (count) | days (count) | entries, months first
//
// and an entry is the distance from the entry before it in its list (days; months for months), shifted left by one
// with the low bit set where the number of orders is not 1 and follows (zigzag), then the net money (zigzag). The
// first entry's distance is from 0. A purchase day of one order takes four to five bytes.
const encodingVersion = 1

// MarshalBinary encodes a history; an empty one is no bytes at all. The error is always nil.
func (h *History) MarshalBinary() ([]byte, error) {
	if h.Len() == 0 && h.boundary == 0 {
		return nil, nil
	}
	b := make([]byte, 0, 8+6*h.Len())
	b = append(b, encodingVersion)
	b = binary.AppendUvarint(b, uint64(h.boundary))
	b = binary.AppendUvarint(b, uint64(len(h.months)))
	b = binary.AppendUvarint(b, uint64(len(h.days)))
	b = appendEntries(b, h.months, func(p Purchases) int64 { return int64(MonthOf(p.Day)) })
	b = appendEntries(b, h.days, func(p Purchases) int64 { return int64(p.Day) })
	return b, nil
}

func appendEntries(b []byte, list []Purchases, position func(Purchases) int64) []byte {
	var before int64
	for _, p := range list {
		at := position(p)
		head := uint64(at-before) << 1
		if p.Orders != 1 {
			head |= 1
		}
		b = binary.AppendUvarint(b, head)
		if p.Orders != 1 {
			b = binary.AppendVarint(b, p.Orders)
		}
		b = binary.AppendVarint(b, p.Net)
		before = at
	}
	return b
}

// UnmarshalBinary decodes what MarshalBinary made. It returns an Internal error for anything else and then leaves h
// as it was.
func (h *History) UnmarshalBinary(b []byte) error {
	if len(b) == 0 {
		*h = History{}
		return nil
	}
	r := reader{b: b}
	r.version()
	boundary := int64(r.uvarint())
	months, days := r.count(len(b)), r.count(ExactDays)
	out := History{boundary: Day(boundary)}
	if boundary < 0 || boundary > math.MaxInt32 || months > 0 && boundary == 0 {
		r.fail()
	}
	out.months = r.entries(months, func(at int64) Purchases {
		if at > int64(MonthOf(out.boundary)) {
			r.fail()
			return Purchases{}
		}
		return Purchases{Day: FirstDay(Month(at)), Approximate: true}
	})
	out.days = r.entries(days, func(at int64) Purchases {
		if at > math.MaxInt32 || at < boundary {
			r.fail()
		}
		return Purchases{Day: Day(at)}
	})
	if err := r.end("purchase history"); err != nil {
		return err
	}
	*h = out
	return nil
}

// entries reads n entries whose positions the callback checks and turns into a day.
func (r *reader) entries(n int, entry func(at int64) Purchases) []Purchases {
	if n == 0 || r.bad {
		return nil
	}
	list := make([]Purchases, 0, n)
	var at int64
	for i := range n {
		head := r.uvarint()
		step := int64(head >> 1)
		if at += step; i > 0 && step == 0 || step > math.MaxInt32 {
			r.fail()
		}
		p := entry(at)
		if p.Orders = 1; head&1 != 0 {
			p.Orders = r.varint()
		}
		p.Net = r.varint()
		if head&1 != 0 && p.Orders == 1 || p.Orders == 0 && p.Net == 0 {
			r.fail()
		}
		if r.bad {
			return nil
		}
		list = append(list, p)
	}
	return list
}

func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

// reader reads varints until something is wrong; then everything reads as 0.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) fail() { r.bad, r.b = true, nil }

func (r *reader) version() {
	if r.uvarint() != encodingVersion {
		r.fail()
	}
}

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 || r.bad {
		r.fail()
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *reader) varint() int64 { return unzigzag(r.uvarint()) }

// count reads a number of entries that is at most limit.
func (r *reader) count(limit int) int {
	n := r.uvarint()
	if n > uint64(limit) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) end(what string) error {
	if r.bad || len(r.b) > 0 {
		return fault.New(fault.Internal, "the stored %s is damaged", what)
	}
	return nil
}
