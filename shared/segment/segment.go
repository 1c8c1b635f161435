// Package segment puts customers into disjoint, complete groups. A model is data: ordered rules over the scores of
// package rfm, of which the first that matches names the label, and a last label that takes the rest.
package segment

import (
	"slices"

	"liuke/shared/rfm"
)

// Label names a segment.
type Label string

// Others takes the score triples that no rule names.
const Others Label = "Others"

// Span is the scores from From to To, both among them.
type Span struct{ From, To uint8 }

func (s Span) holds(score uint8) bool { return s.From <= score && score <= s.To }

// Rule gives a label to scores within three spans.
type Rule struct {
	Label   Label
	R, F, M Span
}

// Model is a named set of rules.
type Model struct {
	Name  string
	Rules []Rule // the first that matches wins
	Rest  Label  // what no rule matches
}

// Label returns the label of three scores.
func (m *Model) Label(s rfm.Scores) Label {
	for i := range m.Rules {
		if r := &m.Rules[i]; r.R.holds(s.R) && r.F.holds(s.F) && r.M.holds(s.M) {
			return r.Label
		}
	}
	return m.Rest
}

// Labels returns all labels, in the order of the rules, each once.
func (m *Model) Labels() []Label {
	var out []Label
	for _, r := range m.Rules {
		if !slices.Contains(out, r.Label) {
			out = append(out, r.Label)
		}
	}
	if !slices.Contains(out, m.Rest) {
		out = append(out, m.Rest)
	}
	return out
}

// RFM10 is the default model: ten segments over scores of 1 to 5, as practitioners know them from the R package rfm.
func RFM10() *Model {
	return &Model{
		Name: "rfm10",
		Rules: []Rule{
			{"Champions", Span{5, 5}, Span{5, 5}, Span{5, 5}},
			{"Potential Loyalist", Span{3, 5}, Span{3, 5}, Span{2, 5}},
			{"Loyal Customers", Span{2, 4}, Span{2, 4}, Span{2, 4}},
			{"Promising", Span{3, 4}, Span{1, 3}, Span{3, 5}},
			{"New Customers", Span{4, 5}, Span{1, 3}, Span{1, 5}},
			{"Can't Lose Them", Span{1, 2}, Span{3, 4}, Span{4, 5}},
			{"At Risk", Span{1, 2}, Span{2, 5}, Span{4, 5}},
			{"Need Attention", Span{1, 3}, Span{3, 5}, Span{3, 5}},
			{"About To Sleep", Span{2, 3}, Span{1, 3}, Span{1, 4}},
			{"Lost", Span{1, 1}, Span{1, 5}, Span{1, 5}},
		},
		Rest: Others,
	}
}
