package segment

import (
	"cmp"
	"math"
	"slices"
)

// A model's rules are boxes in the space of its inputs. Its bounds cut each input into cells, of which every rule takes
// some neighbours: whether earlier rules cover a later one is then a question about whole numbers.
//
// Numbers and quantiles of one input are kept apart as two axes, since a population decides where quantiles lie; so are
// points and what they are made of. That leaves combinations in that no customer can have. Hence a rule that is found
// covered is so in every population, and for scores, and wherever axes are independent, one that is not found covered can
// be reached by somebody.

// axis is an input's numbers, or its quantiles.
type axis struct {
	input  Input
	ranked bool
	at     []float64 // the bounds, ascending, each once
	cell   []int     // by position: how many cells that hold a value lie before it
}

// A position 2i+1 is the bound at[i] itself, and 2i what lies before it, after at[i-1].
func (a *axis) from(b Bound) int {
	i, found := slices.BinarySearch(a.at, b.place())
	switch {
	case !found: // no bound of this axis
		return 0
	case b.Open:
		return a.cell[2*i+2]
	}
	return a.cell[2*i+1]
}

// to returns the last cell.
func (a *axis) to(b Bound) int {
	i, found := slices.BinarySearch(a.at, b.place())
	switch {
	case !found:
		return a.cell[len(a.cell)-1] - 1
	case b.Open:
		return a.cell[2*i+1] - 1
	}
	return a.cell[2*i+2] - 1
}

func (b Bound) place() float64 {
	if b.Percent > 0 {
		return float64(b.Percent)
	}
	return b.Value
}

// number counts the cells of the axis that hold a value.
func (a *axis) number() {
	a.cell = []int{0}
	n := 0
	for position := range 2*len(a.at) + 1 {
		if a.holds(position) {
			n++
		}
		a.cell = append(a.cell, n)
	}
}

func (a *axis) holds(position int) bool {
	if a.ranked || position%2 == 1 {
		return true
	}
	info := a.input.Info()
	lo, hi := math.Inf(-1), math.Inf(1)
	if i := position / 2; i > 0 {
		lo = a.at[i-1]
	}
	if i := position / 2; i < len(a.at) {
		hi = a.at[i]
	}
	if info.Whole {
		return max(lo+1, info.Min) <= min(hi-1, info.Max)
	}
	return lo < info.Max && hi > info.Min
}

type grid []axis

// box is the first and the last cell on each axis.
type box [][2]int

func gridOf(m *Model) grid {
	var g grid
	for in := range Input(Points + 1) {
		for _, ranked := range []bool{false, true} {
			a := axis{input: in, ranked: ranked}
			for _, r := range m.Rules {
				for _, c := range r.When {
					for _, b := range []Bound{c.Span.From, c.Span.To} {
						if c.Input == in && !b.none() && (b.Percent > 0) == ranked {
							a.at = append(a.at, b.place())
						}
					}
				}
			}
			if len(a.at) > 0 {
				slices.SortFunc(a.at, cmp.Compare[float64])
				a.at = slices.Compact(a.at)
				a.number()
				g = append(g, a)
			}
		}
	}
	return g
}

// box returns the cells of conditions.
func (g grid) box(when []Condition) box {
	out := make(box, len(g))
	for i := range g {
		a := &g[i]
		out[i] = [2]int{0, a.cell[len(a.cell)-1] - 1}
		for _, c := range when {
			if c.Input != a.input {
				continue
			}
			if b := c.Span.From; (b.Percent > 0) == a.ranked {
				out[i][0] = a.from(b)
			}
			if b := c.Span.To; (b.Percent > 0) == a.ranked {
				out[i][1] = a.to(b)
			}
		}
	}
	return out
}

// maxPieces is after how many pieces the questions about a model's covering are given up, as if nothing covered.
const maxPieces = 200_000

// coverage answers questions about covering until it has looked at maxPieces.
type coverage struct{ pieces int }

// whole reports whether boxes together cover b.
func (c *coverage) whole(b box, by []box) bool {
	left := []box{b}
	for _, o := range by {
		if c.pieces += len(left); c.pieces > maxPieces {
			return false
		}
		var next []box
		for _, piece := range left {
			next = piece.less(o, next)
		}
		if left = next; len(left) == 0 {
			return true
		}
	}
	return false
}

// less appends what of b lies outside o, in disjoint pieces.
func (b box) less(o box, to []box) []box {
	for i := range b {
		if o[i][0] > b[i][1] || o[i][1] < b[i][0] {
			return append(to, b)
		}
	}
	rest := slices.Clone(b)
	for i := range b {
		if o[i][0] > rest[i][0] {
			piece := slices.Clone(rest)
			piece[i][1] = o[i][0] - 1
			to = append(to, piece)
			rest[i][0] = o[i][0]
		}
		if o[i][1] < rest[i][1] {
			piece := slices.Clone(rest)
			piece[i][0] = o[i][1] + 1
			to = append(to, piece)
			rest[i][1] = o[i][1]
		}
	}
	return to
}
