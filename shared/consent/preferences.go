package consent

import (
	"encoding/json"
	"strconv"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fault"
)

// Preferences is what a customer changed of how to be reached. What is absent stays as it is.
type Preferences struct {
	Channels     map[string]bool `json:"channels,omitempty"`
	Topics       map[string]bool `json:"topics,omitempty"`
	Personalised *bool           `json:"personalised_offers,omitempty"`
	Quiet        *Quiet          `json:"quiet,omitempty"`
	Locale       string          `json:"locale,omitempty"` // BCP 47
	Proof        customer.Proof  `json:"proof"`
}

// Quiet is a customer's own quiet hours, "HH:MM" each; none where both are "".
type Quiet struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Empty reports whether nothing is changed.
func (p *Preferences) Empty() bool {
	return len(p.Channels)+len(p.Topics) == 0 && p.Personalised == nil && p.Quiet == nil && p.Locale == ""
}

// Traits returns what is changed as a profile keeps it.
func (p *Preferences) Traits() map[string]string {
	traits := map[string]string{}
	for channel, on := range p.Channels {
		traits[customer.ConsentTrait(channel)] = strconv.FormatBool(on)
	}
	for topic, on := range p.Topics {
		traits[customer.TopicTrait(topic)] = strconv.FormatBool(on)
	}
	if p.Personalised != nil {
		traits[customer.TraitPersonalised] = strconv.FormatBool(*p.Personalised)
	}
	if p.Quiet != nil {
		traits[customer.TraitQuietFrom], traits[customer.TraitQuietTo] = p.Quiet.From, p.Quiet.To
	}
	if p.Locale != "" {
		traits[customer.TraitLocale] = p.Locale
	}
	return traits
}

// Event returns the event by which the preferences of a customer change; its time decides between it and others.
func (p *Preferences) Event(c customer.ID, id event.MessageID, e event.Event) (event.Event, error) {
	properties, err := json.Marshal(p)
	if err != nil {
		return event.Event{}, fault.As(err, fault.Internal, "encode preferences")
	}
	e.ID, e.Type, e.Name, e.User = id, event.Track, event.PreferencesChanged, string(c)
	e.Source, e.Properties = event.SourceSurvey, properties
	return e, nil
}

// ParsePreferences reads the properties of such an event. It returns an Invalid error for what cannot be told apart from
// another's: a channel that there is not, a name of a topic that no profile keeps.
func ParsePreferences(raw json.RawMessage) (p Preferences, err error) {
	if err := json.Unmarshal(raw, &p); err != nil {
		return p, fault.At("/properties", "the preferences cannot be read")
	}
	for channel := range p.Channels {
		if !customer.IsChannel(channel) {
			return p, fault.At("/properties/channels", "channel must be email, sms or push")
		}
	}
	for topic := range p.Topics {
		if err := customer.CheckTopic(topic); err != nil {
			return p, fault.At("/properties/topics", "%s", err.Error())
		}
	}
	if q := p.Quiet; q != nil && *q != (Quiet{}) && !(customer.IsClock(q.From) && customer.IsClock(q.To)) {
		return p, fault.At("/properties/quiet", "quiet hours are two times of day such as 22:00")
	}
	return p, nil
}
