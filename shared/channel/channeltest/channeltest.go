// Package channeltest is the conformance test of channels: what every one of them must do whatever its provider.
package channeltest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"liuke/shared/channel"
)

// Behaviour is how the provider answers.
type Behaviour string

// What a provider may do. It has taken the message in Accept, Lost and Failing; in Refuse, Throttle, Deny and
// Unreachable it has definitely not.
const (
	Accept      Behaviour = "accept"
	Refuse      Behaviour = "refuse"      // says no to this message
	Throttle    Behaviour = "throttle"    // asks for a slower pace
	Deny        Behaviour = "deny"        // has no permission for the caller
	Failing     Behaviour = "failing"     // takes it and answers with an internal error
	Lost        Behaviour = "lost"        // takes it and closes the connection without an answer
	Silent      Behaviour = "silent"      // takes it and answers never
	Unreachable Behaviour = "unreachable" // nobody listens
)

// Harness sets up a channel against a provider that behaves so. Taken returns how often the provider was handed a
// message, in the channel's own wire format.
type Harness func(t *testing.T, b Behaviour) (c channel.Channel, taken func() []string)

// Run runs the conformance test. Address is one that the channel takes.
func Run(t *testing.T, address string, setup Harness) {
	good := channel.Message{
		To: address, Subject: "Hello 你好", Text: "Hello", HTML: "<p>Hello</p>",
		Unsubscribe: "https://example.com/u/abc", Ledger: "abc-DEF_123",
	}
	for _, c := range []struct {
		name      string
		behaviour Behaviour
		want      channel.Outcome // "" for sent
		handed    int
	}{
		{"what the provider takes has its id", Accept, "", 1},
		{"what it refuses is refused", Refuse, channel.Refused, 1},
		{"what it wants later is throttled, and not tried again here", Throttle, channel.Throttled, 1},
		{"what it has no permission for is blocked", Deny, channel.Blocked, 1},
		{"an internal error leaves it unknown, and is not tried again", Failing, channel.Unknown, 1},
		{"a lost answer leaves it unknown, and is not tried again", Lost, channel.Unknown, 1},
		{"no answer in time leaves it unknown", Silent, channel.Unknown, 1},
		{"a provider that nobody reached has not taken it", Unreachable, channel.Throttled, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			ch, taken := setup(t, c.behaviour)
			ctx := t.Context()
			if c.behaviour == Silent {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 100*time.Millisecond)
				defer cancel()
			}
			id, err := ch.Send(ctx, good)
			switch {
			case c.want == "" && (err != nil || id == ""):
				t.Errorf("got %q, %v", id, err)
			case c.want != "":
				checkError(t, err, c.want, address)
			}
			if got := len(taken()); got != c.handed {
				t.Errorf("the provider was handed %d messages, not %d", got, c.handed)
			}
		})
	}
	t.Run("what is sent holds what was given", func(t *testing.T) {
		ch, taken := setup(t, Accept)
		if _, err := ch.Send(t.Context(), good); err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{good.To, good.Subject, good.Text, good.Ledger} {
			if !strings.Contains(taken()[0], part) {
				t.Errorf("%q is not in %s", part, taken()[0])
			}
		}
	})
	for name, spoil := range map[string]func(*channel.Message){
		"an address with a line break":             func(m *channel.Message) { m.To += "\r\nBcc: victim@example.com" },
		"no address":                               func(m *channel.Message) { m.To = "" },
		"a subject with a line break":              func(m *channel.Message) { m.Subject = "Hello\nBcc: victim@example.com" },
		"a subject with a carriage return":         func(m *channel.Message) { m.Subject = "Hello\rBcc: victim@example.com" },
		"an unsubscribe link with a line break":    func(m *channel.Message) { m.Unsubscribe += "\r\nBcc: victim@example.com" },
		"an unsubscribe link that ends its header": func(m *channel.Message) { m.Unsubscribe += ">, <mailto:x@example.com" },
		"an unsubscribe link that is a script":     func(m *channel.Message) { m.Unsubscribe = "javascript:alert(1)" },
		"no ledger id":                             func(m *channel.Message) { m.Ledger = "" },
		"a ledger id of other characters":          func(m *channel.Message) { m.Ledger = "a b" },
		"a ledger id that is too long":             func(m *channel.Message) { m.Ledger = strings.Repeat("a", 257) },
	} {
		t.Run(name+" is refused and never handed over", func(t *testing.T) {
			ch, taken := setup(t, Accept)
			m := good
			spoil(&m)
			_, err := ch.Send(t.Context(), m)
			checkError(t, err, channel.Refused, address)
			if len(taken()) != 0 {
				t.Errorf("handed over: %s", taken()[0])
			}
		})
	}
}

func checkError(t *testing.T, err error, want channel.Outcome, address string) {
	t.Helper()
	var e *channel.Error
	if !errors.As(err, &e) || e.Outcome != want || e.Reason == "" {
		t.Errorf("got %v, want %s with a reason", err, want)
		return
	}
	if strings.Contains(e.Error(), address) || strings.Contains(e.Reason, address) {
		t.Errorf("the error repeats the address: %v", e)
	}
}
