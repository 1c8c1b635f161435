package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"liuke/shared/api"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/money"
	"liuke/shared/recalc"
	"liuke/shared/rfm"
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

type scoresView struct {
	R         int          `json:"r"`
	F         int          `json:"f"`
	M         int          `json:"m"`
	Segment   string       `json:"segment"`
	Risk      string       `json:"risk,omitempty"`
	Value     string       `json:"value,omitempty"`
	ChangedAt time.Time    `json:"changed_at"` // start of the run that changed them last
	RunID     string       `json:"run_id,omitempty"`
	AsOf      string       `json:"as_of,omitempty"`
	Reasons   *reasonsView `json:"reasons"` // null where the run that stands is not to be had
}

// reasonsView says what each score was given for: the value as of the run's day, from the history as it is now, and the
// cut points of the run that stands.
type reasonsView struct {
	Recency struct {
		Days int32     `json:"days"`
		Cuts []float64 `json:"cuts"`
	} `json:"recency"`
	Frequency struct {
		Orders int32     `json:"orders"`
		Cuts   []float64 `json:"cuts"`
	} `json:"frequency"`
	Monetary struct {
		Revenue string    `json:"revenue"`
		Cuts    []float64 `json:"cuts"`
	} `json:"monetary"`
}

type answerView struct {
	Survey     string    `json:"survey"`
	Invitation string    `json:"invitation"`
	Score      int       `json:"score"`
	Comment    string    `json:"comment,omitempty"`
	Locale     string    `json:"locale"`
	Revision   int       `json:"revision"`
	AnsweredAt time.Time `json:"answered_at"`
	RevisedAt  time.Time `json:"revised_at"`
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
		Orders: h.orders(&rec.History), Activity: activity(&rec.Activity), Answers: answerViews(answers),
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
	if v.Scores, err = h.standing(ctx, &rec); err != nil {
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

// answers reads the latest answers of a customer under all of its ids: one query for each.
func (h *Handler) answers(ctx context.Context, all []customer.ID) (answers []survey.Answer, err error) {
	for _, id := range all {
		some, err := h.store.Answers(ctx, id, maxAnswers)
		if err != nil {
			return nil, err
		}
		answers = append(answers, some...)
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

// standing returns the standing scores with the reasons behind them, nil where there are none.
func (h *Handler) standing(ctx context.Context, rec *customer.Record) (*scoresView, error) {
	s := rec.Scores
	if s.Run == 0 {
		return nil, nil
	}
	v := &scoresView{R: s.R, F: s.F, M: s.M, Segment: s.Segment, Risk: s.Risk, ChangedAt: time.UnixMilli(s.Run).UTC()}
	run, err := h.currentRun(ctx)
	if err != nil || run == nil {
		return v, err
	}
	// A run writes only what it changes: what stands is the verdict of the run that was applied last.
	shown := run.View()
	v.RunID, v.AsOf = run.ID, shown.AsOf
	value, ok := rfm.Window{AsOf: run.Terms.AsOf, Days: run.Terms.WindowDays}.Of(&rec.History)
	if !ok {
		return v, nil
	}
	v.Reasons = &reasonsView{}
	v.Reasons.Recency.Days, v.Reasons.Recency.Cuts = value.Recency, shown.Cuts.RecencyDays
	v.Reasons.Frequency.Orders, v.Reasons.Frequency.Cuts = value.Frequency, shown.Cuts.Frequency
	v.Reasons.Monetary.Revenue = h.business.Currency.Format(money.Amount(value.Monetary))
	v.Reasons.Monetary.Cuts = shown.Cuts.Monetary
	return v, nil
}

// currentRun returns the run that the standing scores are from, nil where none was applied yet.
func (h *Handler) currentRun(ctx context.Context) (*recalc.Run, error) {
	id, err := h.store.CurrentRun(ctx)
	if err != nil || id == "" {
		return nil, err
	}
	return h.store.Run(ctx, id)
}

func answerViews(answers []survey.Answer) []answerView {
	views := make([]answerView, len(answers))
	for i, a := range answers {
		views[i] = answerView{
			Survey: a.Survey, Invitation: a.Invitation, Score: a.Score, Comment: a.Given.Comment, Locale: a.Locale,
			Revision: a.Revision, AnsweredAt: a.Answered, RevisedAt: a.Revised,
		}
	}
	return views
}
