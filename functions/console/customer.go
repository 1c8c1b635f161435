package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"liuke/shared/api"
	"liuke/shared/batch"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/money"
	"liuke/shared/survey"
)

type customerView struct {
	CustomerID customer.ID            `json:"customer_id"`
	Absorbed   []customer.ID          `json:"absorbed"` // who turned out to be this customer
	Traits     map[string]string      `json:"traits"`
	Consent    map[string]consentView `json:"consent"` // by channel; a channel that is absent has none
	FirstSeen  *time.Time             `json:"first_seen_at"`
	LastSeen   *time.Time             `json:"last_seen_at"`
	Orders     ordersView             `json:"orders"`
	Activity   activityView           `json:"activity"`
	Signs      signsView              `json:"signs"`
	Scores     *scoresView            `json:"scores"`  // null before the first recalculation
	Answers    []answerView           `json:"answers"` // latest first
}

type consentView struct {
	Given bool      `json:"given"`
	Since time.Time `json:"since"`
}

type ordersView struct {
	Count       int64   `json:"count"`
	Revenue     string  `json:"revenue"` // net of refunds
	Currency    string  `json:"currency"`
	First       *string `json:"first"` // day, in the business's time zone
	Last        *string `json:"last"`
	Approximate bool    `json:"approximate"` // older days are kept by month
}

type activityView struct {
	Events int64       `json:"events"`
	Months []monthView `json:"months"` // oldest first
}

type monthView struct {
	Month  string `json:"month"` // YYYY-MM
	Events int64  `json:"events"`
}

type answerView struct {
	Survey     string            `json:"survey"`
	Version    int               `json:"version"` // of the survey
	Kind       survey.Kind       `json:"kind,omitempty"`
	Customer   customer.ID       `json:"customer_id,omitempty"`
	Invitation string            `json:"invitation"`
	Score      *int              `json:"score"` // null where the survey measures nothing, or that was not answered
	Answers    survey.Values     `json:"answers"`
	Complete   bool              `json:"complete"`
	Cell       survey.Cell       `json:"cell"`
	Locale     string            `json:"locale"`
	Language   string            `json:"language,omitempty"`
	Sentiment  string            `json:"sentiment,omitempty"`
	Topics     []string          `json:"topics,omitempty"`
	Tags       []string          `json:"tags,omitempty"`
	Properties map[string]string `json:"properties,omitempty"`
	Revision   int               `json:"revision"`
	AnsweredAt time.Time         `json:"answered_at"`
	RevisedAt  time.Time         `json:"revised_at"`
}

// maxAnswers is how many answers are shown with a customer.
const maxAnswers = 20

// customer shows one customer: the one who stands for the id, where another absorbed it.
func (h *Handler) customer(ctx context.Context, r *api.Request) (api.Response, error) {
	rec, all, err := h.person(ctx, r)
	if err != nil {
		return api.Response{}, err
	}
	profile, err := h.store.Profile(ctx, rec.ID)
	if err != nil {
		return api.Response{}, err
	}
	if rec.Version == 0 && profile.Version == 0 {
		return api.Response{}, fault.New(fault.NotFound, "there is no such customer")
	}
	answers, err := h.answers(ctx, all)
	if err != nil {
		return api.Response{}, err
	}
	v := customerView{
		CustomerID: rec.ID, Absorbed: all[1:], Traits: map[string]string{}, Consent: map[string]consentView{},
		Orders: h.orders(&rec.History), Activity: activity(&rec.Activity), Signs: signs(&rec.Signs), Answers: answerViews(answers),
	}
	if rec.Seen != 0 {
		v.FirstSeen = timeOf(time.Unix(rec.Seen, 0))
		v.LastSeen = timeOf(time.Unix(rec.Last, 0))
	}
	for name, t := range profile.Traits {
		if channel, ok := strings.CutPrefix(name, customer.ConsentTrait("")); ok {
			v.Consent[channel] = consentView{Given: profile.Consents(channel), Since: time.UnixMilli(t.Time).UTC()}
		} else if t.Value != "" {
			v.Traits[name] = t.Value
		}
	}
	if v.Scores, err = h.verdict(ctx, &rec); err != nil {
		return api.Response{}, err
	}
	return api.JSON(http.StatusOK, v), nil
}

// person reads who stands for the id of the path, and lists all ids under which the customer's records are: the survivor
// first, then everyone whom it absorbed. An unknown one is a record of Version 0.
func (h *Handler) person(ctx context.Context, r *api.Request) (rec customer.Record, all []customer.ID, err error) {
	id, err := customer.ParseID(pathParameter(r, "id"))
	if err != nil {
		return customer.Record{}, nil, err
	}
	if rec, err = h.store.Root(ctx, id); err != nil {
		return customer.Record{}, nil, err
	}
	absorbed, err := h.store.Absorbed(ctx, rec.ID)
	return rec, append([]customer.ID{rec.ID}, absorbed...), err
}

// idsAtOnce is under how many of a customer's ids is read at once: whoever may send events may make a customer of thousands.
const idsAtOnce = 16

// under reads what stands under each of a customer's ids, and joins it in their order. It returns the first error.
func under[T any](all []customer.ID, read func(id customer.ID) ([]T, error)) (joined []T, err error) {
	found, errs := make([][]T, len(all)), make([]error, len(all))
	batch.Each(len(all), idsAtOnce, func(i int) { found[i], errs[i] = read(all[i]) })
	for i := range all {
		if errs[i] != nil {
			return nil, errs[i]
		}
		joined = append(joined, found[i]...)
	}
	return joined, nil
}

// answers reads the latest answers of a customer under all of its ids: one query for each.
func (h *Handler) answers(ctx context.Context, all []customer.ID) (answers []survey.Answer, err error) {
	answers, err = under(all, func(id customer.ID) ([]survey.Answer, error) { return h.store.Answers(ctx, id, maxAnswers) })
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(answers, func(a, b survey.Answer) int { return b.Revised.Compare(a.Revised) })
	return answers[:min(len(answers), maxAnswers)], nil
}

func (h *Handler) orders(history *customer.History) ordersView {
	v := ordersView{
		Count: history.Orders(), Revenue: h.business.Currency.Format(money.Amount(history.Net())),
		Currency: string(h.business.Currency), Approximate: history.Approximate(),
	}
	var first, last customer.Day
	for p := range history.Days() {
		if p.Orders <= 0 {
			continue
		}
		if v.First == nil || p.Day < first {
			first, v.First = p.Day, dayOf(p.Day)
		}
		if v.Last == nil || p.Day > last {
			last, v.Last = p.Day, dayOf(p.Day)
		}
	}
	return v
}

func dayOf(d customer.Day) *string {
	s := customer.DayTime(d).Format(time.DateOnly)
	return &s
}

func activity(a *customer.Activity) activityView {
	v := activityView{Events: a.Total(), Months: []monthView{}}
	for m := range a.Months() {
		v.Months = append(v.Months, monthView{customer.DayTime(customer.FirstDay(m.Month)).Format("2006-01"), m.Events})
	}
	return v
}

func answerViews(answers []survey.Answer) []answerView {
	views := make([]answerView, len(answers))
	for i := range answers {
		a := &answers[i]
		views[i] = answerView{
			Survey: a.Survey, Version: a.Version, Kind: a.Kind, Customer: a.Customer, Invitation: a.Invitation, Answers: a.Values,
			Complete: a.Complete, Cell: a.Cell, Locale: a.Locale, Language: a.Insight.Language, Sentiment: a.Insight.Sentiment,
			Topics: a.Insight.Topics, Tags: a.Tags, Properties: a.Properties, Revision: a.Revision, AnsweredAt: a.Answered, RevisedAt: a.Revised,
		}
		if a.Kind != "" {
			views[i].Score = &a.Score
		}
	}
	return views
}
