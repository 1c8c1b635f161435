package cohort

import (
	"encoding/binary"
	"math"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

// AppendBinary appends the counts in a form that depends on what was counted alone: cohorts, cells and periods, each a
// number of entries that ascend, in varints. The error is always nil.
func (c *Counts) AppendBinary(b []byte) ([]byte, error) {
	b = binary.AppendUvarint(b, uint64(len(c.sizes)))
	for _, m := range sorted(c.sizes, func(a, b customer.Month) int { return int(a) - int(b) }) {
		b = binary.AppendVarint(b, int64(m))
		b = binary.AppendUvarint(b, uint64(c.sizes[m]))
	}
	b = binary.AppendUvarint(b, uint64(len(c.cells)))
	for _, k := range sorted(c.cells, compareCells) {
		cell := c.cells[k]
		for _, v := range []int64{int64(k.cohort), int64(k.month), cell.Active, cell.Orders, cell.Net} {
			b = binary.AppendVarint(b, v)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(c.periods)))
	for _, k := range sorted(c.periods, comparePeriods) {
		for _, v := range []int64{int64(k.span), int64(k.index), c.periods[k].active, c.periods[k].kept} {
			b = binary.AppendUvarint(b, uint64(v))
		}
	}
	return b, nil
}

// Decode reads counts from the front of b and returns the rest. It returns an Internal error for what AppendBinary did not
// write, and then leaves c as it was.
func (c *Counts) Decode(b []byte) (rest []byte, err error) {
	r := reader{b: b}
	var out Counts
	out.init()
	before := Earlier - 1
	for range r.entries(2) {
		m := r.month()
		r.require(m > before)
		before = m
		out.sizes[m] = r.count()
	}
	last := cellKey{Earlier - 1, 0}
	for range r.entries(5) {
		k := cellKey{r.month(), r.month()}
		r.require(compareCells(k, last) > 0)
		last = k
		cell := tally{Active: r.varint(), Orders: r.varint(), Net: r.varint()}
		r.require(cell.Active >= 0 && cell.Active <= out.sizes[k.cohort])
		out.cells[k] = &cell
	}
	end := periodKey{0, -1}
	for range r.entries(4) {
		k := periodKey{Span(r.limited(uint64(spans - 1))), int32(r.limited(math.MaxInt32))}
		r.require(comparePeriods(k, end) > 0)
		end = k
		p := period{active: r.count(), kept: r.count()}
		r.require(p.kept <= p.active)
		out.periods[k] = &p
	}
	if r.bad {
		return nil, errDamaged
	}
	*c = out
	return r.b, nil
}

var errDamaged = fault.New(fault.Internal, "the counts of cohorts are cut short or damaged")

// reader reads whole numbers until one is damaged or not as it must be; then everything reads as 0.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) require(ok bool) {
	if !ok {
		r.bad, r.b = true, nil
	}
}

func (r *reader) limited(limit uint64) uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > limit || r.bad {
		r.require(false)
		return 0
	}
	r.b = r.b[n:]
	return v
}

// entries reads a number of entries, each of so many bytes at least.
func (r *reader) entries(size int) int { return int(r.limited(uint64(len(r.b) / size))) }

func (r *reader) count() int64 { return int64(r.limited(math.MaxInt64)) }

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 || r.bad {
		r.require(false)
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) month() customer.Month {
	v := r.varint()
	r.require(v >= int64(Earlier) && v <= math.MaxInt32)
	return customer.Month(v)
}

func (r *reader) text(limit uint64) string {
	n := r.limited(min(limit, uint64(len(r.b))))
	if n == 0 || n > uint64(len(r.b)) {
		r.require(false)
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}
