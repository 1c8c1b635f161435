package survey

import "slices"

// Kind is what a question asks for.
type Kind string

// The kinds of question.
const (
	NPS      Kind = "nps"      // how likely to recommend, 0..10
	CSAT     Kind = "csat"     // how satisfied, 1..5
	CES      Kind = "ces"      // how easy it was, 1..7
	Scale    Kind = "scale"    // a whole number of the question's own range
	Single   Kind = "single"   // one of the options
	Multiple Kind = "multiple" // any of the options
	FreeText Kind = "text"
)

// Metric reports whether a survey can be measured by answers of the kind.
func (k Kind) Metric() bool { return k == NPS || k == CSAT || k == CES }

// Range returns the scale of a metric.
func (k Kind) Range() (lowest, highest int) {
	switch k {
	case NPS:
		return 0, 10
	case CSAT:
		return 1, 5
	case CES:
		return 1, 7
	}
	return 0, 0
}

// Question is one question of a survey.
type Question struct {
	ID       string      `json:"id"` // lower-case words joined by underscores
	Kind     Kind        `json:"kind"`
	Required bool        `json:"required,omitempty"`
	Min      int         `json:"min,omitempty"`     // of Scale: the lowest number; of Multiple: the fewest options
	Max      int         `json:"max,omitempty"`     // of Scale: the highest number; of Multiple: the most options; of FreeText: the most characters
	Options  []string    `json:"options,omitempty"` // of Single and Multiple
	When     []Condition `json:"when,omitempty"`    // shown where all of them hold
}

// Numeric reports whether the question asks for a whole number.
func (q *Question) Numeric() bool { return q.Kind.Metric() || q.Kind == Scale }

// Range returns the lowest and the highest number that answer the question, which is Numeric.
func (q *Question) Range() (lowest, highest int) {
	if q.Kind == Scale {
		return q.Min, q.Max
	}
	return q.Kind.Range()
}

// MostCharacters is the longest text that answers the question.
func (q *Question) MostCharacters() int {
	if q.Max > 0 {
		return q.Max
	}
	return MaxTextRunes
}

// Condition is on the answer to an earlier question. It holds where that was answered and what is set of it is so.
type Condition struct {
	Question string   `json:"question"`
	AtLeast  *int     `json:"at_least,omitempty"` // of a number
	AtMost   *int     `json:"at_most,omitempty"`
	Is       []string `json:"is,omitempty"` // any of these options was chosen
}

func (c *Condition) holds(v Values) bool {
	given, ok := v[c.Question]
	switch {
	case !ok:
		return false
	case given.Number != nil:
		return len(c.Is) == 0 && (c.AtLeast == nil || *given.Number >= *c.AtLeast) && (c.AtMost == nil || *given.Number <= *c.AtMost)
	}
	return slices.ContainsFunc(given.Choices, func(o string) bool { return slices.Contains(c.Is, o) })
}

// Shown reports whether who has answered so far is asked the question.
func (q *Question) Shown(v Values) bool {
	for i := range q.When {
		if !q.When[i].holds(v) {
			return false
		}
	}
	return true
}

// Page returns the questions that one page shows to who has answered so far: those that are shown from the question with
// the index from on, up to the first that depends on another of the page. It is empty where none is left.
func (s *Survey) Page(v Values, from int) []*Question {
	var page []*Question
	for i := max(from, 0); i < len(s.Questions); i++ {
		q := &s.Questions[i]
		if len(page) > 0 && q.dependsOn(page) {
			break
		}
		if q.Shown(v) {
			page = append(page, q)
		}
	}
	return page
}

func (q *Question) dependsOn(page []*Question) bool {
	return slices.ContainsFunc(q.When, func(c Condition) bool {
		return slices.ContainsFunc(page, func(p *Question) bool { return p.ID == c.Question })
	})
}

// Index returns where a question stands, −1 where it does not.
func (s *Survey) Index(id string) int {
	return slices.IndexFunc(s.Questions, func(q Question) bool { return q.ID == id })
}

// Resume returns the index that the page begins at which shows the first unanswered question of a partial answer; 0 where
// every question that is shown was answered.
func (s *Survey) Resume(v Values) int {
	for i := range s.Questions {
		if _, ok := v[s.Questions[i].ID]; !ok && s.Questions[i].Shown(v) {
			return i
		}
	}
	return 0
}
