package tally

import (
	"cmp"
	"slices"

	"liuke/shared/survey"
)

// fold brings the cells into order, and within bounds: the greatest by answers and invitations stay, and the others become
// one whose key says Other throughout. What they sum to does not change.
func (r *Rollup) fold() {
	slices.SortFunc(r.Cells, func(a, b Cell) int {
		return cmp.Or(cmp.Compare(b.Answers+b.Asked, a.Answers+a.Asked), a.Key.Compare(b.Key))
	})
	keep, size := 0, 0
	for ; keep < len(r.Cells) && keep < MaxCells; keep++ {
		if size += r.Cells[keep].bytes(); size > maxCellBytes {
			break
		}
	}
	if keep < len(r.Cells) {
		rest := Cell{Key: Key{survey.Cell{Segment: Other, Tier: Other, Node: Other, Channel: Other}, Other}}
		for i := keep; i < len(r.Cells); i++ {
			rest.add(&r.Cells[i])
		}
		if i := slices.IndexFunc(r.Cells[:keep], func(c Cell) bool { return c.Key == rest.Key }); i >= 0 {
			r.Cells[i].add(&rest)
			r.Cells = r.Cells[:keep]
		} else {
			r.Cells = append(r.Cells[:keep], rest)
		}
	}
	slices.SortFunc(r.Cells, func(a, b Cell) int { return a.Key.Compare(b.Key) })
}

// bytes is the most that a cell takes in the binary form, with the words of its key.
func (c *Cell) bytes() int {
	return len(c.appendBinary(nil, map[string]int{})) + 10 + // the indices of its words take two bytes and not one
		len(c.Segment) + len(c.Tier) + len(c.Node) + len(c.Channel) + len(c.Locale)
}

// add adds the counts of o, of the same rollup.
func (c *Cell) add(o *Cell) {
	c.Asked += o.Asked
	c.Answers += o.Answers
	c.Invited += o.Invited
	c.Complete += o.Complete
	for kind := range c.Scores {
		c.Scores[kind].add(&o.Scores[kind])
	}
	for i, n := range o.Sentiments {
		c.Sentiments[i] += n
	}
	c.Values = union(c.Values, o.Values)
	c.Topics = union(c.Topics, o.Topics)
}

func (h *Histogram) add(o *Histogram) {
	for score, n := range o {
		h[score] += n
	}
}

// union sums two lists by index.
func union(a, b []Counted) []Counted {
	out := make([]Counted, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].Index < b[0].Index:
			out, a = append(out, a[0]), a[1:]
		case a[0].Index > b[0].Index:
			out, b = append(out, b[0]), b[1:]
		default:
			out = append(out, Counted{a[0].Index, a[0].N + b[0].N})
			a, b = a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}
