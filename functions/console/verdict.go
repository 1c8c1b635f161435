package main

import (
	"context"
	"fmt"
	"time"

	"liuke/shared/churn"
	"liuke/shared/clv"
	"liuke/shared/customer"
	"liuke/shared/money"
	"liuke/shared/recalc"
	"liuke/shared/segment"
)

// scoresView is what stands of a customer, and the verdict of the run that stands on the item as it is now, with the
// reasons behind it.
type scoresView struct {
	R         int       `json:"r"`
	F         int       `json:"f"`
	M         int       `json:"m"`
	Segment   string    `json:"segment"`
	Risk      string    `json:"risk,omitempty"` // band
	ChangedAt time.Time `json:"changed_at"`     // start of the run that changed them last
	RunID     string    `json:"run_id,omitempty"`
	AsOf      string    `json:"as_of,omitempty"`
	// UpToDate says that what stands is what the run would come to now; what happened since may have moved the verdict.
	UpToDate bool          `json:"up_to_date"`
	Reasons  *reasonsView  `json:"reasons"` // these are null where the run that stands is not to be had, or would not judge the customer now
	Labels   []reasonLabel `json:"labels"`
	Churn    *churnView    `json:"churn"`
	Health   *churn.Report `json:"health"`
	Rhythm   *rhythmView   `json:"rhythm"`
	Forecast *forecastView `json:"forecast"`
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

// reasonLabel is a label in a model and why the customer has it.
type reasonLabel struct {
	Model    string        `json:"model"`
	Label    segment.Label `json:"label"`
	Stands   segment.Label `json:"stands"` // what the last run wrote; "" for none
	Title    segment.Text  `json:"title"`
	Strategy *segment.Text `json:"strategy"`
	// Rule is the first of the model's rules, from 1, that is not definitely off; null where the label is the rest.
	Rule       *int            `json:"rule"`
	Conditions []conditionView `json:"conditions"` // of that rule
	Held       bool            `json:"held"`       // whether the label only stands because it stood
	Points     *float64        `json:"points"`     // of a weighted model
	Missing    []segment.Input `json:"missing"`    // of unknown: what is missing, or has no cut in the population
}

type conditionView struct {
	Input segment.Input `json:"input"`
	Asks  string        `json:"asks"`
	Is    *float64      `json:"is"` // null where it is missing
}

type churnView struct {
	Band string `json:"band"`
	churn.Report
}

type rhythmView struct {
	Purchases   int32    `json:"purchases"` // days with an order
	SilenceDays int32    `json:"silence_days"`
	UsualGap    *float64 `json:"usual_gap_days"` // null where the population has no rhythm
	Overdue     *float64 `json:"overdue"`        // the silence in usual gaps
	Due         *string  `json:"next_order_due"` // day
}

type forecastView struct {
	Model  clv.Model `json:"model"`           // of orders, that was used
	Group  string    `json:"group,omitempty"` // whose own fit it is
	Alive  *float64  `json:"p_alive"`
	Orders *float64  `json:"expected_orders_90d"`
	Value  *string   `json:"clv"` // null without a model of spend
	Note   string    `json:"note,omitempty"`
}

// verdict returns the standing scores with the reasons behind them, nil where there are none.
func (h *Handler) verdict(ctx context.Context, rec *customer.Record) (*scoresView, error) {
	s := rec.Scores
	if s.Segment == "" && s.R == 0 {
		return nil, nil
	}
	v := &scoresView{R: s.R, F: s.F, M: s.M, Segment: s.Segment, Risk: s.Risk, ChangedAt: time.UnixMilli(s.Run).UTC(), Labels: []reasonLabel{}}
	stands, err := h.standing(ctx)
	if err != nil || stands == nil {
		return v, err
	}
	// A run writes only what it changes: what stands is the verdict of the run that was applied last.
	shown := stands.run.View()
	v.RunID, v.AsOf = stands.run.ID, shown.AsOf
	line, why, ok, err := stands.score(h, rec)
	if err != nil || !ok {
		return v, err
	}
	v.UpToDate = !line.Differs()
	v.Reasons = &reasonsView{}
	v.Reasons.Recency.Days, v.Reasons.Recency.Cuts = line.Value.Recency, shown.Cuts.RecencyDays
	v.Reasons.Frequency.Orders, v.Reasons.Frequency.Cuts = line.Value.Frequency, shown.Cuts.Frequency
	v.Reasons.Monetary.Revenue = h.business.Currency.Format(money.Amount(line.Value.Monetary))
	v.Reasons.Monetary.Cuts = shown.Cuts.Monetary
	for i := range why.Labels {
		v.Labels = append(v.Labels, viewOfReason(&why.Labels[i], &line))
	}
	v.Churn, v.Health = &churnView{line.Scores.Risk, why.Risk}, &why.Health
	v.Rhythm = viewOfRhythm(&line.Churn)
	if why.Model != "" {
		v.Forecast = h.viewOfForecast(&line, &why)
	}
	return v, nil
}

func viewOfReason(why *recalc.LabelReason, line *recalc.Line) reasonLabel {
	read := labelOf(why.Model, why.Label)
	v := reasonLabel{
		Model: why.Model.Name, Label: why.Label, Stands: line.FromLabels.Get(why.Model.Name), Title: read.Title, Strategy: read.Strategy,
		Conditions: []conditionView{}, Held: why.Held, Points: number(why.Points), Missing: []segment.Input{},
	}
	if why.Rule >= 0 {
		rule := why.Rule + 1
		v.Rule = &rule
	}
	for _, c := range why.When() {
		is := why.Points
		if c.Input != segment.Points {
			is = line.Facts[c.Input]
		}
		v.Conditions = append(v.Conditions, conditionView{c.Input, c.Span.String(), number(is)})
	}
	v.Missing = append(v.Missing, why.Missing...)
	return v
}

func viewOfRhythm(c *churn.Verdict) *rhythmView {
	v := &rhythmView{Purchases: c.Pattern.Purchases, SilenceDays: c.Silence, UsualGap: number(c.Usual), Overdue: number(c.Overdue)}
	if v.UsualGap != nil && c.Due < customer.Date(10_000, time.January, 1) { // as dates are written
		v.Due = dayOf(c.Due)
	}
	return v
}

func (h *Handler) viewOfForecast(line *recalc.Line, why *recalc.Explained) *forecastView {
	f := &line.Forecast
	v := &forecastView{Model: why.Model, Group: why.Group, Alive: number(f.Alive), Orders: number(f.Orders), Value: h.amount(f.Value)}
	if why.Model == clv.ModelBGNBD && line.Churn.Pattern.Purchases == 1 {
		v.Note = "by this model nobody leaves who ordered on one day alone: p_alive says nothing here"
	}
	return v
}

// amount writes an estimate in major units with the currency's decimals; nil where it is no number.
func (h *Handler) amount(v float64) *string {
	if number(v) == nil {
		return nil
	}
	s := fmt.Sprintf("%.*f", h.business.Currency.Exponent(), v)
	return &s
}

// signsView is what a customer's item knows beside orders and activity.
type signsView struct {
	Channel     *string                 `json:"channel"`  // through which the customer came; null where none is known
	Birthday    *string                 `json:"birthday"` // MM-DD
	Counts      map[string]countView    `json:"counts"`   // of events by what they tell; what never happened is left out
	OpenTickets int64                   `json:"open_tickets"`
	Opinions    map[string]*opinionView `json:"opinions"` // the last on each metric; null for none
}

type countView struct {
	Total int64  `json:"total"`
	Last  string `json:"last_month"` // YYYY-MM
}

type opinionView struct {
	Score      int64     `json:"score"`
	AnsweredAt time.Time `json:"answered_at"`
}

func signs(s *customer.Signs) signsView {
	v := signsView{Counts: map[string]countView{}, OpenTickets: s.OpenTickets(), Opinions: map[string]*opinionView{}}
	if c := s.Channel(); c != "" {
		v.Channel = &c
	}
	if b := s.Birthday; b != (customer.Birthday{}) {
		day := fmt.Sprintf("%02d-%02d", b.Month, b.Day)
		v.Birthday = &day
	}
	for sign, name := range customer.Signed() {
		of := s.Of(sign)
		if of.Total() == 0 {
			continue
		}
		count := countView{Total: of.Total()}
		for m := range of.Months() {
			count.Last = monthOf(m.Month)
		}
		v.Counts[name] = count
	}
	for metric, name := range customer.Metrics() {
		v.Opinions[name] = nil
		if o := s.Opinion(metric); o.Time != 0 {
			v.Opinions[name] = &opinionView{o.Score, time.UnixMilli(o.Time).UTC()}
		}
	}
	return v
}

func monthOf(m customer.Month) string {
	return customer.DayTime(customer.FirstDay(m)).Format("2006-01")
}
