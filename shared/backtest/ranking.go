package backtest

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"liuke/shared/fault"
)

// Group are the customers of one score: how many of them ordered in the time held out, and how many did not.
type Group struct {
	Score   float64
	Ordered int64
	Not     int64
}

// Ranking counts outcomes by score: all that a ranking's quality depends on. A higher score says that an order is likelier.
// Rankings of the parts of a population merge into that of the whole, in any order and grouping. It holds as many groups as
// there are distinct scores. The zero value is empty. It is not safe for concurrent use.
type Ranking struct {
	groups  []Group
	settled int   // groups[:settled] ascend without repetition
	unknown int64 // customers without a score
}

// Add counts one customer. A score that is not a number is none: the customer is counted as Unknown and ranked nowhere.
func (r *Ranking) Add(score float64, ordered bool) {
	if math.IsNaN(score) {
		r.unknown++
		return
	}
	g := Group{Score: score + 0} // no negative zero
	if ordered {
		g.Ordered = 1
	} else {
		g.Not = 1
	}
	r.groups = append(r.groups, g)
	if len(r.groups) > 2*r.settled+1<<12 { // so that memory follows the distinct scores
		r.settle()
	}
}

// Merge adds what o counts; o stays as it was.
func (r *Ranking) Merge(o *Ranking) {
	r.groups = append(r.groups, o.groups...)
	r.unknown += o.unknown
}

// Unknown is how many customers had no score.
func (r *Ranking) Unknown() int64 { return r.unknown }

// Groups returns the groups by ascending score.
func (r *Ranking) Groups() []Group {
	r.settle()
	return slices.Clone(r.groups)
}

func (r *Ranking) settle() {
	if r.settled == len(r.groups) {
		return
	}
	slices.SortFunc(r.groups, func(a, b Group) int { return cmp.Compare(a.Score, b.Score) })
	out := r.groups[:0]
	for _, g := range r.groups {
		if n := len(out); n > 0 && out[n-1].Score == g.Score {
			out[n-1].Ordered += g.Ordered
			out[n-1].Not += g.Not
		} else {
			out = append(out, g)
		}
	}
	r.groups, r.settled = out, len(out)
}

// AUC returns the area under the ROC curve of the ranking.
func (r *Ranking) AUC() AUC {
	r.settle()
	return AUCOf(r.groups)
}

// Lift divides the ranking into parts of equal size.
func (r *Ranking) Lift(parts int) []Lift {
	r.settle()
	return LiftOf(r.groups, parts)
}

// AppendBinary appends the ranking in a form that depends on what was counted alone. The error is always nil.
func (r *Ranking) AppendBinary(b []byte) ([]byte, error) {
	r.settle()
	b = binary.AppendUvarint(b, uint64(r.unknown))
	b = binary.AppendUvarint(b, uint64(len(r.groups)))
	for _, g := range r.groups {
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(g.Score))
		b = binary.AppendUvarint(b, uint64(g.Ordered))
		b = binary.AppendUvarint(b, uint64(g.Not))
	}
	return b, nil
}

// Decode reads a ranking from the front of b and returns the rest. It returns an Internal error for what AppendBinary did
// not write.
func (r *Ranking) Decode(b []byte) (rest []byte, err error) {
	in := reader{b: b}
	out := Ranking{unknown: in.count()}
	for range in.length(10) {
		g := Group{Score: in.float(), Ordered: in.count(), Not: in.count()}
		if n := len(out.groups); n > 0 && !(g.Score > out.groups[n-1].Score) || math.IsNaN(g.Score) || g.Ordered+g.Not <= 0 {
			in.bad = true
		}
		if in.bad {
			break
		}
		out.groups = append(out.groups, g)
	}
	if in.bad {
		return nil, errDamaged
	}
	out.settled = len(out.groups)
	*r = out
	return in.b, nil
}

var errDamaged = fault.New(fault.Internal, "the backtest's counts are cut short or damaged")

// reader reads a binary form until something is damaged.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || r.bad {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) count() int64 {
	v := r.uvarint()
	if v > math.MaxInt64/2 {
		r.bad = true
		return 0
	}
	return int64(v)
}

// length reads how many items follow, each of which takes so many bytes at least.
func (r *reader) length(bytes int) int {
	n := r.uvarint()
	if n > uint64(len(r.b)/bytes) {
		r.bad = true
		return 0
	}
	return int(n)
}

func (r *reader) float() float64 {
	if len(r.b) < 8 {
		r.bad = true
		return 0
	}
	v := math.Float64frombits(binary.BigEndian.Uint64(r.b))
	r.b = r.b[8:]
	return v
}
