// Package bus is EventBridge on this machine: events are put on buses, rules match them by their patterns, and each
// match is delivered to the rule's targets, with retries and dead letters. It makes the events that S3 puts on the default
// bus, and answers PutEvents.
//
// Delivery is at least once and in no order, as in EventBridge. What is under way when the process ends is lost.
package bus

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Default is the name of the bus that every account has, on which AWS's services put their events.
const Default = "default"

// Event is one event, in EventBridge's own envelope ("AWS service event metadata", User Guide).
type Event struct {
	Version    string          `json:"version"`
	ID         string          `json:"id"`
	DetailType string          `json:"detail-type"`
	Source     string          `json:"source"`
	Account    string          `json:"account"`
	Time       string          `json:"time"` // RFC 3339, of seconds, UTC
	Region     string          `json:"region"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail"`
}

// Target is where a rule sends what it matches.
type Target struct {
	// Deliver hands over the event. What fails is tried again.
	Deliver func(ctx context.Context, payload []byte) error
	Input   string // goes in the event's place where it is not ""
	Retries int    // tries after the first
	// DeadLetter, where set, takes what was never delivered.
	DeadLetter func(ctx context.Context, payload []byte) error
}

// Rule is one rule of a bus.
type Rule struct {
	Name    string // for people
	Bus     string
	Pattern *Pattern
	Targets []Target
}

// Buses are all the buses of an account. Fill the fields first; Put is safe for concurrent use.
type Buses struct {
	Account, Region string
	Names           []string // of the buses besides Default
	Rules           []*Rule
	Now             func() time.Time
	// OnLost is told of what was delivered neither to its target nor to the dead letters.
	OnLost func(error)

	pending atomic.Int64
	working sync.WaitGroup
	ending  context.Context
	end     context.CancelFunc
	once    sync.Once
}

// pause is between tries; it doubles up to most. EventBridge's own grow from seconds to hours.
const (
	pause = 100 * time.Millisecond
	most  = 5 * time.Second
)

func (b *Buses) begin() {
	b.once.Do(func() { b.ending, b.end = context.WithCancel(context.Background()) })
}

// Put puts an event on a bus, with the members that EventBridge adds, and returns its id. Deliveries go on when it
// returns; Pending counts them.
func (b *Buses) Put(bus string, e Event) (id string, err error) {
	b.begin()
	e.Version, e.ID, e.Account, e.Region = "0", newID(), b.Account, b.Region
	if e.Time == "" {
		e.Time = b.Now().UTC().Format(time.RFC3339)
	}
	if e.Resources == nil {
		e.Resources = []string{}
	}
	payload, err := json.Marshal(e)
	if err != nil {
		return "", fmt.Errorf("put an event: %w", err)
	}
	for _, r := range b.Rules {
		if r.Bus != bus || !r.Pattern.Match(payload) {
			continue
		}
		for _, t := range r.Targets {
			sent := payload
			if t.Input != "" {
				sent = []byte(t.Input)
			}
			b.pending.Add(1)
			b.working.Go(func() {
				defer b.pending.Add(-1)
				if err := deliver(b.ending, t, sent); err != nil && b.OnLost != nil {
					b.OnLost(fmt.Errorf("rule %s: %w", r.Name, err))
				}
			})
		}
	}
	return e.ID, nil
}

// deliver tries until the target has the event or its tries are spent.
func deliver(ctx context.Context, t Target, payload []byte) error {
	wait := pause
	for try := 0; ; try++ {
		err := t.Deliver(ctx, payload)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case try < t.Retries:
			select {
			case <-time.After(wait):
			case <-ctx.Done():
			}
			wait = min(2*wait, most)
			continue
		case t.DeadLetter == nil:
			return err
		}
		if lost := t.DeadLetter(ctx, payload); lost != nil {
			return fmt.Errorf("%w; and its dead letter was lost: %w", err, lost)
		}
		return nil
	}
}

// Pending counts the deliveries under way.
func (b *Buses) Pending() int { return int(b.pending.Load()) }

// Close ends deliveries, and returns when they have ended. Nothing may be put any more.
func (b *Buses) Close() {
	b.begin()
	b.end()
	b.working.Wait()
}

func newID() string {
	var u [16]byte
	rand.Read(u[:]) // never fails
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
