package standin

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/textproto"
	"os"
	"strconv"
	"strings"
	"time"

	"liuke/shared/clock"
)

// MailServer is a server for mail on this machine (RFC 5321): by STARTTLS or TLS, with AUTH PLAIN for whoever comes. What it
// takes stands in the outbox. The recipients of SES's mailbox simulator whose mail would bounce have no mailbox here either.
// Call Close to end it.
type MailServer struct {
	// Host and Port are where it listens.
	Host string
	Port int

	outbox   *Outbox
	now      clock.Now
	listener net.Listener
	tls      *tls.Config
	implicit bool
}

// NewMailServer starts a server with a certificate of its own, which it writes to the file for its clients to trust.
// Implicit is TLS from the first byte on.
func NewMailServer(outbox *Outbox, now clock.Now, certificateFile string, implicit bool) (*MailServer, error) {
	const host = "127.0.0.1"
	certificate, err := newCertificate(host, certificateFile)
	if err != nil {
		return nil, fmt.Errorf("make the mail server's certificate: %w", err)
	}
	listener, err := net.Listen("tcp", host+":0")
	if err != nil {
		return nil, fmt.Errorf("start the mail server: %w", err)
	}
	s := &MailServer{
		Host: host, Port: listener.Addr().(*net.TCPAddr).Port, outbox: outbox, now: now, listener: listener, implicit: implicit,
		tls: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
	}
	go s.run()
	return s, nil
}

// Close ends the server.
func (s *MailServer) Close() { s.listener.Close() }

func (s *MailServer) run() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return // closed
		}
		go func() {
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(time.Minute))
			if s.implicit {
				conn = tls.Server(conn, s.tls)
			}
			(&mailSession{server: s, conn: conn}).run()
		}()
	}
}

// newCertificate makes a certificate that vouches for itself, for a year by this machine's clock.
func newCertificate(host, file string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	now := time.Now()
	about := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "Liuke on one machine"}, IPAddresses: []net.IP{net.ParseIP(host)},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// mailSession is one client's.
type mailSession struct {
	server    *MailServer
	conn      net.Conn
	text      *textproto.Conn
	encrypted bool
	from      string
	to        []string
}

func (c *mailSession) run() {
	c.text = textproto.NewConn(c.conn)
	c.encrypted = c.server.implicit
	c.say("220 liuke ESMTP")
	for {
		line, err := c.text.ReadLine()
		if err != nil || !c.answer(line) {
			return
		}
	}
}

func (c *mailSession) say(line string) bool { return c.text.PrintfLine("%s", line) == nil }

// answer answers a command; it reports whether another may come.
func (c *mailSession) answer(line string) bool {
	verb, rest, _ := strings.Cut(line, " ")
	switch verb = strings.ToUpper(verb); {
	case verb == "EHLO" && c.encrypted:
		return c.say("250-liuke\r\n250-AUTH PLAIN\r\n250-SMTPUTF8\r\n250-8BITMIME\r\n250 SIZE 41943040")
	case verb == "EHLO":
		return c.say("250-liuke\r\n250 STARTTLS")
	case verb == "STARTTLS" && !c.encrypted:
		return c.startTLS()
	case verb == "QUIT":
		c.say("221 2.0.0 bye")
		return false
	case !c.encrypted:
		return c.say("530 5.7.0 STARTTLS first")
	case verb == "AUTH":
		return c.say("235 2.7.0 welcome")
	case verb == "MAIL":
		c.from, c.to = path(rest), nil
		return c.say("250 2.1.0 ok")
	case verb == "RCPT":
		return c.recipient(path(rest))
	case verb == "DATA" && len(c.to) > 0:
		return c.data()
	case verb == "NOOP", verb == "RSET":
		return c.say("250 2.0.0 ok")
	}
	return c.say("503 5.5.1 not now")
}

func (c *mailSession) startTLS() bool {
	if !c.say("220 2.0.0 go ahead") {
		return false
	}
	secured := tls.Server(c.conn, c.server.tls)
	if secured.Handshake() != nil {
		return false
	}
	c.conn, c.text, c.encrypted = secured, textproto.NewConn(secured), true
	return true
}

// path is the address in FROM:<…> or TO:<…>.
func path(argument string) string {
	_, rest, _ := strings.Cut(argument, "<")
	address, _, _ := strings.Cut(rest, ">")
	return address
}

func (c *mailSession) recipient(to string) bool {
	for _, kind := range fate(to) {
		if kind == bounced {
			return c.say("550 5.1.1 no such mailbox")
		}
	}
	c.to = append(c.to, to)
	return c.say("250 2.1.5 ok")
}

func (c *mailSession) data() bool {
	if !c.say("354 end with .") {
		return false
	}
	raw, err := io.ReadAll(c.text.DotReader())
	if err != nil {
		return false
	}
	m, err := readMail(raw)
	if err == nil {
		m.ID, m.Channel, m.SentAt, m.recipients = newUUID(), Email, c.server.now(), c.to
		err = c.server.outbox.Add(m)
	}
	if err != nil {
		return c.say("554 5.6.0 that is no mail")
	}
	return c.say("250 2.0.0 taken as " + m.ID + " (" + strconv.Itoa(len(raw)) + " bytes)")
}

// readMail reads a mail's headers and its text and HTML parts.
func readMail(raw []byte) (Message, error) {
	parsed, err := mail.ReadMessage(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		return Message{}, err
	}
	decoder := &mime.WordDecoder{}
	decoded := func(name string) string {
		value := parsed.Header.Get(name)
		if text, err := decoder.DecodeHeader(value); err == nil {
			return text
		}
		return value
	}
	m := Message{
		From: decoded("From"), To: []string{decoded("To")}, Subject: decoded("Subject"), Headers: map[string]string{}, Tags: map[string]string{},
	}
	for name := range parsed.Header {
		switch name {
		case "From", "To", "Subject", "Content-Type", "Mime-Version":
		default:
			m.Headers[name] = parsed.Header.Get(name)
		}
	}
	kind, parameters, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		return Message{}, fmt.Errorf("the mail has no parts: %v", err)
	}
	parts := multipart.NewReader(parsed.Body, parameters["boundary"])
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return m, nil
		}
		if err != nil {
			return Message{}, err
		}
		if err := m.addPart(part); err != nil {
			return Message{}, err
		}
	}
}

func (m *Message) addPart(part *multipart.Part) error {
	var body io.Reader = part
	if strings.EqualFold(part.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
		body = quotedprintable.NewReader(part)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	switch kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); kind {
	case "text/plain":
		m.Text = string(text)
	case "text/html":
		m.HTML = string(text)
	}
	return nil
}
