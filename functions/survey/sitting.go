package main

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"liuke/shared/api"
	"liuke/shared/fault"
	"liuke/shared/survey"
	"liuke/shared/survey/page"
	"liuke/shared/token"
)

// sitting is somebody's answering of a survey, by the link of an invitation or by a public form.
type sitting struct {
	survey *survey.Survey
	to     token.Survey       // whose answer it is: of Customer "" nobody's
	form   *survey.PublicForm // nil for a link
	locale string

	path    string     // of the pages that go on with it, relative to the request's; "" for the same
	query   url.Values // that goes on with it there
	hidden  map[string]string
	claim   claim          // how whoever sends it says that an answer which stands is theirs
	keys    *token.Keyring // of a claim that is not proven
	ended   bool           // a repeat that nothing follows
	dropped string         // the metric of what is recorded nowhere, and answered as if it were; "" for what is recorded
}

// claim is how whoever sends an answer says that one which stands is theirs.
type claim int

const (
	proven    claim = iota // by a token that was sealed here
	byName                 // by a name that they made up, which others may guess
	byContent              // by saying the same at the same time
)

// nameless reports whether the answer is nobody's.
func (sit *sitting) nameless() bool { return sit.to.Customer == "" }

// at returns the address of a page of the sitting.
func (sit *sitting) at(query url.Values) string {
	all := url.Values{"lang": {sit.locale}}
	maps.Copy(all, sit.query)
	maps.Copy(all, query)
	return sit.path + "?" + all.Encode()
}

// action is where the sitting's forms are sent: "" for where they were found.
func (sit *sitting) action() string {
	if sit.path == "" {
		return ""
	}
	return sit.at(nil)
}

// view is what the sitting's pages share.
func (h *Handler) view(sit *sitting) page.View {
	v := page.View{Survey: sit.survey, Locale: sit.locale, Path: sit.path, Query: sit.query}
	if sit.form != nil {
		v.Frames = sit.form.Origins
		for _, back := range sit.form.Back {
			if o := originOf(back); o != "" && !slices.Contains(v.Leads, o) {
				v.Leads = append(v.Leads, o)
			}
		}
	}
	return v
}

// branded is the view with the operator's brand, which is read where it is old. Pages are shown without one sooner than
// not at all.
func (h *Handler) branded(ctx context.Context, r *api.Request, sit *sitting) page.View {
	v := h.view(sit)
	brand, err := h.brand.Get(ctx)
	if err != nil {
		h.note(ctx, r, err)
	}
	v.Brand = brand
	return v
}

// standing reads the answer that the sitting has, nil where it has none. It returns Gone where the customer was erased. What
// is written in the very moment of the erasure goes when that is repeated.
func (h *Handler) standing(ctx context.Context, sit *sitting) (*survey.Answer, error) {
	if !sit.nameless() {
		erased, err := h.Answers.Erased(ctx, sit.to.Customer)
		if err != nil {
			return nil, err
		}
		if erased {
			return nil, fault.New(fault.Gone, "the customer's data were deleted: no answer is taken through this link any more")
		}
	}
	if sit.to.Invitation == "" {
		return nil, nil
	}
	return h.Answers.Answer(ctx, sit.to.Customer, sit.survey.ID, sit.to.Invitation)
}

// version returns the survey as it was in a version; the current one where that is 0.
func (h *Handler) version(ctx context.Context, sit *sitting, version int) (*survey.Survey, error) {
	if version == 0 || version == sit.survey.Version {
		return sit.survey, nil
	}
	s, err := h.Surveys.SurveyVersion(ctx, sit.survey.ID, version)
	if fault.CodeOf(err) == fault.NotFound {
		return nil, fault.At("/"+survey.FieldVersion, "there is no such version of the survey")
	}
	return s, err
}

// shown answers with the page of the form that a request asks for, or what is said in its place. It records nothing: what
// scans mail follows links.
func (h *Handler) shown(ctx context.Context, r *api.Request, sit *sitting) api.Response {
	thanked := r.QueryStringParameters["thanks"] != ""
	if sit.survey.Closed && !thanked {
		return h.closed(ctx, r, sit)
	}
	standing, err := h.standing(ctx, sit)
	switch {
	case fault.CodeOf(err) == fault.Gone:
		return h.erased(ctx, r, sit, err)
	case err != nil:
		return h.problem(ctx, r, sit, err)
	case thanked && (standing != nil || sit.form != nil):
		return h.thanks(ctx, r, sit, standing)
	case standing != nil && !standing.Editable(h.Now()):
		return show(http.StatusOK, h.pages.Answered(h.branded(ctx, r, sit)))
	}
	s := sit.survey
	stands := survey.Values{}
	if standing != nil {
		if s, err = h.version(ctx, sit, standing.Version); err != nil {
			return h.problem(ctx, r, sit, err)
		}
		stands = s.Fit(standing.Values)
	}
	chosen := s.Preselect(r.QueryStringParameters)
	from := opening(s, r.QueryStringParameters["page"], stands, chosen, standing == nil || standing.Complete)
	f := h.asks(sit, s, stands, from)
	f.View = h.branded(ctx, r, sit)
	f.Survey = s
	f.View.Query = same(f.View.Query, r, s)
	f.Given = maps.Clone(stands)
	for _, q := range f.Questions {
		if v, ok := chosen[q.ID]; ok {
			f.Given[q.ID] = v
		}
	}
	if standing != nil {
		f.Until = standing.Answered.Add(survey.EditWindow)
	}
	return show(http.StatusOK, h.pages.Form(f))
}

// same returns the query of a page with what the request asked for, for the same page in another language.
func same(query url.Values, r *api.Request, s *survey.Survey) url.Values {
	all := url.Values{}
	maps.Copy(all, query)
	for name, value := range r.QueryStringParameters {
		if q := s.Question(name); name == "page" && s.Index(value) >= 0 || q != nil && q.Kind != survey.FreeText && len(value) < 100 {
			all[name] = []string{value}
		}
	}
	return all
}

// thanks shows the thanks, and the way back to an answer that may still be changed.
func (h *Handler) thanks(ctx context.Context, r *api.Request, sit *sitting, standing *survey.Answer) api.Response {
	v := h.branded(ctx, r, sit)
	var change url.Values
	if standing != nil && standing.Editable(h.Now()) && !sit.survey.Closed && sit.to.Expires.After(h.Now()) {
		change = url.Values{}
		maps.Copy(change, sit.query)
		change["page"] = []string{sit.survey.Questions[0].ID}
	}
	return show(http.StatusOK, h.pages.Thanks(v, change))
}

// closed says that the survey takes no more answers.
func (h *Handler) closed(ctx context.Context, r *api.Request, sit *sitting) api.Response {
	if !readsPages(r) {
		return api.Error(fault.New(fault.Gone, "this survey has closed: it takes no more answers"))
	}
	return show(http.StatusGone, h.pages.Closed(h.branded(ctx, r, sit)))
}

// answered says that the answer may no longer be changed.
func (h *Handler) answered(ctx context.Context, r *api.Request, sit *sitting, err error) api.Response {
	if !readsPages(r) {
		return api.Error(err)
	}
	return show(http.StatusConflict, h.pages.Answered(h.branded(ctx, r, sit)))
}

// erased says that the customer was erased.
func (h *Handler) erased(ctx context.Context, r *api.Request, sit *sitting, err error) api.Response {
	if !readsPages(r) {
		return api.Error(err)
	}
	return show(http.StatusGone, h.pages.Erased(h.branded(ctx, r, sit)))
}
