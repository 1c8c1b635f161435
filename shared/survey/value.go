package survey

import (
	"encoding/json"
	"maps"
	"slices"

	"liuke/shared/fault"
)

// Value is the answer to one question: a number, chosen options, or a text, whichever is set. In JSON it is a number, a
// list or a string.
type Value struct {
	Number  *int     // of NPS, CSAT, CES and Scale
	Choices []string // of Single, one; of Multiple, in the order of the question's options
	Text    string   // of FreeText
}

// Number returns the value that a number is.
func Number(n int) Value { return Value{Number: &n} }

// Equal reports whether both say the same.
func (v Value) Equal(o Value) bool {
	return (v.Number == nil) == (o.Number == nil) && (v.Number == nil || *v.Number == *o.Number) &&
		slices.Equal(v.Choices, o.Choices) && v.Text == o.Text
}

// MarshalJSON returns a number, a list of strings, or a string.
func (v Value) MarshalJSON() ([]byte, error) {
	switch {
	case v.Number != nil:
		return json.Marshal(*v.Number)
	case len(v.Choices) > 0:
		return json.Marshal(v.Choices)
	}
	return json.Marshal(v.Text)
}

// UnmarshalJSON is the inverse of MarshalJSON. It returns an Invalid error for anything else.
func (v *Value) UnmarshalJSON(raw []byte) error {
	*v = Value{}
	var err error
	switch {
	case len(raw) == 0:
	case raw[0] == '[':
		err = json.Unmarshal(raw, &v.Choices)
	case raw[0] == '"':
		err = json.Unmarshal(raw, &v.Text)
	default:
		err = json.Unmarshal(raw, &v.Number)
	}
	return fault.As(err, fault.Invalid, "an answer to a question is a number, a list of options or a text")
}

// Values are answers by the ids of their questions. A question that was not answered has none.
type Values map[string]Value

// Equal reports whether both say the same.
func (v Values) Equal(o Values) bool { return maps.EqualFunc(v, o, Value.Equal) }

// Texts returns the free texts alone, and what is left without them.
func (v Values) Texts() (texts map[string]string, rest Values) {
	texts, rest = map[string]string{}, Values{}
	for id, value := range v {
		if value.Text != "" {
			texts[id] = value.Text
		} else {
			rest[id] = value
		}
	}
	return texts, rest
}

// Comment returns the free texts in the order of the questions, each on lines of its own.
func (s *Survey) Comment(v Values) string {
	comment := ""
	for i := range s.Questions {
		text := v[s.Questions[i].ID].Text
		if text == "" {
			continue
		}
		if comment != "" {
			comment += "\n"
		}
		comment += text
	}
	return comment
}
