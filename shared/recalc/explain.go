package recalc

import (
	"liuke/shared/churn"
	"liuke/shared/clv"
	"liuke/shared/customer"
	"liuke/shared/segment"
)

// RowOf returns a customer's item as a snapshot that was taken now would have it.
func RowOf(rec *customer.Record) Row {
	r := Row{ID: rec.ID, Seen: rec.Seen, Last: rec.Last, Standing: rec.Scores}
	// The errors of these encodings are always nil.
	r.History, _ = rec.History.MarshalBinary()
	r.Activity, _ = rec.Activity.MarshalBinary()
	r.Signs, _ = rec.Signs.MarshalBinary()
	if !rec.Key.IsZero() {
		r.Customer = rec.Key.Pseudonym()
	}
	return r
}

// Explained says why a line is as it is.
type Explained struct {
	Labels []LabelReason // of every model, ascending by name
	Risk   churn.Report
	Health churn.Report
	// Model is the model of orders that the forecast was made by, "" without one; Group the group whose own fit it is, ""
	// for the one of all customers.
	Model clv.Model
	Group string
}

// LabelReason says why a customer has a label in a model.
type LabelReason struct {
	Model *segment.Model
	segment.Explanation
}

// When returns the conditions of the rule that gave the label; none of the rest, and none of Unknown but those of the rule
// that could not be decided.
func (r *LabelReason) When() []segment.Condition {
	if r.Rule < 0 {
		return nil
	}
	return r.Model.Rules[r.Rule].When
}

// Explain returns the reasons behind a line that Score made. It is ok where the customer is in the run.
func (s *Scorer) Explain(l *Line) (e Explained, ok bool) {
	if !l.In {
		return Explained{}, false
	}
	for _, m := range s.options.Models.Models() {
		if why, known := s.labeler.Explain(m.Name, &l.Facts, l.FromLabels); known {
			e.Labels = append(e.Labels, LabelReason{m, why})
		}
	}
	e.Risk, e.Health = l.Churn.Risk.Report(), l.Churn.Health.Report()
	if f := s.forecaster(l.group); f != nil {
		e.Model = f.Model()
	}
	if groups := s.run.Fit.Models.Groups; groups != nil {
		if own, _ := groups.Of(l.group); own != nil {
			e.Group = l.group
		}
	}
	return e, true
}
