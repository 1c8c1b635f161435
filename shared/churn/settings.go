package churn

import (
	"math"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/request"
)

// Settings are what an operator sets. Default says what stands where nothing was set.
type Settings struct {
	// HorizonDays is how far the pace looks ahead, of customers whose one and a half usual gaps are not longer still, and
	// the trend of purchases looks back.
	HorizonDays int32 `json:"horizon_days"`
	// What was said or done weighs half as much after so many days: complaints in the risk; answers in both scores, and
	// referrals and reviews with them; and the activity that makes engagement.
	ComplaintHalfLife  int32 `json:"complaint_half_life_days"`
	AnswerHalfLife     int32 `json:"answer_half_life_days"`
	EngagementHalfLife int32 `json:"engagement_half_life_days"`

	Risk   RiskWeights   `json:"risk_weights"`
	Health HealthWeights `json:"health_weights"`
	Levels Levels        `json:"risk_levels"`
}

// RiskWeights are the weights of the parts of the risk, 0 or more, in any unit: it is their proportions that count.
type RiskWeights struct {
	Alive      float64 `json:"alive"`
	Pace       float64 `json:"pace"`
	Rhythm     float64 `json:"rhythm"`
	Activity   float64 `json:"activity"`
	Complaints float64 `json:"complaints"` // of ever more of them; one that was filed this month has half
	Tickets    float64 `json:"tickets"`    // of ever more open ones; one has half
	Answers    float64 `json:"answers"`    // of an answer of today
}

// HealthWeights are the weights of the parts of the health, as those of the risk.
type HealthWeights struct {
	Stay       float64 `json:"stay"`
	Trend      float64 `json:"trend"`
	Engagement float64 `json:"engagement"` // of ever more of it
	Advocacy   float64 `json:"advocacy"`   // of ever more referrals and reviews; one of this month has half
	Answers    float64 `json:"answers"`    // of an answer of today
}

// Default returns the settings that hold where the operator set none. On either half of the CDNOW sample the pace's weight
// alone is likeliest, so that it has nine tenths; alive and rhythm, which it holds in itself, keep a twentieth each to
// show by themselves, and alive is what is left where the population has no rhythm. The lower level is just above the
// highest risk that a customer of any pace comes to within the usual gap, the upper one just below the lowest after eight
// usual gaps and with less than 2 % probability of being a customer still. They part the sample into 22 %, 8 % and 70 %,
// of whom a third, half, and five in six did not come back. The other weights are judgement, for the sample knows orders
// alone.
func Default() Settings {
	return Settings{
		HorizonDays:        90,
		ComplaintHalfLife:  90,
		AnswerHalfLife:     180,
		EngagementHalfLife: 60,
		Risk:               RiskWeights{Alive: 5, Pace: 90, Rhythm: 5, Activity: 25, Complaints: 40, Tickets: 30, Answers: 25},
		Health:             HealthWeights{Stay: 50, Trend: 20, Engagement: 20, Advocacy: 10, Answers: 20},
		Levels:             Levels{Medium: 55, High: 70, Margin: 2},
	}
}

// ParseSettings reads settings as an operator writes them: a JSON object whose members stand in place of the default's.
// It returns an Invalid error with the pointer to the member that is wrong.
func ParseSettings(body []byte) (Settings, error) {
	s := Default()
	if err := request.Parse(body, &s); err != nil {
		return Settings{}, err
	}
	return s, s.Validate()
}

// maxWeight bounds a weight, so that no sum of them overflows.
const maxWeight = 1e6

// Validate returns an Invalid error, with the pointer to the member, where the settings make no score.
func (s *Settings) Validate() error {
	for _, days := range []struct {
		at string
		v  int32
	}{
		{"/horizon_days", s.HorizonDays},
		{"/complaint_half_life_days", s.ComplaintHalfLife},
		{"/answer_half_life_days", s.AnswerHalfLife},
		{"/engagement_half_life_days", s.EngagementHalfLife},
	} {
		if days.v < 1 || days.v > 3660 {
			return fault.At(days.at, "this is a number of days, 1 to 3660")
		}
	}
	r, h := &s.Risk, &s.Health
	if err := weights("/risk_weights", []weight{
		{"alive", r.Alive, true}, {"pace", r.Pace, true}, {"rhythm", r.Rhythm, true}, {"activity", r.Activity, true},
		{"complaints", r.Complaints, false}, {"tickets", r.Tickets, false}, {"answers", r.Answers, true},
	}); err != nil {
		return err
	}
	if err := weights("/health_weights", []weight{
		{"stay", h.Stay, true}, {"trend", h.Trend, true}, {"engagement", h.Engagement, false},
		{"advocacy", h.Advocacy, false}, {"answers", h.Answers, true},
	}); err != nil {
		return err
	}
	return s.Levels.Validate("/risk_levels")
}

type weight struct {
	name string
	v    float64
	base bool // whether the part makes a score by itself
}

func weights(at string, list []weight) error {
	sum := 0.0
	for _, w := range list {
		if !(w.v >= 0 && w.v <= maxWeight) {
			return fault.At(at+"/"+w.name, "a weight is a number from 0 to %.0f", float64(maxWeight))
		}
		if w.v > 0 && w.v < 1/maxWeight {
			return fault.At(at+"/"+w.name, "a weight is 0 or at least %g", 1/maxWeight)
		}
		if w.base {
			sum += w.v
		}
	}
	if sum == 0 {
		return fault.At(at, "with these weights nobody would have a score: at least one of those that do not only add to the others must be more than 0")
	}
	return nil
}

// Levels are where the bands of the risk part, in points of the score.
type Levels struct {
	Medium float64 `json:"medium"` // the risk above which it is medium
	High   float64 `json:"high"`   // and high
	Margin float64 `json:"margin"` // by how much a level must be passed before the band follows
}

// Validate returns an Invalid error, with the pointer to the member under the given one, where the levels part no bands.
func (l *Levels) Validate(at string) error {
	switch {
	case !(l.Margin >= 0 && l.Margin <= 25):
		return fault.At(at+"/margin", "the margin is a number of points, 0 to 25")
	case !(l.Medium-l.Margin > 0):
		return fault.At(at+"/medium", "the level lies at more than the margin above 0, or no risk would be low")
	case !(l.High+l.Margin < 100):
		return fault.At(at+"/high", "the level lies at more than the margin below 100, or no risk would be high")
	case !(l.Medium+l.Margin < l.High-l.Margin):
		return fault.At(at+"/high", "the levels are more than two margins apart, medium the lower")
	}
	return nil
}

// Bands returns the bands of the risk.
func (l *Levels) Bands() Bands {
	return Bands{
		Names:  []string{Low, Medium, High},
		Bounds: []Bound{{l.Medium, l.Margin}, {l.High, l.Margin}},
	}
}

// decay is the weight of what happened in a month, by how many months ago that was.
type decay [decayMonths]float64

const (
	decayMonths = customer.ActivityMonths
	monthDays   = 365.25 / 12
)

func decayOf(halfLife int32) (d decay) {
	for i := range d {
		d[i] = math.Exp2(-float64(i) * monthDays / float64(halfLife))
	}
	return d
}
