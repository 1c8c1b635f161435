package campaign

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"liuke/shared/brand"
	"liuke/shared/budget"
	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/money"
	"liuke/shared/outreach"
	"liuke/shared/scene"
	"liuke/shared/segment"
	"liuke/shared/signal"
	"liuke/shared/survey"
)

// Basis is what a run goes by.
type Basis struct {
	Scene    *scene.Scene
	Rules    *scene.Rules
	Surveys  survey.Catalogue
	Settings outreach.Settings
	Look     brand.Look // of messages, whose links to the shop take room
	Currency money.Currency
	Zone     *time.Location           // of the business
	Ways     map[message.Channel]bool // the channels that the deployment has switched on; nil for all
	Segments int                      // of a text at most; 0 for as many as the service takes
	BaseURL  string                   // of customers' own pages, whose links take room
	Before   outreach.Means           // of a simulation: what was spent and given away before it
}

// Accounts are the limits in money of which a simulation is to know what was spent before it: those for good, and those of a
// day where its clock stands on the day of now.
func (b *Basis) Accounts(r *Record, now time.Time) []budget.Account {
	limits, today := b.Settings.LimitsOf(b.Scene, b.Currency), budget.Day(now, b.Zone)
	return slices.DeleteFunc(limits.Accounts(b.Scene.ID, today), func(a budget.Account) bool {
		return strings.HasSuffix(a.ID, "/"+today) && budget.Day(r.Terms.At, b.Zone) != today
	})
}

// Signal is the signal by which a run tells outreach of a customer, heard at a moment.
func (r *Record) Signal(id customer.ID, heard time.Time) (signal.Signal, error) {
	data, err := json.Marshal(signal.CampaignData{Run: r.ID, Scene: r.Scene})
	return signal.Signal{ID: signal.CampaignID(r.ID), Kind: signal.Campaign, Customer: id, Time: heard.UTC(), Data: data}, err
}

// audience says whether a campaign is for the customer, as far as what is known now says.
func (b *Basis) audience(d *message.Dossier, sig signal.Signal, now time.Time) scene.Verdict {
	return b.Rules.Audience(outreach.Candidate(d, b.Scene, sig, scene.Ask{}, nil, now))
}

// Cause is the signal that a simulation assumes for a customer: of a campaign its own; of a change of segment or risk that the
// customer has just come to where the scores stand now; of anything else that it happened, with sample data. It is not ok where
// the cause cannot be the customer's.
func (b *Basis) Cause(r *Record, d *message.Dossier, heard time.Time) (sig signal.Signal, ok bool) {
	on := &b.Scene.On
	sig = outreach.SampleSignal(b.Scene, d.Person, b.Currency, heard.In(b.Zone))
	sig.ID, sig.Time = "simulated:"+r.ID, heard.UTC()
	var data any
	switch on.Signal {
	case signal.Campaign, signal.Schedule:
		sig, err := r.Signal(d.Person, heard)
		return sig, err == nil
	case signal.SegmentChanged:
		to := d.Scores.Segment
		if on.Model != "rfm10" {
			labels, err := segment.ParseLabels(d.Scores.Labels)
			if err != nil {
				return sig, false
			}
			to = string(labels.Get(on.Model))
		}
		if !slices.Contains(on.To, to) {
			return sig, false
		}
		data = signal.SegmentData{Run: r.Run, Model: on.Model, To: to}
	case signal.RiskChanged:
		if !slices.Contains(on.To, d.Scores.Risk) {
			return sig, false
		}
		data = signal.RiskData{Run: r.Run, To: d.Scores.Risk}
	default:
		return sig, true
	}
	raw, err := json.Marshal(data)
	sig.Data = raw
	return sig, err == nil
}

// AsIf says what a simulation assumes of the cause, "" for a campaign.
func (b *Basis) AsIf() string {
	switch on := &b.Scene.On; on.Signal {
	case signal.Campaign, signal.Schedule:
		return ""
	case signal.SegmentChanged:
		return "as if everybody who stands in one of the labels of on.to now had just come into it"
	case signal.RiskChanged:
		return "as if everybody who stands in one of the bands of on.to now had just come into it"
	case signal.OrderPlaced:
		return "as if every customer had just placed a first order of " + b.Currency.Format(outreach.SampleOrder)
	case signal.AnswerGiven:
		return "as if every customer had just given an answer that sets the scene off"
	case signal.Occasion:
		return "as if the occasion were every customer's today"
	case signal.Happened:
		return "as if the event had just happened to every customer"
	}
	return "as if every customer had just been asked for"
}

// Addresses are where the customer could be reached by the scene's channels: those for which a suppression matters.
func (b *Basis) Addresses(p customer.Profile) (all []message.Address) {
	for i := range b.Scene.Steps {
		for _, channel := range b.Scene.Steps[i].Channels {
			a := message.Address{Channel: channel, Address: scene.Address(channel, p)}
			if a.Address != "" && p.Consents(string(channel)) && !slices.Contains(all, a) {
				all = append(all, a)
			}
		}
	}
	return all
}
