package main

import (
	"encoding/json"
	"strings"
	"time"

	ses "liuke/shared/channel/ses/receipt"
	"liuke/shared/channel/sms/inbound"
	sms "liuke/shared/channel/sms/receipt"
	"liuke/shared/fault"
	"liuke/shared/message"
)

// event is what one event of a provider says of a message.
type event struct {
	kind     string // as a metric's name ends
	channel  message.Channel
	receipt  *message.Receipt // nil where it says nothing of the message
	entry    string           // the ledger's opaque id; "" for a message that is not of the suite
	suppress []string         // addresses that take no message any more
	reason   string           // why
	inbound  *inbound.Message // of a customer's own; nil for an event of ours
}

// unwrap returns what a topic put into its envelope, and when it was published there ("Amazon SNS message and JSON formats"). What
// stands in no envelope is returned as it is, without a time.
func unwrap(raw []byte) (message []byte, published time.Time) {
	var envelope struct{ Type, Message, Timestamp string }
	if json.Unmarshal(raw, &envelope) != nil || envelope.Type != "Notification" || envelope.Message == "" {
		return raw, time.Time{}
	}
	published, err := time.Parse(time.RFC3339, envelope.Timestamp)
	if err != nil {
		published = time.Time{}
	}
	return []byte(envelope.Message), published
}

// parse reads an event of SES or of AWS End User Messaging, in the envelope of its topic or without. It returns an Invalid error,
// which repeats nothing of it, for anything else.
func parse(raw []byte) (event, error) {
	raw, published := unwrap(raw)
	var head struct {
		EventType string `json:"eventType"`
	}
	if m, err := inbound.Parse(raw, published); err == nil {
		return event{kind: "Inbound" + string(m.Word()), channel: message.SMS, inbound: &m}, nil
	}
	if err := json.Unmarshal(raw, &head); err != nil || head.EventType == "" {
		return event{}, fault.New(fault.Invalid, "the message is no event of a provider")
	}
	if strings.HasPrefix(head.EventType, textPrefix) {
		e, err := sms.Parse(raw)
		return event{kind: textKind(e.Type), channel: message.SMS, receipt: e.Receipt, entry: e.Entry, suppress: e.Suppress, reason: message.SuppressedInvalid}, err
	}
	e, err := ses.Parse(raw)
	return event{kind: mailKind(e.Type), channel: message.Email, receipt: e.Receipt, entry: e.Entry, suppress: e.Suppress, reason: e.SuppressReason()}, err
}

// mailKind spells the type of an event of SES as a metric's name; what SES does not document is counted together.
func mailKind(kind string) string {
	switch kind {
	case "Send", "Delivery", "DeliveryDelay", "Reject", "Bounce", "Complaint", "Open", "Click", "Subscription":
		return kind
	case "Rendering Failure", "RenderingFailure":
		return "RenderingFailure"
	}
	return "Other"
}

// textPrefix is what the types of events of SMS begin with.
const textPrefix = "TEXT_"

// textKind spells the type of an event of SMS in the same way: TEXT_CARRIER_BLOCKED is TextCarrierBlocked.
func textKind(kind string) string {
	switch kind {
	case "TEXT_QUEUED", "TEXT_PENDING", "TEXT_SENT", "TEXT_UNKNOWN", "TEXT_SUCCESSFUL", "TEXT_DELIVERED", "TEXT_INVALID", "TEXT_BLOCKED",
		"TEXT_UNREACHABLE", "TEXT_CARRIER_UNREACHABLE", "TEXT_CARRIER_BLOCKED", "TEXT_SPAM", "TEXT_INVALID_MESSAGE", "TEXT_TTL_EXPIRED",
		"TEXT_PROTECT_BLOCKED":
	default:
		return "TextOther"
	}
	var name strings.Builder
	for word := range strings.SplitSeq(kind, "_") {
		name.WriteString(word[:1] + strings.ToLower(word[1:]))
	}
	return name.String()
}
