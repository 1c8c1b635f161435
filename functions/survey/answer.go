package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"liuke/shared/api"
	"liuke/shared/fault"
	"liuke/shared/survey"
	"liuke/shared/survey/page"
	"liuke/shared/token"
)

// asked is what a valid link asks of whom.
type asked struct {
	token.Survey
	survey *survey.Survey
	locale string
}

// open reads the link of a request. It returns Unauthorized for one that was not made here, NotFound for one to a
// survey that there is no more, and Gone for one that has expired: before any table is touched.
func (h *Handler) open(ctx context.Context, r *api.Request) (asked, error) {
	var a asked
	keys, err := token.Load(ctx, h.secret)
	if err != nil {
		return a, err
	}
	if err := keys.Open(token.PurposeSurvey, r.PathParameters["token"], &a.Survey); err != nil {
		return a, err
	}
	if a.survey, err = h.surveys.Find(a.Survey.Survey); err != nil {
		return a, err
	}
	a.locale = h.locale(r, a.survey.Locales()...)
	if r.QueryStringParameters["thanks"] == "" && !h.now().Before(a.Expires) {
		return a, fault.New(fault.Gone, "this link has expired: ask whoever sent it for a new one")
	}
	return a, nil
}

// form shows the form, with the answer that stands in it. It records nothing: what scans mail follows links.
func (h *Handler) form(ctx context.Context, r *api.Request) api.Response {
	to, err := h.open(ctx, r)
	if err != nil {
		return h.problem(ctx, r, err)
	}
	if r.QueryStringParameters["thanks"] != "" {
		return api.HTML(http.StatusOK, h.pages.Thanks(to.locale))
	}
	standing, err := h.standing(ctx, to)
	switch {
	case fault.CodeOf(err) == fault.Gone:
		return h.erased(r, to, err)
	case err != nil:
		return h.problem(ctx, r, err)
	}
	f := page.Form{Survey: to.survey, Locale: to.locale}
	f.Given.Score = survey.Preselect(r.QueryStringParameters["score"])
	if standing != nil {
		if !standing.Editable(h.now()) {
			return api.HTML(http.StatusOK, h.pages.Closed(to.locale))
		}
		f.Until = standing.Answered.Add(survey.EditWindow)
		stands := standing.Form()
		f.Given.Comment = stands.Comment
		if f.Given.Score == "" {
			f.Given.Score = stands.Score
		}
	}
	return api.HTML(http.StatusOK, h.pages.Form(f))
}

// given is an answer as JSON clients see it.
type given struct {
	Survey        string    `json:"survey"`
	Score         int       `json:"score"`
	Comment       string    `json:"comment,omitempty"`
	Revision      int       `json:"revision"`
	AnsweredAt    time.Time `json:"answered_at"`
	EditableUntil time.Time `json:"editable_until"`
}

// answer takes an answer, or its correction.
func (h *Handler) answer(ctx context.Context, r *api.Request) api.Response {
	to, err := h.open(ctx, r)
	if err != nil {
		return h.problem(ctx, r, err)
	}
	body, err := api.Body(r, MaxBodyBytes)
	if err != nil {
		return h.problem(ctx, r, err)
	}
	typed, err := survey.Decode(api.Header(r, "content-type"), body)
	if err != nil {
		return h.problem(ctx, r, err)
	}
	checked, mistakes := to.survey.Check(typed)
	if len(mistakes) > 0 {
		return h.refuse(r, to, page.Form{Given: typed, Mistakes: mistakes}, mistakes[0].Err())
	}
	stands, err := h.record(ctx, to, checked)
	if err == nil {
		e, eventErr := stands.Event(to.survey.Kind)
		err = h.send(ctx, e, eventErr)
	}
	switch {
	case fault.CodeOf(err) == fault.Conflict:
		return h.closed(r, to, err)
	case fault.CodeOf(err) == fault.Gone:
		return h.erased(r, to, err)
	case err != nil:
		h.note(ctx, r, err)
		return h.refuse(r, to, page.Form{Given: typed, NotSaved: true}, err)
	}
	h.count.Count("SurveyAnswers", 1)
	if isJSON(r) {
		return api.JSON(http.StatusCreated, given{
			Survey: stands.Survey, Score: stands.Score, Comment: stands.Given.Comment, Revision: stands.Revision,
			AnsweredAt: stands.Answered, EditableUntil: stands.Answered.Add(survey.EditWindow),
		})
	}
	return api.Redirect("?" + url.Values{"thanks": {"1"}, "lang": {to.locale}}.Encode())
}

// recordTries bounds how often an answer is folded again over another that came at the same time.
const recordTries = 4

// standing reads the answer that an invitation has, nil where it has none. It returns Gone where the customer was
// erased. What is written in the very moment of the erasure goes when that is repeated.
func (h *Handler) standing(ctx context.Context, to asked) (*survey.Answer, error) {
	erased, err := h.answers.Erased(ctx, to.Customer)
	if err != nil {
		return nil, err
	}
	if erased {
		return nil, fault.New(fault.Gone, "the customer's data were deleted: no answer is taken through this link any more")
	}
	return h.answers.Answer(ctx, to.Customer, to.survey.ID, to.Invitation)
}

// record makes an answer durable and returns it as it stands. It returns Conflict where it may no longer be changed, and
// Gone where the customer was erased.
func (h *Handler) record(ctx context.Context, to asked, g survey.Given) (survey.Answer, error) {
	for range recordTries {
		standing, err := h.standing(ctx, to)
		if err != nil {
			return survey.Answer{}, err
		}
		next, err := to.survey.Answer(to.Survey, standing, g, to.locale, h.now())
		if err != nil {
			return survey.Answer{}, err
		}
		if standing != nil && next.Revision == standing.Revision {
			return next, nil // a repeat: stored and counted before
		}
		switch err := h.answers.PutAnswer(ctx, standing, next); {
		case err == nil:
			return next, nil
		case fault.CodeOf(err) != fault.Conflict:
			return survey.Answer{}, err
		}
	}
	return survey.Answer{}, fault.New(fault.Unavailable, "other answers to this invitation came at the same time: send it again")
}

// refuse shows the form again with what is wrong in it, or answers with the problem.
func (h *Handler) refuse(r *api.Request, to asked, f page.Form, err error) api.Response {
	if !readsPages(r) {
		return api.Error(err)
	}
	f.Survey, f.Locale = to.survey, to.locale
	f.Given.Comment = strings.ToValidUTF8(f.Given.Comment, "\ufffd")
	out := api.HTML(api.Status(fault.CodeOf(err)), h.pages.Form(f))
	retryAfter(&out, fault.CodeOf(err))
	return out
}

// closed says that the answer may no longer be changed.
func (h *Handler) closed(r *api.Request, to asked, err error) api.Response {
	if !readsPages(r) {
		return api.Error(err)
	}
	return api.HTML(http.StatusConflict, h.pages.Closed(to.locale))
}

// erased says that the customer was erased.
func (h *Handler) erased(r *api.Request, to asked, err error) api.Response {
	if !readsPages(r) {
		return api.Error(err)
	}
	return api.HTML(http.StatusGone, h.pages.Erased(to.locale))
}
