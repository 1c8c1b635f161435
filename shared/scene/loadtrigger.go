package scene

import (
	"slices"

	"liuke/shared/occasion"
	"liuke/shared/signal"
)

// trigger checks what sets a scene off.
func (d *document) trigger(f triggerFile) Trigger {
	t := Trigger{Signal: signal.Kind(f.Signal), Model: f.Model, To: f.To, Survey: f.Survey, Occasion: occasion.Kind(f.Occasion)}
	switch t.Signal {
	case signal.OrderPlaced, signal.AnswerGiven:
	case signal.SegmentChanged:
		if t.Model != "rfm10" {
			d.mistake(at("on", "model"), "model must be rfm10")
		}
		if len(t.To) == 0 {
			d.mistake(at("on"), "on segment_changed needs the labels to")
		}
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
