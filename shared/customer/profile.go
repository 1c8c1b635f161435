package customer

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// Names of the traits that the suite itself reads, as a profile keeps them (see ParseTraits for how clients may spell
// them). Consent to a channel is the trait ConsentTrait(channel).
const (
	TraitEmail     = "email"
	TraitPhone     = "phone"
	TraitLocale    = "locale"           // BCP 47
	TraitSurveyed  = "last_surveyed_at" // by another tool, asked or answering, RFC 3339: so that nobody is asked twice over a move
	TraitTimeZone  = "time_zone"        // IANA
	TraitName      = "name"
	TraitFirstName = "first_name"
	TraitLastName  = "last_name"
	TraitBirthday  = "birthday"
	TraitGroup     = "group"               // the id of the group that the customer belongs to
	TraitChannel   = "acquisition_channel" // through which the customer came, where the business knows

	// What the customer has said of how to be reached, beside consent to channels and topics.
	TraitPersonalised = "personalised_offers" // "false" refuses offers made by what is known of the customer
	TraitQuietFrom    = "quiet_from"          // "22:00": from when to TraitQuietTo, by the customer's own clock, nothing is to come
	TraitQuietTo      = "quiet_to"
	TraitCountry      = "country"       // ISO 3166-1, "US": where the law of marketing is that of
	TraitSubdivision  = "subdivision"   // ISO 3166-2, "US-FL"
	TraitPush         = "push_endpoint" // where the customer's app is reached: the ARN of its SNS endpoint
)

const consentPrefix = "consent."

// Channels are the ways to reach a customer that consent is given for, one by one.
var channels = []string{"email", "sms", "push"}

// IsChannel reports whether consent can be given for a channel of that name.
func IsChannel(name string) bool { return slices.Contains(channels, name) }

// ConsentTrait is the name of the trait that holds consent to a channel: "true" or "false".
func ConsentTrait(channel string) string { return consentPrefix + channel }

// Trait is one thing known about a customer, and who said so last. Value is text ("" where the trait was taken back);
// Time is when the event happened that set it, Unix milliseconds, and Event its id.
type Trait struct {
	Value string `json:"v"`
	Time  int64  `json:"t"`
	Event string `json:"i"`
}

// After reports whether t wins over o: the later event, and of two at the same time the one with the greater id.
func (t Trait) After(o Trait) bool {
	if t.Time != o.Time {
		return t.Time > o.Time
	}
	return t.Event > o.Event
}

// stands reports whether t takes the place of what stood before under a trait's name.
func (t Trait) stands(name string, before Trait) bool {
	const refused = "false"
	agrees := strings.HasPrefix(name, consentPrefix) || strings.HasPrefix(name, topicPrefix) || name == TraitPersonalised
	if agrees && t.Time == before.Time && (t.Value == refused) != (before.Value == refused) {
		return t.Value == refused
	}
	return t.After(before)
}

// Profile is a customer's traits and consent: personal data, kept apart from the item that recalculations read. Each
// trait is what its last event said, so that events may come in any order and any number of times.
type Profile struct {
	Version int64 // +1 with each change; 0 for a profile that is not stored yet
	Traits  map[string]Trait
}

// MaxOtherTraits is how many traits are kept beyond those that the suite reads: the first by name.
const MaxOtherTraits = 50

// Set applies what an event says of one trait, unless a later event has spoken; of two words of one moment on how the customer
// may be reached, the one that refuses stands. It reports whether anything changed, and whether a trait, this or another, had to go because there were too many: the last by name.
func (p *Profile) Set(name string, t Trait) (changed, dropped bool) {
	if before, ok := p.Traits[name]; ok && !t.stands(name, before) {
		return false, false
	}
	if p.Traits == nil {
		p.Traits = make(map[string]Trait)
	}
	p.Traits[name] = t
	gone := p.trim()
	return gone != name, gone != ""
}

// Join adds what another profile says, each trait as its last event said it. It reports whether anything changed.
func (p *Profile) Join(o *Profile) (changed bool) {
	for name, t := range o.Traits {
		c, _ := p.Set(name, t)
		changed = c || changed
	}
	return changed
}

// trim drops the last by name of too many topics, or of too many other traits, and returns which that was. What one Set
// adds is too much for one of the two at most.
func (p *Profile) trim() string {
	if len(p.Traits) <= min(MaxOtherTraits, MaxTopics) {
		return ""
	}
	var others, topics int
	var lastOther, lastTopic string
	for name := range p.Traits {
		switch {
		case strings.HasPrefix(name, topicPrefix):
			topics++
			lastTopic = max(lastTopic, name)
		case !known(name) && name != TraitGroup && name != TraitChannel:
			others++
			lastOther = max(lastOther, name)
		}
	}
	gone := ""
	switch {
	case topics > MaxTopics:
		gone = lastTopic
	case others > MaxOtherTraits:
		gone = lastOther
	}
	delete(p.Traits, gone)
	return gone
}

func known(name string) bool {
	switch name {
	case TraitEmail, TraitPhone, TraitLocale, TraitTimeZone, TraitName, TraitFirstName, TraitLastName, TraitBirthday,
		TraitPersonalised, TraitQuietFrom, TraitQuietTo, TraitCountry, TraitSubdivision, TraitPush:
		return true
	}
	return strings.HasPrefix(name, consentPrefix)
}

// Get returns a trait's value, "" where nothing is known.
func (p *Profile) Get(name string) string { return p.Traits[name].Value }

// Email is the address, "" where none is known.
func (p *Profile) Email() string { return p.Get(TraitEmail) }

// Phone is the number as it was given, "" where none is known.
func (p *Profile) Phone() string { return p.Get(TraitPhone) }

// Locale is the BCP 47 tag as it was given, "" where none is known.
func (p *Profile) Locale() string { return p.Get(TraitLocale) }

// TimeZone is the IANA name as it was given, "" where none is known.
func (p *Profile) TimeZone() string { return p.Get(TraitTimeZone) }

// Name is what to call the customer: the name, else first and last name, else "".
func (p *Profile) Name() string {
	if n := p.Get(TraitName); n != "" {
		return n
	}
	return strings.TrimSpace(p.Get(TraitFirstName) + " " + p.Get(TraitLastName))
}

// Consents reports whether the customer has agreed to be reached through the channel. No word is no consent.
func (p *Profile) Consents(channel string) bool { return p.Get(ConsentTrait(channel)) == "true" }

// Personalised reports whether offers may be made by what is known of the customer: unless the customer has refused them
// (as China's Personal Information Protection Law has it in article 24).
func (p *Profile) Personalised() bool { return p.Get(TraitPersonalised) != "false" }

// Quiet returns the customer's own quiet hours, "HH:MM" each; ok is false where there are none.
func (p *Profile) Quiet() (from, to string, ok bool) {
	from, to = p.Get(TraitQuietFrom), p.Get(TraitQuietTo)
	return from, to, IsClock(from) && IsClock(to) && from != to
}

// IsClock reports whether a text is a time of day such as "08:30".
func IsClock(s string) bool {
	_, err := time.Parse("15:04", s)
	return err == nil && len(s) == len("15:04")
}

// Clone returns a copy that shares nothing with p.
func (p *Profile) Clone() Profile { return Profile{Version: p.Version, Traits: maps.Clone(p.Traits)} }

// MarshalJSON encodes the traits by name; the version is the store's.
func (p Profile) MarshalJSON() ([]byte, error) { return json.Marshal(p.Traits) }

// UnmarshalJSON decodes what MarshalJSON made.
func (p *Profile) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &p.Traits) }
