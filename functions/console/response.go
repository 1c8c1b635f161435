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
	"liuke/shared/sheet"
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
	hoursAPage       = 24  // hours looked up at a time
	hoursARequest    = 240 // hours looked into for one page: some may have invitations alone
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
// does not bound. It is empty, and from not before to, where nothing can have been answered yet.
func (h *Handler) span(r *api.Request) (from, to time.Time, err error) {
	from, to = time.UnixMilli(0).UTC(), h.now().UTC().Add(time.Hour) // for clocks that differ
	given, some, err := h.moment(r, "from")
	if err != nil {
		return from, to, err
	}
	until, bounded, err := h.moment(r, "to")
	if err != nil {
		return from, to, err
	}
	if some && bounded && !given.Before(until) {
		return from, to, fault.At("/to", "to comes after from")
	}
	if some && given.After(from) {
		from = given
	}
	if bounded && until.Before(to) {
		to = until
	}
	return from, to, nil
}

// moment reads a parameter of the query that is a day or a moment; it is not ok where it is absent.
func (h *Handler) moment(r *api.Request, name string) (at time.Time, ok bool, err error) {
	given, ok := r.QueryStringParameters[name]
	if !ok {
		return at, false, nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, given, h.business.Zone); err == nil {
		return day.UTC(), true, nil
	}
	if at, err = time.Parse(time.RFC3339, given); err != nil {
		return at, false, fault.At("/"+name, "%s is a day such as 2026-05-17, or a moment such as 2026-05-17T08:00:00Z", name)
	}
	return at.UTC(), true, nil
}

// position is where a list of answers goes on: in an hour, behind an answer, or at its begin where that is "".
type position struct {
	hour   time.Time
	behind string
}

func (p position) String() string { return strconv.FormatInt(p.hour.UnixMilli(), 10) + "|" + p.behind }

func parsePosition(text string) (position, error) {
	at, behind, ok := strings.Cut(text, "|")
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil || !ok {
		return position{}, badCursor()
	}
	return position{time.UnixMilli(ms).UTC(), behind}, nil
}

// listResponses goes back through the hours that may have answers, from a position on ("" for the first page), to n answers
// and the position behind the last; "" where there are no more. A page is short where so many hours have none that others are
// left for the next.
func (h *Handler) listResponses(ctx context.Context, surveyID string, from, to time.Time, at string, n int) (all []survey.Answer, next string, err error) {
	before, behind := to, ""
	if at != "" {
		p, err := parsePosition(at)
		if err != nil {
			return nil, "", err
		}
		behind = p.behind
		if end := p.hour.Add(time.Hour); end.Before(before) {
			before = end
		}
	}
	for read := 0; ; {
		hours, err := h.answeredHours(ctx, surveyID, from, before)
		if err != nil || len(hours) == 0 {
			return all, "", err
		}
		for _, hour := range hours {
			if read == hoursARequest {
				return all, position{hour: hour.Begin}.String(), nil
			}
			read++
			some, err := h.responsesOfHour(ctx, hour, behind, from, to, n+1-len(all))
			if err != nil {
				return nil, "", err
			}
			if all = append(all, some...); len(all) > n {
				last := &all[n-1]
				return all[:n], position{survey.HourOf(last).Begin, dynamo.ResponseCursor(last)}.String(), nil
			}
			before, behind = hour.Begin, ""
		}
	}
}

// responsesOfHour reads answers of an hour behind a place in it, that were given from a time on and before another.
func (h *Handler) responsesOfHour(ctx context.Context, hour survey.Hour, behind string, from, to time.Time, most int) (all []survey.Answer, err error) {
	for len(all) < most {
		some, err := h.store.Responses(ctx, hour.Survey, hour.Begin, behind, most-len(all))
		if err != nil || len(some) == 0 {
			return all, err
		}
		behind = dynamo.ResponseCursor(&some[len(some)-1])
		for i := range some {
			if a := &some[i]; !a.Answered.Before(from) && a.Answered.Before(to) {
				all = append(all, some[i])
			}
		}
	}
	return all, nil
}

// answeredHours returns hours of a survey that have answers or may have, the latest first: those that are counted, and those
// that are to be. It returns none where there are none before.
func (h *Handler) answeredHours(ctx context.Context, surveyID string, from, before time.Time) ([]survey.Hour, error) {
	// The marks first: a mark that goes meanwhile leaves its count behind.
	marks, err := h.store.Marks(ctx, surveyID)
	if err != nil {
		return nil, err
	}
	from = from.Truncate(time.Hour)
	hours, err := h.store.RolledHours(ctx, surveyID, from, before, hoursAPage)
	if err != nil {
		return nil, err
	}
	oldest := from
	if len(hours) == hoursAPage {
		oldest = hours[len(hours)-1].Begin
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
			row[j] = sheet.Inert(row[j])
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
