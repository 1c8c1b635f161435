// Package tally is what many answers to a survey come to. It counts in two steps, so that the metrics of a million answers
// come from counts and not from reading them.
//
// A Rollup is what one survey's answers and invitations of one UTC hour come to: a pure function of what is stored, so that
// it can be made again at any time, after any crash, and is the same. Metrics adds up rollups, in any order, and says what
// they mean: scores with their uncertainty, by group and by month; whether the score has moved; who does not answer; and
// where there are too few answers to say. It knows no table and no clock.
package tally

import (
	"cmp"
	"strings"
	"time"

	"liuke/shared/customer"
	"liuke/shared/survey"
)

// Asked is one invitation that was sent. A reminder is none.
type Asked struct {
	Survey     string
	Invitation string
	Customer   customer.ID
	Cell       survey.Cell
	Locale     string // of the message
	Sent       time.Time
}

// Key is what is counted apart from what. A part that is not known is "".
type Key struct {
	survey.Cell
	Locale string // of the form for an answer, of the message for an invitation
}

// Compare orders keys by segment, tier, node, channel and locale.
func (k Key) Compare(o Key) int {
	return cmp.Or(strings.Compare(k.Segment, o.Segment), strings.Compare(k.Tier, o.Tier), strings.Compare(k.Node, o.Node),
		strings.Compare(k.Channel, o.Channel), strings.Compare(k.Locale, o.Locale))
}

// Other is each part of the key of the one cell into which the smallest fold where an hour has too many cells, and of a
// part that is longer than MaxWordBytes.
const Other = "(other)"

// Limits of a rollup. Whatever the answers, its binary form is under MaxBytes.
const (
	MaxBytes     = 300_000
	MaxWordBytes = 64   // of a part of a key, a topic or a keyword
	MaxCells     = 1000 // beside the folded one
	MaxValues    = 1500 // different values of questions, which is more than one version of a survey has: those given most often
	MaxTopics    = 200  // likewise
	MaxKeywords  = 50   // likewise

	maxCellBytes = 150_000 // all cells but the folded one, with their keys
	maxIDBytes   = 32      // as the ids of questions and options are
)

// Rollup is what the answers first given, and the invitations sent, within one UTC hour come to, as far as they lie at or
// before Through. Rollups of one hour add up where they counted different answers.
type Rollup struct {
	Survey   string
	Hour     time.Time // its beginning, UTC
	Through  time.Time // UTC, to the millisecond
	Cells    []Cell    // by key, ascending
	Values   []Value   // that the cells count, ascending
	Topics   []string  // likewise
	Keywords []Word    // of all cells; the most frequent first
}

// Cell is what the answers and invitations of one key come to. Counts of values and topics are by index into those of the
// rollup, ascending and above 0.
type Cell struct {
	Key
	Asked      int64 // invitations sent
	Answers    int64
	Invited    int64 // answers of them that came by an invitation; see survey.Answer's method of that name
	Complete   int64 // answers of them that were sent to their end
	Scores     [Kinds]Histogram
	Sentiments [Sentiments]int64 // answers with a comment, by what it says
	Values     []Counted
	Topics     []Counted // answers that speak of it
}

// Histogram counts the answers that gave each score, from 0.
type Histogram [11]int64

// Kinds is how many kinds of metric there are. An answer keeps the kind that its survey was measured by when it was given.
const Kinds = 3

var kinds = [Kinds]survey.Kind{survey.NPS, survey.CSAT, survey.CES}

// The sentiments of comments, as Cell counts them.
const (
	Positive = iota
	Neutral
	Negative
	Unsaid // there is a comment, of which it cannot be said
	Sentiments
)

var sentiments = [Sentiments]string{"positive", "neutral", "negative", ""}

// Value is an answer to a question: a number, an option, or neither, which stands for having chosen any.
type Value struct {
	Question string
	Kind     ValueKind
	Number   int32  // of Numbered
	Option   string // of Chosen
}

// ValueKind is which kind of answer a value is.
type ValueKind uint8

// The kinds of values.
const (
	Answered ValueKind = iota // any options at all
	Numbered
	Chosen
)

// Compare orders values by question, kind, number and option.
func (v Value) Compare(o Value) int {
	return cmp.Or(strings.Compare(v.Question, o.Question), cmp.Compare(v.Kind, o.Kind), cmp.Compare(v.Number, o.Number),
		strings.Compare(v.Option, o.Option))
}

// Counted is how often the value or topic with an index was given.
type Counted struct {
	Index int32
	N     int64
}

// Word is a keyword, and how many answers hold it.
type Word struct {
	Word string `json:"word"`
	N    int64  `json:"count"`
}
