package rfm

import (
	"encoding/binary"
	"math"
	"slices"

	"liuke/shared/fault"
)

// Ties are what a look at customers tells about the splits of a plan: for each, how many customers have its value, how
// many of those lie below its window of ties, and the ties in the window. Of n customers of equal value that is about
// 8·√n ties, 64 bytes·√n. Ties of the parts of a population merge into those of the whole, in any order and grouping.
type Ties struct {
	equal, below []int64
	in           [][]uint64
}

// Ties returns the empty ties of a plan.
func (p *TilePlan) Ties() *Ties {
	n := len(p.Splits)
	return &Ties{equal: make([]int64, n), below: make([]int64, n), in: make([][]uint64, n)}
}

// Add looks at one customer, by the plan that the ties are of.
func (t *Ties) Add(p *TilePlan, v Value, tie uint64) {
	if v.Frequency <= 0 {
		return
	}
	for i := range p.Splits {
		s := &p.Splits[i]
		if !s.holds(v) {
			continue
		}
		t.equal[i]++
		switch {
		case tie < s.From:
			t.below[i]++
		case tie <= s.To:
			t.in[i] = append(t.in[i], tie)
		}
	}
}

// Merge adds what o saw by the same plan; o stays as it was.
func (t *Ties) Merge(o *Ties) {
	for i := range o.in {
		t.equal[i] += o.equal[i]
		t.below[i] += o.below[i]
		t.in[i] = append(t.in[i], o.in[i]...)
	}
}

// Settle returns the plan with the splits settled that the ties of the whole population settle. A split whose border lies
// outside its window stays, with a window eight times as wide; at worst it ends at all ties there are. Settle returns an
// Internal error where the ties are of other customers than the plan.
func (p *TilePlan) Settle(t *Ties) (*TilePlan, error) {
	if len(t.in) != len(p.Splits) {
		return nil, fault.New(fault.Internal, "the ties are of another plan")
	}
	next := &TilePlan{Tiles: Tiles{
		Recency:   slices.Clone(p.Tiles.Recency),
		Frequency: slices.Clone(p.Tiles.Frequency),
		Monetary:  slices.Clone(p.Tiles.Monetary),
	}}
	columns := map[Column][]Border{Recency: next.Tiles.Recency, Frequency: next.Tiles.Frequency, Monetary: next.Tiles.Monetary}
	for i, s := range p.Splits {
		if t.equal[i] != s.Equal {
			return nil, fault.New(fault.Internal, "of a value that %d customers had when they were counted, %d were seen", s.Equal, t.equal[i])
		}
		in := slices.Sorted(slices.Values(t.in[i]))
		if at := s.Below - t.below[i]; at >= 0 && at < int64(len(in)) {
			columns[s.Column][s.Border].Tie = in[at]
			continue
		}
		s.Errors *= 8
		s.aim()
		next.Splits = append(next.Splits, s)
	}
	return next, nil
}

// AppendBinary appends the ties in a form that depends on what was seen alone. The error is always nil.
func (t *Ties) AppendBinary(b []byte) ([]byte, error) {
	b = binary.AppendUvarint(b, uint64(len(t.in)))
	for i, in := range t.in {
		b = binary.AppendUvarint(b, uint64(t.equal[i]))
		b = binary.AppendUvarint(b, uint64(t.below[i]))
		b = binary.AppendUvarint(b, uint64(len(in)))
		at := uint64(0)
		for _, tie := range slices.Sorted(slices.Values(in)) {
			b = binary.AppendUvarint(b, tie-at)
			at = tie
		}
	}
	return b, nil
}

// Decode reads ties from the front of b and returns the rest. It returns an Internal error for what AppendBinary did not
// write.
func (t *Ties) Decode(b []byte) (rest []byte, err error) {
	r := varints{b: b}
	out := Ties{}
	for range r.count(3) {
		equal, below, n := r.next(), r.next(), r.count(1)
		in := make([]uint64, 0, n)
		at := uint64(0)
		for range n {
			step := r.next()
			if at+step < at {
				r.bad = true
			}
			at += step
			in = append(in, at)
		}
		if equal > math.MaxInt64 || below > equal || uint64(n) > equal-below {
			r.bad = true
		}
		out.equal, out.below, out.in = append(out.equal, int64(equal)), append(out.below, int64(below)), append(out.in, in)
	}
	if r.bad {
		return nil, errDamaged
	}
	*t = out
	return r.b, nil
}

// varints reads unsigned varints until one is damaged.
type varints struct {
	b   []byte
	bad bool
}

func (r *varints) next() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || r.bad {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count reads how many items follow, each of which takes so many bytes at least.
func (r *varints) count(bytes int) int {
	n := r.next()
	if n > uint64(len(r.b)/bytes) {
		r.bad = true
		return 0
	}
	return int(n)
}
