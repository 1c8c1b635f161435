package importfile

import (
	"strings"
	"time"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/message"
)

// The fields of a person at Delighted beside traits: since when they are unsubscribed and their address bounces (a time,
// or yes or no), and when they were asked last.
const (
	fieldUnsubscribed = "unsubscribed_at"
	fieldBounced      = "bounced_at"
	fieldAsked        = "last_sent_at"
)

// individual reads a person of Delighted's, answered or not.
func (f *Reader) individual(fields []string, row *Row) error {
	e, err := f.respondent(fields)
	if err != nil {
		return err
	}
	if e.User == "" {
		return f.refuse(fieldCustomer, "the person has neither a customer id nor an email address or phone number")
	}
	e.Type, e.Time = event.Identify, f.asOf()
	return f.personality(fields, e, row)
}

// personality adds what a row says of a person: their traits, that they have unsubscribed, and that their address bounces.
// Who has unsubscribed has taken back the consent to each channel by which Delighted could reach them, as of then; where
// the file knows them by their address alone, and the suite may know them by an id, that address is not sent to at all.
func (f *Reader) personality(fields []string, e event.Event, row *Row) error {
	traits, err := f.traits(fields, row)
	if err != nil {
		return err
	}
	last, err := f.lastAsked(fields, row)
	if err != nil {
		return err
	}
	if !last.IsZero() {
		traits = member(traits, customer.TraitSurveyed, last.Format(time.RFC3339))
	}
	if err := f.identify(e, closeTraits(traits, nil), row); err != nil {
		return err
	}
	channel, address := f.reached(fields)
	gone, unsubscribed, err := f.since(fields, fieldUnsubscribed)
	if err != nil {
		return err
	}
	if unsubscribed {
		var consent []byte
		for _, c := range []struct{ trait, channel string }{{customer.TraitEmail, "email"}, {customer.TraitPhone, "sms"}} {
			if f.columns.get(fields, c.trait) != "" || channel == "" && c.trait == customer.TraitEmail {
				consent = appendConsent(consent, c.channel, "false")
			}
		}
		e.Time = gone
		if err := f.identify(e, closeTraits([]byte{'{'}, consent), row); err != nil {
			return err
		}
		// Their address as well: consent that a file of another tool gives them later, as of a later day, does not undo it.
		if channel != "" {
			row.Suppressed = &Suppression{channel, address, message.SuppressedImportLeft, gone}
		}
	}
	since, bounced, err := f.since(fields, fieldBounced)
	if bounced && channel != "" {
		row.Suppressed = &Suppression{channel, address, message.SuppressedImportBounce, since}
	}
	return err
}

// lastAsked is when the person was last asked, or answered, as far as the row says; zero where it does not.
func (f *Reader) lastAsked(fields []string, row *Row) (at time.Time, err error) {
	if row.Answer != nil {
		at = row.Answer.Revised
	}
	if f.columns.get(fields, fieldAsked) != "" {
		asked, err := f.date(fields, fieldAsked)
		if err != nil {
			return at, err
		}
		if asked.time.After(at) {
			at = asked.time
		}
	}
	return at, nil
}

// reached is by which channel, and at which address, Delighted reached a person.
func (f *Reader) reached(fields []string) (message.Channel, string) {
	if address := f.columns.get(fields, customer.TraitEmail); address != "" {
		return message.Email, address
	}
	if address := f.columns.get(fields, customer.TraitPhone); address != "" {
		return "sms", address
	}
	return "", ""
}

// since reads whether something is so and since when: a time, or yes or no as of the file.
func (f *Reader) since(fields []string, field string) (at time.Time, is bool, err error) {
	switch strings.ToLower(f.columns.get(fields, field)) {
	case "", "false", "no", "n", "0":
		return at, false, nil
	case "true", "yes", "y", "1":
		return f.asOf(), true, nil
	}
	m, err := f.date(fields, field)
	return m.time, err == nil, err
}
