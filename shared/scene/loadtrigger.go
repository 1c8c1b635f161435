package scene

import (
	"regexp"
	"slices"

	"liuke/shared/occasion"
	"liuke/shared/signal"
)

// modelName is how segment models are called.
var modelName = regexp.MustCompile(`^[a-z0-9_]{1,32}$`)

// labels checks the model and labels of a segment change. Labels of a model that does not come with the suite are its
// operator's part.
func (d *document) labels(t Trigger) {
	if !modelName.MatchString(t.Model) {
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

// trigger checks what sets a scene off.
func (d *document) trigger(f triggerFile) Trigger {
	t := Trigger{Signal: signal.Kind(f.Signal), Model: f.Model, To: f.To, Survey: f.Survey, Occasion: occasion.Kind(f.Occasion)}
	switch t.Signal {
	case signal.OrderPlaced, signal.AnswerGiven:
	case signal.SegmentChanged:
		d.labels(t)
	case signal.RiskChanged:
		if len(t.To) == 0 {
			d.mistake(at("on"), "on risk_changed needs the bands to")
		}
	case signal.Occasion:
		if !slices.Contains(occasion.Kinds(), t.Occasion) {
			d.mistake(at("on", "occasion"), "occasion must be one of %v", occasion.Kinds())
		}
	default:
		d.mistake(at("on", "signal"), "signal must be %s, %s, %s, %s or %s",
			signal.OrderPlaced, signal.SegmentChanged, signal.AnswerGiven, signal.RiskChanged, signal.Occasion)
	}
	for _, field := range []struct {
		name, value string
		of          signal.Kind
	}{{"model", t.Model, signal.SegmentChanged}, {"survey", t.Survey, signal.AnswerGiven}, {"occasion", f.Occasion, signal.Occasion}} {
		if field.value != "" && t.Signal != field.of {
			d.mistake(at("on", field.name), "%s belongs to %s", field.name, field.of)
		}
	}
	if len(t.To) > 0 && t.Signal != signal.SegmentChanged && t.Signal != signal.RiskChanged {
		d.mistake(at("on", "to"), "to belongs to %s and %s", signal.SegmentChanged, signal.RiskChanged)
	}
	return t
}
