// Package smtp sends e-mail through a mail server of one's own (RFC 5321), for those who are not on SES: over TLS alone,
// from the first byte or from STARTTLS on. Mail is made as package ses has it made: a text and an HTML part, and the
// headers for one-click unsubscribing.
//
// A server owns a mail from its answer to the final dot on (RFC 5321, 4.2.5 and 6.1): whatever fails before the dot is sent
// has definitely not been taken, and what breaks between dot and answer nobody can tell. The ledger's id is the mail's
// Message-ID, left of the @, and its header X-Liuke-Entry, by which bounces and the server's log find it.
package smtp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/mail"
	"net/smtp"
	"strconv"
	"strings"
	"time"

	"liuke/shared/channel"
	"liuke/shared/channel/internal/check"
	"liuke/shared/fault"
)

// Security is how a connection is encrypted.
type Security string

// The ways of it.
const (
	StartTLS Security = "starttls" // from STARTTLS on; a server that doesn't offer it is not spoken to
	Implicit Security = "tls"      // from the first byte on (RFC 8314)
)

// Config says which server sends, and as whom.
type Config struct {
	Host     string // as in the server's certificate
	Port     int    // 0 for 587, or 465 with Implicit
	Security Security
	// Secret holds {"username":"…","password":"…"} for AUTH PLAIN or LOGIN, and is read for every message; nil for a
	// server that asks for none.
	Secret interface {
		Value(ctx context.Context) ([]byte, error)
	}
	From  string           // "Shop <hello@example.com>" or bare
	Hello string           // the name to greet with; "" for the domain of From
	Now   func() time.Time // for the header Date
	Roots *x509.CertPool   // who vouches for the server; nil for the system's
	// Dial connects to the server; nil for the system's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Channel sends mail, each over a connection of its own. It is safe for concurrent use.
type Channel struct {
	config  Config
	from    mail.Address
	domain  string // of from
	address string // of the server
}

var _ channel.Channel = (*Channel)(nil)

// New returns a channel. It returns an Invalid error for a configuration that no mail could be sent with.
func New(c Config) (*Channel, error) {
	from, err := mail.ParseAddress(c.From)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the sender is not an address such as Shop <hello@example.com>")
	}
	ports := map[Security]int{StartTLS: 587, Implicit: 465}
	port, ok := ports[c.Security]
	switch {
	case !ok:
		return nil, fault.New(fault.Invalid, "a mail server is spoken to by %q or %q, not by %q", StartTLS, Implicit, c.Security)
	case c.Host == "" || c.Port < 0 || c.Port > 1<<16-1:
		return nil, fault.New(fault.Invalid, "a mail server needs a host, and a port from 1 to 65535")
	case c.Port != 0:
		port = c.Port
	}
	domain := from.Address[strings.LastIndexByte(from.Address, '@')+1:]
	if c.Hello == "" {
		c.Hello = domain
	}
	if c.Dial == nil {
		c.Dial = (&net.Dialer{}).DialContext
	}
	return &Channel{config: c, from: *from, domain: domain, address: net.JoinHostPort(c.Host, strconv.Itoa(port))}, nil
}

// Send implements channel.Channel. The id that it returns is the mail's Message-ID without its brackets.
func (c *Channel) Send(ctx context.Context, m channel.Message) (string, error) {
	if reason := check.Mail(m); reason != "" {
		return "", check.Refuse(reason)
	}
	if err := check.Begin(ctx); err != nil {
		return "", err
	}
	id := m.Ledger + "@" + c.domain
	raw, err := c.compose(m, id)
	if err != nil {
		return "", check.Refuse("bad_content")
	}
	if len(raw) > maxMail {
		return "", check.Refuse("too_long")
	}
	ctx, cancel := context.WithTimeout(ctx, channel.Timeout)
	defer cancel()
	if failed := c.deliver(ctx, m.To, raw); failed != nil {
		return "", failed
	}
	return id, nil
}

// deliver hands a mail over in a session of its own.
func (c *Channel) deliver(ctx context.Context, to string, raw []byte) *channel.Error {
	auth, failed := c.auth(ctx)
	if failed != nil {
		return failed
	}
	conn, err := c.config.Dial(ctx, "tcp", c.address)
	if err != nil {
		return &channel.Error{Outcome: channel.Throttled, Reason: "unreachable", Err: err}
	}
	defer conn.Close()
	// What ends the context ends whatever waits for the server.
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	s := &session{ctx: ctx, stage: greeting}
	if err := s.open(conn, c); err != nil {
		return s.failed(err)
	}
	if err := s.logIn(auth, c.config.Host); err != nil {
		return s.failed(err)
	}
	if err := s.hand(c.from.Address, to, raw); err != nil {
		return s.failed(err)
	}
	// The mail is the server's. A farewell that is lost changes nothing.
	_ = s.client.Text.PrintfLine("QUIT")
	return nil
}

func (c *Channel) tls() *tls.Config {
	return &tls.Config{ServerName: c.config.Host, RootCAs: c.config.Roots, MinVersion: tls.VersionTLS12}
}

// open greets the server over TLS.
func (s *session) open(conn net.Conn, c *Channel) (err error) {
	if c.config.Security == Implicit {
		s.stage = encryption
		secured := tls.Client(conn, c.tls())
		if err := secured.HandshakeContext(s.ctx); err != nil {
			return err
		}
		conn, s.stage = secured, greeting
	}
	if s.client, err = smtp.NewClient(conn, c.config.Host); err != nil {
		return err
	}
	s.stage = hello
	if err := s.client.Hello(c.config.Hello); err != nil {
		return err
	}
	if c.config.Security == Implicit {
		return nil
	}
	s.stage = encryption
	if offered, _ := s.client.Extension("STARTTLS"); !offered {
		return blocked("no_starttls")
	}
	return s.client.StartTLS(c.tls())
}

// hand hands the mail over, up to the answer to the final dot.
func (s *session) hand(from, to string, raw []byte) error {
	if limited, size := s.client.Extension("SIZE"); limited {
		if most, err := strconv.Atoi(size); err == nil && most > 0 && len(raw) > most {
			return check.Refuse("too_long")
		}
	}
	if known, _ := s.client.Extension("SMTPUTF8"); !known && !isASCII(from+to) {
		return check.Refuse("no_smtputf8")
	}
	s.stage = sender
	if err := s.client.Mail(from); err != nil {
		return err
	}
	s.stage = recipient
	if err := s.client.Rcpt(to); err != nil {
		return err
	}
	s.stage = data
	w, err := s.client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(raw); err != nil {
		return err
	}
	s.stage = dot
	return w.Close()
}
