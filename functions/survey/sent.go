package main

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"liuke/shared/api"
	"liuke/shared/fault"
	"liuke/shared/survey"
	"liuke/shared/survey/page"
)

// given is an answer as JSON clients see it.
type given struct {
	Survey        string        `json:"survey"`
	Version       int           `json:"version"`
	Score         *int          `json:"score,omitempty"`
	Answers       survey.Values `json:"answers"`
	Complete      bool          `json:"complete"`
	Next          []string      `json:"next,omitempty"` // the questions to be asked next, of an answer that is not complete
	Revision      int           `json:"revision"`
	AnsweredAt    time.Time     `json:"answered_at"`
	EditableUntil time.Time     `json:"editable_until"`
}

// decode reads a sending within the limits.
func decode(r *api.Request) (survey.Form, error) {
	body, err := api.Body(r, MaxBodyBytes)
	if err != nil {
		return survey.Form{}, err
	}
	return survey.Decode(api.Header(r, "content-type"), body)
}

// take takes what was sent: an answer, a page of one, or its correction.
func (h *Handler) take(ctx context.Context, r *api.Request, sit *sitting, typed survey.Form) api.Response {
	if sit.survey.Closed {
		return h.closed(ctx, r, sit)
	}
	s, err := h.version(ctx, sit, typed.Version)
	if err != nil {
		return h.problem(ctx, r, sit, err)
	}
	stands, wrong, err := h.record(ctx, sit, s, typed)
	switch code := fault.CodeOf(err); {
	case len(wrong) > 0:
		return h.again(ctx, r, sit, s, typed, page.Form{Given: stands.Values, Mistakes: wrong}, wrong[0].Err())
	case code == fault.Conflict:
		return h.answered(ctx, r, sit, err)
	case code == fault.Gone:
		return h.erased(ctx, r, sit, err)
	case code == fault.Unavailable, code == fault.Throttled, code == fault.Internal:
		h.note(ctx, r, err)
		return h.again(ctx, r, sit, s, typed, page.Form{Alert: page.NotSaved}, err)
	case err != nil:
		return h.problem(ctx, r, sit, err)
	}
	next := following(s, &stands, typed)
	if sit.ended {
		next = nil
	}
	if readsJSON(r) {
		return api.JSON(http.StatusCreated, told(&stands, next))
	}
	switch {
	case len(next) > 0 && !typed.Partial:
		return api.Redirect(sit.at(url.Values{"page": {next[0].ID}}))
	case sit.form != nil && len(sit.form.Back) > 0:
		return api.Redirect(sit.back(typed.Back))
	}
	return api.Redirect(sit.at(url.Values{"thanks": {"1"}}))
}

// following returns the questions that come after what was sent: those of the next page; of an answer that lacks some
// that must be answered, the page with the first of those.
func following(s *survey.Survey, stands *survey.Answer, typed survey.Form) []*survey.Question {
	last := -1
	for i := range s.Questions {
		if q := &s.Questions[i]; q.Shown(stands.Values) && (len(typed.Asked) == 0 || slices.Contains(typed.Asked, q.ID)) {
			last = i
		}
	}
	next := s.Page(stands.Values, last+1)
	if len(next) == 0 && !stands.Complete {
		next = s.Page(stands.Values, s.Resume(stands.Values))
	}
	return next
}

func told(a *survey.Answer, next []*survey.Question) given {
	g := given{
		Survey: a.Survey, Version: a.Version, Answers: a.Values, Complete: a.Complete, Revision: a.Revision,
		AnsweredAt: a.Answered, EditableUntil: a.Answered.Add(survey.EditWindow),
	}
	if a.Kind != "" {
		g.Score = &a.Score
	}
	if !a.Complete {
		for _, q := range next {
			g.Next = append(g.Next, q.ID)
		}
	}
	return g
}

// back returns the page of the form's that was asked for, where it is one of them, else the first.
func (sit *sitting) back(asked string) string {
	if slices.Contains(sit.form.Back, asked) {
		return asked
	}
	return sit.form.Back[0]
}

// again shows the form with what was typed and what is wrong, or answers with the problem.
func (h *Handler) again(ctx context.Context, r *api.Request, sit *sitting, s *survey.Survey, typed survey.Form, said page.Form, err error) api.Response {
	if !readsPages(r) {
		return retryAfter(api.Error(err), err)
	}
	f := page.Form{
		View: h.branded(ctx, r, sit), Questions: asked(s, typed, said.Mistakes), Typed: typed.Fields, Mistakes: said.Mistakes, Alert: said.Alert,
		Hidden: sit.hidden, Nameless: sit.nameless(), Action: sit.action(),
	}
	f.Survey = s
	f.Last = last(s, said.Given, f.Questions)
	f.View.Query = same(sit.query, r, s)
	return retryAfter(show(api.Status(fault.CodeOf(err)), h.pages.Form(f)), err)
}

// asked returns the questions that a sending was asked, or of a form that does not say so those that it is to be asked
// again: all that it answers and all that are wrong.
func asked(s *survey.Survey, typed survey.Form, wrong []survey.Mistake) (all []*survey.Question) {
	for i := range s.Questions {
		q := &s.Questions[i]
		_, answered := typed.Fields[q.ID]
		mistaken := slices.ContainsFunc(wrong, func(m survey.Mistake) bool { return m.Question.ID == q.ID })
		if slices.Contains(typed.Asked, q.ID) || mistaken || len(typed.Asked) == 0 && answered {
			all = append(all, q)
		}
	}
	if len(all) == 0 {
		all = s.Page(nil, 0)
	}
	return all
}
