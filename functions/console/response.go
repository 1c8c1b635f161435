package main

import (
	"context"
	"encoding/csv"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"liuke/shared/api"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/survey"
)

// Responses lists the answers to surveys.
type Responses interface {
	RolledHours(ctx context.Context, survey string, from, before time.Time, limit int) ([]survey.Hour, error)
	Responses(ctx context.Context, survey string, hour time.Time, cursor string, limit int) ([]survey.Answer, error)
}

type responsesView struct {
	Survey     string       `json:"survey"`
	Responses  []answerView `json:"responses"` // the latest first
	NextCursor string       `json:"next_cursor,omitempty"`
}

const (
	defaultResponses = 50
	maxResponses     = 100
	hoursAPage       = 24 // hours looked up at a time
)

// responses lists the answers to a survey, those first that were first given last.
func (h *Handler) responses(ctx context.Context, r *api.Request) (api.Response, error) {
	form, err := format(r, "json", "csv")
	if err != nil {
		return api.Response{}, err
	}
	n, err := limit(r, defaultResponses, maxResponses)
	if err != nil {
		return api.Response{}, err
	}
	s, err := h.oneSurvey(ctx, pathParameter(r, "survey"))
	if err != nil {
		return api.Response{}, err
	}
	from, to, err := h.span(r)
	if err != nil {
		return api.Response{}, err
	}
	position, err := openCursor(r, "responses", s.ID)
	if err != nil {
		return api.Response{}, err
	}
	answers, next, err := h.listResponses(ctx, s.ID, from, to, position, n)
	if err != nil {
		return api.Response{}, err
	}
	cursor := sealCursor(next, "responses", s.ID)
	if form == "csv" {
		out := text("text/csv; charset=utf-8; header=present", responsesCSV(s, answers))
		if cursor != "" {
			out.Headers["liuke-next-cursor"] = cursor
		}
		return out, nil
	}
	return api.JSON(http.StatusOK, responsesView{Survey: s.ID, Responses: answerViews(answers), NextCursor: cursor}), nil
}

// span reads the query's from and to, each a day in the business's time zone or a moment; to is not within. What is absent
// does not bound.
func (h *Handler) span(r *api.Request) (from, to time.Time, err error) {
	from, to = time.UnixMilli(0).UTC(), h.now().Add(time.Hour)
	for name, at := range map[string]*time.Time{"from": &from, "to": &to} {
		given, ok := r.QueryStringParameters[name]
		if !ok {
			continue
		}
		if day, err := time.ParseInLocation(time.DateOnly, given, h.business.Zone); err == nil {
			*at = day.UTC()
		} else if moment, err := time.Parse(time.RFC3339, given); err == nil {
			*at = moment.UTC()
		} else {
			return from, to, fault.At("/"+name, "%s is a day such as 2026-05-17, or a moment such as 2026-05-17T08:00:00Z", name)
		}
	}
	if !from.Before(to) {
		return from, to, fault.At("/to", "to comes after from")
	}
	return from, to, nil
}

// listResponses goes back through the hours that have answers, from the position on: an hour, and a place in it.
func (h *Handler) listResponses(ctx context.Context, surveyID string, from, to time.Time, position string, n int) (all []survey.Answer, next string, err error) {
	before, place := to, ""
	if position != "" {
		at, rest, _ := strings.Cut(position, "|")
		ms, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return nil, "", badCursor()
		}
		before, place = time.UnixMilli(ms).UTC().Add(time.Hour), rest
	}
	for {
		hours, err := h.answeredHours(ctx, surveyID, from, before)
		if err != nil || len(hours) == 0 {
			return all, "", err
		}
		for _, hour := range hours {
			for {
				some, err := h.store.Responses(ctx, surveyID, hour.Begin, place, n-len(all)+1)
				if err != nil {
					return nil, "", err
				}
				for i := range some {
					if a := &some[i]; a.Answered.Before(from) || !a.Answered.Before(to) {
						continue
					}
					if len(all) == n {
						last := &all[n-1]
						return all, strconv.FormatInt(survey.HourOf(last).Begin.UnixMilli(), 10) + "|" + dynamo.ResponseCursor(last), nil
					}
					all = append(all, some[i])
				}
				if len(some) == 0 {
					break
				}
				place = dynamo.ResponseCursor(&some[len(some)-1])
			}
			place, before = "", hour.Begin
		}
	}
}

// answeredHours returns hours of a survey that have answers or may have, the latest first: those that are counted, and those
// that are to be. It returns none where there are none before.
func (h *Handler) answeredHours(ctx context.Context, surveyID string, from, before time.Time) ([]survey.Hour, error) {
	from = from.Truncate(time.Hour)
	hours, err := h.store.RolledHours(ctx, surveyID, from, before, hoursAPage)
	if err != nil {
		return nil, err
	}
	oldest := from
	if len(hours) == hoursAPage {
		oldest = hours[len(hours)-1].Begin
	}
	marks, err := h.store.Marks(ctx, surveyID)
	if err != nil {
		return nil, err
	}
	for _, m := range marks {
		if !m.Begin.Before(oldest) && m.Begin.Before(before) && !slices.Contains(hours, m.Hour) {
			hours = append(hours, m.Hour)
		}
	}
	slices.SortFunc(hours, func(a, b survey.Hour) int { return b.Begin.Compare(a.Begin) })
	return hours, nil
}

// responsesCSV writes answers with a column for each question of the survey as it stands.
func responsesCSV(s *survey.Survey, answers []survey.Answer) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	header := []string{"customer_id", "invitation", "version", "answered_at", "revised_at", "complete", "locale", "segment", "tier", "node", "channel",
		"language", "sentiment", "topics", "tags"}
	for i := range s.Questions {
		header = append(header, s.Questions[i].ID)
	}
	w.Write(header)
	for i := range answers {
		a := &answers[i]
		row := []string{string(a.Customer), a.Invitation, strconv.Itoa(a.Version), a.Answered.Format(time.RFC3339), a.Revised.Format(time.RFC3339),
			strconv.FormatBool(a.Complete), a.Locale, a.Cell.Segment, a.Cell.Tier, a.Cell.Node, a.Cell.Channel, a.Insight.Language,
			a.Insight.Sentiment, strings.Join(a.Insight.Topics, "; "), strings.Join(a.Tags, "; ")}
		for j := range s.Questions {
			row = append(row, cellOf(a.Values[s.Questions[j].ID]))
		}
		for j := range row {
			row[j] = inert(row[j])
		}
		w.Write(row)
	}
	w.Flush() // into memory: none of these fails
	return b.String()
}

func cellOf(v survey.Value) string {
	switch {
	case v.Number != nil:
		return strconv.Itoa(*v.Number)
	case len(v.Choices) > 0:
		return strings.Join(v.Choices, "; ")
	}
	return v.Text
}

// inert returns a field that no spreadsheet takes for a formula (OWASP, CSV injection): one that begins like a formula is
// quoted as text.
func inert(field string) string {
	if field != "" && strings.ContainsRune("=+-@\t\r\n|＝＋－＠", []rune(field)[0]) {
		return "'" + field
	}
	return field
}
