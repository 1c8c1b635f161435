package outreach

import (
	"encoding/json"
	"strings"
	"time"

	"liuke/shared/brand"
	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/money"
	"liuke/shared/scene"
	"liuke/shared/signal"
	"liuke/shared/survey"
)

// SampleCustomer is the id of nobody: of whom a sample speaks.
const SampleCustomer customer.ID = "sample"

// SampleProfile is what is known of a made-up customer who reads the locale (BCP 47), "" for DefaultLocale, and may be
// reached by every channel.
func SampleProfile(locale string) customer.Profile {
	first, last := "Ann", "Example"
	if locale == "" {
		locale = scene.DefaultLocale
	}
	name := first + " " + last
	if strings.HasPrefix(strings.ToLower(locale), "zh") {
		first, last, name = "安", "李", "李安"
	}
	p := customer.Profile{Version: 1}
	for trait, value := range map[string]string{
		customer.TraitFirstName: first, customer.TraitLastName: last, customer.TraitName: name, customer.TraitLocale: locale,
		customer.TraitEmail: "ann@example.com", customer.TraitPhone: "+12025550143",
	} {
		p.Set(trait, customer.Trait{Value: value, Time: 1})
	}
	for _, channel := range message.Channels() {
		p.Set(customer.ConsentTrait(string(channel)), customer.Trait{Value: "true", Time: 1})
	}
	return p
}

// SampleOrder is what the order of a sample comes to, in minor units.
const SampleOrder = 12900

// SampleSignal is what might set a scene off for a customer at a moment, with amounts in the business's currency.
func SampleSignal(sc *scene.Scene, id customer.ID, currency money.Currency, now time.Time) signal.Signal {
	sig := signal.Signal{ID: "sample", Kind: sc.On.Signal, Customer: id, Time: now}
	to := ""
	if len(sc.On.To) > 0 {
		to = sc.On.To[0]
	}
	var data any
	switch sc.On.Signal {
	case signal.OrderPlaced:
		data = signal.OrderData{Order: "A-1001", Amount: SampleOrder, Currency: string(currency), Worth: SampleOrder, First: true}
	case signal.SegmentChanged:
		data = signal.SegmentData{Run: "sample", Model: sc.On.Model, From: "sample", To: to}
	case signal.RiskChanged:
		data = signal.RiskData{Run: "sample", To: to}
	case signal.AnswerGiven:
		data = sampleAnswer(&sc.On)
	case signal.Occasion:
		data = signal.OccasionData{Kind: string(sc.On.Occasion), Day: now.Format(time.DateOnly), Number: 1}
	case signal.Happened:
		data = signal.EventData{Event: sc.On.Event, Subject: "A-1001"}
	case signal.Requested:
		data = signal.RequestData{Survey: orElse(sc.On.Survey, string(survey.NPS)), Invitation: "sample"}
	case signal.Schedule, signal.Campaign:
		sig.Kind, data = signal.Campaign, signal.CampaignData{Run: "sample", Scene: sc.ID}
	}
	sig.Data, _ = json.Marshal(data) // of texts and numbers alone: it cannot fail
	return sig
}

func sampleAnswer(t *scene.Trigger) signal.AnswerData {
	d := signal.AnswerData{Survey: orElse(t.Survey, string(survey.NPS)), Kind: string(survey.NPS), Score: 3, Invitation: "sample", Complete: true}
	if len(t.Scores) == 0 {
		return d
	}
	s := t.Scores[0]
	if s.Metric != "" {
		d.Kind = string(s.Metric)
	}
	switch {
	case s.AtMost != nil:
		d.Score = *s.AtMost
	case s.AtLeast != nil:
		d.Score = *s.AtLeast
	}
	return d
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// sampleScores are those of customers on whom expressions are tried: one of each kind, and one of whom nothing is known yet.
func sampleScores() []customer.Scores {
	return []customer.Scores{{R: 3, F: 3, M: 3, Segment: "Champions", Risk: "low", Run: 1}, {R: 1, F: 1, M: 1, Segment: "Lost", Risk: "high", Run: 1}, {}}
}

// sampleTime is when the signal of a sample came that is tried.
var sampleTime = time.Date(2026, time.March, 2, 10, 0, 0, 0, time.UTC)

// sampleSaying is what texts are filled in with when they are tried: all that there can be.
func sampleSaying() scene.Saying {
	at := func(page string) string { return "https://shop.example/" + page }
	return scene.Saying{
		Sender: "Shop", Stop: "Reply STOP to opt out", Code: "SAMPLE-CODE",
		Look: brand.Look{Name: "Shop", Shop: at(""), Fill: "#1d4ed8", On: "#ffffff", Edge: "#1d4ed8"},
		Links: scene.Links{Unsubscribe: at("u"), Preferences: at("p"), Survey: scene.Question{
			Title: "Survey", Ask: "How likely is it?", Scored: true, Lowest: "Not at all", Highest: "Very", Link: at("s"),
			Choices: []scene.Choice{{Value: "0", Label: "0", Link: at("s?0")}, {Value: "10", Label: "10", Link: at("s?10")}},
		}},
	}
}

// sampleCandidates are made-up customers at each step of a scene, for whom its expressions must have an answer.
func sampleCandidates(sc *scene.Scene, currency money.Currency) (all []scene.Candidate) {
	caused := sampleTime
	sig := SampleSignal(sc, SampleCustomer, currency, caused)
	for _, scores := range sampleScores() {
		for step := range sc.Steps {
			at := caused.Add(sc.Delay)
			if step > 0 {
				at = at.Add(sc.Steps[step].After)
			}
			c := Candidate(&message.Dossier{Person: SampleCustomer, Profile: SampleProfile(""), Scores: scores}, sc, sig, scene.Ask{}, nil, at)
			c.Step = step
			if sc.Experiment != nil {
				c.Variant = sc.Experiment.Variants[0].ID
			}
			all = append(all, c)
		}
	}
	return all
}
