package standin

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"liuke/infra/local/iam"
)

// delivery publishes events one after another, beside the calls that set them off.
type delivery struct {
	publish func(context.Context, eventKind, Message)
	stop    context.CancelFunc
	done    chan struct{}

	mu      sync.Mutex
	waiting []pending
	open    int           // waiting and under way
	changed chan struct{} // closed, and made anew, whenever waiting or open has changed
}

type pending struct {
	kind    eventKind
	message Message
}

func newDelivery(publish func(context.Context, eventKind, Message)) *delivery {
	ctx, stop := context.WithCancel(context.Background())
	d := &delivery{publish: publish, stop: stop, done: make(chan struct{}), changed: make(chan struct{})}
	go d.run(ctx)
	return d
}

func (d *delivery) add(kind eventKind, m Message) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting = append(d.waiting, pending{kind, m})
	d.open++
	d.signal()
}

// signal wakes whoever waits for a change; d.mu is held.
func (d *delivery) signal() {
	close(d.changed)
	d.changed = make(chan struct{})
}

func (d *delivery) run(ctx context.Context) {
	defer close(d.done)
	for {
		d.mu.Lock()
		changed := d.changed
		var next pending
		ready := len(d.waiting) > 0
		if ready {
			next, d.waiting = d.waiting[0], d.waiting[1:]
		}
		d.mu.Unlock()
		if !ready {
			select {
			case <-ctx.Done():
				return
			case <-changed:
			}
			continue
		}
		if ctx.Err() != nil {
			return
		}
		d.publish(ctx, next.kind, next.message)
		d.mu.Lock()
		d.open--
		d.signal()
		d.mu.Unlock()
	}
}

func (d *delivery) settle(ctx context.Context) error {
	for {
		d.mu.Lock()
		open, changed := d.open, d.changed
		d.mu.Unlock()
		if open == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-d.done:
			return nil
		case <-changed:
		}
	}
}

func (d *delivery) close() {
	d.stop()
	<-d.done
}

// SNS tries a queue again when it does not answer; three times are enough for an engine next door.
const (
	deliveryAttempts = 3
	deliveryPause    = 100 * time.Millisecond
)

// publish sends one event to the destinations of its message's configuration set.
func (s *SES) publish(ctx context.Context, kind eventKind, m Message) {
	now := s.cfg.Now()
	body, err := s.eventJSON(kind, m, now)
	if err != nil {
		s.publisher.lost(fmt.Errorf("write the %s event: %w", kind, err))
		return
	}
	a := s.cfg.Authority
	set := "arn:aws:ses:" + a.Region + ":" + a.Account + ":configuration-set/" + m.ConfigurationSet
	for _, d := range s.cfg.Destinations {
		if m.ConfigurationSet != "" && d.ConfigurationSet == m.ConfigurationSet && d.wants(kind) {
			s.publisher.publish(ctx, "ses.amazonaws.com", set, d, string(kind), body, now)
		}
	}
}

// publisher takes events through topics to queues, as far as policies let them pass.
type publisher struct {
	authority *iam.Authority
	deliver   func(ctx context.Context, queue string, body []byte) error
	onLost    func(error)
	subject   string // that the service gives what it publishes, "" for none
}

// publish takes an event of a service's resource, such as a configuration set, to a destination.
func (p *publisher) publish(ctx context.Context, service, source string, d EventDestination, kind string, body []byte, now time.Time) {
	if err := p.authority.PublishFrom(service, d.Topic, source); err != nil {
		p.lost(fmt.Errorf("publish the %s event: %w", kind, err))
		return
	}
	for _, to := range d.Queues {
		if err := p.forward(ctx, d.Topic, to, body, now); err != nil {
			p.lost(fmt.Errorf("deliver the %s event: %w", kind, err))
		}
	}
}

func (p *publisher) lost(err error) {
	if p.onLost != nil {
		p.onLost(err)
	}
}

// wants reports whether the destination takes events of the kind, whose names MatchingEventTypes spells in capitals
// ("RENDERING_FAILURE") or in camel case.
func (d EventDestination) wants(kind eventKind) bool {
	return slices.ContainsFunc(d.Types, func(name string) bool {
		return strings.EqualFold(strings.ReplaceAll(name, "_", ""), string(kind))
	})
}

// forward does what SNS does with a message for a queue.
func (p *publisher) forward(ctx context.Context, topic string, to Subscription, event []byte, now time.Time) error {
	if err := p.authority.Deliver(topic, to.Queue); err != nil {
		return err
	}
	body := event
	if !to.Raw {
		var err error
		if body, err = envelope(topic, p.subject, event, now); err != nil {
			return err
		}
	}
	for attempt := 1; ; attempt++ {
		err := p.deliver(ctx, to.Queue, body)
		if err == nil || attempt == deliveryAttempts || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(deliveryPause):
		}
	}
}

// envelope is SNS's notification around a message, unsigned.
func envelope(topic, subject string, message []byte, now time.Time) ([]byte, error) {
	return json.Marshal(struct {
		Type, MessageId, TopicArn                                   string
		Subject                                                     string `json:",omitempty"`
		Message, Timestamp                                          string
		SignatureVersion, Signature, SigningCertURL, UnsubscribeURL string
	}{
		Type: "Notification", MessageId: newUUID(), TopicArn: topic, Subject: subject,
		Message: string(message), Timestamp: now.UTC().Format(eventTime), SignatureVersion: "1",
	})
}
