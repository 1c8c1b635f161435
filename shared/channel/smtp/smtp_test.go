package smtp_test

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"liuke/shared/channel"
	"liuke/shared/channel/channeltest"
	"liuke/shared/channel/smtp"
)

// value is a secret that holds what it is, or an error.
type value struct {
	raw string
	err error
}

func (v value) Value(context.Context) ([]byte, error) { return []byte(v.raw), v.err }

// here connects to this machine whatever the host.
func here(ctx context.Context, network, address string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
}

func hello() channel.Message {
	return channel.Message{
		To: "li@example.com", Subject: "Hello 你好", Text: "Hello Li", HTML: "<p>Hello Li</p>",
		Unsubscribe: "https://example.com/u/abc", Ledger: "abc-DEF_123",
	}
}

func TestConformance(t *testing.T) {
	for _, implicit := range []bool{false, true} {
		name := map[bool]string{false: "STARTTLS", true: "implicit TLS"}[implicit]
		t.Run(name, func(t *testing.T) {
			channeltest.Run(t, channeltest.Subject{
				Message: hello(),
				Holds: []string{
					"To: li@example.com\n", "Message-ID: <abc-DEF_123@shop.example>\n", "X-Liuke-Entry: abc-DEF_123\n", "Hello Li", "<p>Hello Li</p>",
					"List-Unsubscribe: <https://example.com/u/abc>\n", "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n",
				},
				Setup: func(t *testing.T, p *channeltest.Provider) channel.Channel {
					s := &server{provider: p, implicit: implicit}
					if p.Behaviour != channeltest.Unreachable {
						return s.channel(t)
					}
					c := s.config(1)
					c.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
						return (&net.Dialer{}).DialContext(ctx, network, channeltest.Nobody(t))
					}
					ch, err := smtp.New(c)
					if err != nil {
						t.Fatal(err)
					}
					return ch
				},
			})
		})
	}
}

// send sends a message to the server, which takes it.
func (s *server) send(t *testing.T, m channel.Message) (id string, err error) {
	t.Helper()
	s.provider = channeltest.NewProvider(t, channeltest.Accept)
	return s.channel(t).Send(t.Context(), m)
}

func TestReplies(t *testing.T) {
	for _, c := range []struct {
		name, verb, reply string
		want              channel.Outcome // "" for sent
		reason            string
		suppress          bool
	}{
		{"a server that is not for us", greet, "554 5.7.1 no", channel.Blocked, "smtp_554_5.7.1", false},
		{"a server that is busy", greet, "421 4.3.2 li@example.com", channel.Throttled, "smtp_421_4.3.2", false},
		{"a server that is none", greet, "HTTP/1.1 400 Bad Request", channel.Throttled, "connection_lost", false},
		{"a greeting refused, in either way", "EHLO", "550 go away", channel.Blocked, "smtp_502_5.5.2", false},
		{"no encryption now", "STARTTLS", "454 4.7.0 later", channel.Throttled, "smtp_454_4.7.0", false},
		{"no login now", "AUTH", "454 4.7.0 later", channel.Throttled, "smtp_454_4.7.0", false},
		{"a wrong password", "AUTH", "535 5.7.8 no", channel.Blocked, "smtp_535_5.7.8", false},
		{"a sender that is not ours", "MAIL", "553 5.7.1 not yours", channel.Blocked, "smtp_553_5.7.1", false},
		{"a sender's quota", "MAIL", "452 4.3.1 enough", channel.Throttled, "smtp_452_4.3.1", false},
		{"no such mailbox", "RCPT", "550 5.1.1 <li@example.com>: unknown", channel.Refused, "smtp_550_5.1.1", true},
		{"no such mailbox, in several lines", "RCPT", "550-5.1.1 li@example.com\r\n550 5.1.1 is unknown", channel.Refused, "smtp_550_5.1.1", true},
		{"a domain that takes no mail", "RCPT", "556 5.1.10 null MX", channel.Refused, "smtp_556_5.1.10", true},
		{"a mailbox that is full", "RCPT", "552 5.2.2 full", channel.Refused, "smtp_552_5.2.2", false},
		{"a recipient to try later", "RCPT", "450 4.2.0 greylisted", channel.Throttled, "smtp_450_4.2.0", false},
		{"a login that is asked for late", "RCPT", "530 5.7.0 log in", channel.Blocked, "smtp_530_5.7.0", false},
		{"an enhanced code of another class", "RCPT", "550 2.1.1 li", channel.Refused, "smtp_550", false},
		{"an enhanced code that is none", "RCPT", "550 5.1.li@example.com no", channel.Refused, "smtp_550", false},
		{"no data", "DATA", "554 5.5.1 no", channel.Refused, "smtp_554_5.5.1", false},
		{"a mail that is too long", dot, "552 5.3.4 too long", channel.Refused, "smtp_552_5.3.4", false},
		{"a mail to send again", dot, "452 4.3.1 disk full", channel.Throttled, "smtp_452_4.3.1", false},
		{"a yes of another kind", dot, "354 and on", channel.Unknown, "smtp_354", false},
		{"a hang-up before anything", greet, hang, channel.Throttled, "connection_lost", false},
		{"a hang-up at the greeting", "EHLO", hang, channel.Throttled, "connection_lost", false},
		{"a hang-up before encryption", "STARTTLS", hang, channel.Throttled, "connection_lost", false},
		{"a hang-up at the login", "AUTH", hang, channel.Throttled, "connection_lost", false},
		{"a hang-up at the sender", "MAIL", hang, channel.Throttled, "connection_lost", false},
		{"a hang-up at the recipient", "RCPT", hang, channel.Throttled, "connection_lost", false},
		{"a hang-up before the data", "DATA", hang, channel.Throttled, "connection_lost", false},
		{"a hang-up after the dot", dot, hang, channel.Unknown, "no_answer", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &server{replies: map[string]string{c.verb: c.reply}}
			_, err := s.send(t, hello())
			got, reason := channel.OutcomeOf(err)
			if got != c.want || reason != c.reason || channel.Suppresses(err) != c.suppress {
				t.Errorf("got %s %s, suppress %t", got, reason, channel.Suppresses(err))
			}
			if handed := len(s.provider.Taken()); (handed == 1) != (c.verb == dot) {
				t.Errorf("handed over %d times", handed)
			}
		})
	}
}

func TestLogins(t *testing.T) {
	for name, c := range map[string]struct {
		offered string
		secret  string
		want    channel.Outcome // "" for sent
		reason  string
	}{
		"PLAIN":                      {"CRAM-MD5 PLAIN LOGIN", `{"username":"liuke","password":"geheim"}`, "", ""},
		"LOGIN":                      {"LOGIN", `{"username":"liuke","password":"geheim"}`, "", ""},
		"LOGIN with a wrong one":     {"LOGIN", `{"username":"liuke","password":"x"}`, channel.Blocked, "smtp_535_5.7.8"},
		"PLAIN with a wrong one":     {"PLAIN", `{"username":"liuke","password":"x"}`, channel.Blocked, "smtp_535_5.7.8"},
		"another mechanism":          {"CRAM-MD5", `{"username":"liuke","password":"geheim"}`, channel.Blocked, "no_auth"},
		"none":                       {"none", `{"username":"liuke","password":"geheim"}`, channel.Blocked, "no_auth"},
		"a secret not filled in":     {"PLAIN", `{"placeholder":"x"}`, channel.Blocked, "bad_credentials"},
		"a secret of another form":   {"PLAIN", `x`, channel.Blocked, "bad_credentials"},
		"nobody, where none's asked": {"none", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := &server{auth: c.offered, provider: channeltest.NewProvider(t, channeltest.Accept)}
			config := s.config(s.start(t))
			config.Roots, config.Secret = s.roots, value{raw: c.secret}
			if c.secret == "" {
				config.Secret = nil
			}
			ch, err := smtp.New(config)
			if err != nil {
				t.Fatal(err)
			}
			_, err = ch.Send(t.Context(), hello())
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if got, reason := channel.OutcomeOf(err); got != c.want || reason != c.reason {
				t.Errorf("got %s %s", got, reason)
			}
		})
	}
	t.Run("a secret that cannot be read", func(t *testing.T) {
		s := &server{}
		config := s.config(1)
		config.Secret = value{err: errors.New("busy")}
		ch, err := smtp.New(config)
		if err != nil {
			t.Fatal(err)
		}
		_, err = ch.Send(t.Context(), hello())
		if got, reason := channel.OutcomeOf(err); got != channel.Throttled || reason != "no_credentials" {
			t.Errorf("got %s %s", got, reason)
		}
	})
}

func TestNothingIsSaidInTheClear(t *testing.T) {
	t.Run("but that it be encrypted", func(t *testing.T) {
		s := &server{}
		if _, err := s.send(t, hello()); err != nil || !slices.Equal(s.clear, []string{"EHLO", "STARTTLS"}) {
			t.Errorf("%q, %v", s.clear, err)
		}
	})
	t.Run("to a server that doesn't offer it", func(t *testing.T) {
		s := &server{plain: true}
		_, err := s.send(t, hello())
		if got, reason := channel.OutcomeOf(err); got != channel.Blocked || reason != "no_starttls" || slices.Contains(s.clear, "AUTH") || slices.Contains(s.clear, "MAIL") {
			t.Errorf("got %s %s after %q", got, reason, s.clear)
		}
	})
	for name, implicit := range map[string]bool{"to a stranger after STARTTLS": false, "to a stranger": true} {
		t.Run(name, func(t *testing.T) {
			s := &server{implicit: implicit, provider: channeltest.NewProvider(t, channeltest.Accept)}
			config := s.config(s.start(t))
			config.Roots = x509.NewCertPool()
			ch, err := smtp.New(config)
			if err != nil {
				t.Fatal(err)
			}
			_, err = ch.Send(t.Context(), hello())
			if got, reason := channel.OutcomeOf(err); got != channel.Blocked || reason != "tls_failed" || slices.Contains(s.clear, "AUTH") {
				t.Errorf("got %s %s after %q", got, reason, s.clear)
			}
		})
	}
}

func TestWhatAServerSaysItTakes(t *testing.T) {
	long := hello()
	long.Text = strings.Repeat("a", 10_000)
	abroad := hello()
	abroad.To = "李@example.com"
	for name, c := range map[string]struct {
		extras  []string
		message channel.Message
		reason  string // "" for sent
	}{
		"a mail within its size":                      {[]string{"SIZE 20000"}, long, ""},
		"a mail beyond it":                            {[]string{"SIZE 9000"}, long, "too_long"},
		"a size of 0, which is none":                  {[]string{"SIZE 0"}, long, ""},
		"a mail beyond any":                           {nil, channel.Message{To: "li@example.com", Subject: "x", Text: strings.Repeat("a", 11<<20), HTML: "x", Ledger: "a"}, "too_long"},
		"an address in Chinese, where it's read":      {[]string{"SMTPUTF8", "8BITMIME"}, abroad, ""},
		"an address in Chinese, where it isn't":       {nil, abroad, "no_smtputf8"},
		"an address that is two":                      {nil, channel.Message{To: "a@example.com, b@example.com", Subject: "x", Text: "x", HTML: "x", Ledger: "a"}, "bad_address"},
		"an address with a name":                      {nil, channel.Message{To: "Li <a@example.com>", Subject: "x", Text: "x", HTML: "x", Ledger: "a"}, "bad_address"},
		"an address that would end the command early": {nil, channel.Message{To: "a@example.com> SIZE=1", Subject: "x", Text: "x", HTML: "x", Ledger: "a"}, "bad_address"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &server{extras: c.extras}
			_, err := s.send(t, c.message)
			got, reason := channel.OutcomeOf(err)
			switch {
			case c.reason == "" && err != nil, c.reason != "" && (got != channel.Refused || reason != c.reason):
				t.Errorf("got %v", err)
			case len(s.provider.Taken()) > 0 != (c.reason == ""):
				t.Errorf("handed over %d times", len(s.provider.Taken()))
			}
		})
	}
}

func TestConfigurationsThatNoMailCouldBeSentWith(t *testing.T) {
	good := smtp.Config{Host: "example.com", Security: smtp.StartTLS, From: "hello@shop.example", Now: time.Now}
	if _, err := smtp.New(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*smtp.Config){
		"no host":         func(c *smtp.Config) { c.Host = "" },
		"no encryption":   func(c *smtp.Config) { c.Security = "" },
		"a port beyond":   func(c *smtp.Config) { c.Port = 65536 },
		"a negative port": func(c *smtp.Config) { c.Port = -1 },
		"no sender":       func(c *smtp.Config) { c.From = "" },
		"two senders":     func(c *smtp.Config) { c.From = "a@example.com, b@example.com" },
	} {
		c := good
		spoil(&c)
		if _, err := smtp.New(c); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
