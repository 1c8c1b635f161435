package survey

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"liuke/shared/fault"
)

// MaxCommentRunes is the longest comment, in characters.
const MaxCommentRunes = 4000

// Field names an input of the form.
type Field string

// The fields.
const (
	Score   Field = "score"
	Comment Field = "comment"
)

// Reason says what is wrong with a field.
type Reason string

// The reasons.
const (
	ScoreMissing    Reason = "score_missing"    // none was chosen
	ScoreOutOfRange Reason = "score_range"      // not a whole number of the scale
	CommentTooLong  Reason = "comment_too_long" // over MaxCommentRunes
	CommentNotText  Reason = "comment_not_text" // not UTF-8
)

// Mistake is one field that must change, and why.
type Mistake struct {
	Field  Field
	Reason Reason
}

// Err returns the Invalid error that a mistake is to a client that reads no page.
func (m Mistake) Err() error {
	switch m.Reason {
	case ScoreMissing:
		return fault.At("/score", "the score is missing: give a whole number from %d to %d", MinScore, MaxScore)
	case ScoreOutOfRange:
		return fault.At("/score", "the score is a whole number from %d to %d", MinScore, MaxScore)
	case CommentTooLong:
		return fault.At("/comment", "the comment has at most %d characters", MaxCommentRunes)
	case CommentNotText:
		return fault.At("/comment", "the comment must be valid UTF-8")
	}
	return fault.At("/"+string(m.Field), "the field is not valid")
}

// Given is what an answer says, checked: a score of the scale, and a comment that is UTF-8 without control
// characters (line ends are "\n"), trimmed, of at most MaxCommentRunes.
type Given struct {
	Score   int
	Comment string
}

// Check reads a form. The mistakes come in the order of the fields; with any of them, Given is not to be used.
func (s *Survey) Check(f Form) (Given, []Mistake) {
	var g Given
	var wrong []Mistake
	switch text := strings.TrimSpace(f.Score); {
	case text == "":
		wrong = append(wrong, Mistake{Score, ScoreMissing})
	default:
		n, err := strconv.ParseInt(text, 10, 8)
		if err != nil || n < MinScore || n > MaxScore {
			wrong = append(wrong, Mistake{Score, ScoreOutOfRange})
		}
		g.Score = int(n)
	}
	if !utf8.ValidString(f.Comment) {
		return g, append(wrong, Mistake{Comment, CommentNotText})
	}
	g.Comment = plain(f.Comment)
	if utf8.RuneCountInString(g.Comment) > MaxCommentRunes {
		wrong = append(wrong, Mistake{Comment, CommentTooLong})
	}
	return g, wrong
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
