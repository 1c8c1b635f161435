package scene

import (
	"slices"

	"liuke/shared/cron"
	"liuke/shared/occasion"
	"liuke/shared/pattern"
	"liuke/shared/signal"
	"liuke/shared/survey"
)

// modelName is how segment models are called.
var modelName = pattern.New(`^[a-z0-9_]{1,32}$`)

// SegmentModel is the model whose labels pieces name.
const SegmentModel = "rfm10"

// labels checks the model and labels of a segment change. Labels of a model that does not come with the suite are its
// operator's part.
func (d *document) labels(t Trigger) {
	if !modelName().MatchString(t.Model) {
		d.mistake(at("on", "model"), "model must be the name of a segment model, such as rfm10")
		return
	}
	if len(t.To) == 0 {
		d.mistake(at("on"), "on segment_changed needs the labels to")
	}
	if d.compilers.Labels == nil {
		return
	}
	labels, told, ok := d.compilers.Labels(t.Model)
	if !ok {
		return
	}
	for i, label := range t.To {
		if !slices.Contains(labels, label) {
			d.mistake(at("on", "to", i), "%q is no label of %s: there are %v", label, t.Model, labels)
		}
	}
	if !told {
		d.mistake(at("on", "model"), "changes in %s are not told: set signals in the model", t.Model)
	}
}

// surveyName is how surveys are called.
var surveyName = pattern.New(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// trigger checks what sets a scene off.
func (d *document) trigger(f triggerFile) Trigger {
	t := Trigger{Signal: signal.Kind(f.Signal), Model: f.Model, To: f.To, Event: f.Event, Survey: f.Survey, Occasion: occasion.Kind(f.Occasion), Cron: f.Cron}
	switch t.Signal {
	case signal.OrderPlaced, signal.AnswerGiven, signal.Requested, signal.Campaign:
	case signal.Schedule:
		switch schedule, err := cron.Parse(f.Cron); {
		case err != nil:
			d.mistake(at("on", "cron"), "cron: %s", err)
		case schedule.WithinHour():
			d.mistake(at("on", "cron"), "cron: a scene comes once an hour at most: give a single minute, such as \"0 * * * *\"")
		}
	case signal.SegmentChanged:
		d.labels(t)
	case signal.RiskChanged:
		if len(t.To) == 0 {
			d.mistake(at("on"), "on risk_changed needs the bands to")
		}
	case signal.Occasion:
		if !slices.Contains(occasion.Kinds(), t.Occasion) {
			d.mistake(at("on", "occasion"), "occasion must be %s", wordsOf(occasion.Kinds()))
		}
	case signal.Happened:
		d.told(at("on", "event"), t.Event)
	default:
		d.mistake(at("on", "signal"), "signal must be %s", wordsOf([]signal.Kind{signal.OrderPlaced, signal.SegmentChanged,
			signal.AnswerGiven, signal.RiskChanged, signal.Occasion, signal.Happened, signal.Requested, signal.Campaign, signal.Schedule}))
	}
	for _, field := range []struct {
		name, value string
		of          signal.Kind
	}{{"model", t.Model, signal.SegmentChanged}, {"occasion", f.Occasion, signal.Occasion}, {"event", f.Event, signal.Happened}, {"cron", f.Cron, signal.Schedule}} {
		if field.value != "" && t.Signal != field.of {
			d.mistake(at("on", field.name), "%s belongs to %s", field.name, field.of)
		}
	}
	if len(t.To) > 0 && t.Signal != signal.SegmentChanged && t.Signal != signal.RiskChanged {
		d.mistake(at("on", "to"), "to belongs to %s and %s", signal.SegmentChanged, signal.RiskChanged)
	}
	switch {
	case t.Survey != "" && t.Signal != signal.AnswerGiven && t.Signal != signal.Requested:
		d.mistake(at("on", "survey"), "survey belongs to %s and %s", signal.AnswerGiven, signal.Requested)
	case t.Survey != "" && !surveyName().MatchString(t.Survey):
		d.mistake(at("on", "survey"), "survey must be the id of a survey, such as nps")
	}
	t.Scores = d.scores(f, t.Signal)
	return t
}

// scores checks the conditions on an answer's score: one, or any of several.
func (d *document) scores(f triggerFile, kind signal.Kind) (all []Score) {
	alone := f.scoreFile != scoreFile{}
	switch {
	case (alone || len(f.Any) > 0) && kind != signal.AnswerGiven:
		d.mistake(at("on"), "metric, at_least, at_most and any belong to %s", signal.AnswerGiven)
		return nil
	case alone && len(f.Any) > 0:
		d.mistake(at("on", "any"), "any takes the place of metric, at_least and at_most")
		return nil
	case alone:
		return append(all, d.score(at("on"), f.scoreFile))
	}
	for i, each := range f.Any {
		all = append(all, d.score(at("on", "any", i), each))
	}
	return all
}

func (d *document) score(where []any, f scoreFile) Score {
	c := Score{Metric: survey.Kind(f.Metric), AtLeast: (*int)(f.AtLeast), AtMost: (*int)(f.AtMost)}
	if c.Metric != "" && !c.Metric.Metric() {
		d.mistake(append(where, "metric"), "metric must be %s, %s or %s", survey.NPS, survey.CSAT, survey.CES)
		return c
	}
	lowest, highest := c.Metric.Range()
	if c.Metric == "" {
		highest = 10
	}
	for name, bound := range map[string]*int{"at_least": c.AtLeast, "at_most": c.AtMost} {
		if bound != nil && (*bound < lowest || *bound > highest) {
			d.mistake(append(where[:len(where):len(where)], name), "%s must be between %d and %d", name, lowest, highest)
		}
	}
	if c.AtLeast != nil && c.AtMost != nil && *c.AtLeast > *c.AtMost {
		d.mistake(append(where, "at_least"), "at_least is over at_most")
	}
	if c == (Score{}) {
		d.mistake(where, "a condition on a score needs metric, at_least or at_most")
	}
	return c
}

// survey checks which survey the content asks to.
func (d *document) survey(f sceneFile) string {
	switch {
	case f.Survey == "":
	case signal.Kind(f.On.Signal) == signal.Requested:
		d.mistake(at("survey"), "on %s the survey is the request's own", signal.Requested)
	case !surveyName().MatchString(f.Survey):
		d.mistake(at("survey"), "survey must be the id of a survey, such as nps")
	}
	return f.Survey
}
