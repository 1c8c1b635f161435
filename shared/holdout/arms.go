package holdout

import (
	"encoding/binary"
	"math"
	"math/big"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/stats"
)

// Outcome is what the customers of one arm bought in the time that is measured. Sums are exact. The zero value is of
// nobody.
type Outcome struct {
	Customers int64
	Buyers    int64 // of them, with an order in the time
	Orders    int64
	net       sum // of all, minor units
	squares   sum // of each customer's net
}

// Add counts a customer who bought so many orders of so much, net of refunds, in minor units.
func (o *Outcome) Add(orders, net int64) {
	o.Customers++
	if orders > 0 {
		o.Buyers++
	}
	o.Orders += orders
	o.net.add(net)
	o.squares.addSquare(net)
}

// Merge adds the customers of p; p stays as it was.
func (o *Outcome) Merge(p *Outcome) {
	o.Customers += p.Customers
	o.Buyers += p.Buyers
	o.Orders += p.Orders
	o.net.merge(p.net)
	o.squares.merge(p.squares)
}

// Net is what all customers bought came to, in minor units.
func (o *Outcome) Net() *big.Int { return o.net.big() }

// Share is how many of the customers bought.
func (o *Outcome) Share() stats.Share { return stats.Share{Successes: o.Buyers, N: o.Customers} }

// Spend is the sample of what each customer spent, in minor units, those who bought nothing with 0. Its variance is
// computed exactly, (n Σx² − (Σx)²) / (n (n − 1)), and rounded once.
func (o *Outcome) Spend() stats.Sample {
	s := stats.Sample{N: o.Customers}
	if o.Customers <= 0 {
		return s
	}
	n, net := big.NewInt(o.Customers), o.net.big()
	s.Mean, _ = new(big.Rat).SetFrac(net, n).Float64()
	if o.Customers > 1 {
		spread := new(big.Int).Mul(n, o.squares.big())
		spread.Sub(spread, new(big.Int).Mul(net, net))
		degrees := new(big.Int).Mul(n, big.NewInt(o.Customers-1))
		s.Variance, _ = new(big.Rat).SetFrac(spread, degrees).Float64()
	}
	return s
}

// Arms are the outcomes of those who were held out and of all others. They compare who was meant to be treated, not who
// was reached: whoever reads a message is not like who does not, and only the draw made the arms alike. Arms of parts
// merge, in any order and grouping, into those of the whole. The zero value is of nobody.
type Arms struct{ Treated, Held Outcome }

// Add counts a customer who had ordered before the day from, by what was ordered from then until the end of asOf. Who
// first ordered later is in neither arm: whether somebody becomes a customer is no matter of retention. Of a history that
// is kept by month in part, a month counts as its first day.
func (a *Arms) Add(h Holdout, id customer.ID, history *customer.History, from, asOf customer.Day) {
	known := false
	var orders, net int64
	for p := range history.Days() {
		switch {
		case p.Day > asOf:
		case p.Day < from:
			known = known || p.Orders > 0
		default:
			orders, net = orders+p.Orders, net+p.Net
		}
	}
	switch {
	case !known:
	case h.Holds(id):
		a.Held.Add(orders, net)
	default:
		a.Treated.Add(orders, net)
	}
}

// Merge adds the customers of o; o stays as it was.
func (a *Arms) Merge(o *Arms) {
	a.Treated.Merge(&o.Treated)
	a.Held.Merge(&o.Held)
}

// AppendBinary appends the arms in a form that depends on what was counted alone: for each the counts as varints, and
// the sums as 24 bytes each, little-endian two's complement. The error is always nil.
func (a *Arms) AppendBinary(b []byte) ([]byte, error) {
	for _, o := range []*Outcome{&a.Treated, &a.Held} {
		b = binary.AppendUvarint(b, uint64(o.Customers))
		b = binary.AppendUvarint(b, uint64(o.Buyers))
		b = binary.AppendVarint(b, o.Orders)
		for _, s := range []sum{o.net, o.squares} {
			for _, word := range s {
				b = binary.LittleEndian.AppendUint64(b, word)
			}
		}
	}
	return b, nil
}

// Decode reads arms from the front of b and returns the rest. It returns an Internal error for what AppendBinary did not
// write, and then leaves a as it was.
func (a *Arms) Decode(b []byte) (rest []byte, err error) {
	var out Arms
	for _, o := range []*Outcome{&out.Treated, &out.Held} {
		for _, to := range []*int64{&o.Customers, &o.Buyers} {
			v, n := binary.Uvarint(b)
			if n <= 0 || v > math.MaxInt64 {
				return nil, errDamaged
			}
			*to, b = int64(v), b[n:]
		}
		v, n := binary.Varint(b)
		if n <= 0 || o.Buyers > o.Customers {
			return nil, errDamaged
		}
		o.Orders, b = v, b[n:]
		for _, s := range []*sum{&o.net, &o.squares} {
			for i := range s {
				if len(b) < 8 {
					return nil, errDamaged
				}
				s[i], b = binary.LittleEndian.Uint64(b), b[8:]
			}
		}
		if !o.possible() {
			return nil, errDamaged
		}
	}
	*a = out
	return b, nil
}

// possible reports whether the sums can be of so many customers: none of nobody, and no negative variance.
func (o *Outcome) possible() bool {
	net, squares := o.net.big(), o.squares.big()
	if o.Customers == 0 {
		return o.Orders == 0 && net.Sign() == 0 && squares.Sign() == 0
	}
	return new(big.Int).Mul(big.NewInt(o.Customers), squares).Cmp(net.Mul(net, net)) >= 0
}

var errDamaged = fault.New(fault.Internal, "the outcomes of the holdout are cut short or damaged")
