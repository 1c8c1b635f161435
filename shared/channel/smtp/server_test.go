package smtp_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	"net/mail"
	"net/textproto"
	"strconv"
	"strings"
	"testing"
	"time"

	"liuke/shared/channel"
	"liuke/shared/channel/channeltest"
	"liuke/shared/channel/smtp"
)

// The verbs of a session, for what a server says to each. Dot is the end of the mail.
const (
	greet = "GREETING"
	dot   = "."
	hang  = "" // as a reply: close the connection
)

// server is a mail server for example.com.
type server struct {
	provider *channeltest.Provider
	implicit bool
	plain    bool              // offers no STARTTLS
	auth     string            // the mechanisms that it offers; "" for PLAIN
	extras   []string          // what else EHLO lists
	replies  map[string]string // instead of the usual ones, by verb

	certificate tls.Certificate
	roots       *x509.CertPool
	clear       []string // verbs that came unencrypted
	mailFrom    string
	rcptTo      string
}

// start serves until the test's end, and returns the port.
func (s *server) start(t *testing.T) int {
	t.Helper()
	lender := httptest.NewTLSServer(nil) // its certificate is for example.com
	lender.Close()
	s.certificate = lender.TLS.Certificates[0]
	s.roots = x509.NewCertPool()
	s.roots.AddCert(lender.Certificate())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.serve(conn)
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		<-done
	})
	return listener.Addr().(*net.TCPAddr).Port
}

// config is of a channel that speaks to the server.
func (s *server) config(port int) smtp.Config {
	c := smtp.Config{
		Host: "example.com", Port: port, Security: smtp.StartTLS, Secret: value{raw: `{"username":"liuke","password":"geheim"}`},
		From: "Shop <hello@shop.example>", Now: func() time.Time { return time.Unix(1_700_000_000, 0).UTC() }, Roots: s.roots,
		Dial: here,
	}
	if s.implicit {
		c.Security = smtp.Implicit
	}
	return c
}

func (s *server) channel(t *testing.T) channel.Channel {
	t.Helper()
	ch, err := smtp.New(s.config(s.start(t)))
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

// serve holds one session.
func (s *server) serve(raw net.Conn) {
	defer raw.Close()
	conn, secured := raw, false
	if s.implicit {
		conn, secured = tls.Server(raw, &tls.Config{Certificates: []tls.Certificate{s.certificate}}), true
	}
	text := textproto.NewConn(conn)
	if !s.say(text, greet, "220 example.com at your service") {
		return
	}
	for {
		line, err := text.ReadLine()
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(line, " ")
		if !secured {
			s.clear = append(s.clear, verb)
		}
		switch verb {
		case "EHLO":
			if !s.say(text, verb, s.hello(secured)) {
				return
			}
		case "STARTTLS":
			if !s.say(text, verb, "220 go ahead") {
				return
			}
			secured = true
			text = textproto.NewConn(tls.Server(raw, &tls.Config{Certificates: []tls.Certificate{s.certificate}}))
		case "AUTH":
			if !s.say(text, verb, s.logIn(text, rest)) {
				return
			}
		case "MAIL":
			s.mailFrom = rest
			if !s.say(text, verb, "250 2.1.0 ok") {
				return
			}
		case "RCPT":
			s.rcptTo = rest
			if !s.say(text, verb, "250 2.1.5 ok") {
				return
			}
		case "DATA":
			if !s.data(text) {
				return
			}
		case "QUIT":
			_ = text.PrintfLine("221 2.0.0 bye")
			return
		default:
			_ = text.PrintfLine("502 5.5.2 what")
		}
	}
}

// say replies, and reports whether the session goes on.
func (s *server) say(text *textproto.Conn, verb, usual string) bool {
	reply, ok := s.replies[verb]
	if !ok {
		reply = usual
	}
	if reply == hang {
		return false
	}
	return text.PrintfLine("%s", reply) == nil
}

func (s *server) hello(secured bool) string {
	lines := append([]string{"example.com"}, s.extras...)
	if !secured && !s.plain {
		lines = append(lines, "STARTTLS")
	}
	if offered := s.auth; secured && offered != "none" {
		if offered == "" {
			offered = "PLAIN"
		}
		lines = append(lines, "AUTH "+offered)
	}
	for i := range lines {
		sep := "-"
		if i == len(lines)-1 {
			sep = " "
		}
		lines[i] = "250" + sep + lines[i]
	}
	return strings.Join(lines, "\r\n")
}

// logIn returns the reply to a login with the right password, or with another.
func (s *server) logIn(text *textproto.Conn, rest string) string {
	ask := func(prompt string) string {
		_ = text.PrintfLine("334 %s", base64.StdEncoding.EncodeToString([]byte(prompt)))
		line, _ := text.ReadLine()
		said, _ := base64.StdEncoding.DecodeString(line)
		return string(said)
	}
	right := false
	if mechanism, initial, _ := strings.Cut(rest, " "); mechanism == "LOGIN" {
		right = ask("Username:") == "liuke" && ask("Password:") == "geheim"
	} else {
		said, _ := base64.StdEncoding.DecodeString(initial)
		right = string(said) == "\x00liuke\x00geheim"
	}
	if s.provider.Behaviour == channeltest.Deny {
		s.provider.Take("AUTH")
		right = false
	}
	if !right {
		return "535 5.7.8 liuke is not who he says"
	}
	return "235 2.7.0 welcome"
}

// data takes a mail and reports whether the session goes on.
func (s *server) data(text *textproto.Conn) bool {
	if s.provider.Behaviour == channeltest.HangUp {
		s.provider.Take("")
		return false
	}
	if reply, ok := s.replies["DATA"]; ok {
		return s.say(text, "DATA", reply)
	}
	_ = text.PrintfLine("354 go on")
	raw, err := io.ReadAll(text.DotReader())
	if err != nil {
		return false
	}
	s.provider.Take(string(raw))
	switch s.provider.Behaviour {
	case channeltest.Lost:
		return false
	case channeltest.Silent:
		s.provider.Wait()
		return false
	}
	return s.say(text, dot, map[channeltest.Behaviour]string{
		channeltest.Accept:   "250 2.0.0 Ok: queued as 4F2A",
		channeltest.Refuse:   "550 5.6.0 li@example.com will not like this",
		channeltest.Throttle: "451 4.7.1 li@example.com is busy",
		channeltest.Garbled:  "li@example.com, hello?",
	}[s.provider.Behaviour])
}

// received is a mail as its reader sees it.
type received struct {
	header     mail.Header
	subject    string
	text, html string
	longest    int // line
}

// open reads a mail.
func open(raw string) (m received, err error) {
	for line := range strings.Lines(raw) {
		m.longest = max(m.longest, len(strings.TrimRight(line, "\r\n")))
	}
	parsed, err := mail.ReadMessage(bufio.NewReader(strings.NewReader(raw)))
	if err != nil {
		return m, err
	}
	m.header = parsed.Header
	if m.subject, err = new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject")); err != nil {
		return m, err
	}
	kind, params, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		return m, fmt.Errorf("a mail of %s: %w", strconv.Quote(kind), err)
	}
	parts := multipart.NewReader(parsed.Body, params["boundary"])
	for {
		p, err := parts.NextRawPart()
		if err == io.EOF {
			return m, nil
		}
		if err != nil {
			return m, err
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			return m, err
		}
		switch p.Header.Get("Content-Type") {
		case "text/plain; charset=utf-8":
			m.text = string(body)
		case "text/html; charset=utf-8":
			if m.text == "" {
				return m, fmt.Errorf("the richer part comes first")
			}
			m.html = string(body)
		default:
			return m, fmt.Errorf("a part of %s", p.Header.Get("Content-Type"))
		}
	}
}
