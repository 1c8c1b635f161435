// Package webhook posts messages as JSON to addresses that an operator has given: signed by Standard Webhooks, so that the
// receiver knows whom they are from and, by webhook-id, which it has had; or to the group bots of a chat, which answer in
// their own way.
//
// A message is posted to hosts on the open Internet alone, whatever a name resolves to and whenever: the address that is
// looked at is the one that is connected to, and redirects are not followed. Each message has a connection of its own, as
// one that was kept may have died unseen while the function was frozen, and what had been posted into it would be unknown
// for ever.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"liuke/shared/channel"
	"liuke/shared/channel/internal/check"
)

// What is sent and read at most.
const (
	maxBody    = 256 << 10
	maxAnswer  = 64 << 10
	maxHeaders = 64 << 10
)

// Config says where messages go and how.
type Config struct {
	// Secret holds the destinations, in the form that ParseDestinations reads. It is read for every message.
	Secret interface {
		Value(ctx context.Context) ([]byte, error)
	}
	Now func() time.Time // what messages are signed as of
	// Local allows http, and hosts that are this machine: for the suite on one machine.
	Local bool
	// Roots are who vouches for receivers; nil for the system's.
	Roots *x509.CertPool
	// Lookup resolves a host's name; nil for the system's resolver.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	// Dial connects to an address that has been looked at, always an IP and a port; nil for the system's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Channel posts messages. It is safe for concurrent use.
type Channel struct {
	config Config
	http   *http.Client
}

var _ channel.Channel = (*Channel)(nil)

// New returns a channel.
func New(c Config) *Channel {
	return &Channel{config: c, http: &http.Client{
		Transport: &http.Transport{
			DialContext:            newDialer(c).connect,
			TLSClientConfig:        &tls.Config{RootCAs: c.Roots, MinVersion: tls.VersionTLS12},
			DisableKeepAlives:      true,
			DisableCompression:     true,
			MaxResponseHeaderBytes: maxHeaders,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Send implements channel.Channel. A message has the name of a destination and data, a JSON object of 256 KB at most, which
// are the body as they stand. A receiver gives no id: what is returned is the message's own, the ledger's.
func (c *Channel) Send(ctx context.Context, m channel.Message) (string, error) {
	if reason := fit(m); reason != "" {
		return "", check.Refuse(reason)
	}
	if err := check.Begin(ctx); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, channel.Timeout)
	defer cancel()
	d, failed := c.destination(ctx, m.To)
	if failed != nil {
		return "", failed
	}
	if failed := c.post(ctx, d, m); failed != nil {
		return "", failed
	}
	return m.Ledger, nil
}

// fit returns why a message is not fit to be sent, "" where it is.
func fit(m channel.Message) string {
	switch {
	case !isName(m.To):
		return "bad_address"
	case len(m.Data) == 0:
		return "no_content"
	case len(m.Data) > maxBody:
		return "too_long"
	case !bytes.HasPrefix(bytes.TrimLeft(m.Data, " \t\r\n"), []byte("{")) || !json.Valid(m.Data):
		return "bad_data"
	}
	return check.Ledger(m.Ledger)
}

// destination returns the one of a name.
func (c *Channel) destination(ctx context.Context, name string) (d Destination, failed *channel.Error) {
	blocked := func(reason string) *channel.Error {
		return &channel.Error{Outcome: channel.Blocked, Reason: reason}
	}
	raw, err := c.config.Secret.Value(ctx)
	if err != nil {
		return d, &channel.Error{Outcome: channel.Throttled, Reason: "no_destinations", Err: err}
	}
	all, err := ParseDestinations(raw)
	if err != nil {
		return d, blocked("bad_destinations")
	}
	d, known := all[name]
	switch {
	case !known:
		return d, blocked("unknown_destination")
	case d.Answer != ByStatus && d.Answer != ByErrcode:
		return d, blocked("bad_destination")
	case !d.usable(c.config.Local):
		return d, blocked("bad_url")
	}
	return d, nil
}

// post posts the message and reads the answer; nil for a message that was taken.
func (c *Channel) post(ctx context.Context, d Destination, m channel.Message) *channel.Error {
	response, failed := c.call(ctx, d, m)
	if failed != nil {
		return failed
	}
	defer response.Body.Close()
	return read(d.Answer, response)
}

// call posts the message, signed, and returns the answer, of which the body is yet to be read and closed.
func (c *Channel) call(ctx context.Context, d Destination, m channel.Message) (*http.Response, *channel.Error) {
	keys, reason := d.keys()
	if reason != "" {
		return nil, &channel.Error{Outcome: channel.Blocked, Reason: reason}
	}
	connected := false
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected = true }})
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(m.Data))
	if err != nil {
		return nil, &channel.Error{Outcome: channel.Blocked, Reason: "bad_url"}
	}
	at := strconv.FormatInt(c.config.Now().Unix(), 10)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "Liuke")
	request.Header.Set("Webhook-Id", m.Ledger)
	request.Header.Set("Webhook-Timestamp", at)
	if len(keys) > 0 {
		request.Header.Set("Webhook-Signature", sign(keys, m.Ledger+"."+at+".", m.Data))
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, unanswered(err, connected)
	}
	return response, nil
}

// sign returns a signature by each key (Standard Webhooks, scheme v1), blanks between them.
func sign(keys [][]byte, prefix string, body []byte) string {
	signatures := make([]string, len(keys))
	for i, key := range keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(prefix))
		mac.Write(body)
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(signatures, " ")
}

// unanswered says what a call without an answer leaves behind: nothing, where there was no connection to post on.
func unanswered(err error, connected bool) *channel.Error {
	var call *url.Error
	if errors.As(err, &call) {
		err = call.Err // without the URL, which may hold a key
	}
	e := &channel.Error{Outcome: channel.Unknown, Reason: "no_answer", Err: err}
	var untrusted *tls.CertificateVerificationError
	var notTLS tls.RecordHeaderError
	switch {
	case errors.Is(err, errInside):
		e.Outcome, e.Reason = channel.Blocked, "forbidden_address"
	case !connected && (errors.As(err, &untrusted) || errors.As(err, &notTLS) || errors.Is(err, http.ErrSchemeMismatch)):
		e.Outcome, e.Reason = channel.Blocked, "tls_failed"
	case !connected:
		e.Outcome, e.Reason = channel.Throttled, "unreachable"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		e.Reason = "timeout"
	}
	return e
}
