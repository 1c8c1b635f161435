package segment

import "math"

// Explanation says why a customer has a label.
type Explanation struct {
	Label   Label
	Rule    int     // of the model's rules, from 0; -1 for the rest
	Held    bool    // whether the label only stands because it stood (see Hold)
	Points  float64 // of a weighted model; NaN for others and where an input is missing
	Missing []Input // of Unknown: what was missing, or has no cut in the population
}

// Explain returns why a customer has the label that Label returns for a model; ok is false where there is no such model.
func (l *Labeler) Explain(model string, f *Facts, standing Labels) (e Explanation, ok bool) {
	for i := range l.judges {
		if j := &l.judges[i]; j.model.Name == model {
			return j.explain(f, j.standing(string(standing.Get(model)))), true
		}
	}
	return Explanation{}, false
}

func (j *judge) explain(f *Facts, standing uint8) Explanation {
	var v values
	copy(v[:], f[:])
	v[Points] = math.NaN()
	label, rule := j.decide(&v, standing)
	plain, _ := j.decide(&v, none)
	e := Explanation{Label: Label(j.names[label]), Rule: rule, Held: label != plain && label == standing, Points: v[Points]}
	if rule == len(j.rules) {
		e.Rule = -1
	}
	if e.Label != Unknown {
		return e
	}
	var lacks [inputs]bool
	r := j.rules[rule]
	from, to := r.from, r.to
	if r.label == standing {
		from, to = r.heldFrom, r.heldTo
	}
	for _, c := range j.conditions[from:to] {
		switch x := v[c.input]; {
		case x >= c.lo && x <= c.hi:
		case c.input != Points:
			lacks[c.input] = true
		default:
			for _, p := range j.points {
				lacks[p.input] = lacks[p.input] || math.IsNaN(v[p.input]+p.from+p.to)
			}
		}
	}
	for in, lacking := range lacks {
		if lacking {
			e.Missing = append(e.Missing, Input(in))
		}
	}
	return e
}
