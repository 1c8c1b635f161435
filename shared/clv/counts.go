package clv

import (
	"encoding/binary"
	"math"

	"liuke/shared/fault"
)

// Counts are how many customers share each Transactions and each Spend: the statistics that are sufficient for all
// models. The zero value is empty. It is not safe for concurrent use.
type Counts struct {
	transactions tally
	spends       tally
}

// Add counts a customer. The spend counts for repeat customers who spent something on their repeat purchases. Numbers
// below 0 count as 0.
func (c *Counts) Add(t Transactions, s Spend) {
	c.transactions.add(keyOf(t))
	if s.X > 0 && s.Total > 0 {
		c.spends.add(key{uint32(s.X), uint64(s.Total)})
	}
}

// Merge adds what o counts; o stays as it was.
func (c *Counts) Merge(o *Counts) {
	c.transactions.merge(&o.transactions)
	c.spends.merge(&o.spends)
}

// Customers is how many customers were counted, and how many of them bought more than once.
func (c *Counts) Customers() (all, repeat int64) {
	for _, l := range c.transactions.lines() {
		all += int64(l.n)
		if l.x > 0 {
			repeat += int64(l.n)
		}
	}
	return all, repeat
}

// ageShift leaves room for TX below T in a key.
const ageShift = 33

func keyOf(t Transactions) key {
	return key{uint32(max(t.X, 0)), uint64(max(t.T, 0))<<ageShift | uint64(max(t.TX, 0))}
}

func (l line) transactions() Transactions {
	return Transactions{X: int32(l.x), TX: int32(l.rest & (1<<ageShift - 1)), T: int32(l.rest >> ageShift)}
}

// AppendBinary appends the counts in a form that depends on what was counted alone. The error is always nil.
func (c *Counts) AppendBinary(b []byte) ([]byte, error) {
	lines := c.transactions.lines()
	b = binary.AppendUvarint(b, uint64(len(lines)))
	for _, l := range lines {
		t := l.transactions()
		for _, v := range []int64{int64(t.X), int64(t.TX), int64(t.T), int64(l.n)} {
			b = binary.AppendUvarint(b, uint64(v))
		}
	}
	lines = c.spends.lines()
	b = binary.AppendUvarint(b, uint64(len(lines)))
	for _, l := range lines {
		for _, v := range []uint64{uint64(l.x), l.rest, uint64(l.n)} {
			b = binary.AppendUvarint(b, v)
		}
	}
	return b, nil
}

// Decode reads counts from the front of b and returns the rest. It returns an Internal error for what AppendBinary did
// not write.
func (c *Counts) Decode(b []byte) ([]byte, error) {
	r := varints{b: b}
	var out Counts
	out.decode(&r)
	if r.bad {
		return nil, errDamaged
	}
	*c = out
	return r.b, nil
}

func (c *Counts) decode(r *varints) {
	day := func() int32 { return int32(r.next(math.MaxInt32)) }
	c.transactions = decodeLines(r, 4, func() key { return keyOf(Transactions{X: day(), TX: day(), T: day()}) })
	c.spends = decodeLines(r, 3, func() key { return key{uint32(day()), r.next(math.MaxInt64)} })
}

var errDamaged = fault.New(fault.Internal, "the counts are cut short or damaged")
