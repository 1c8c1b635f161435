package survey

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"liuke/shared/fault"
)

// MaxTextRunes is the longest free text, in characters, where the question does not ask for a shorter one.
const MaxTextRunes = 4000

// Reason says what is wrong with the answer to a question.
type Reason string

// The reasons.
const (
	Missing    Reason = "missing"      // the question must be answered
	OutOfScale Reason = "out_of_scale" // not a whole number of the scale
	NoOption   Reason = "no_option"    // not one of the options
	TooMany    Reason = "too_many"     // more options, or numbers, than the question takes
	TooFew     Reason = "too_few"      // fewer options than the question takes
	TooLong    Reason = "too_long"     // over the question's characters
	NotText    Reason = "not_text"     // not UTF-8
)

// Mistake is one question whose answer must change, and why.
type Mistake struct {
	Question *Question
	Reason   Reason
}

// Err returns the Invalid error that a mistake is to a client that reads no page.
func (m Mistake) Err() error {
	q, at := m.Question, "/"+m.Question.ID
	lowest, highest := q.Range()
	switch m.Reason {
	case Missing:
		return fault.At(at, "%s must be answered", q.ID)
	case OutOfScale:
		return fault.At(at, "%s is a whole number from %d to %d", q.ID, lowest, highest)
	case NoOption:
		return fault.At(at, "%s is one of %s", q.ID, strings.Join(q.Options, ", "))
	case TooMany:
		return fault.At(at, "%s takes %d at most", q.ID, q.most())
	case TooFew:
		return fault.At(at, "%s takes %d at least", q.ID, q.Min)
	case TooLong:
		return fault.At(at, "%s has at most %d characters", q.ID, q.MostCharacters())
	case NotText:
		return fault.At(at, "%s must be valid UTF-8", q.ID)
	}
	return fault.At(at, "%s is not valid", q.ID)
}

// most is how many values the question takes.
func (q *Question) most() int {
	switch {
	case q.Kind != Multiple:
		return 1
	case q.Max > 0:
		return q.Max
	}
	return len(q.Options)
}

// Check reads what was typed over the values that stand. Where the form says which questions it asked, the others keep
// what stands and only those that it asked must be answered; where it does not, it is the whole answer. What is typed for
// a question that is not shown is passed over, and what stands for one that is no more shown, or cannot be answered so any
// more, goes. Complete says that nothing is left to be asked behind the last question of the form. With any mistake, the
// values are not to be used.
func (s *Survey) Check(f Form, stands Values) (v Values, complete bool, wrong []Mistake) {
	v = Values{}
	last := -1
	for i := range s.Questions {
		q := &s.Questions[i]
		if !q.Shown(v) {
			continue
		}
		if len(f.Asked) > 0 && !slices.Contains(f.Asked, q.ID) {
			if old, ok := q.keep(stands[q.ID]); ok {
				v[q.ID] = old
			}
			continue
		}
		last = i
		value, answered, reason := q.read(f.Fields[q.ID])
		switch {
		case reason != "":
			wrong = append(wrong, Mistake{q, reason})
		case answered:
			v[q.ID] = value
		case q.Required && !f.Partial:
			wrong = append(wrong, Mistake{q, Missing})
		}
	}
	return v, len(wrong) == 0 && !f.Partial && len(s.Page(v, last+1)) == 0 && s.answered(v), wrong
}

// keep returns what stands as an answer to the question. It is not ok where there is none, and where an edit of the survey
// has moved what the question takes.
func (q *Question) keep(stands Value) (v Value, ok bool) {
	v, answered, wrong := q.read(stands.Typed())
	return v, answered && wrong == "" && (v.Number == nil) == (stands.Number == nil) &&
		len(v.Choices) == len(stands.Choices) && v.Text == stands.Text
}

// answered reports whether every question that must be is.
func (s *Survey) answered(v Values) bool {
	return !slices.ContainsFunc(s.Questions, func(q Question) bool {
		_, ok := v[q.ID]
		return q.Required && !ok && q.Shown(v)
	})
}

// read reads what was typed for the question. It is not answered where all of that is empty.
func (q *Question) read(typed []string) (v Value, answered bool, wrong Reason) {
	for _, t := range typed {
		if !utf8.ValidString(t) {
			return v, false, NotText
		}
	}
	switch q.Kind {
	case FreeText:
		return q.readText(typed)
	case Single, Multiple:
		return q.readChoices(typed)
	}
	return q.readNumber(typed)
}

func (q *Question) readNumber(typed []string) (v Value, answered bool, wrong Reason) {
	typed = filled(typed)
	switch {
	case len(typed) == 0:
		return v, false, ""
	case len(typed) > 1:
		return v, false, TooMany
	}
	n, err := strconv.ParseInt(typed[0], 10, 32)
	lowest, highest := q.Range()
	if err != nil || int(n) < lowest || int(n) > highest {
		return v, false, OutOfScale
	}
	return Number(int(n)), true, ""
}

func (q *Question) readChoices(typed []string) (v Value, answered bool, wrong Reason) {
	typed = filled(typed)
	for _, t := range typed {
		if !slices.Contains(q.Options, t) {
			return v, false, NoOption
		}
	}
	for _, o := range q.Options {
		if slices.Contains(typed, o) {
			v.Choices = append(v.Choices, o)
		}
	}
	switch n := len(v.Choices); {
	case n == 0:
		return v, false, ""
	case n > q.most():
		return v, false, TooMany
	case n < q.Min:
		return v, false, TooFew
	}
	return v, true, ""
}

func (q *Question) readText(typed []string) (v Value, answered bool, wrong Reason) {
	if len(typed) > 1 {
		return v, false, TooMany
	}
	if len(typed) == 0 {
		return v, false, ""
	}
	v.Text = plain(typed[0])
	if utf8.RuneCountInString(v.Text) > q.MostCharacters() {
		return v, false, TooLong
	}
	return v, v.Text != "", ""
}

// filled returns what is not empty, trimmed.
func filled(typed []string) (all []string) {
	for _, t := range typed {
		if t = strings.TrimSpace(t); t != "" {
			all = append(all, t)
		}
	}
	return all
}

// plain makes a text inert for whoever shows it: without control characters and without the marks that turn the
// direction of what follows them. Browsers send "\r\n" for a line end; it is kept as "\n", and tabs are kept.
func plain(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case r == '\r', r == '\u2028', r == '\u2029':
			return '\n'
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, text)
	return strings.TrimSpace(text)
}
