package customer

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode"

	"liuke/shared/fault"
)

// Limits of what a profile takes of a trait, in bytes. Traits beyond those that the suite reads are left out where they
// are longer; the suite's own are refused.
const (
	maxTraitName  = 64
	maxTraitValue = 512
)

// aliases are other spellings of the traits that the suite reads. Where several occur, the suite's own wins.
var aliases = map[string]string{
	"timezone": TraitTimeZone, "timeZone": TraitTimeZone,
	"firstName": TraitFirstName, "firstname": TraitFirstName,
	"lastName": TraitLastName, "lastname": TraitLastName,
	"acquisitionChannel": TraitChannel,
}

// ParseTraits reads the traits of an identify call: a JSON object. Text, numbers and truth values become text as they
// are spelled, null becomes "" (taken back), and anything else is left out. Consent comes as
// {"consent": {"email": true, "sms": false}} and becomes one trait a channel; what the customer wants to hear of comes
// as {"preferences": {"topics": {"offers": true, "news": false}}} and becomes one trait a topic. It returns an Invalid
// error, with the JSON pointer of the field, where a trait that the suite reads is not text, or consent or a topic not a
// truth value: what was agreed to is never guessed.
func ParseTraits(raw json.RawMessage) (map[string]string, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, &fault.Error{Code: fault.Invalid, Pointer: "/traits", Message: "the traits must be a JSON object"}
	}
	out := make(map[string]string, len(fields))
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		if field == "consent" {
			if err := parseConsent(fields[field], out); err != nil {
				return nil, err
			}
			continue
		}
		if field == fieldProof {
			if _, err := parseProof(fields[field]); err != nil {
				return nil, err
			}
			continue
		}
		if field == "preferences" {
			if ours, err := parsePreferences(fields[field], out); err != nil {
				return nil, err
			} else if ours {
				continue
			}
		}
		name := field
		if own, ok := aliases[field]; ok {
			if _, both := fields[own]; both {
				continue
			}
			name = own
		}
		if name == TraitPersonalised {
			said, err := word(fields[field], "/traits/"+field, "the word on personalised offers")
			if err != nil {
				return nil, err
			}
			out[name] = said
			continue
		}
		value, ok := scalar(fields[field], name == TraitPhone || !known(name))
		ok = ok && len(value) <= maxTraitValue && strings.IndexFunc(value, unicode.IsControl) < 0
		switch {
		case strings.HasPrefix(name, consentPrefix):
			return nil, fault.At("/traits/"+field, `consent must be an object such as {"consent": {"email": true}}`)
		case strings.HasPrefix(name, topicPrefix): // a client's own trait would pass for the customer's word
			return nil, fault.At("/traits/"+field, `topics must be given as {"preferences": {"topics": {"offers": true}}}`)
		case ok && value != "" && !IsClock(value) && (name == TraitQuietFrom || name == TraitQuietTo):
			return nil, fault.At("/traits/"+field, "the trait must be a time of day such as 22:00")
		case ok && name != "" && len(name) <= maxTraitName:
			out[name] = value
		case known(name):
			return nil, fault.At("/traits/"+field, "the trait must be text of at most %d bytes without control characters", maxTraitValue)
		}
	}
	return out, nil
}

// ParseGroupTraits reads the traits of a group, which the suite keeps and gives no meaning: a JSON object of which text,
// numbers and truth values become text, null "", and anything else is left out. It returns an Invalid error where it is
// no object.
func ParseGroupTraits(raw json.RawMessage) (map[string]string, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, fault.At("/traits", "the traits must be a JSON object")
	}
	out := make(map[string]string, len(fields))
	for name, field := range fields {
		value, ok := scalar(field, true)
		if ok && name != "" && len(name) <= maxTraitName && len(value) <= maxTraitValue {
			out[name] = value
		}
	}
	return out, nil
}

func parseConsent(raw json.RawMessage, out map[string]string) error {
	var channels map[string]json.RawMessage
	if err := json.Unmarshal(raw, &channels); err != nil {
		return fault.At("/traits/consent", `consent must be an object such as {"email": true, "sms": false}`)
	}
	for channel, given := range channels {
		if !IsChannel(channel) {
			continue
		}
		said, err := word(given, "/traits/consent/"+channel, "consent")
		if err != nil {
			return err
		}
		out[ConsentTrait(channel)] = said
	}
	return nil
}

// scalar turns a JSON text or null and, where any will do, a number or truth value into text; false for anything else.
func scalar(raw json.RawMessage, anyWillDo bool) (string, bool) {
	var s string
	switch {
	case string(raw) == "null":
		return "", true
	case raw[0] == '"':
		err := json.Unmarshal(raw, &s)
		return strings.TrimSpace(s), err == nil
	case raw[0] == '{', raw[0] == '[':
		return "", false
	default:
		return string(raw), anyWillDo
	}
}
