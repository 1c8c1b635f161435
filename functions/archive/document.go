package main

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"liuke/shared/consent"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/order"
	"liuke/shared/segment"
	"liuke/shared/survey"
	"liuke/shared/task"
)

// document is all that the tables know of a customer. Times are RFC 3339, days in the business's time zone, amounts in
// each order's own currency.
type document struct {
	Exported  time.Time        `json:"exported_at"`
	Customer  customer.ID      `json:"customer_id"`
	IDs       []customer.ID    `json:"ids"` // under which something was known, the customer's own first
	Traits    map[string]trait `json:"traits"`
	FirstSeen *time.Time       `json:"first_seen_at"`
	LastSeen  *time.Time       `json:"last_seen_at"`
	Segment   string           `json:"segment,omitempty"`
	Scores    *scores          `json:"scores"`
	Activity  []month          `json:"activity"`
	Signs     signs            `json:"signs"`
	Orders    []orderLine      `json:"orders"`
	Answers   []answerLine     `json:"answers"`
	Messages  []messageLine    `json:"messages"`
	Consents  []consent.Record `json:"consents"` // what the customer said of consent, with the proof of it
	Tasks     []taskLine       `json:"tasks"`    // that people had about the customer
}

type trait struct {
	Value string    `json:"value"`
	Since time.Time `json:"since"`
}

type scores struct {
	R    int    `json:"r"`
	F    int    `json:"f"`
	M    int    `json:"m"`
	Risk string `json:"risk"`
	// Labels are those in the segment models, by the model's name.
	Labels map[string]segment.Label `json:"labels"`
}

// signs are what the customer's item knows beside orders and activity.
type signs struct {
	Counts   map[string]int64   `json:"counts,omitempty"`
	Answers  map[string]opinion `json:"answers,omitempty"` // the last on each metric
	Channel  string             `json:"channel,omitempty"` // of acquisition, as declared
	Campaign *campaign          `json:"campaign,omitempty"`
}

type opinion struct {
	Score int64     `json:"score"`
	At    time.Time `json:"at"`
}

type campaign struct {
	Source string    `json:"source"`
	At     time.Time `json:"at"`
}

func signsOf(s *customer.Signs) signs {
	out := signs{Counts: map[string]int64{}, Answers: map[string]opinion{}, Channel: s.Declared}
	for sign, name := range customer.Signed() {
		if n := s.Of(sign).Total(); n > 0 {
			out.Counts[name] = n
		}
	}
	for metric, name := range customer.Metrics() {
		if o := s.Opinion(metric); o.Time != 0 {
			out.Answers[name] = opinion{o.Score, time.UnixMilli(o.Time).UTC()}
		}
	}
	if s.First.Channel != "" {
		out.Campaign = &campaign{s.First.Channel, time.UnixMilli(s.First.Time).UTC()}
	}
	return out
}

func labelsOf(s customer.Scores) map[string]segment.Label {
	labels, err := segment.ParseLabels(s.Labels)
	if err != nil { // nobody's wish for their data fails for what a run wrote
		return map[string]segment.Label{}
	}
	return maps.Collect(labels.All())
}

type month struct {
	Month  string `json:"month"`
	Events int64  `json:"events"`
}

type orderLine struct {
	Order    string `json:"order_id"`
	Status   string `json:"status"`
	Day      string `json:"day,omitempty"`
	Currency string `json:"currency,omitempty"`
	Total    string `json:"total,omitempty"`
	Refunded string `json:"refunded,omitempty"`
}

type answerLine struct {
	Survey     string            `json:"survey"`
	Version    int               `json:"version"` // of the survey
	Answers    survey.Values     `json:"answers"`
	Complete   bool              `json:"complete"`
	Locale     string            `json:"locale"`
	Language   string            `json:"language,omitempty"` // this and the following: as the suite read the texts
	Sentiment  string            `json:"sentiment,omitempty"`
	Topics     []string          `json:"topics,omitempty"`
	Tags       []string          `json:"tags,omitempty"` // this and the following: brought along by an import
	Properties map[string]string `json:"properties,omitempty"`
	Answered   time.Time         `json:"answered_at"`
	Revised    time.Time         `json:"revised_at"`
}

type messageLine struct {
	Scene     string     `json:"scene"`
	Channel   string     `json:"channel"`
	State     string     `json:"state"`
	Reason    string     `json:"reason,omitempty"`
	Caused    *time.Time `json:"caused_at"`
	Sent      *time.Time `json:"sent_at"`
	Delivered *time.Time `json:"delivered_at"`
}

// taskLine is a task. Who had it to do is another person's, and stays out.
type taskLine struct {
	Scene   string     `json:"scene"`
	Survey  string     `json:"survey,omitempty"` // whose answer it was about
	Title   string     `json:"title,omitempty"`
	Text    string     `json:"text,omitempty"`
	Tier    string     `json:"tier,omitempty"`
	State   string     `json:"state"`
	Outcome string     `json:"outcome,omitempty"`
	Note    string     `json:"note,omitempty"`
	Created time.Time  `json:"created_at"`
	Due     time.Time  `json:"due_at"`
	Closed  *time.Time `json:"closed_at"`
}

// document reads what the tables know of a customer, under all of its ids.
func (h *Handler) document(ctx context.Context, rec *customer.Record, ids []customer.ID) ([]byte, error) {
	profile, err := h.Store.Profile(ctx, rec.ID)
	if err != nil {
		return nil, err
	}
	d := document{
		Exported: h.Now().UTC(), Customer: rec.ID, IDs: ids, Traits: make(map[string]trait, len(profile.Traits)),
		Activity: []month{}, Signs: signsOf(&rec.Signs), Orders: []orderLine{}, Answers: []answerLine{}, Messages: []messageLine{},
		Tasks: []taskLine{}, Consents: []consent.Record{},
	}
	for name, t := range profile.Traits {
		d.Traits[name] = trait{t.Value, time.UnixMilli(t.Time).UTC()}
	}
	if rec.Seen != 0 {
		d.FirstSeen, d.LastSeen = moment(time.Unix(rec.Seen, 0)), moment(time.Unix(rec.Last, 0))
	}
	if s := rec.Scores; s.Segment != "" {
		d.Segment, d.Scores = s.Segment, &scores{s.R, s.F, s.M, s.Risk, labelsOf(s)}
	}
	for m := range rec.Activity.Months() {
		d.Activity = append(d.Activity, month{customer.DayTime(customer.FirstDay(m.Month)).Format("2006-01"), m.Events})
	}
	orders := map[string][]order.Record{}
	for _, id := range ids {
		if err := h.recordsOf(ctx, id, &d, orders); err != nil {
			return nil, err
		}
	}
	for _, records := range orders {
		o := order.Union(records...)
		d.Orders = append(d.Orders, lineOf(&o))
	}
	slices.SortFunc(d.Orders, func(a, b orderLine) int { return strings.Compare(a.Day+a.Order, b.Day+b.Order) })
	raw, err := json.Marshal(&d)
	return raw, fault.As(err, fault.Internal, "the document cannot be encoded")
}

// aPage is how many records of a kind one call reads.
const aPage = 200

// recordsOf adds what stands under one of a customer's ids.
func (h *Handler) recordsOf(ctx context.Context, id customer.ID, d *document, orders map[string][]order.Record) error {
	records, err := h.Store.Orders(ctx, id)
	if err != nil {
		return err
	}
	for _, o := range records {
		orders[o.ID] = append(orders[o.ID], o)
	}
	answers, err := h.Store.Answers(ctx, id, 0)
	if err != nil {
		return err
	}
	for _, a := range answers {
		d.Answers = append(d.Answers, answerLine{
			a.Survey, a.Version, a.Values, a.Complete, a.Locale, a.Insight.Language, a.Insight.Sentiment, a.Insight.Topics, a.Tags, a.Properties,
			a.Answered, a.Revised,
		})
	}
	tasks, err := h.Store.Tasks(ctx, id)
	if err != nil {
		return err
	}
	for i := range tasks {
		d.Tasks = append(d.Tasks, taskLineOf(&tasks[i]))
	}
	for before := ""; ; {
		records, places, err := h.Store.Consents(ctx, id, aPage, before)
		if err != nil {
			return err
		}
		d.Consents = append(d.Consents, records...)
		if len(records) < aPage {
			break
		}
		before = places[len(places)-1]
	}
	for cursor := ""; ; {
		entries, next, err := h.Store.Messages(ctx, id, aPage, cursor)
		if err != nil {
			return err
		}
		for i := range entries {
			d.Messages = append(d.Messages, messageLineOf(&entries[i]))
		}
		if cursor = next; next == "" {
			return nil
		}
	}
}

func lineOf(o *order.Record) orderLine {
	l := orderLine{Order: o.ID, Status: o.Status(), Currency: string(o.Currency)}
	if o.Placed {
		l.Day = customer.DayTime(o.Day).Format(time.DateOnly)
	}
	if o.Currency != "" {
		l.Total, l.Refunded = o.Currency.Format(o.Total), o.Currency.Format(o.Refunded())
	}
	return l
}

func taskLineOf(t *task.Task) taskLine {
	return taskLine{
		Scene: t.Scene, Survey: t.Survey, Title: t.Title, Text: t.Text, Tier: t.Tier, State: string(t.State), Outcome: string(t.Outcome),
		Note: t.Note, Created: t.Created, Due: t.Due, Closed: moment(t.Closed),
	}
}

func messageLineOf(e *message.Entry) messageLine {
	return messageLine{
		Scene: e.Scene, Channel: string(e.Channel), State: string(e.State), Reason: e.Reason,
		Caused: moment(e.Caused), Sent: moment(e.Sent), Delivered: moment(e.Delivered),
	}
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
