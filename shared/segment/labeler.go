package segment

import (
	"math"
	"slices"
	"strings"
)

// Cuts returns a quantile of the population: the value of an input that the share p, from 0 to 1, of the customers do not
// exceed, in the input's own unit; ok is false where the population has none, as an empty one.
type Cuts func(in Input, p float64) (value float64, ok bool)

// Labeler gives labels against one population. It is safe for concurrent use.
type Labeler struct {
	judges []judge // ascending by model
}

// values are facts with the points behind them.
type values [inputs + 1]float64

// judge is a model compiled to comparisons.
type judge struct {
	model      *Model
	names      []string // of the labels, in the model's order, then Unknown
	lines      []string // as they stand in Labels
	points     []part
	conditions []condition
	rules      []compiled
	rest       uint8
}

type condition struct {
	lo, hi float64 // both inside; NaN where the population has no such cut
	input  Input
}

// compiled is a rule: its conditions, and those that count for a customer who has its label already.
type compiled struct {
	from, to         int32
	heldFrom, heldTo int32
	label            uint8
}

type part struct {
	input        Input
	from, to, by float64 // by is the share of all weights, in points
}

// Compile makes the models ready for a population. Cuts is asked for Quantiles alone; nil counts as an empty population.
func (s *Set) Compile(cuts Cuts) *Labeler {
	if cuts == nil {
		cuts = func(Input, float64) (float64, bool) { return 0, false }
	}
	l := &Labeler{}
	for _, m := range s.models {
		l.judges = append(l.judges, m.compile(cuts))
	}
	return l
}

// Compile makes the model alone ready for a population, as to try it before it is kept.
func (m *Model) Compile(cuts Cuts) *Labeler { return (&Set{[]*Model{m}}).Compile(cuts) }

func (m *Model) compile(cuts Cuts) judge {
	j := judge{model: m}
	for _, s := range m.Segments {
		j.names = append(j.names, string(s.Label))
	}
	j.names = append(j.names, string(Unknown))
	for _, name := range j.names {
		j.lines = append(j.lines, m.Name+string(tab)+name)
	}
	j.rest = j.index(m.Rest)
	sum := 0.0
	for _, p := range m.Points {
		sum += p.Weight
	}
	for _, p := range m.Points {
		j.points = append(j.points, part{p.Input, p.From.value(p.Input, cuts), p.To.value(p.Input, cuts), 100 * p.Weight / sum})
	}
	for _, r := range m.Rules {
		c := compiled{label: j.index(r.Label), from: int32(len(j.conditions))}
		held := false
		for _, when := range r.When {
			j.conditions = append(j.conditions, when.compile(cuts))
			held = held || m.holdOf(when.Input) != Hold{}
		}
		c.to = int32(len(j.conditions))
		c.heldFrom, c.heldTo = c.from, c.to
		if held {
			c.heldFrom = c.to
			for _, when := range r.When {
				when.Span = when.Span.widened(m.holdOf(when.Input))
				j.conditions = append(j.conditions, when.compile(cuts))
			}
			c.heldTo = int32(len(j.conditions))
		}
		j.rules = append(j.rules, c)
	}
	return j
}

func (j *judge) index(label Label) uint8 { return uint8(slices.Index(j.names, string(label))) }

// holdOf returns the hold of an input, the zero value where there is none.
func (m *Model) holdOf(in Input) Hold {
	for _, h := range m.Hold {
		if h.Input == in {
			return h
		}
	}
	return Hold{}
}

// widened returns the span as it counts for a label that stands. A quantile that is pushed out of the population is no
// bound any more.
func (s Span) widened(h Hold) Span {
	wider := func(b Bound, sign int) Bound {
		switch {
		case b.none():
		case b.Percent == 0:
			b.Value += float64(sign) * h.By
		default:
			if b.Percent += Percent(sign) * h.Percent; b.Percent <= 0 || b.Percent >= whole {
				b = Bound{Value: math.Inf(sign)}
			}
		}
		return b
	}
	return Span{wider(s.From, -1), wider(s.To, 1)}
}

func (c Condition) compile(cuts Cuts) condition {
	out := condition{lo: c.Span.From.value(c.Input, cuts), hi: c.Span.To.value(c.Input, cuts), input: c.Input}
	if c.Span.From.Open {
		out.lo = math.Nextafter(out.lo, math.Inf(1))
	}
	if c.Span.To.Open {
		out.hi = math.Nextafter(out.hi, math.Inf(-1))
	}
	return out
}

// value returns the bound as a number, NaN where the population has no such cut.
func (b Bound) value(in Input, cuts Cuts) float64 {
	if b.Percent == 0 {
		return b.Value
	}
	v, ok := cuts(in, b.Percent.Share())
	if !ok {
		return math.NaN()
	}
	return v
}

// none is the index of no label.
const none = math.MaxUint8

// decide returns the index of a label, and the rule that decided, len(rules) for the rest. Standing is the index of the
// label that stands, or none.
func (j *judge) decide(v *values, standing uint8) (label uint8, rule int) {
	if len(j.points) > 0 {
		v[Points] = j.sum(v)
	}
rules:
	for i := range j.rules {
		r := &j.rules[i]
		from, to := r.from, r.to
		if r.label == standing {
			from, to = r.heldFrom, r.heldTo
		}
		open := false
		when := j.conditions[from:to]
		for k := range when {
			c := &when[k]
			x := v[c.input]
			if x < c.lo || x > c.hi {
				continue rules
			}
			open = open || !(x >= c.lo && x <= c.hi) // NaN on one side
		}
		if open {
			return uint8(len(j.names) - 1), i
		}
		return r.label, i
	}
	return j.rest, len(j.rules)
}

// sum adds the points up, NaN where an input or a cut is missing.
func (j *judge) sum(v *values) float64 {
	sum := 0.0
	for _, p := range j.points {
		x := v[p.input]
		switch {
		case p.from != p.to: // NaN as well
			sum += p.by * min(1, max(0, (x-p.from)/(p.to-p.from)))
		case x > p.to:
			sum += p.by
		case x != x:
			return x
		}
	}
	return min(100, sum) // of rounded shares
}

// Label returns a customer's labels in all models. The labels that stand count where a model holds (see Hold); the zero
// value says that there are none. Facts and standing labels alone decide.
func (l *Labeler) Label(f *Facts, standing Labels) Labels {
	var v values
	copy(v[:], f[:])
	v[Points] = math.NaN()
	var chosen [MaxModels]uint8
	same, text := true, standing.text
	for i := range l.judges {
		j := &l.judges[i]
		before, rest, first := find(text, j.model.Name)
		text = rest
		at := j.standing(before)
		chosen[i], _ = j.decide(&v, at)
		same = same && first && chosen[i] == at
	}
	if same && text == "" { // as with most customers on most days
		return standing
	}
	size := len(l.judges) - 1
	for i := range l.judges {
		size += len(l.judges[i].lines[chosen[i]])
	}
	var out strings.Builder
	out.Grow(size)
	for i := range l.judges {
		if i > 0 {
			out.WriteByte(newline)
		}
		out.WriteString(l.judges[i].lines[chosen[i]])
	}
	return Labels{out.String()}
}

// standing returns the index of a label that stands, none for one that the model has not.
func (j *judge) standing(label string) uint8 {
	for i, name := range j.names {
		if name == label {
			return uint8(i)
		}
	}
	return none
}
