package scene

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"liuke/shared/brand"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/money"
	"liuke/shared/pattern"
	"liuke/shared/signal"
)

// The links that content may hold. Whoever renders seals them, but for that to the shop.
const (
	varUnsubscribe = "unsubscribe_link"
	varPreferences = "preferences_link"
	varShop        = "shop_link"
	varStop        = "stop_hint"
	varPreheader   = "preheader"
	varCode        = "offer.code"
	varSurvey      = "survey_link"
	varAskLink     = "survey.link" // the same
	varChoices     = "survey.choices[]"
)

// variables lists what the content of the scene may speak of by a channel. A name that ends in [] is of a list, and one
// that goes on behind that of each of its members. A task comes from nobody, and links to nothing.
func (s *Scene) variables(channel message.Channel) []string {
	known := []string{"customer.name", "customer.first_name"}
	if channel != message.Task {
		known = append(known, "sender_name", varUnsubscribe, varPreferences, varShop, "brand.name", "brand.fill", "brand.on", "brand.edge")
	}
	if channel == message.SMS {
		known = append(known, varStop)
	}
	if s.Offer != nil && channel != message.Task {
		known = append(known, varCode)
	}
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

// Saying says which of a step's words are wanted, and what beside the customer and the entry they are made from.
type Saying struct {
	Step    int
	Variant string          // "" without one
	Segment string          // the customer's label in rfm10
	Channel message.Channel // by which it is sent; "" for the step's first
	Sender  string
	Look    brand.Look // the zero value for a business without a brand
	Links   Links
	Stop    string // how to stop messages by SMS, in the customer's language; "" for none
	Code    string // of the offer; "" for none
}

// Rendered is a message ready to be sent. What its channel has no use for is empty.
type Rendered struct {
	Locale    string
	Subject   string // one line
	Preheader string // one line; it stands in the HTML as well
	Title     string // of a push: one line
	Text      string
	HTML      string
	Data      map[string]string // of a push
	JSON      json.RawMessage   // of a webhook
	Origins   []string          // that the words of Text and HTML lead to themselves, whatever was filled in; see Template
}

// MissingVariable returns the variable for want of which Render returned the error, "" where that was not it.
func MissingVariable(err error) string {
	var m *Missing
	if errors.As(err, &m) {
		return m.Variable
	}
	return ""
}

// Render makes a ledger entry's message for the customer, from the words that suit the variant, the segment and the channel,
// in the locale that suits the profile best. It returns an Invalid error where a variable has no value (see
// MissingVariable), the subject or a title would break its line, or what is posted would be no JSON; the error never holds a
// value.
func (s *Scene) Render(say Saying, p customer.Profile, e message.Entry) (out Rendered, err error) {
	if say.Channel == "" {
		say.Channel = s.Named(say.Step)
	}
	locales := s.Step(say.Step).words.pick(say.Variant, say.Segment, say.Channel)
	if len(locales) == 0 {
		return out, fault.New(fault.Invalid, "step %d of the scene %s says nothing by %s", say.Step, s.ID, say.Channel)
	}
	values, err := say.bindings(p, e)
	if err != nil {
		return out, err
	}
	out.Locale = bestLocale(slices.Sorted(maps.Keys(locales)), p.Locale(), DefaultLocale)
	m := &making{where: fmt.Sprintf("scene %s, %s", s.ID, out.Locale), values: values}
	c := locales[out.Locale]
	out.Subject, out.Title = m.line("subject", c.subject), m.line("title", c.title)
	out.Preheader = m.line(varPreheader, c.preheader)
	given(values, varPreheader, out.Preheader)
	out.Text, out.HTML = m.text("text", c.text), m.text("html", c.html)
	for _, t := range []Template{c.text, c.html} {
		if t != nil {
			out.Origins = append(out.Origins, t.Origins()...)
		}
	}
	for name, t := range c.data {
		if out.Data == nil {
			out.Data = make(map[string]string, len(c.data))
		}
		out.Data[name] = m.text("data", t)
	}
	if c.json != nil {
		if out.JSON = json.RawMessage(m.text("json", c.json)); m.err == nil && !json.Valid(out.JSON) {
			m.err = fault.New(fault.Invalid, "%s: what is posted is no JSON", m.where)
		}
	}
	if m.err != nil {
		return Rendered{}, m.err
	}
	return out, nil
}

// making is a message in the making. Once a part has failed, the others are left.
type making struct {
	where  string
	values map[string]any
	err    error
}

func (m *making) text(part string, t Template) string {
	if t == nil || m.err != nil {
		return ""
	}
	out, err := t.Render(m.values)
	if err != nil {
		m.err = fault.As(err, fault.Invalid, "%s, %s", m.where, part)
	}
	return out
}

func (m *making) line(part string, t Template) string {
	out := strings.TrimSpace(m.text(part, t))
	if m.err == nil && strings.ContainsFunc(out, unicode.IsControl) {
		m.err = fault.New(fault.Invalid, "%s: the %s must be one line", m.where, part)
	}
	if m.err == nil && t != nil && out == "" && part != varPreheader {
		m.err = fault.New(fault.Invalid, "%s: the %s is blank", m.where, part)
	}
	if cut := []rune(out); len(cut) > maxLine {
		out = string(cut[:maxLine-1]) + "…"
	}
	return out
}

// bindings are the values of all variables.
func (say *Saying) bindings(p customer.Profile, e message.Entry) (map[string]any, error) {
	who := map[string]any{}
	given(who, "name", shown(p.Name()))
	given(who, "first_name", shown(p.Get(customer.TraitFirstName)))
	values := map[string]any{"customer": who}
	given(values, "sender_name", say.Sender)
	given(values, varUnsubscribe, say.Links.Unsubscribe)
	given(values, varPreferences, say.Links.Preferences)
	given(values, varStop, say.Stop)
	given(values, varShop, say.Look.Shop)
	values["brand"] = look(say.Look)
	if say.Code != "" {
		values["offer"] = map[string]any{"code": say.Code}
	}
	if say.Links.Survey.Link != "" {
		say.Links.Survey.bind(values)
		values["reminder"] = e.Step > 0
	}
	damaged := func(err error) error { return fault.As(err, fault.Invalid, "the entry's data do not fit its kind") }
	switch e.Kind {
	case signal.OrderPlaced:
		var d signal.OrderData
		if err := json.Unmarshal(e.Data, &d); err != nil {
			return nil, damaged(err)
		}
		o := map[string]any{"currency": d.Currency, "first": d.First}
		given(o, "id", shown(d.Order))
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
		given(about, "subject", shown(d.Subject))
		values["event"] = about
	}
	return values, nil
}

// look are the values of a brand.
func look(l brand.Look) map[string]any {
	if l == (brand.Look{}) {
		var none *brand.Brand
		l = none.Look()
	}
	values := map[string]any{"fill": l.Fill, "on": l.On, "edge": l.Edge}
	given(values, "name", l.Name)
	return values
}

// linked finds what programs of mail and phones make a link of: an address, and a host, which is a full stop within a word before
// letters alone.
var linked = pattern.New(`(?i)://|www\.|[\p{L}\p{N}_-][.。．｡]\p{L}{2,}`)

// shown returns a name or an id as messages show it, and "" of one that holds an address or cannot be seen. Both come in by the
// write key, which is public, and so do the addresses that messages go to: nobody is to write to strangers by them.
func shown(text string) string {
	text = brand.Straight(text)
	if !brand.Seen(text) || linked().MatchString(text) {
		return ""
	}
	return text
}

func given(values map[string]any, name, value string) {
	if value = strings.TrimSpace(value); value != "" {
		values[name] = value
	}
}
