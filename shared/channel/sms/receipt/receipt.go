// Package receipt reads the events that a configuration set of AWS End User Messaging publishes of the messages that
// package channel/sms sent. It stands apart, so that the function that books them does not carry the service's client.
package receipt

import (
	"encoding/json"
	"strings"
	"time"

	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/sms"
)

// EntryKey is the key of the message's context that holds the ledger's opaque id.
const EntryKey = "liuke_entry"

// Event is what one event says of a message.
type Event struct {
	Type     string           // as the service names it, such as TEXT_DELIVERED
	Receipt  *message.Receipt // nil for an event that tells nothing of the message's fate
	Entry    string           // the ledger's opaque id; "" for a message that is not of the suite
	Suppress []string         // numbers that must not be sent to any more, as message.SuppressedInvalid
	Segments int              // that the service counted; 0 where the event does not say
	Cost     sms.Price        // of the message, with the carrier's fee; 0 where the event does not say
}

// wire is the part of an event that is read ("SMS event data", event version 1.0).
type wire struct {
	Type        string            `json:"eventType"`
	Time        int64             `json:"eventTimestamp"` // milliseconds of Unix time
	Requested   int64             `json:"messageRequestTimestamp"`
	MessageID   string            `json:"messageId"`
	Destination string            `json:"destinationPhoneNumber"`
	Context     map[string]string `json:"context"`
	Parts       int               `json:"totalMessageParts"`
	Price       json.Number       `json:"totalMessagePrice"`
	Fee         json.Number       `json:"totalCarrierFee"`
}

// evidence is what the types of events show. That the carrier took a message counts as its delivery, as the service uses
// TEXT_SUCCESSFUL and TEXT_DELIVERED by country. TEXT_UNKNOWN says that no carrier told within 72 hours.
var evidence = map[string]message.Evidence{
	"TEXT_QUEUED":              message.Acceptance,
	"TEXT_PENDING":             message.Acceptance,
	"TEXT_SENT":                message.Acceptance,
	"TEXT_UNKNOWN":             message.Acceptance,
	"TEXT_SUCCESSFUL":          message.Delivery,
	"TEXT_DELIVERED":           message.Delivery,
	"TEXT_INVALID":             message.Bounce, // the number is not valid
	"TEXT_BLOCKED":             message.Bounce, // the recipient's device takes no SMS
	"TEXT_UNREACHABLE":         message.SoftBounce,
	"TEXT_CARRIER_UNREACHABLE": message.SoftBounce,
	"TEXT_CARRIER_BLOCKED":     message.SoftBounce, // the carrier refuses this message
	"TEXT_SPAM":                message.SoftBounce, // and for this reason
	"TEXT_INVALID_MESSAGE":     message.Rejection,
	"TEXT_TTL_EXPIRED":         message.Rejection, // never handed to a carrier
	"TEXT_PROTECT_BLOCKED":     message.Rejection,
}

// Parse reads an event as an event destination publishes it, raw JSON. It returns an Invalid error, which repeats
// nothing of it, for anything else.
func Parse(raw []byte) (Event, error) {
	var w wire
	if err := json.Unmarshal(raw, &w); err != nil || !strings.HasPrefix(w.Type, "TEXT_") || w.MessageID == "" {
		return Event{}, fault.New(fault.Invalid, "the message is no event of an SMS")
	}
	e := Event{Type: w.Type, Entry: w.Context[EntryKey], Segments: max(w.Parts, 0), Cost: price(w.Price) + price(w.Fee)}
	what, ok := evidence[w.Type]
	if !ok {
		return e, nil
	}
	at := w.Time
	if at <= 0 {
		at = w.Requested
	}
	e.Receipt = &message.Receipt{Evidence: what, Provider: w.MessageID, Time: time.UnixMilli(at).UTC()}
	if what == message.Bounce && w.Destination != "" {
		e.Suppress = []string{w.Destination}
	}
	return e, nil
}

// price reads dollars, cut off behind the sixth decimal; 0 for what cannot be read.
func price(n json.Number) sms.Price {
	whole, part, _ := strings.Cut(n.String(), ".")
	if len(part) > 6 {
		part = part[:6]
	}
	p, err := sms.ParsePrice(strings.TrimSuffix(whole+"."+part, "."))
	if err != nil {
		return 0
	}
	return p
}
