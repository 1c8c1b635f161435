package segment

import (
	"slices"
	"strings"
)

// used notes labels that the rules give and the list lacks, and the other way, and holds that hold nothing.
func (d *document) used(m *Model) {
	listed := make(map[Label]bool)
	for _, s := range m.Segments {
		listed[s.Label] = true
	}
	given := map[Label]bool{m.Rest: true}
	for i, r := range m.Rules {
		given[r.Label] = true
		if !listed[r.Label] {
			d.mistake(at("rules", i, "label"), "labels does not list %q: add it with its title", clip(string(r.Label)))
		}
	}
	if m.Rest != "" && !listed[m.Rest] {
		d.mistake(at("rest"), "labels does not list %q: add it with its title", clip(string(m.Rest)))
	}
	for i, s := range m.Segments {
		if !given[s.Label] {
			d.mistake(at("labels", i, "name"), "no rule gives the label %q, nor is it the rest: remove it", clip(string(s.Label)))
		}
	}
	for _, h := range m.Hold {
		if !slices.ContainsFunc(m.Rules, func(r Rule) bool { return slices.ContainsFunc(r.When, h.moves) }) {
			d.mistake(at("hold", h.Input.String()), "no rule has a bound of %s that this holds: remove it, or give a share for quantiles and a number for numbers", h.Input)
		}
	}
}

// moves reports whether the hold widens the condition.
func (h Hold) moves(c Condition) bool {
	if c.Input != h.Input {
		return false
	}
	for _, b := range []Bound{c.Span.From, c.Span.To} {
		if !b.none() && (b.Percent > 0) == (h.Percent > 0) {
			return true
		}
	}
	return false
}

// stated sets what the model looks at, and notes where that is not what it states.
func (d *document) stated(m *Model, stated []string) {
	var looks [inputs + 1]bool
	for _, r := range m.Rules {
		for _, c := range r.When {
			looks[c.Input] = true
		}
	}
	if len(m.Points) > 0 && !looks[Points] {
		d.mistake(at("points"), "no rule looks at points: add one, or remove them")
	}
	for _, p := range m.Points {
		looks[p.Input] = true
	}
	for i, name := range stated {
		in, ok := d.input(name, d.find(at("inputs", i)).Line, false)
		switch {
		case !ok:
		case slices.Contains(stated[:i], name):
			d.mistake(at("inputs", i), "inputs names %s twice", in)
		case !looks[in]:
			d.mistake(at("inputs", i), "inputs names %s, which no rule looks at: remove it", in)
		}
	}
	var lacks []string
	for _, in := range Inputs() {
		if !looks[in] {
			continue
		}
		m.Inputs = append(m.Inputs, in)
		if !slices.Contains(stated, in.String()) {
			lacks = append(lacks, in.String())
		}
	}
	if len(lacks) > 0 {
		d.mistake(at("inputs"), "the rules look at inputs that are not stated: add %s to inputs", strings.Join(lacks, ", "))
	}
}

// reached notes rules that no customer can reach, because those before them take everything that they match, and a rest
// that nobody is left for.
func (d *document) reached(m *Model) {
	g, cover := gridOf(m), coverage{}
	var before []box
	for i, r := range m.Rules {
		b := g.box(r.When)
		if cover.whole(b, before) {
			d.mistake(at("rules", i), "no customer can reach this rule for %q: the rules before it take everybody whom it matches", clip(string(r.Label)))
		}
		before = append(before, b)
	}
	if cover.whole(g.box(nil), before) {
		d.mistake(at("rest"), "nobody is left for the rest, %q: remove the last rule and make its label the rest", clip(string(m.Rest)))
	}
}
