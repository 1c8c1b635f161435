package main

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"liuke/shared/api"
	"liuke/shared/brand"
	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/pattern"
	"liuke/shared/request"
	"liuke/shared/survey"
	"liuke/shared/survey/page"
)

// Surveys keeps surveys and their answers.
type Surveys interface {
	// Surveys returns those that come with the suite, and in their place or beside them those that operators have written.
	Surveys(ctx context.Context) (survey.Catalogue, error)
	// SurveyVersion returns NotFound where there is no such version.
	SurveyVersion(ctx context.Context, id string, version int) (*survey.Survey, error)
	// SurveyVersions returns the versions that operators have written, ascending.
	SurveyVersions(ctx context.Context, id string) ([]*survey.Survey, error)
	// PutSurvey returns a Conflict where the version before, 0 for none, is not the one that operators have written last.
	PutSurvey(ctx context.Context, next *survey.Survey, body string, before int, now time.Time) error
}

type surveysView struct {
	Surveys []surveyLine `json:"surveys"`
}

type surveyLine struct {
	Survey    string      `json:"survey"`
	Version   int         `json:"version"`
	Kind      survey.Kind `json:"kind,omitempty"` // what it measures
	Node      string      `json:"node,omitempty"`
	Title     string      `json:"title"` // in the fallback locale
	Locales   []string    `json:"locales"`
	Questions int         `json:"questions"`
	Origin    origin      `json:"origin"`
	Closed    bool        `json:"closed"`
}

// surveyList lists the surveys, ascending by id.
func (h *Handler) surveyList(ctx context.Context, _ *api.Request) (api.Response, error) {
	all, err := h.store.Surveys(ctx)
	if err != nil {
		return api.Response{}, err
	}
	out := surveysView{Surveys: []surveyLine{}}
	for id, s := range all {
		out.Surveys = append(out.Surveys, surveyLine{
			Survey: id, Version: s.Version, Kind: s.Kind(), Node: s.Node, Title: s.Texts[survey.Fallback].Title,
			Locales: s.Locales(), Questions: len(s.Questions), Origin: h.originOf(s), Closed: s.Closed,
		})
	}
	slices.SortFunc(out.Surveys, func(a, b surveyLine) int { return strings.Compare(a.Survey, b.Survey) })
	return api.JSON(http.StatusOK, out), nil
}

func (h *Handler) originOf(s *survey.Survey) origin {
	came, ok := h.surveys()[s.ID]
	switch {
	case !ok:
		return own
	case came.Version == s.Version && reflect.DeepEqual(came, s): // an operator's may have come to the same version
		return builtIn
	}
	return edited
}

// survey shows a survey as it stands, or one of its versions.
func (h *Handler) survey(ctx context.Context, r *api.Request) (api.Response, error) {
	text, old := r.QueryStringParameters["version"]
	n, err := strconv.ParseInt(text, 10, 32)
	if old && (err != nil || n < 1) {
		return api.Response{}, fault.At("/version", "version is a whole number from 1")
	}
	s, err := h.oneSurvey(ctx, pathParameter(r, "survey"))
	if err == nil && old && int(n) != s.Version {
		s, err = h.store.SurveyVersion(ctx, s.ID, int(n))
	}
	if err != nil {
		return api.Response{}, err
	}
	return showSurvey(http.StatusOK, s), nil
}

func (h *Handler) oneSurvey(ctx context.Context, id string) (*survey.Survey, error) {
	all, err := h.store.Surveys(ctx)
	if err != nil {
		return nil, err
	}
	return all.Find(id)
}

func showSurvey(status int, s *survey.Survey) api.Response {
	out := api.JSON(status, s)
	out.Headers["etag"] = etag(versionOfSurvey(s))
	return out
}

// versionOfSurvey is the version of a survey, nil for none, in the form that etags are made of and compared with.
func versionOfSurvey(s *survey.Survey) *document.Document {
	if s == nil {
		return &document.Document{}
	}
	return &document.Document{Version: int64(s.Version), Body: s.ID}
}

// surveyBody is the shape of a survey in a request.
type surveyBody struct {
	ID        string              `json:"id"`
	Version   int                 `json:"version"`
	Node      string              `json:"node"`
	Questions []survey.Question   `json:"questions"`
	Texts     map[string]textBody `json:"texts"`
	Invite    inviteBody          `json:"invite"`
	Forms     []survey.PublicForm `json:"forms"`
	Closed    bool                `json:"closed"`
}

type textBody struct {
	Title     string                         `json:"title"`
	Intro     string                         `json:"intro"`
	Thanks    string                         `json:"thanks"`
	Questions map[string]survey.QuestionText `json:"questions"`
	Interface map[string]string              `json:"interface"`
}

type inviteBody struct {
	AgainAfter string   `json:"again_after"`
	Sample     string   `json:"sample"`
	Reminders  []string `json:"reminders"`
	Expires    string   `json:"expires"`
}

// putSurvey keeps the next version of a survey, or the first of a new one. The id may be left out, and so may the version:
// where it is given it is the one that was edited, and another that stands by now is a conflict, as with If-Match.
func (h *Handler) putSurvey(ctx context.Context, r *api.Request) (api.Response, error) {
	body, err := api.Body(r, survey.MaxBytes)
	if err != nil {
		return api.Response{}, err
	}
	var shape surveyBody
	if err := request.Parse(body, &shape); err != nil {
		return api.Response{}, err
	}
	id := pathParameter(r, "survey")
	if shape.Version < 0 {
		return api.Response{}, fault.At("/version", "a survey's version counts from 1")
	}
	if shape.ID != "" && shape.ID != id {
		return api.Response{}, fault.At("/id", "the survey calls itself otherwise than its address: leave the id out, or make both the same")
	}
	var next *survey.Survey
	match := api.Header(r, "if-match")
	err = again(ctx, func() error {
		next, err = h.nextSurvey(ctx, id, body, shape.Version, match)
		if err != nil {
			return err
		}
		raw, err := json.Marshal(next)
		if err != nil {
			return fault.As(err, fault.Internal, "the survey cannot be encoded")
		}
		written, err := h.store.SurveyVersions(ctx, id)
		if err != nil {
			return err
		}
		before := 0
		for _, old := range written {
			before = old.Version
			if err := next.Keeps(old); err != nil {
				return err
			}
		}
		return moved(h.store.PutSurvey(ctx, next, string(raw), before, h.now()))
	})
	if err != nil {
		return api.Response{}, err
	}
	return showSurvey(http.StatusOK, next), nil
}

// nextSurvey returns the version that follows the one that stands.
func (h *Handler) nextSurvey(ctx context.Context, id string, body []byte, of int, match string) (*survey.Survey, error) {
	all, err := h.store.Surveys(ctx)
	if err != nil {
		return nil, err
	}
	next := 1
	stands, ok := all[id]
	if ok {
		next = stands.Version + 1
	}
	if of != 0 && of != next-1 || !matches(match, versionOfSurvey(stands)) {
		if !ok {
			return nil, fault.New(fault.Conflict, "there is no survey with this id that could have been edited: leave the version and If-Match out to make it")
		}
		return nil, fault.New(fault.Conflict, "version %d of the survey stands, which is not the one that was edited: read it again", next-1)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, fault.As(err, fault.Invalid, "the survey is a JSON object")
	}
	fields["id"], _ = json.Marshal(id) // a string always can be
	fields["version"] = json.RawMessage(strconv.Itoa(next))
	raw, err := json.Marshal(fields)
	if err != nil {
		return nil, fault.As(err, fault.Internal, "the survey cannot be encoded")
	}
	s, err := survey.Parse(raw)
	if err != nil {
		return nil, err
	}
	if came, ok := h.surveys()[id]; ok {
		if err := s.Keeps(came); err != nil {
			return nil, err
		}
	}
	if err := h.shown(ctx, s); err != nil {
		return nil, err
	}
	return s, sharedKey(s, all)
}

var braces = pattern.New(`\{[^{}]*\}`)

// foreignBraces returns the first thing in braces that a text has and the English one has not; "" for none.
func foreignBraces(text, english string) string {
	known := braces().FindAllString(english, -1)
	for _, b := range braces().FindAllString(text, -1) {
		if !slices.Contains(known, b) {
			return b
		}
	}
	return ""
}

// shown returns an Invalid error where the pages could not show the survey: a page too large for a bad phone under the
// operator's brand, or a word that they do not say.
func (h *Handler) shown(ctx context.Context, s *survey.Survey) error {
	words := page.Words()
	for locale, t := range s.Texts {
		for name, said := range t.Interface {
			english, ok := words[name]
			if unknown := foreignBraces(said, english); ok && unknown != "" {
				return fault.At("/texts/"+locale+"/interface/"+pointerOf(name), "nothing is put in the place of %s: in English it reads %q", unknown, english)
			}
			if !ok {
				return fault.At("/texts/"+locale+"/interface/"+pointerOf(name), "the pages say nothing of this name: there are %s",
					strings.Join(slices.Sorted(maps.Keys(words)), ", "))
			}
		}
	}
	d, err := h.store.Document(ctx, brand.Document)
	if err != nil {
		return err
	}
	b, err := brand.Parse([]byte(d.Body))
	if err != nil {
		return err
	}
	pages, err := page.New()
	if err != nil {
		return err
	}
	return pages.Fit(s, b)
}

// sharedKey returns an Invalid error where another survey has a form with a key of this one's.
func sharedKey(s *survey.Survey, all survey.Catalogue) error {
	for i := range s.Forms {
		if other, _, err := all.Form(s.Forms[i].Key); err == nil && other.ID != s.ID {
			return fault.At("/forms/"+strconv.Itoa(i)+"/key", "a form of the survey %s has this key: make up another", other.ID)
		}
	}
	return nil
}
