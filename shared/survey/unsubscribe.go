package survey

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/token"
)

// Unsubscribed returns the event that an unsubscribe link was used at a time; link is its token as spelled. The same
// link within the same minute is the same event, so that a mail provider's repeats count once; a later use is another,
// because the customer may have subscribed again in between. A link of a topic stops that topic alone.
func Unsubscribed(u token.Unsubscribe, link string, proof customer.Proof, now time.Time) (event.Event, error) {
	properties, err := json.Marshal(struct {
		Channel string         `json:"channel"`
		Topic   string         `json:"topic,omitempty"`
		Proof   customer.Proof `json:"proof"`
	}{u.Channel, u.Topic, proof})
	if err != nil {
		return event.Event{}, fault.As(err, fault.Internal, "encode an unsubscription")
	}
	now = now.UTC().Truncate(time.Millisecond)
	sum := sha256.Sum256([]byte(link))
	return event.Event{
		ID:         event.MessageID(fmt.Sprintf("unsubscribe:%s:%d", hex.EncodeToString(sum[:16]), now.Unix()/60)),
		Type:       event.Track,
		Name:       event.Unsubscribed,
		User:       string(u.Customer),
		Time:       now,
		Received:   now,
		Source:     event.SourceSurvey,
		Properties: properties,
	}, nil
}
