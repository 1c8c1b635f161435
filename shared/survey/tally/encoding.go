package tally

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"strings"
	"time"

	"liuke/shared/fault"
)

// The binary form is a version byte and varints:
//
//	1 | survey | hour (since 1970) | through (ms since the hour) | words | values | topics | keywords | cells
//
// Words are all different words of the rest, ascending, each its length and its bytes; wherever one is meant its index
// stands. A value is question, kind, and a number (zigzag) or an option; a cell five words, four counts, for each kind of
// metric a set of the scores that occur and their counts, the sentiments, and the counts of values and topics: each the
// distance to the index before and the count.
const encodingVersion = 1

// MarshalBinary encodes a rollup as Count or UnmarshalBinary made it. The error is always nil.
func (r Rollup) MarshalBinary() ([]byte, error) {
	words, index := r.words()
	b := append(make([]byte, 0, 1024), encodingVersion)
	b = appendText(b, r.Survey)
	b = binary.AppendVarint(b, r.Hour.Unix()/3600)
	b = binary.AppendVarint(b, r.Through.Sub(r.Hour).Milliseconds())
	b = binary.AppendUvarint(b, uint64(len(words)))
	for _, w := range words {
		b = appendText(b, w)
	}
	b = binary.AppendUvarint(b, uint64(len(r.Values)))
	for _, v := range r.Values {
		b = binary.AppendUvarint(b, uint64(index[v.Question]))
		b = append(b, byte(v.Kind))
		switch v.Kind {
		case Numbered:
			b = binary.AppendVarint(b, int64(v.Number))
		case Chosen:
			b = binary.AppendUvarint(b, uint64(index[v.Option]))
		}
	}
	b = binary.AppendUvarint(b, uint64(len(r.Topics)))
	for _, t := range r.Topics {
		b = binary.AppendUvarint(b, uint64(index[t]))
	}
	b = binary.AppendUvarint(b, uint64(len(r.Keywords)))
	for _, k := range r.Keywords {
		b = binary.AppendUvarint(b, uint64(index[k.Word]))
		b = binary.AppendUvarint(b, uint64(k.N))
	}
	b = binary.AppendUvarint(b, uint64(len(r.Cells)))
	for i := range r.Cells {
		b = r.Cells[i].appendBinary(b, index)
	}
	return b, nil
}

// words returns all words but the survey's id, and their indices.
func (r *Rollup) words() (words []string, index map[string]int) {
	index = map[string]int{}
	for _, v := range r.Values {
		index[v.Question] = 0
		if v.Kind == Chosen {
			index[v.Option] = 0
		}
	}
	for _, t := range r.Topics {
		index[t] = 0
	}
	for _, k := range r.Keywords {
		index[k.Word] = 0
	}
	for i := range r.Cells {
		for _, w := range r.Cells[i].Key.words() {
			index[*w] = 0
		}
	}
	for w := range index {
		words = append(words, w)
	}
	slices.Sort(words)
	for i, w := range words {
		index[w] = i
	}
	return words, index
}

func (k *Key) words() [5]*string {
	return [5]*string{&k.Segment, &k.Tier, &k.Node, &k.Channel, &k.Locale}
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func (c *Cell) appendBinary(b []byte, index map[string]int) []byte {
	for _, w := range c.Key.words() {
		b = binary.AppendUvarint(b, uint64(index[*w]))
	}
	for _, n := range []int64{c.Asked, c.Answers, c.Invited, c.Complete} {
		b = binary.AppendUvarint(b, uint64(n))
	}
	for kind := range c.Scores {
		given := uint64(0)
		for score, n := range c.Scores[kind] {
			if n > 0 {
				given |= 1 << score
			}
		}
		b = binary.AppendUvarint(b, given)
		for _, n := range c.Scores[kind] {
			if n > 0 {
				b = binary.AppendUvarint(b, uint64(n))
			}
		}
	}
	for _, n := range c.Sentiments {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return appendCounts(appendCounts(b, c.Values), c.Topics)
}

func appendCounts(b []byte, list []Counted) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	before := int32(-1)
	for _, c := range list {
		b = binary.AppendUvarint(b, uint64(c.Index-before))
		b = binary.AppendUvarint(b, uint64(c.N))
		before = c.Index
	}
	return b
}

// UnmarshalBinary decodes what MarshalBinary made. It returns an Internal error for anything else, and then leaves r as it
// was.
func (r *Rollup) UnmarshalBinary(b []byte) error {
	d := reader{b: b}
	d.require(d.limited(math.MaxUint8) == encodingVersion)
	out := Rollup{Survey: d.text(MaxBytes)}
	hour := d.varint(math.MaxInt32)
	out.Hour = time.Unix(hour*3600, 0).UTC()
	out.Through = out.Hour.Add(time.Duration(d.varint(math.MaxInt64/int64(time.Millisecond))) * time.Millisecond)
	words := make([]string, d.entries(1))
	for i := range words {
		words[i] = d.text(MaxWordBytes)
		d.require(i == 0 || words[i-1] < words[i])
	}
	d.words = words
	out.Values = list(&d, 2, d.value, Value.Compare)
	out.Topics = list(&d, 1, d.word, strings.Compare)
	out.Keywords = list(&d, 2, func() Word { return Word{d.word(), d.count()} }, moreFrequent)
	out.Cells = list(&d, 5+4+Kinds+Sentiments+2, func() Cell { return d.cell(len(out.Values), len(out.Topics)) },
		func(a, b Cell) int { return a.Key.Compare(b.Key) })
	if d.bad || len(d.b) > 0 {
		return fault.New(fault.Internal, "the rollup of a survey's hour is cut short or damaged")
	}
	*r = out
	return nil
}

// list reads entries of so many bytes at least that ascend; none is nil.
func list[T any](d *reader, size int, read func() T, compare func(a, b T) int) (out []T) {
	if n := d.entries(size); n > 0 {
		out = make([]T, 0, n)
		for i := range n {
			out = append(out, read())
			if d.require(i == 0 || compare(out[i-1], out[i]) < 0); d.bad {
				return nil
			}
		}
	}
	return out
}

// reader reads numbers and words until one is damaged or not as it must be; then everything reads as nothing.
type reader struct {
	b     []byte
	words []string
	bad   bool
}

func (d *reader) require(ok bool) {
	if !ok {
		d.bad, d.b = true, nil
	}
}

func (d *reader) limited(limit uint64) uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 || v > limit || d.bad {
		d.require(false)
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *reader) varint(limit int64) int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 || v > limit || v < -limit || d.bad {
		d.require(false)
		return 0
	}
	d.b = d.b[n:]
	return v
}

// mostCounted bounds every count, so that the sums of many rollups do not overflow.
const mostCounted = 1 << 40

func (d *reader) amount() int64 { return int64(d.limited(mostCounted)) }

// count reads an amount that is above 0.
func (d *reader) count() int64 {
	n := d.amount()
	d.require(n > 0)
	return n
}

// entries reads a number of entries, each of so many bytes at least.
func (d *reader) entries(size int) int { return int(d.limited(uint64(len(d.b) / size))) }

func (d *reader) text(limit uint64) string {
	n := d.limited(min(limit, uint64(len(d.b))))
	if n > uint64(len(d.b)) {
		d.require(false)
		return ""
	}
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}

func (d *reader) word() string {
	if i := d.limited(uint64(len(d.words))); i < uint64(len(d.words)) {
		return d.words[i]
	}
	d.require(false)
	return ""
}

func (d *reader) value() Value {
	v := Value{Question: d.word(), Kind: ValueKind(d.limited(uint64(Chosen)))}
	switch v.Kind {
	case Numbered:
		v.Number = int32(d.varint(math.MaxInt32))
	case Chosen:
		v.Option = d.word()
	}
	return v
}

func (d *reader) cell(values, topics int) Cell {
	var c Cell
	for _, w := range c.Key.words() {
		*w = d.word()
	}
	for _, n := range []*int64{&c.Asked, &c.Answers, &c.Invited, &c.Complete} {
		*n = d.amount()
	}
	d.require(c.Invited <= c.Answers && c.Complete <= c.Answers)
	for kind := range c.Scores {
		given := d.limited(1<<len(Histogram{}) - 1)
		for ; given != 0; given &= given - 1 {
			c.Scores[kind][bits.TrailingZeros64(given)] = d.count()
		}
	}
	for i := range c.Sentiments {
		c.Sentiments[i] = d.amount()
	}
	c.Values, c.Topics = d.counts(values), d.counts(topics)
	return c
}

// counts reads counts by indices below limit.
func (d *reader) counts(limit int) (out []Counted) {
	n := d.entries(2)
	if d.require(n <= limit); d.bad || n == 0 {
		return nil
	}
	out = make([]Counted, 0, n)
	at := int64(-1)
	for range n {
		step := d.limited(uint64(limit))
		at += int64(step)
		if d.require(step > 0 && at < int64(limit)); d.bad {
			return nil
		}
		out = append(out, Counted{int32(at), d.count()})
	}
	return out
}
