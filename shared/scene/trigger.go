package scene

import (
	"encoding/json"
	"slices"

	"liuke/shared/occasion"
	"liuke/shared/signal"
	"liuke/shared/survey"
)

// Trigger says which signals set a scene off.
type Trigger struct {
	Signal   signal.Kind
	Model    string        // of SegmentChanged
	To       []string      // of SegmentChanged and RiskChanged: set off by coming into these labels, or bands, from outside of them
	Event    string        // of Happened: the event's name
	Survey   string        // of AnswerGiven and Requested; "" for any
	Scores   []Score       // of AnswerGiven: set off by an answer that meets one of them; none for any answer
	Occasion occasion.Kind // of Occasion
	Cron     string        // of Schedule: five fields, in the business's time zone
}

// Score is a condition on the score of an answer, which holds for no answer without one.
type Score struct {
	Metric  survey.Kind // that the survey measures; "" for any
	AtLeast *int        // nil for no bound
	AtMost  *int
}

// holds reports whether an answer meets the condition.
func (c *Score) holds(d *signal.AnswerData) bool {
	return survey.Kind(d.Kind).Metric() && (c.Metric == "" || string(c.Metric) == d.Kind) &&
		(c.AtLeast == nil || d.Score >= *c.AtLeast) && (c.AtMost == nil || d.Score <= *c.AtMost)
}

// SetOff reports whether the signal sets the scene off. A signal that names a scene does for that one alone.
func (s *Scene) SetOff(sig signal.Signal) bool {
	of := s.On.Signal
	if of == signal.Schedule {
		of = signal.Campaign
	}
	if !s.Enabled || sig.Kind != of || (sig.Scene != "" && sig.Scene != s.ID) {
		return false
	}
	switch sig.Kind {
	case signal.Campaign:
		var d signal.CampaignData
		return json.Unmarshal(sig.Data, &d) == nil && (d.Scene == s.ID || d.Scene == "" && sig.Scene == s.ID)
	case signal.SegmentChanged:
		var d signal.SegmentData
		return json.Unmarshal(sig.Data, &d) == nil && d.Model == s.On.Model && s.On.entered(d.From, d.To)
	case signal.RiskChanged:
		var d signal.RiskData
		return json.Unmarshal(sig.Data, &d) == nil && s.On.entered(d.From, d.To)
	case signal.Occasion:
		var d signal.OccasionData
		return json.Unmarshal(sig.Data, &d) == nil && d.Kind == string(s.On.Occasion)
	case signal.Happened:
		var d signal.EventData
		return json.Unmarshal(sig.Data, &d) == nil && d.Event == s.On.Event
	case signal.Requested:
		var d signal.RequestData
		return json.Unmarshal(sig.Data, &d) == nil && d.Survey != "" && s.On.of(d.Survey)
	case signal.AnswerGiven:
		var d signal.AnswerData
		return json.Unmarshal(sig.Data, &d) == nil && s.On.of(d.Survey) && s.On.scored(&d)
	case signal.OrderPlaced:
		return true
	default:
		return false
	}
}

// entered reports whether a customer came into the trigger's labels from outside of them.
func (t *Trigger) entered(from, to string) bool {
	return slices.Contains(t.To, to) && !slices.Contains(t.To, from)
}

func (t *Trigger) of(survey string) bool { return t.Survey == "" || t.Survey == survey }

func (t *Trigger) scored(d *signal.AnswerData) bool {
	return len(t.Scores) == 0 || slices.ContainsFunc(t.Scores, func(c Score) bool { return c.holds(d) })
}
