// Package survey is what the suite asks its customers: surveys as data, with a text in each locale; which of their
// questions a customer is shown; the check of what was typed; answers with their revisions; and the events that answers
// become. What many answers come to is package survey/tally; the pages that customers see are package survey/page. It knows
// no HTTP, no table and no clock.
//
// A survey is a list of questions. A question may ask for conditions on the answers to earlier ones: who does not meet them
// is not shown it. Without any script, that works by pages: one holds the questions up to the first that depends on another
// of the same page. Each page that is sent is kept, so that an answer broken off is a partial answer and not none.
package survey

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"liuke/shared/fault"
)

// Survey is one survey.
type Survey struct {
	ID        string          `json:"id"`             // lower-case words joined by underscores
	Version   int             `json:"version"`        // from 1; +1 with each edit: an answer keeps the version that it was given to
	Node      string          `json:"node,omitempty"` // of the service, that it is about, such as "ticket_resolved"; "" for the whole
	Questions []Question      `json:"questions"`
	Texts     map[string]Text `json:"texts"` // by BCP 47 tag
	Invite    Invite          `json:"invite"`
	Forms     []PublicForm    `json:"forms,omitempty"`
	Closed    bool            `json:"closed,omitempty"` // takes no more answers
}

// Text is a survey in one locale.
type Text struct {
	Title     string                  `json:"title"`
	Intro     string                  `json:"intro,omitempty"`
	Thanks    string                  `json:"thanks,omitempty"` // after the last page; the pages' own words where it is empty
	Questions map[string]QuestionText `json:"questions"`        // by id
	Interface map[string]string       `json:"interface,omitempty"`
}

// QuestionText is a question in one locale.
type QuestionText struct {
	Ask     string            `json:"ask"`
	Hint    string            `json:"hint,omitempty"`
	Lowest  string            `json:"lowest,omitempty"`  // what the lowest number means, of kinds with a scale
	Highest string            `json:"highest,omitempty"` // what the highest number means
	Options map[string]string `json:"options,omitempty"` // by option
}

// Invite says whom to ask how often. Its durations are written as "90d" or "36h".
type Invite struct {
	AgainAfter time.Duration   // the least time between two invitations of one customer to this survey; 0 for none
	Sample     float64         // share of customers that are asked, 0..1, to the millionth
	Reminders  []time.Duration // after the invitation was sent, ascending; none for who has answered
	Expires    time.Duration   // how long its link is good
}

// PublicForm lets a site of its own send answers, without an invitation.
type PublicForm struct {
	Key        string   `json:"key"`                   // public; 16 to 64 of a-z, 0-9, "-" and "_"
	Origins    []string `json:"origins"`               // of the pages that may send, such as "https://shop.example"
	Back       []string `json:"back,omitempty"`        // pages to go back to, the first where none is asked for
	Node       string   `json:"node,omitempty"`        // where it is not the survey's
	Channel    string   `json:"channel,omitempty"`     // "web" unless it says otherwise
	MinSeconds int      `json:"min_seconds,omitempty"` // the least time to fill it in, where the form says when it was begun
}

// Fallback is the locale of a customer of whom no better one is known. Every survey has it.
const Fallback = "en"

// Locales returns the survey's locales, the fallback first.
func (s *Survey) Locales() []string {
	all := slices.Sorted(maps.Keys(s.Texts))
	if i := slices.Index(all, Fallback); i > 0 {
		all = slices.Insert(slices.Delete(all, i, i+1), 0, Fallback)
	}
	return all
}

// Question returns the question with the id, nil where there is none.
func (s *Survey) Question(id string) *Question {
	for i := range s.Questions {
		if s.Questions[i].ID == id {
			return &s.Questions[i]
		}
	}
	return nil
}

// Metric returns the question that the survey is measured by, its first of NPS, CSAT or CES; nil where it has none.
func (s *Survey) Metric() *Question {
	for i := range s.Questions {
		if s.Questions[i].Kind.Metric() {
			return &s.Questions[i]
		}
	}
	return nil
}

// Kind returns what the survey measures: the kind of its metric, "" where it has none.
func (s *Survey) Kind() Kind {
	if q := s.Metric(); q != nil {
		return q.Kind
	}
	return ""
}

// FreeText returns the first question that asks for a text, nil where none does.
func (s *Survey) FreeText() *Question {
	for i := range s.Questions {
		if s.Questions[i].Kind == FreeText {
			return &s.Questions[i]
		}
	}
	return nil
}

// Form returns the public form with the key, nil where the survey has none.
func (s *Survey) Form(key string) *PublicForm {
	for i := range s.Forms {
		if s.Forms[i].Key == key {
			return &s.Forms[i]
		}
	}
	return nil
}

// Parse reads a survey in JSON, strictly, and validates it. It returns an Invalid error that names the field that is wrong.
func Parse(raw []byte) (*Survey, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	var s Survey
	if err := d.Decode(&s); err != nil {
		return nil, unread(err)
	}
	if d.More() {
		return nil, fault.New(fault.Invalid, "a survey is one JSON object, with nothing behind it")
	}
	if err := s.Validate(); err != nil {
		return nil, err
	}
	return &s, nil
}

// unread says why a survey's JSON could not be read, in words that are safe to show.
func unread(err error) error {
	var known *fault.Error
	if e, ok := err.(*json.UnmarshalTypeError); ok {
		return fault.At("/"+strings.ReplaceAll(e.Field, ".", "/"), "the field is of another type than %s", e.Type)
	}
	if asFault(err, &known) {
		return known
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fault.New(fault.Invalid, "a survey has no field %s", name)
	}
	return fault.As(err, fault.Invalid, "a survey is a JSON object")
}

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
		s, err := Parse(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		c[s.ID] = s
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

// Form returns the survey that has the public form with the key, and that form; NotFound where there is none.
func (c Catalogue) Form(key string) (*Survey, *PublicForm, error) {
	for _, s := range c {
		if f := s.Form(key); f != nil {
			return s, f, nil
		}
	}
	return nil, nil, fault.New(fault.NotFound, "there is no form with this key")
}
