// Package segment puts customers into disjoint, complete groups. A model is data, which the operator edits without code:
// ordered rules over a customer's facts, of which the first that matches names the label, and a last label that takes
// the rest. So every customer has exactly one label in each model, or Unknown where a fact is missing that a rule needed.
//
// A rule matches when all its conditions hold. Rules are walked in order; one with a condition that is definitely false
// is passed over, whatever else is missing; the first that is not passed over decides: its label where all its
// conditions hold, Unknown where one of them cannot be decided, because the fact is missing or, for a condition relative
// to the population, the population has no such cut. That the rules behind it might all agree changes nothing.
//
// What the facts are, and how they come about, is left to the packages that compute them.
package segment

import (
	"slices"
)

// Label names a segment of a model, as it is stored and shown in URLs; a title in each locale goes with it.
type Label string

// Unknown is the label of a customer of whom a fact is missing that a rule needed. No model may name a label so.
const Unknown Label = "unknown"

// Default is the name of the model that stands where none is named. It cannot be removed.
const Default = "rfm10"

// The limits of models.
const (
	MaxModels      = 32 // in a set
	MaxLabels      = 64 // of a model
	MaxRules       = 256
	MaxPoints      = 16
	MaxNameBytes   = 32 // of a model's name
	MaxLabelBytes  = 48
	MaxTitleBytes  = 120
	MaxTextBytes   = 1000    // of a description or strategy
	MaxModelBytes  = 1 << 16 // of a model's YAML
	maxVersion     = 1_000_000
	maxDigitsInCut = 15 // that a float holds exactly
)

// Text is a text for people in the two locales that every model has.
type Text struct {
	En string `json:"en"`
	Zh string `json:"zh-CN"`
}

// Segment is one label of a model, with what people read of it.
type Segment struct {
	Label    Label
	Title    Text
	Strategy Text // what its customers get out of the box; empty where nothing is set
}

// Condition asks a fact to lie within a span.
type Condition struct {
	Input Input
	Span  Span
}

// String returns the condition as a model's YAML has it.
func (c Condition) String() string { return c.Input.String() + ": " + c.Span.String() }

// Rule gives a label to customers of whom all conditions hold. There is at least one.
type Rule struct {
	Label Label
	When  []Condition
}

// Point is one part of what a weighted model adds up: nothing at From and before, Weight at To and beyond, in
// proportion between; From may be the greater. Where the population makes both equal, only what is greater gets Weight.
type Point struct {
	Input    Input
	From, To Bound
	Weight   float64 // greater than 0
}

// Hold is by how much a customer must leave a span again to lose the label that stands: the spans of a standing label's
// rules are wider by it on each side. So facts that move daily about a bound do not move the label daily.
type Hold struct {
	Input   Input
	By      float64 // in the input's unit, for bounds that are numbers; 0 for none
	Percent Percent // in shares of the population, for bounds that are quantiles; 0 for none
}

// Model is a named set of rules. Models are made by ParseModel alone, and are not to be changed.
type Model struct {
	Name        string
	Version     int  // 1 and, with each edit, one more
	Signals     bool // whether outreach is told when a customer's label changes
	Title       Text
	Description Text
	Inputs      []Input // what the rules and points look at, in the order of the enumeration
	Points      []Point // none unless the model is weighted
	Hold        []Hold
	Segments    []Segment // every label that the rules give, in the order in which people read them
	Rules       []Rule    // the first that matches wins
	Rest        Label     // what no rule matches
	source      string
}

// Source returns the YAML that the model was read from.
func (m *Model) Source() []byte { return []byte(m.source) }

// Labels returns all labels but Unknown, each once, in the order in which people read them.
func (m *Model) Labels() []Label {
	out := make([]Label, len(m.Segments))
	for i := range m.Segments {
		out[i] = m.Segments[i].Label
	}
	return out
}

// Segment returns what people read of a label; ok is false where the model has no such label.
func (m *Model) Segment(label Label) (s Segment, ok bool) {
	i := slices.IndexFunc(m.Segments, func(s Segment) bool { return s.Label == label })
	if i < 0 {
		return Segment{}, false
	}
	return m.Segments[i], true
}
