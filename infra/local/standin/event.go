package standin

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// eventKind is the eventType of SES's events.
type eventKind string

const (
	sent       eventKind = "Send"
	delivered  eventKind = "Delivery"
	bounced    eventKind = "Bounce"
	complained eventKind = "Complaint"
)

// simulator is the domain of SES's mailbox simulator ("Using the mailbox simulator"): what stands before the @, up to a
// label that begins with +, says what becomes of a message.
const simulator = "simulator.amazonses.com"

var simulated = map[string][]eventKind{
	"bounce":          {bounced},
	"suppressionlist": {bounced},
	"complaint":       {delivered, complained},
}

// fates lists the events of a message, in the order in which they come. Every address that is not the simulator's gets
// its message.
func fates(recipients []string) []eventKind {
	kinds := []eventKind{sent}
	for _, kind := range []eventKind{delivered, bounced, complained} {
		if slices.ContainsFunc(recipients, func(to string) bool { return slices.Contains(fate(to), kind) }) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

func fate(recipient string) []eventKind {
	local, domain, _ := cutLast(strings.ToLower(recipient), "@")
	local, _, _ = strings.Cut(local, "+")
	if kinds, ok := simulated[local]; ok && domain == simulator {
		return kinds
	}
	return []eventKind{delivered}
}

const eventTime = "2006-01-02T15:04:05.000Z"

// header is one header of mail.headers.
type header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// eventJSON writes an event as SES publishes it ("Contents of event data that Amazon SES publishes to Amazon SNS").
func (s *SES) eventJSON(kind eventKind, m Message, now time.Time) ([]byte, error) {
	var concerned []string
	for _, to := range m.recipients {
		if kind == sent || slices.Contains(fate(to), kind) {
			concerned = append(concerned, to)
		}
	}
	event := map[string]any{"eventType": kind, "mail": s.mail(m)}
	at := now.UTC().Format(eventTime)
	switch kind {
	case sent:
		event["send"] = struct{}{}
	case delivered:
		event["delivery"] = map[string]any{
			"timestamp": at, "recipients": concerned, "processingTimeMillis": now.Sub(m.SentAt).Milliseconds(),
			"smtpResponse": "250 2.6.0 Message received", "remoteMtaIp": "127.0.0.1", "reportingMTA": "a1-1.smtp-out.local",
		}
	case bounced:
		event["bounce"] = bounce(concerned, at)
	case complained:
		list := make([]map[string]string, len(concerned))
		for i, to := range concerned {
			list[i] = map[string]string{"emailAddress": to}
		}
		event["complaint"] = map[string]any{
			"complainedRecipients": list, "timestamp": at, "arrivalDate": at, "feedbackId": newMessageID(now),
			"userAgent": "Amazon SES Mailbox Simulator", "complaintFeedbackType": "abuse", "complaintSubType": nil,
		}
	}
	return json.Marshal(event)
}

func bounce(recipients []string, at string) map[string]any {
	subType := "General"
	list := make([]map[string]string, len(recipients))
	for i, to := range recipients {
		if strings.HasPrefix(strings.ToLower(to), "suppressionlist") {
			subType = "Suppressed"
		}
		list[i] = map[string]string{
			"emailAddress": to, "action": "failed", "status": "5.1.1",
			"diagnosticCode": "smtp; 550 5.1.1 user unknown",
		}
	}
	return map[string]any{
		"bounceType": "Permanent", "bounceSubType": subType, "bouncedRecipients": list, "timestamp": at,
		"feedbackId": newUUID(), "reportingMTA": "dsn; a1-1.smtp-out.local",
	}
}

// mail is the part that all events of a message share.
func (s *SES) mail(m Message) map[string]any {
	headers := []header{{"From", m.From}, {"To", strings.Join(m.To, ", ")}, {"Subject", m.Subject}, {"MIME-Version", "1.0"}}
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		headers = append(headers, header{name, m.Headers[name]})
	}
	_, domain, _ := cutLast(m.source, "@")
	tags := map[string][]string{
		"ses:operation": {"SendEmail"}, "ses:source-ip": {"127.0.0.1"}, "ses:from-domain": {strings.ToLower(domain)},
		"ses:caller-identity": {"function"}, "ses:outgoing-ip": {"127.0.0.1"},
	}
	if m.ConfigurationSet != "" {
		tags["ses:configuration-set"] = []string{m.ConfigurationSet}
	}
	for name, value := range m.Tags {
		tags[name] = []string{value}
	}
	a := s.cfg.Authority
	common := map[string]any{"from": []string{m.From}, "to": m.To, "messageId": m.ID, "subject": m.Subject}
	return map[string]any{
		"timestamp": m.SentAt.UTC().Format(eventTime), "source": m.From,
		"sourceArn":        "arn:aws:ses:" + a.Region + ":" + a.Account + ":identity/" + m.identity,
		"sendingAccountId": a.Account, "messageId": m.ID, "destination": m.recipients,
		"headersTruncated": false, "headers": headers, "commonHeaders": common, "tags": tags,
	}
}
