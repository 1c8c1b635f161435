// Package survey is what the suite asks its customers: surveys as data with a text in each locale, the check of an
// answer, its identity and revisions, the counters that metrics are read from, and the events that answers become. It
// knows no HTTP, no table and no clock; the page that a customer sees is package survey/page.
package survey

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"liuke/shared/fault"
)

// Kind is what a survey measures, and thereby its scale.
type Kind string

// NPS asks how likely the customer is to recommend, on 0..10.
const NPS Kind = "nps"

// The scale of NPS.
const (
	MinScore = 0
	MaxScore = 10
)

// Survey is one survey. Version counts the meanings that its questions have had: an answer keeps the version that it
// was given to.
type Survey struct {
	ID      string          `json:"id"`
	Version int             `json:"version"`
	Kind    Kind            `json:"kind"`
	Texts   map[string]Text `json:"texts"` // by BCP 47 tag
}

// Text is a survey in one locale.
type Text struct {
	Title    string `json:"title"`
	Question string `json:"question"`
	Lowest   string `json:"lowest"`  // what the lowest score means
	Highest  string `json:"highest"` // what the highest score means
	Comment  string `json:"comment"` // the question that the free text answers
}

// Fallback is the locale of a customer of whom no better one is known. Every survey has it.
const Fallback = "en"

// Locales returns the survey's locales, the fallback first.
func (s *Survey) Locales() []string {
	all := slices.Sorted(maps.Keys(s.Texts))
	i := slices.Index(all, Fallback)
	return slices.Insert(slices.Delete(all, i, i+1), 0, Fallback)
}

// Validate returns an Invalid error that names the first field that is wrong.
func (s *Survey) Validate() error {
	switch {
	case s.ID == "" || len(s.ID) > MaxIDBytes:
		return fault.At("/id", "a survey's id has 1 to %d bytes", MaxIDBytes)
	case s.Version < 1:
		return fault.At("/version", "a survey's version counts from 1")
	case s.Kind != NPS:
		return fault.At("/kind", "a survey's kind is %q", NPS)
	}
	if _, ok := s.Texts[Fallback]; !ok {
		return fault.At("/texts", "a survey has a text in %q", Fallback)
	}
	for _, locale := range slices.Sorted(maps.Keys(s.Texts)) {
		t := s.Texts[locale]
		for _, line := range []struct{ name, text string }{
			{"title", t.Title}, {"question", t.Question}, {"lowest", t.Lowest}, {"highest", t.Highest}, {"comment", t.Comment},
		} {
			if line.text == "" {
				return fault.At("/texts/"+locale+"/"+line.name, "the text is missing")
			}
		}
	}
	return nil
}

// MaxIDBytes is the longest id of a survey and of an invitation.
const MaxIDBytes = 128

//go:embed definition/*.json
var definitions embed.FS

// Catalogue is the surveys that there are, by id.
type Catalogue map[string]*Survey

// BuiltIn returns the surveys that come with the suite.
func BuiltIn() (_ Catalogue, err error) {
	defer fault.Wrap(&err, "load the surveys that come with the suite")
	names, err := fs.Glob(definitions, "definition/*.json")
	if err != nil {
		return nil, err
	}
	c := Catalogue{}
	for _, name := range names {
		raw, err := definitions.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var s Survey
		if err := json.Unmarshal(raw, &s); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if err := s.Validate(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		c[s.ID] = &s
	}
	return c, nil
}

// Find returns the survey with the id. It returns a NotFound error where there is none.
func (c Catalogue) Find(id string) (*Survey, error) {
	s, ok := c[id]
	if !ok {
		return nil, fault.New(fault.NotFound, "there is no survey with this id")
	}
	return s, nil
}
