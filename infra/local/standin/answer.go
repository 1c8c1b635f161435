package standin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
)

// Answer is an SMS that a customer writes.
type Answer struct {
	From string `json:"from"` // the customer's number, E.164
	Body string `json:"body"`
	// ID is the service's own of it; "" for one that it has not published yet. By that of one that it has, it is published again.
	ID string `json:"id,omitempty"`
}

// Answer publishes what a customer writes, as two-way messaging does ("Example of a two-way SMS message payload"): to each topic
// that takes events of SMS. It answers the last message to the number. It returns the service's id of it.
func (s *SMSService) Answer(ctx context.Context, a Answer) (id string, err error) {
	if !numberSyntax.MatchString(a.From) || a.Body == "" {
		return "", errors.New("an answer has a number that it is from, such as +12065550100, and a body")
	}
	payload := map[string]string{"originationNumber": a.From, "messageKeyword": "KEYWORD_" + s.cfg.Authority.Account, "messageBody": a.Body}
	id = cmp.Or(a.ID, newUUID())
	payload["inboundMessageId"] = id
	if sent := s.cfg.Outbox.By(SMS, a.From); len(sent) > 0 {
		payload["destinationNumber"], payload["previousPublishedMessageId"] = sent[0].From, sent[0].ID
	}
	body, err := json.Marshal(payload)
	if err != nil {
		return "", err
	}
	number := "arn:aws:sms-voice:" + s.cfg.Authority.Region + ":" + s.cfg.Authority.Account + ":phone-number/phone-local"
	published := map[string]bool{}
	for _, d := range s.cfg.Destinations {
		if !published[d.Topic] {
			published[d.Topic] = true
			s.publisher.publish(ctx, "sms-voice.amazonaws.com", number, d, "answer", body, s.cfg.Now())
		}
	}
	if len(published) == 0 {
		return "", errors.New("no configuration set of SMS publishes to a topic")
	}
	return id, nil
}
