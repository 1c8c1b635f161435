package clv

import (
	"encoding/binary"
	"maps"
	"slices"
)

// Groups are the Counts of a population by group, such as the quarter of the first purchase or the channel that the
// customer came by. At most MaxGroups stay apart: those whose keys are the last in the order of bytes, so that of
// quarters like 2026Q1 the latest do. The rest is pooled. Which those are does not depend on how a population is split,
// and groups that stay apart are complete. The zero value is empty. It is not safe for concurrent use.
type Groups struct {
	apart map[string]*Counts
	rest  Counts
}

// MaxGroups is how many groups stay apart, MaxGroupKey how many bytes a key may have; a group of a longer one is pooled.
const (
	MaxGroups   = 64
	MaxGroupKey = 128
)

// Add counts a customer of a group.
func (g *Groups) Add(group string, t Transactions, s Spend) {
	if c := g.of(group); c != nil {
		c.Add(t, s)
		g.hold()
	} else {
		g.rest.Add(t, s)
	}
}

// Merge adds what o counts; o stays as it was.
func (g *Groups) Merge(o *Groups) {
	g.rest.Merge(&o.rest)
	for _, group := range slices.Sorted(maps.Keys(o.apart)) {
		if c := g.of(group); c != nil {
			c.Merge(o.apart[group])
			g.hold()
		} else {
			g.rest.Merge(o.apart[group])
		}
	}
}

// of returns the counts of a group that may stay apart, nil for one that is pooled.
func (g *Groups) of(group string) *Counts {
	c := g.apart[group]
	if c != nil || len(group) > MaxGroupKey || len(g.apart) == MaxGroups && group < g.first() {
		return c
	}
	if g.apart == nil {
		g.apart = make(map[string]*Counts)
	}
	c = &Counts{}
	g.apart[group] = c
	return c
}

// hold pools the first group where there are too many: no part that may still come could keep it apart.
func (g *Groups) hold() {
	if len(g.apart) > MaxGroups {
		first := g.first()
		g.rest.Merge(g.apart[first])
		delete(g.apart, first)
	}
}

func (g *Groups) first() string {
	least := ""
	found := false
	for group := range g.apart {
		if !found || group < least {
			least, found = group, true
		}
	}
	return least
}

// All returns the counts of everybody.
func (g *Groups) All() *Counts {
	var all Counts
	all.Merge(&g.rest)
	for _, group := range slices.Sorted(maps.Keys(g.apart)) {
		all.Merge(g.apart[group])
	}
	return &all
}

// AppendBinary appends the groups in a form that depends on what was counted alone. The error is always nil.
func (g *Groups) AppendBinary(b []byte) ([]byte, error) {
	b, _ = g.rest.AppendBinary(b)
	b = binary.AppendUvarint(b, uint64(len(g.apart)))
	for _, group := range slices.Sorted(maps.Keys(g.apart)) {
		b = binary.AppendUvarint(b, uint64(len(group)))
		b = append(b, group...)
		b, _ = g.apart[group].AppendBinary(b)
	}
	return b, nil
}

// Decode reads groups from the front of b and returns the rest. It returns an Internal error for what AppendBinary did
// not write.
func (g *Groups) Decode(b []byte) ([]byte, error) {
	r := varints{b: b}
	var out Groups
	out.rest.decode(&r)
	before := ""
	for i := range r.next(MaxGroups) {
		n := r.next(min(MaxGroupKey, uint64(len(r.b))))
		if uint64(len(r.b)) < n {
			return nil, errDamaged
		}
		group := string(r.b[:n])
		r.b = r.b[n:]
		if i > 0 && group <= before {
			return nil, errDamaged
		}
		before = group
		out.of(group).decode(&r)
		if r.bad {
			return nil, errDamaged
		}
	}
	if r.bad {
		return nil, errDamaged
	}
	*g = out
	return r.b, nil
}
