package survey

import "strconv"

// Fit returns those of the values that answer questions of this version of the survey as its check would take them: what
// stands may have been given to another.
func (s *Survey) Fit(v Values) Values {
	fit := Values{}
	for i := range s.Questions {
		q := &s.Questions[i]
		if value, ok := q.keep(v[q.ID]); ok {
			fit[q.ID] = value
		}
	}
	return fit
}

// Typed returns the value as a form's field holds it.
func (v Value) Typed() []string {
	switch {
	case v.Number != nil:
		return []string{strconv.Itoa(*v.Number)}
	case len(v.Choices) > 0:
		return v.Choices
	case v.Text != "":
		return []string{v.Text}
	}
	return nil
}
