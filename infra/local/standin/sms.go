package standin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"liuke/infra/local/iam"
	"liuke/shared/clock"
	"liuke/shared/sms"
)

// SMSConfig is what the stand-in of AWS End User Messaging needs.
type SMSConfig struct {
	Authority         *iam.Authority
	ConfigurationSets []string // names
	Destinations      []EventDestination
	Outbox            *Outbox
	Now               clock.Now
	Deliver           func(ctx context.Context, queue string, body []byte) error // as SESConfig's
	OnLost            func(error)
}

// SMSService is an http.Handler for the endpoint of AWS End User Messaging: SendTextMessage. Every number gets its message,
// but those of the fictional +1 … 555 01xx that end as fatesOfNumbers lists. Call Close to end it.
type SMSService struct {
	cfg       SMSConfig
	publisher *publisher
	delivery  *delivery
}

// NewSMS returns a stand-in for AWS End User Messaging.
func NewSMS(cfg SMSConfig) *SMSService {
	s := &SMSService{cfg: cfg, publisher: &publisher{authority: cfg.Authority, deliver: cfg.Deliver, onLost: cfg.OnLost}}
	s.delivery = newDelivery(s.publish)
	return s
}

// Close ends the delivery of events; those that are waiting are dropped.
func (s *SMSService) Close() { s.delivery.close() }

// Settle returns when every event of the messages sent so far is delivered or given up, or with the context's error.
func (s *SMSService) Settle(ctx context.Context) error { return s.delivery.settle(ctx) }

// sendTextMessage is the request, as far as it is understood here.
type sendTextMessage struct {
	DestinationPhoneNumber, MessageBody, OriginationIdentity, ConfigurationSetName, MessageType, MaxPrice string
	TimeToLive                                                                                            *int
	DryRun                                                                                                bool
	Context                                                                                               map[string]string
}

// fictional are numbers that belong to nobody (North American Numbering Plan, 555-0100 to 555-0199).
var fictional = regexp.MustCompile(`^\+1[2-9][0-9]{2}55501[0-9]{2}$`)

// fatesOfNumbers are what becomes of messages to fictional numbers, by their last two digits.
var fatesOfNumbers = map[string]eventKind{
	"81": "TEXT_INVALID", "82": "TEXT_BLOCKED", "83": "TEXT_CARRIER_BLOCKED", "84": "TEXT_UNREACHABLE", "85": "TEXT_TTL_EXPIRED", "86": "TEXT_SPAM",
}

// optedOut ends the fictional numbers whose owners have written STOP: the service refuses messages to them.
const optedOut = "89"

var numberSyntax = regexp.MustCompile(`^\+[1-9][0-9]{4,14}$`)

// textPrices are dollars a segment: of the United States and Canada, and of everywhere else.
const (
	priceAtHome = sms.Price(6_450)
	priceAbroad = sms.Price(85_000)
)

// ServeHTTP answers SendTextMessage.
func (s *SMSService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	if r.Header.Get("X-Amz-Target") != "PinpointSMSVoiceV2.SendTextMessage" {
		textError(w, "ValidationException", "UNKNOWN_OPERATION")
		return
	}
	var request sendTextMessage
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&request); err != nil {
		textError(w, "ValidationException", "CANNOT_PARSE")
		return
	}
	if code, reason := s.check(&request); code != "" {
		textError(w, code, reason)
		return
	}
	id := newUUID()
	if request.DryRun {
		writeJSON(w, http.StatusOK, map[string]string{"MessageId": id})
		return
	}
	m := Message{
		ID: id, Channel: SMS, From: request.OriginationIdentity, To: []string{request.DestinationPhoneNumber}, Text: request.MessageBody,
		Headers: map[string]string{"Message-Type": request.MessageType}, Tags: request.Context,
		ConfigurationSet: request.ConfigurationSetName, SentAt: s.cfg.Now(),
	}
	if err := s.cfg.Outbox.Add(m); err != nil {
		writeJSON(w, http.StatusInternalServerError, map[string]string{"__type": "InternalServerException", "message": "The outbox could not be written."})
		return
	}
	for _, kind := range fateOfNumber(request.DestinationPhoneNumber) {
		s.delivery.add(kind, m)
	}
	writeJSON(w, http.StatusOK, map[string]string{"MessageId": id})
}

func textError(w http.ResponseWriter, code, reason string) {
	writeJSON(w, http.StatusBadRequest, map[string]string{"__type": code, "Reason": reason, "message": reason})
}

// check holds a request to the service's rules, and returns the error that it breaks them by.
func (s *SMSService) check(r *sendTextMessage) (code, reason string) {
	const (
		invalid  = "ValidationException"
		conflict = "ConflictException"
	)
	length := len([]rune(r.MessageBody))
	switch {
	case !numberSyntax.MatchString(r.DestinationPhoneNumber):
		return invalid, "INVALID_PARAMETER"
	case length == 0 || length > 1600:
		return invalid, "INVALID_PARAMETER"
	case r.MessageType != "TRANSACTIONAL" && r.MessageType != "PROMOTIONAL":
		return invalid, "INVALID_PARAMETER"
	case r.TimeToLive != nil && (*r.TimeToLive < 5 || *r.TimeToLive > 259200):
		return invalid, "INVALID_PARAMETER"
	case r.ConfigurationSetName != "" && !slices.Contains(s.cfg.ConfigurationSets, r.ConfigurationSetName):
		return "ResourceNotFoundException", ""
	case fictional.MatchString(r.DestinationPhoneNumber) && strings.HasSuffix(r.DestinationPhoneNumber, optedOut):
		return conflict, "DESTINATION_PHONE_NUMBER_OPTED_OUT"
	}
	if r.MaxPrice == "" {
		return "", ""
	}
	most, err := sms.ParsePrice(r.MaxPrice)
	switch {
	case err != nil:
		return invalid, "INVALID_PARAMETER"
	case priceOf(r.DestinationPhoneNumber, r.MessageBody) > most:
		return invalid, "PRICE_OVER_THRESHOLD"
	}
	return "", ""
}

func priceOf(number, body string) sms.Price {
	each := priceAbroad
	if strings.HasPrefix(number, "+1") {
		each = priceAtHome
	}
	return each * sms.Price(sms.Measure(body).Segments)
}

// fateOfNumber lists the events of a message to a number, in the order in which they come.
func fateOfNumber(number string) []eventKind {
	if fictional.MatchString(number) {
		if fate, ok := fatesOfNumbers[number[len(number)-2:]]; ok {
			return []eventKind{"TEXT_PENDING", fate}
		}
	}
	return []eventKind{"TEXT_PENDING", "TEXT_SENT", "TEXT_DELIVERED"}
}

// publish sends one event to the destinations of its message's configuration set.
func (s *SMSService) publish(ctx context.Context, kind eventKind, m Message) {
	now := s.cfg.Now()
	a := s.cfg.Authority
	set := "arn:aws:sms-voice:" + a.Region + ":" + a.Account + ":configuration-set/" + m.ConfigurationSet
	body, err := textEvent(kind, m, now)
	if err != nil {
		s.publisher.lost(errors.New("write an event of SMS"))
		return
	}
	for _, d := range s.cfg.Destinations {
		if m.ConfigurationSet != "" && d.ConfigurationSet == m.ConfigurationSet && (slices.Contains(d.Types, "TEXT_ALL") || slices.Contains(d.Types, string(kind))) {
			s.publisher.publish(ctx, "sms-voice.amazonaws.com", set, d, string(kind), body, now)
		}
	}
}

// textEvent writes an event as the service publishes it ("SMS event data", event version 1.0).
func textEvent(kind eventKind, m Message, now time.Time) ([]byte, error) {
	to := m.To[0]
	measured := sms.Measure(m.Text)
	price, err := strconv.ParseFloat(priceOf(to, m.Text).String(), 64)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{
		"eventType": kind, "eventVersion": "1.0", "eventTimestamp": now.UnixMilli(), "isFinal": kind != "TEXT_PENDING" && kind != "TEXT_SENT",
		"originationPhoneNumber": m.From, "destinationPhoneNumber": to, "messageId": m.ID, "messageRequestTimestamp": m.SentAt.UnixMilli(),
		"messageEncoding": measured.Encoding, "messageType": m.Headers["Message-Type"], "messageStatus": strings.TrimPrefix(string(kind), "TEXT_"),
		"messageStatusDescription": "as the number's last digits have it", "context": m.Tags,
		"totalMessageParts": measured.Segments, "totalMessagePrice": price, "totalCarrierFee": 0,
	})
}
