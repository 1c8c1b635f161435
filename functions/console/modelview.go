package main

import (
	"math"
	"strconv"
	"time"

	"liuke/shared/segment"
)

type modelsView struct {
	Models []modelView  `json:"models"` // ascending by name
	Broken []brokenView `json:"broken"` // that this version of the suite cannot read: recalculations wait until they are edited or deleted
	Inputs []inputView  `json:"inputs"`
}

type brokenView struct {
	Name    string `json:"name"`
	Problem string `json:"problem"`
}

// inputView is something that rules may look at.
type inputView struct {
	Name   string   `json:"name"`
	Doc    string   `json:"doc"`
	Unit   string   `json:"unit"`
	Min    *float64 `json:"min"` // null where there is no limit
	Max    *float64 `json:"max"`
	Whole  bool     `json:"whole"`  // whole numbers alone
	Ranked bool     `json:"ranked"` // whether rules may compare with the population
}

type modelView struct {
	Name        string          `json:"name"`
	Version     int             `json:"version"`
	RunVersion  *int            `json:"run_version"` // in the run that stands; null where that did not know the model
	Origin      origin          `json:"origin"`
	EditedAt    *time.Time      `json:"edited_at"`
	Title       segment.Text    `json:"title"`
	Description segment.Text    `json:"description"`
	Inputs      []segment.Input `json:"inputs"`
	Signals     bool            `json:"signals"` // whether outreach is told when a customer's label changes
	Labels      []labelView     `json:"labels"`
}

type labelView struct {
	Name     segment.Label `json:"name"`
	Title    segment.Text  `json:"title"`
	Strategy *segment.Text `json:"strategy"` // null where none is set
}

// modelDetail is all of a model.
type modelDetail struct {
	modelView
	Points []pointView   `json:"points"` // of a weighted model
	Hold   []askedView   `json:"hold"`
	Rules  []ruleView    `json:"rules"` // the first that matches wins
	Rest   segment.Label `json:"rest"`
}

type pointView struct {
	Input  segment.Input `json:"input"`
	From   string        `json:"from"`
	To     string        `json:"to"`
	Weight float64       `json:"weight"`
}

type ruleView struct {
	Label segment.Label `json:"label"`
	When  []askedView   `json:"when"`
}

// askedView is an input and what is asked of it, as the YAML has it.
type askedView struct {
	Input segment.Input `json:"input"`
	Asks  string        `json:"asks"`
}

type changedView struct {
	Name        string       `json:"name"`
	Model       *modelDetail `json:"model"`
	TakesEffect string       `json:"takes_effect"`
}

func viewOfModel(k *kept, stands *judged) modelView {
	m := k.model
	v := modelView{
		Name: m.Name, Version: m.Version, RunVersion: modelVersion(stands, m.Name), Origin: k.origin,
		EditedAt: editedAt(&k.document), Title: m.Title, Description: m.Description, Inputs: m.Inputs, Signals: m.Signals,
		Labels: make([]labelView, len(m.Segments)),
	}
	for i, s := range m.Segments {
		v.Labels[i] = viewOfLabel(&s)
	}
	return v
}

func viewOfLabel(s *segment.Segment) labelView {
	v := labelView{Name: s.Label, Title: s.Title}
	if s.Strategy != (segment.Text{}) {
		v.Strategy = &s.Strategy
	}
	return v
}

// unknown is what people read of customers of whom a fact is missing that a rule needed.
var unknown = segment.Segment{Label: segment.Unknown, Title: segment.Text{En: "Unknown", Zh: "未知"}}

// labelOf returns what people read of a label of a model.
func labelOf(m *segment.Model, label segment.Label) labelView {
	s, ok := m.Segment(label)
	if !ok {
		s = unknown
	}
	return viewOfLabel(&s)
}

func detailOf(k *kept, stands *judged) modelDetail {
	m := k.model
	v := modelDetail{modelView: viewOfModel(k, stands), Points: []pointView{}, Hold: []askedView{}, Rules: []ruleView{}, Rest: m.Rest}
	for _, p := range m.Points {
		v.Points = append(v.Points, pointView{p.Input, p.From.String(), p.To.String(), p.Weight})
	}
	for _, h := range m.Hold {
		by := strconv.FormatFloat(h.By, 'f', -1, 64)
		if h.Percent > 0 {
			by = h.Percent.String()
		}
		v.Hold = append(v.Hold, askedView{h.Input, by})
	}
	for _, r := range m.Rules {
		when := make([]askedView, len(r.When))
		for i, c := range r.When {
			when[i] = askedView{c.Input, c.Span.String()}
		}
		v.Rules = append(v.Rules, ruleView{r.Label, when})
	}
	return v
}

func inputViews() []inputView {
	var all []inputView
	for _, in := range segment.Inputs() {
		i := in.Info()
		all = append(all, inputView{i.Name, i.Doc, i.Unit, number(i.Min), number(i.Max), i.Whole, i.Ranked})
	}
	return all
}

// number returns nil for what is no number, so that JSON says null.
func number(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
