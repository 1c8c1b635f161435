package churn

import "math"

// Kind names a part of a score.
type Kind string

// The parts of the risk, and of the health.
const (
	PartAlive      Kind = "alive"
	PartPace       Kind = "pace"
	PartRhythm     Kind = "rhythm"
	PartActivity   Kind = "activity"
	PartComplaints Kind = "complaints"
	PartTickets    Kind = "tickets"
	PartAnswers    Kind = "answers" // of both scores
	PartStay       Kind = "stay"
	PartTrend      Kind = "trend"
	PartEngagement Kind = "engagement"
	PartAdvocacy   Kind = "advocacy"
)

// Part is what one thing that is known adds to a score.
type Part struct {
	Kind   Kind
	Value  float64 // 0 to 1: as a score of this part alone would be, of 1
	Weight float64 // 0 to 1: its share of the say, after what is missing was left out; the parts' sum is 1
	Points float64 // 100 · Weight · Value: what it adds to the score
	Reason Reason
}

// maxParts is how many parts a score has at most.
const maxParts = 7

// Score is a weighted mean of parts. It holds no reference to anything.
type Score struct {
	// Value is the sum of the parts' points, 0 to 100 but for the last digit of a float; NaN where the score is unknown.
	Value float64
	n     int
	parts [maxParts]Part
}

// Known reports whether there is a score.
func (s *Score) Known() bool { return !math.IsNaN(s.Value) }

// Parts returns the parts that are known, in the order of the weights. It is a view of s, and empty where the score is
// unknown.
func (s *Score) Parts() []Part { return s.parts[:s.n] }

// Leading returns the part that adds most; it is ok where the score is known.
func (s *Score) Leading() (p Part, ok bool) {
	for i, q := range s.Parts() {
		if i == 0 || q.Points > p.Points {
			p = q
		}
	}
	return p, s.n > 0
}

// add adds a part, whose weight is in any unit until the score is settled. A part without weight has no say.
func (s *Score) add(kind Kind, weight, value float64, reason Reason) {
	if weight > 0 {
		s.parts[s.n] = Part{Kind: kind, Weight: weight, Value: min(max(value, 0), 1), Reason: reason}
		s.n++
	}
}

// settle makes shares of the weights, and of the parts the score. It is unknown where no part is based: what adds to
// others is no score by itself.
func (s *Score) settle(based bool) {
	if !based {
		*s = Score{Value: math.NaN()}
		return
	}
	sum := 0.0
	for _, p := range s.Parts() {
		sum += p.Weight
	}
	for i := range s.Parts() {
		p := &s.parts[i]
		p.Weight /= sum
		p.Points = 100 * p.Weight * p.Value
		s.Value += p.Points
	}
}

// Report is a score for people: whole points, and why.
type Report struct {
	Score *int         `json:"score"` // 0 to 100; null where unknown
	Parts []PartReport `json:"parts"` // whose points add up to the score
}

// PartReport is a part of a score for people.
type PartReport struct {
	Part   Kind               `json:"part"`
	Value  float64            `json:"value"`
	Weight float64            `json:"weight"`
	Points int                `json:"points"`
	Reason Code               `json:"reason"`
	Params map[string]float64 `json:"params"`
	Text   string             `json:"text"` // the reason in English
}

// Report returns the score in whole points. The parts' points are rounded by largest remainder, of equal ones the first,
// so that their sum is the score.
func (s *Score) Report() Report {
	out := Report{Parts: make([]PartReport, s.n)}
	if !s.Known() {
		return out
	}
	score := min(int(math.Round(s.Value)), 100)
	out.Score = &score
	rest := score
	var remainder [maxParts]float64
	for i, p := range s.Parts() {
		whole := math.Floor(p.Points)
		remainder[i] = p.Points - whole
		rest -= int(whole)
		out.Parts[i] = PartReport{
			Part: p.Kind, Value: p.Value, Weight: p.Weight, Points: int(whole),
			Reason: p.Reason.Code, Params: p.Reason.Params(), Text: p.Reason.String(),
		}
	}
	for ; rest > 0; rest-- {
		most := 0
		for i := range s.Parts() {
			if remainder[i] > remainder[most] {
				most = i
			}
		}
		out.Parts[most].Points++
		remainder[most]--
	}
	return out
}
