// Package channeltest is the conformance test of channels: what every one of them must do whatever its provider.
package channeltest

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"liuke/shared/channel"
)

// Behaviour is how the provider answers.
type Behaviour string

// What a provider may do. It has taken the message in Accept, Garbled, Lost and Silent; in Refuse, Throttle, Deny and
// Unreachable it has definitely not; in HangUp it may have.
const (
	Accept      Behaviour = "accept"
	Refuse      Behaviour = "refuse"      // says no to this message
	Throttle    Behaviour = "throttle"    // asks for a slower pace
	Deny        Behaviour = "deny"        // has no permission for the caller
	Garbled     Behaviour = "garbled"     // takes it and answers with an internal error, or with what is no answer
	Lost        Behaviour = "lost"        // takes it and closes the connection without an answer
	HangUp      Behaviour = "hang up"     // closes the connection before it has read the message
	Silent      Behaviour = "silent"      // takes it and answers never
	Unreachable Behaviour = "unreachable" // nobody listens
)

// Provider is what a harness's server behaves by, and where it notes what it was handed. It is safe for concurrent use.
type Provider struct {
	Behaviour Behaviour

	mu    sync.Mutex
	taken []string
	given chan struct{}   // closed at the first message
	over  <-chan struct{} // closed at the test's end
}

// NewProvider returns a provider for a test of one channel's own, until the test's end.
func NewProvider(t *testing.T, b Behaviour) *Provider {
	t.Helper()
	return &Provider{Behaviour: b, given: make(chan struct{}), over: t.Context().Done()}
}

// Take notes a try to hand a message over, as the provider reads it.
func (p *Provider) Take(message string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken = append(p.taken, message)
	if len(p.taken) == 1 {
		close(p.given)
	}
}

// Taken returns what was noted.
func (p *Provider) Taken() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.taken)
}

// Wait returns at the test's end: what a silent provider does instead of answering.
func (p *Provider) Wait() { <-p.over }

// Subject is the channel under test.
type Subject struct {
	// Message is one that it takes. What is set of its subject and its unsubscribe link is put to the test as well.
	Message channel.Message
	// Holds is what of the message must reach the provider, beside the ledger id.
	Holds []string
	// Setup makes a channel whose provider is the one given. A server that it starts lives until the test's end.
	Setup func(t *testing.T, p *Provider) channel.Channel
}

func (s Subject) start(t *testing.T, b Behaviour) (channel.Channel, *Provider) {
	t.Helper()
	p := NewProvider(t, b)
	return s.Setup(t, p), p
}

// Run runs the conformance test.
func Run(t *testing.T, s Subject) {
	t.Run("answers", s.answers)
	t.Run("time", s.time)
	t.Run("what is sent holds what was given", func(t *testing.T) {
		ch, p := s.start(t, Accept)
		if _, err := ch.Send(t.Context(), s.Message); err != nil {
			t.Fatal(err)
		}
		for _, part := range append(slices.Clone(s.Holds), s.Message.Ledger) {
			if !strings.Contains(p.Taken()[0], part) {
				t.Errorf("%q is not in %s", part, p.Taken()[0])
			}
		}
	})
	t.Run("refusals", s.refusals)
}

func (s Subject) answers(t *testing.T) {
	for _, c := range []struct {
		name      string
		behaviour Behaviour
		want      []channel.Outcome // any of them; none for sent
		handed    int
	}{
		{"what the provider takes has its id", Accept, nil, 1},
		{"what it refuses is refused", Refuse, []channel.Outcome{channel.Refused}, 1},
		{"what it wants later is throttled, and not tried again here", Throttle, []channel.Outcome{channel.Throttled}, 1},
		{"what it has no permission for is blocked", Deny, []channel.Outcome{channel.Blocked}, 1},
		{"an internal error leaves it unknown, and is not tried again", Garbled, []channel.Outcome{channel.Unknown}, 1},
		{"a lost answer leaves it unknown, and is not tried again", Lost, []channel.Outcome{channel.Unknown}, 1},
		{"a provider that hangs up is not tried again", HangUp, []channel.Outcome{channel.Unknown, channel.Throttled}, 1},
		{"a provider that nobody reached has not taken it", Unreachable, []channel.Outcome{channel.Throttled}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			ch, p := s.start(t, c.behaviour)
			id, err := ch.Send(t.Context(), s.Message)
			if len(c.want) > 0 {
				s.checkError(t, id, err, c.want...)
			} else if err != nil || id == "" {
				t.Errorf("got %q, %v", id, err)
			}
			if got := len(p.Taken()); got != c.handed {
				t.Errorf("the provider was handed %d messages, not %d", got, c.handed)
			}
		})
	}
}

func (s Subject) time(t *testing.T) {
	for name, reason := range map[string]error{
		"no answer before the deadline leaves it unknown":      context.DeadlineExceeded,
		"a send that is called off on the way is left unknown": context.Canceled,
	} {
		t.Run(name, func(t *testing.T) {
			ch, p := s.start(t, Silent)
			id, err := ch.Send(&ending{t.Context(), p.given, reason}, s.Message)
			s.checkError(t, id, err, channel.Unknown)
			if got := len(p.Taken()); got != 1 {
				t.Errorf("the provider was handed %d messages", got)
			}
		})
	}
	t.Run("what has no time left is never handed over", func(t *testing.T) {
		ch, p := s.start(t, Accept)
		ended := make(chan struct{})
		close(ended)
		id, err := ch.Send(&ending{t.Context(), ended, context.DeadlineExceeded}, s.Message)
		s.checkError(t, id, err, channel.Throttled)
		if got := len(p.Taken()); got != 0 {
			t.Errorf("the provider was handed %d messages", got)
		}
	})
}

// ending is a context that ends when a channel is closed.
type ending struct {
	context.Context
	done   <-chan struct{}
	reason error
}

func (c *ending) Done() <-chan struct{} { return c.done }

func (c *ending) Err() error {
	select {
	case <-c.done:
		return c.reason
	default:
		return nil
	}
}

func (s Subject) refusals(t *testing.T) {
	type change = func(*channel.Message)
	spoilt := map[string]change{
		"an address with a line break":    func(m *channel.Message) { m.To += "\r\nBcc: victim@example.com" },
		"no address":                      func(m *channel.Message) { m.To = "" },
		"no ledger id":                    func(m *channel.Message) { m.Ledger = "" },
		"a ledger id of other characters": func(m *channel.Message) { m.Ledger = "a b" },
		"a ledger id with a line break":   func(m *channel.Message) { m.Ledger = "a\r\nBcc: victim@example.com" },
		"a ledger id that is too long":    func(m *channel.Message) { m.Ledger = strings.Repeat("a", 257) },
		"no content":                      func(m *channel.Message) { m.Text, m.HTML, m.Data = "", "", nil },
	}
	if s.Message.Subject != "" {
		spoilt["a subject with a line break"] = func(m *channel.Message) { m.Subject = "Hello\nBcc: victim@example.com" }
		spoilt["a subject with a carriage return"] = func(m *channel.Message) { m.Subject = "Hello\rBcc: victim@example.com" }
	}
	if s.Message.Unsubscribe != "" {
		spoilt["an unsubscribe link with a line break"] = func(m *channel.Message) { m.Unsubscribe += "\r\nBcc: victim@example.com" }
		spoilt["an unsubscribe link that ends its header"] = func(m *channel.Message) { m.Unsubscribe += ">, <mailto:x@example.com" }
		spoilt["an unsubscribe link that is a script"] = func(m *channel.Message) { m.Unsubscribe = "javascript:alert(1)" }
	}
	for name, spoil := range spoilt {
		t.Run(name+" is refused and never handed over", func(t *testing.T) {
			ch, p := s.start(t, Accept)
			m := s.Message
			spoil(&m)
			id, err := ch.Send(t.Context(), m)
			s.checkError(t, id, err, channel.Refused)
			if taken := p.Taken(); len(taken) != 0 {
				t.Errorf("handed over: %s", taken[0])
			}
		})
	}
}

// checkError checks that an error has one of the outcomes, and says nothing of whom the message is for or what it says.
func (s Subject) checkError(t *testing.T, id string, err error, want ...channel.Outcome) {
	t.Helper()
	var e *channel.Error
	if !errors.As(err, &e) || !slices.Contains(want, e.Outcome) || e.Reason == "" || id != "" {
		t.Errorf("got %q, %v, want %v with a reason", id, err, want)
		return
	}
	for _, private := range []string{s.Message.To, s.Message.Text} {
		if private != "" && strings.Contains(e.Error()+e.Reason, private) {
			t.Errorf("the error repeats %q: %v", private, e)
		}
	}
}

// Nobody returns an address of this machine where nobody listens.
func Nobody(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
