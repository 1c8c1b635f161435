package main

import (
	"net/url"
	"slices"

	"liuke/shared/survey"
	"liuke/shared/survey/page"
)

// opening returns the index of the question that a page begins with: of the one that was asked for; else of the page with a
// question that is to have something chosen; else, of a partial answer, of what it lacks.
func opening(s *survey.Survey, asked string, stands, chosen survey.Values, whole bool) int {
	if i := s.Index(asked); i >= 0 && len(s.Page(stands, i)) > 0 {
		return i
	}
	for _, from := range starts(s, stands) {
		for _, q := range s.Page(stands, from) {
			if _, ok := chosen[q.ID]; ok {
				return from
			}
		}
	}
	if whole {
		return 0
	}
	return s.Resume(stands)
}

// starts returns the indices of the questions that pages begin with for who has answered so far.
func starts(s *survey.Survey, v survey.Values) (all []int) {
	for from := 0; from < len(s.Questions); {
		p := s.Page(v, from)
		if len(p) == 0 {
			break
		}
		all = append(all, s.Index(p[0].ID))
		from = s.Index(p[len(p)-1].ID) + 1
	}
	return all
}

// asks returns a page's form of the questions from an index on, with where it stands among the others. Which step it is, is
// known; how many there are, no more than what will be answered.
func (h *Handler) asks(sit *sitting, s *survey.Survey, v survey.Values, from int) page.Form {
	f := page.Form{View: h.view(sit), Questions: s.Page(v, from), Hidden: sit.hidden, Nameless: sit.nameless()}
	f.Survey = s
	first := s.Index(f.Questions[0].ID)
	before := slices.DeleteFunc(starts(s, v), func(i int) bool { return i >= first })
	f.Last = last(s, v, f.Questions)
	if len(before) > 0 || !f.Last {
		f.Step = len(before) + 1
	}
	if len(before) > 0 {
		f.Back = url.Values{"page": {s.Questions[before[len(before)-1]].ID}}
		for name, values := range sit.query {
			f.Back[name] = values
		}
	}
	return f
}

// last reports whether nothing can follow a page, whatever is answered on it.
func last(s *survey.Survey, v survey.Values, asked []*survey.Question) bool {
	open := map[string]bool{} // what may yet be answered one way or another
	for _, q := range asked {
		open[q.ID] = true
	}
	for i := s.Index(asked[len(asked)-1].ID) + 1; i < len(s.Questions); i++ {
		q := &s.Questions[i]
		rest := survey.Question{When: slices.DeleteFunc(slices.Clone(q.When), func(c survey.Condition) bool { return open[c.Question] })}
		if rest.Shown(v) {
			return false
		}
	}
	return true
}
