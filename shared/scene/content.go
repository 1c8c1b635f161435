package scene

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/money"
	"liuke/shared/signal"
)

// content is what a scene says in one locale.
type content struct{ subject, text, html Template }

// The links that content may hold. Whoever renders seals them.
const (
	varUnsubscribe = "unsubscribe_link"
	varPreferences = "preferences_link"
	varSurvey      = "survey_link"
	varAskLink     = "survey.link" // the same
	varChoices     = "survey.choices[]"
)

// variables lists what the content of the scene may speak of. A name that ends in [] is of a list, and one that goes on
// behind that of each of its members.
func (s *Scene) variables() []string {
	known := []string{"customer.name", "customer.first_name", "sender_name", varUnsubscribe, varPreferences}
	if s.Asks() {
		known = append(known, varSurvey, "survey.title", "survey.question", "survey.scored", "survey.lowest", "survey.highest",
			varAskLink, varChoices, varChoices+".value", varChoices+".label", varChoices+".link", "reminder")
	}
	switch s.On.Signal {
	case signal.OrderPlaced:
		known = append(known, "order.id", "order.total", "order.currency", "order.first")
	case signal.SegmentChanged:
		known = append(known, "segment.from", "segment.to")
	case signal.AnswerGiven:
		known = append(known, "answer.survey", "answer.kind", "answer.score", "answer.complete")
	case signal.RiskChanged:
		known = append(known, "risk.from", "risk.to")
	case signal.Occasion:
		known = append(known, "occasion.day", "occasion.number")
	case signal.Happened:
		known = append(known, "event.name", "event.subject")
	}
	return known
}

// Links are what the content may link to, sealed for the one customer, and what it may say of the survey behind it.
type Links struct {
	Unsubscribe string
	Preferences string // to what the customer wants to hear, and by which channel
	Survey      Question
}

// Rendered is a message ready to be sent.
type Rendered struct{ Locale, Subject, Text, HTML string }

// MissingVariable returns the variable for want of which Render returned the error, "" where that was not it.
func MissingVariable(err error) string {
	var m *Missing
	if errors.As(err, &m) {
		return m.Variable
	}
	return ""
}

// Render makes a ledger entry's message for the customer, in the locale that suits the profile best. It returns an
// Invalid error where a variable has no value (see MissingVariable) or the subject would break its line; the error
// never holds a value.
func (s *Scene) Render(p customer.Profile, e message.Entry, sender string, links Links) (Rendered, error) {
	values, err := bindings(p, e, sender, links)
	if err != nil {
		return Rendered{}, err
	}
	out := Rendered{Locale: s.Locale(p.Locale())}
	c := s.content[out.Locale]
	for _, part := range []struct {
		name string
		from Template
		to   *string
	}{{"subject", c.subject, &out.Subject}, {"text", c.text, &out.Text}, {"html", c.html, &out.HTML}} {
		text, err := part.from.Render(values)
		if err != nil {
			return Rendered{}, fault.As(err, fault.Invalid, "scene %s, %s, %s", s.ID, out.Locale, part.name)
		}
		*part.to = text
	}
	out.Subject = strings.TrimSpace(out.Subject)
	if strings.ContainsFunc(out.Subject, unicode.IsControl) {
		return Rendered{}, fault.New(fault.Invalid, "scene %s, %s: the subject must be one line", s.ID, out.Locale)
	}
	return out, nil
}

func bindings(p customer.Profile, e message.Entry, sender string, links Links) (map[string]any, error) {
	who := map[string]any{}
	given(who, "name", p.Name())
	given(who, "first_name", p.Get(customer.TraitFirstName))
	values := map[string]any{"customer": who}
	given(values, "sender_name", sender)
	given(values, varUnsubscribe, links.Unsubscribe)
	given(values, varPreferences, links.Preferences)
	if links.Survey.Link != "" {
		links.Survey.bind(values)
		values["reminder"] = e.Step > 0
	}
	damaged := func(err error) error { return fault.As(err, fault.Invalid, "the entry's data do not fit its kind") }
	switch e.Kind {
	case signal.OrderPlaced:
		var d signal.OrderData
		if err := json.Unmarshal(e.Data, &d); err != nil {
			return nil, damaged(err)
		}
		o := map[string]any{"id": d.Order, "currency": d.Currency, "first": d.First}
		if currency, err := money.ParseCurrency(d.Currency); err == nil {
			o["total"] = currency.Format(money.Amount(d.Amount))
		}
		values["order"] = o
	case signal.SegmentChanged:
		var d signal.SegmentData
		if err := json.Unmarshal(e.Data, &d); err != nil {
			return nil, damaged(err)
		}
		values["segment"] = map[string]any{"from": d.From, "to": d.To}
	case signal.AnswerGiven:
		var d signal.AnswerData
		if err := json.Unmarshal(e.Data, &d); err != nil {
			return nil, damaged(err)
		}
		values["answer"] = map[string]any{"survey": d.Survey, "kind": d.Kind, "score": d.Score, "complete": d.Complete}
	case signal.RiskChanged:
		var d signal.RiskData
		if err := json.Unmarshal(e.Data, &d); err != nil {
			return nil, damaged(err)
		}
		values["risk"] = map[string]any{"from": d.From, "to": d.To}
	case signal.Occasion:
		var d signal.OccasionData
		if err := json.Unmarshal(e.Data, &d); err != nil {
			return nil, damaged(err)
		}
		values["occasion"] = map[string]any{"day": d.Day, "number": d.Number}
	case signal.Happened:
		var d signal.EventData
		if err := json.Unmarshal(e.Data, &d); err != nil {
			return nil, damaged(err)
		}
		about := map[string]any{"name": d.Event}
		given(about, "subject", d.Subject)
		values["event"] = about
	}
	return values, nil
}

func given(values map[string]any, name, value string) {
	if value = strings.TrimSpace(value); value != "" {
		values[name] = value
	}
}
