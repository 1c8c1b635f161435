package tally

import (
	"time"

	"liuke/shared/survey"
)

// Result is what a survey's answers mean. Rates and shares are 0..1; scores are in the unit of their metric; times are
// UTC. What cannot be said is null, and where that is for want of answers, "too_few_answers" says so.
type Result struct {
	Survey      string      `json:"survey"`
	Version     int         `json:"version"`         // of the survey that orders and names the questions
	Kind        survey.Kind `json:"kind,omitempty"`  // that the survey is measured by today; absent where by nothing
	FirstHour   *time.Time  `json:"first_hour"`      // with an answer or an invitation; null where there is none
	Through     *time.Time  `json:"through"`         // what was stored by then is counted
	Total       Group       `json:"total"`           // of everything
	By          By          `json:"by,omitempty"`    // what the groups are
	Groups      []Group     `json:"groups"`          // by answers, most first; months in their order
	Trend       Trend       `json:"trend"`           // month by month
	NonResponse NonResponse `json:"non_response"`    // who is asked and who answers, by segment
	Questions   []Question  `json:"questions"`       // in the survey's order; then those of old versions
	Comments    Comments    `json:"comments"`        // what the free texts say
	Minimum     int64       `json:"minimum_answers"` // how many answers a score needs before a margin is given with it
	Notes       []string    `json:"notes,omitempty"` // what to know before these figures are passed on
}

// By is what answers are grouped by.
type By string

// What answers are grouped by; "" is nothing.
const (
	BySegment By = "segment"
	ByTier    By = "tier"
	ByNode    By = "node"
	ByLocale  By = "locale"
	ByChannel By = "channel"
	ByMonth   By = "month"
)

// Group is what some of the answers come to.
type Group struct {
	Name      string  `json:"name"`     // "" is unknown; "2026-03" for a month; "(other)" for what was folded; "" of the total
	Asked     int64   `json:"asked"`    // invitations sent
	Answers   int64   `json:"answers"`  // by any way
	Invited   int64   `json:"invited"`  // answers that came by an invitation: not by a public form, not by an import
	Complete  int64   `json:"complete"` // answers that were sent to their end
	Response  Share   `json:"response"` // invited of asked; the invitations of the last days may yet be answered
	Completed Share   `json:"completion"`
	Metric    *Metric `json:"metric"` // null where the survey is measured by nothing
}

// Share is how many of how many, with Wilson's 95 % interval. Of none, the rate is null.
type Share struct {
	Count  int64    `json:"count"`
	Of     int64    `json:"of"`
	Rate   *float64 `json:"rate"`
	Low    float64  `json:"low"`
	High   float64  `json:"high"`
	TooFew bool     `json:"too_few_answers"` // of fewer than the minimum
}

// Metric is what the answers score.
//
// NPS is in points, −100..100, with its standard error and margin (half the 95 % interval): the share of 9 and 10 (top) less
// the share of 0 to 6 (bottom). CSAT is the share of 4 and 5 (top), 0..1, with Wilson's interval; bottom are 1 and 2. CES is
// the mean, 1..7, with Student's interval; top are 5 to 7 and bottom 1 to 3.
type Metric struct {
	Kind          survey.Kind `json:"kind"`
	Answers       int64       `json:"answers"`        // that gave a score
	Score         *float64    `json:"score"`          // null without an answer
	StandardError *float64    `json:"standard_error"` // of NPS and CES; null where there are too few answers, or all are alike
	Margin        *float64    `json:"margin"`         // likewise
	Low           *float64    `json:"low"`            // of the 95 % interval; null likewise, but for CSAT
	High          *float64    `json:"high"`
	Top           Share       `json:"top"`    // promoters; satisfied; who found it easy
	Bottom        Share       `json:"bottom"` // detractors; dissatisfied; who found it hard
	Histogram     []Bin       `json:"histogram"`
	TooFew        bool        `json:"too_few_answers"`
	Text          string      `json:"text"` // the same in a sentence
}

// Bin is how many answers gave one score.
type Bin struct {
	Score   int   `json:"score"`
	Answers int64 `json:"answers"`
}

// Trend is how the survey went by the month.
type Trend struct {
	Months []Group `json:"months"` // from the first with anything to the last, each once
	Change *Change `json:"change"` // null where the survey is measured by nothing
}

// Change is whether the last full month's score moved against the month before.
type Change struct {
	Before     string   `json:"before"` // the months
	After      string   `json:"after"`
	Difference *float64 `json:"difference"` // of the score, in its unit; null where one of them has none
	Low        *float64 `json:"low"`        // of its 95 % interval; null where too few
	High       *float64 `json:"high"`
	P          *float64 `json:"p"`     // chance of so great a difference where there is none; null where too few
	Test       string   `json:"test"`  // "z of two scores", "two proportions" or "Welch"
	Moved      bool     `json:"moved"` // p is below 0.05
	TooFew     bool     `json:"too_few_answers"`
	Text       string   `json:"text"`
}

// NonResponse is which segments answer more, or less, often than the others. Where they do, the score is not that of all
// customers.
type NonResponse struct {
	Overall  Share             `json:"overall"`
	Segments []SegmentResponse `json:"segments"` // those asked, by how many were, most first
	Biased   bool              `json:"biased"`   // some segment differs
	Text     string            `json:"text"`
}

// SegmentResponse is how often one segment answers.
type SegmentResponse struct {
	Segment        string   `json:"segment"` // "" is unknown
	Response       Share    `json:"response"`
	ShareOfAsked   *float64 `json:"share_of_asked"`
	ShareOfAnswers *float64 `json:"share_of_answers"` // that came by an invitation
	P              *float64 `json:"p"`                // of two proportions, against all other segments; null where too few
	Differs        bool     `json:"differs"`          // p, times the segments tested (Bonferroni), is below 0.05
}

// Question is what was answered to one question.
type Question struct {
	ID       string         `json:"id"`
	Kind     survey.Kind    `json:"kind,omitempty"` // absent for one of an old version
	Answered *int64         `json:"answered"`       // answers to it; null for a free text, which is not counted
	Mean     *float64       `json:"mean,omitempty"` // of numbers
	Low      *float64       `json:"low,omitempty"`  // of its 95 % interval
	High     *float64       `json:"high,omitempty"`
	Values   []QuestionPart `json:"values"`
	TooFew   bool           `json:"too_few_answers"`
}

// QuestionPart is how many answers gave one number, or chose one option.
type QuestionPart struct {
	Value any      `json:"value"` // a number, or the option's name
	Count int64    `json:"count"`
	Share *float64 `json:"share"` // of the answers to the question; null where there are none
}

// Comments is what the free texts of answers say.
type Comments struct {
	Count      int64        `json:"count"`      // answers with a text that could be read
	Sentiments []NamedShare `json:"sentiments"` // of those whose sentiment could be said
	Unsaid     int64        `json:"unsaid"`     // the others
	Topics     []NamedShare `json:"topics"`     // of all comments; most first
	Keywords   []Word       `json:"keywords"`   // of each hour the 50 most frequent: rare words may count too low
}

// NamedShare is how many comments are of one sentiment or topic.
type NamedShare struct {
	Name string `json:"name"`
	Share
}
