// Package standin answers, for the suite on one machine, in place of the AWS services that have no engine: SES (SendEmail
// and GetAccount of its v2 interface, with the events that it publishes about each message), AWS End User Messaging
// (SendTextMessage, with its events, and what customers answer), SNS (Publish to phones), Secrets Manager (the template's secrets, made once and kept)
// and the issuer of operators' tokens (a Cognito user pool on AWS); and in place of a mail server and of what takes webhooks.
// What was sent, by whichever channel, stands in an outbox, which is also a page.
//
// It guarantees that SES's rules hold as far as functions can break them: verified senders, the syntax of addresses,
// tags and headers, known configuration sets, and the permissions on the way of an event through SNS to a queue. Mail
// goes nowhere. It enforces no quotas, and leaves out templates, raw messages, the suppression list
// of the account, and clicks and opens.
package standin

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"liuke/infra/local/iam"
	"liuke/shared/clock"
)

// SESConfig is what the stand-in of SES needs.
type SESConfig struct {
	Authority         *iam.Authority
	Identities        []string // verified addresses and domains
	ConfigurationSets []string // names
	Destinations      []EventDestination
	Outbox            *Outbox
	Now               clock.Now
	// Deliver puts a message into the queue with the ARN.
	Deliver func(ctx context.Context, queue string, body []byte) error
	// OnLost, where set, is told of events that could not be delivered. What was refused for want of a permission is
	// told to Authority.OnDenied as well.
	OnLost func(error)
	// Quota is what GetAccount tells; the zero value is an account without limits.
	Quota Quota
}

// Quota is what an account may send.
type Quota struct {
	PerSecond float64 // 0 for more than this machine can
	PerDay    float64 // 0 for no limit
}

// EventDestination is where a configuration set publishes the events of its messages.
type EventDestination struct {
	ConfigurationSet string
	Types            []string // MatchingEventTypes, in either spelling: "RENDERING_FAILURE", "renderingFailure"
	Topic            string   // ARN
	Queues           []Subscription
}

// Subscription is a queue subscribed to a topic.
type Subscription struct {
	Queue string // ARN
	Raw   bool   // RawMessageDelivery: the body is the event itself, without SNS's envelope
}

// SES is an http.Handler for the endpoint of SES v2. Call Close to end it.
type SES struct {
	cfg       SESConfig
	publisher *publisher
	delivery  *delivery
}

// NewSES returns a stand-in for SES.
func NewSES(cfg SESConfig) *SES {
	s := &SES{cfg: cfg, publisher: &publisher{authority: cfg.Authority, deliver: cfg.Deliver, onLost: cfg.OnLost, subject: "Amazon SES Email Event Notification"}}
	s.delivery = newDelivery(s.publish)
	return s
}

// Close ends the delivery of events; those that are waiting are dropped.
func (s *SES) Close() { s.delivery.close() }

// Settle returns when every event of the messages sent so far is delivered or given up, or with the context's error.
func (s *SES) Settle(ctx context.Context) error { return s.delivery.settle(ctx) }

// Identity gives the verified identity that an address is sent under: the address itself, or else its domain or the
// nearest domain above it.
func (s *SES) Identity(address string) (string, bool) {
	address = fold(address)
	_, domain, _ := cutLast(address, "@")
	for candidate := address; candidate != ""; {
		for _, identity := range s.cfg.Identities {
			if fold(identity) == candidate {
				return identity, true
			}
		}
		if candidate == address {
			candidate = domain
			continue
		}
		_, candidate, _ = strings.Cut(candidate, ".")
	}
	return "", false
}

// maxEmail is the most that SendEmail takes: 40 MB.
const maxEmail = 40 << 20

// ServeHTTP answers SendEmail and GetAccount.
func (s *SES) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet && r.URL.Path == "/v2/email/account" {
		s.account(w)
		return
	}
	if r.Method != http.MethodPost || r.URL.Path != "/v2/email/outbound-emails" {
		sesError(w, http.StatusNotFound, "NotFoundException", "The suite on one machine has SendEmail and GetAccount only.")
		return
	}
	var request sendEmail
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxEmail)).Decode(&request); err != nil {
		sesError(w, http.StatusBadRequest, "BadRequestException", "The body is not the JSON of SendEmail.")
		return
	}
	id, err := s.send(request)
	var bad badRequest
	var refused *sesRefusal
	switch {
	case errors.As(err, &bad):
		sesError(w, http.StatusBadRequest, "BadRequestException", bad.Error())
	case errors.As(err, &refused):
		sesError(w, refused.status, refused.code, refused.message)
	case err != nil:
		sesError(w, http.StatusInternalServerError, "InternalServiceErrorException", "The outbox could not be written.")
	default:
		writeJSON(w, http.StatusOK, map[string]string{"MessageId": id})
	}
}

// account answers GetAccount. A limit that is not set is told as an account's that SES has none for.
func (s *SES) account(w http.ResponseWriter) {
	const fast = 100_000 // mails a second
	q := s.cfg.Quota
	if q.PerDay == 0 {
		q.PerDay = -1
	}
	sent := s.cfg.Outbox.Since(Email, s.cfg.Now().Add(-24*time.Hour))
	writeJSON(w, http.StatusOK, map[string]any{
		"SendingEnabled": true, "ProductionAccessEnabled": true, "EnforcementStatus": "HEALTHY",
		"SendQuota": map[string]float64{"MaxSendRate": cmp.Or(q.PerSecond, fast), "Max24HourSend": q.PerDay, "SentLast24Hours": float64(sent)},
	})
}

type sesRefusal struct {
	status        int
	code, message string
}

func (r *sesRefusal) Error() string { return r.message }

// send keeps a message and sets off its events.
func (s *SES) send(request sendEmail) (string, error) {
	from, recipients, err := request.check()
	if err != nil {
		return "", err
	}
	identity, ok := s.Identity(from)
	if !ok {
		return "", &sesRefusal{http.StatusBadRequest, "MessageRejected",
			"Email address is not verified. The template has no identity for the From address in region " +
				strings.ToUpper(s.cfg.Authority.Region) + "."}
	}
	set := request.ConfigurationSetName
	if set != "" && !slices.Contains(s.cfg.ConfigurationSets, set) {
		return "", &sesRefusal{http.StatusNotFound, "NotFoundException", "Configuration set <" + set + "> does not exist."}
	}
	m := s.message(request, from, identity, recipients)
	if err := s.cfg.Outbox.Add(m); err != nil {
		return "", err
	}
	for _, kind := range fates(recipients) {
		s.delivery.add(kind, m)
	}
	return m.ID, nil
}

// message is what the outbox keeps of a request that passed.
func (s *SES) message(request sendEmail, from, identity string, recipients []string) Message {
	now := s.cfg.Now()
	content := request.Content.Simple
	m := Message{
		ID: newMessageID(now), Channel: Email, SentAt: now,
		From: request.FromEmailAddress, To: request.Destination.ToAddresses, Cc: request.Destination.CcAddresses,
		Bcc: request.Destination.BccAddresses, ReplyTo: request.ReplyToAddresses, Subject: content.Subject.Data,
		Headers: map[string]string{}, Tags: map[string]string{},
		ConfigurationSet: request.ConfigurationSetName, source: from, identity: identity, recipients: recipients,
	}
	if content.Body.Text != nil {
		m.Text = content.Body.Text.Data
	}
	if content.Body.Html != nil {
		m.HTML = content.Body.Html.Data
	}
	for _, h := range content.Headers {
		m.Headers[h.Name] = h.Value
	}
	for _, t := range request.EmailTags {
		m.Tags[t.Name] = t.Value
	}
	return m
}

// newMessageID makes an id of the form that SES gives: its time, a random UUID, and a counter.
func newMessageID(now time.Time) string {
	return fmt.Sprintf("0107%012x-%s-000000", now.UnixMilli(), newUUID())
}

func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func sesError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("X-Amzn-Errortype", code)
	writeJSON(w, status, map[string]string{"message": message})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	w.Write(body) // a caller that has gone needs no answer
}
