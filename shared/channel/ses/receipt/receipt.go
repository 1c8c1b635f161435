// Package receipt reads the events that an SES configuration set publishes of the messages that package ses sent. It
// stands apart, so that the function that books them does not carry SES's client.
package receipt

import (
	"encoding/json"
	"net/mail"
	"strings"
	"time"

	"liuke/shared/fault"
	"liuke/shared/message"
)

// EntryTag is the message tag that holds the ledger's opaque id.
const EntryTag = "liuke_entry"

// Event is what one of SES's events says of a message.
type Event struct {
	Type     string           // as SES names it
	Receipt  *message.Receipt // nil for an event that tells nothing of the message, such as a subscription
	Entry    string           // the ledger's opaque id; "" for a message that is not of the suite
	Suppress []string         // addresses that must not be sent to any more
}

// SuppressReason is why the event's addresses are to be suppressed.
func (e Event) SuppressReason() string {
	if e.Receipt != nil && e.Receipt.Evidence == message.Complaint {
		return message.SuppressedComplaint
	}
	return message.SuppressedBounce
}

// wire is the part of an event of a configuration set that is read (SES developer guide, "Contents of event data").
type wire struct {
	EventType string `json:"eventType"`
	Mail      struct {
		Timestamp time.Time           `json:"timestamp"`
		MessageID string              `json:"messageId"`
		Tags      map[string][]string `json:"tags"`
	} `json:"mail"`
	Bounce struct {
		Type       string      `json:"bounceType"`
		Recipients []recipient `json:"bouncedRecipients"`
		Timestamp  time.Time   `json:"timestamp"`
	} `json:"bounce"`
	Complaint struct {
		Recipients   []recipient `json:"complainedRecipients"`
		FeedbackType string      `json:"complaintFeedbackType"`
		Timestamp    time.Time   `json:"timestamp"`
	} `json:"complaint"`
	Delivery struct {
		Timestamp time.Time `json:"timestamp"`
	} `json:"delivery"`
	Delay struct {
		Timestamp time.Time `json:"timestamp"`
	} `json:"deliveryDelay"`
	Open struct {
		Timestamp time.Time `json:"timestamp"`
	} `json:"open"`
	Click struct {
		Timestamp time.Time `json:"timestamp"`
	} `json:"click"`
}

type recipient struct {
	Address string `json:"emailAddress"`
}

// Parse reads an event as a configuration set publishes it, raw JSON. It returns an Invalid error, which repeats
// nothing of it, for anything else.
func Parse(raw []byte) (Event, error) {
	var w wire
	if err := json.Unmarshal(raw, &w); err != nil || w.EventType == "" || w.Mail.MessageID == "" {
		return Event{}, fault.New(fault.Invalid, "the message is no event of SES")
	}
	e := Event{Type: w.EventType}
	if tag := w.Mail.Tags[EntryTag]; len(tag) == 1 {
		e.Entry = tag[0]
	}
	receipt := func(what message.Evidence, at time.Time) {
		if at.IsZero() {
			at = w.Mail.Timestamp
		}
		e.Receipt = &message.Receipt{Evidence: what, Provider: w.Mail.MessageID, Time: at.UTC()}
	}
	switch w.EventType {
	case "Send":
		receipt(message.Acceptance, w.Mail.Timestamp)
	case "Delivery":
		receipt(message.Delivery, w.Delivery.Timestamp)
	case "DeliveryDelay":
		receipt(message.Delay, w.Delay.Timestamp)
	case "Open":
		receipt(message.Opening, w.Open.Timestamp)
	case "Click": // of a link that SES itself counts, which is shown to be opened and no more
		receipt(message.Opening, w.Click.Timestamp)
	case "Reject", "Rendering Failure", "RenderingFailure":
		receipt(message.Rejection, w.Mail.Timestamp)
	case "Bounce":
		if w.Bounce.Type != "Permanent" {
			receipt(message.SoftBounce, w.Bounce.Timestamp)
			break
		}
		receipt(message.Bounce, w.Bounce.Timestamp)
		e.Suppress = addresses(w.Bounce.Recipients)
	case "Complaint":
		if w.Complaint.FeedbackType == "not-spam" { // the recipient took it out of the spam folder
			receipt(message.Delivery, w.Complaint.Timestamp)
			break
		}
		receipt(message.Complaint, w.Complaint.Timestamp)
		e.Suppress = addresses(w.Complaint.Recipients)
	}
	return e, nil
}

// addresses returns the bare addresses of recipients, which SES gives as the message had them.
func addresses(list []recipient) []string {
	var out []string
	for _, r := range list {
		address := strings.TrimSpace(r.Address)
		if parsed, err := mail.ParseAddress(address); err == nil {
			address = parsed.Address
		}
		if address != "" {
			out = append(out, address)
		}
	}
	return out
}
