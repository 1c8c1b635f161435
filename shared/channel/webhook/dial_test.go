package webhook_test

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"testing"

	"liuke/shared/channel"
	"liuke/shared/channel/webhook"
)

// internet is a resolver whose answers may change with each question, and a network that notes what is connected to.
type internet struct {
	mu      sync.Mutex
	answers [][]string // the last one stays
	asked   []string
	dialled []string
	dead    []string // addresses that refuse connections
	server  string   // where connections end up
}

func (n *internet) lookup(_ context.Context, host string) ([]netip.Addr, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked = append(n.asked, host)
	if len(n.answers) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	var out []netip.Addr
	for _, a := range n.answers[0] {
		out = append(out, netip.MustParseAddr(a))
	}
	if len(n.answers) > 1 {
		n.answers = n.answers[1:]
	}
	return out, nil
}

func (n *internet) dial(ctx context.Context, network, address string) (net.Conn, error) {
	n.mu.Lock()
	n.dialled = append(n.dialled, address)
	dead := slices.Contains(n.dead, address)
	n.mu.Unlock()
	if dead {
		return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("connection refused")}
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", n.server)
}

// receiver starts one that speaks TLS as example.com, and returns who vouches for it.
func receiver(t *testing.T, n *internet) *x509.CertPool {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(taken))
	t.Cleanup(server.Close)
	n.server = server.Listener.Addr().String()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return roots
}

func (n *internet) send(t *testing.T, url string, roots *x509.CertPool, local bool) error {
	t.Helper()
	_, err := webhook.New(webhook.Config{
		Secret: destinations(t, webhook.Destination{URL: url, Current: secret}), Now: now, Local: local,
		Roots: roots, Lookup: n.lookup, Dial: n.dial,
	}).Send(t.Context(), hello())
	return err
}

func TestTheAddressThatWasLookedAtIsConnectedTo(t *testing.T) {
	n := &internet{answers: [][]string{{"93.184.216.34"}, {"127.0.0.1"}}} // the name is another's a moment later
	if err := n.send(t, "https://example.com/hook", receiver(t, n), false); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(n.asked, []string{"example.com"}) || !slices.Equal(n.dialled, []string{"93.184.216.34:443"}) {
		t.Errorf("asked %q, connected to %q", n.asked, n.dialled)
	}
}

func TestTheNextAddressIsTriedWhereOneIsDead(t *testing.T) {
	n := &internet{
		answers: [][]string{{"2606:4700::1", "93.184.216.34", "::ffff:93.184.216.35"}},
		dead:    []string{"93.184.216.34:8443", "93.184.216.35:8443"},
	}
	if err := n.send(t, "https://example.com:8443/hook", receiver(t, n), false); err != nil {
		t.Fatal(err)
	}
	if want := []string{"93.184.216.34:8443", "93.184.216.35:8443", "[2606:4700::1]:8443"}; !slices.Equal(n.dialled, want) {
		t.Errorf("connected to %q", n.dialled)
	}
	n = &internet{answers: [][]string{{"93.184.216.34"}}, dead: []string{"93.184.216.34:443"}}
	if got, reason := channel.OutcomeOf(n.send(t, "https://example.com", receiver(t, n), false)); got != channel.Throttled || reason != "unreachable" {
		t.Errorf("where all are dead: %s %s", got, reason)
	}
}

func TestNobodyInsideIsConnectedTo(t *testing.T) {
	for name, c := range map[string]struct {
		url      string
		resolved []string
		local    bool
	}{
		"loopback":                            {"https://127.0.0.1/", nil, false},
		"loopback of IPv6":                    {"https://[::1]/", nil, false},
		"loopback mapped into IPv6":           {"https://[::ffff:127.0.0.1]/", nil, false},
		"loopback mapped, in hexadecimal":     {"https://[::ffff:7f00:1]/", nil, false},
		"the metadata service":                {"https://169.254.169.254/latest/meta-data/", nil, false},
		"the metadata service of IPv6":        {"https://[fd00:ec2::254]/", nil, false},
		"a private network":                   {"https://10.0.0.1:8443/", nil, false},
		"a link-local address with its zone":  {"https://[fe80::1%25eth0]/", nil, false},
		"nowhere":                             {"https://0.0.0.0/", nil, false},
		"a name that leads there":             {"https://example.com/", []string{"169.254.169.254"}, false},
		"a name that leads there as well":     {"https://example.com/", []string{"93.184.216.34", "10.0.0.1"}, false},
		"a name that leads there mapped":      {"https://example.com/", []string{"::ffff:192.168.0.1"}, false},
		"a number that a resolver reads":      {"https://2130706433/", []string{"127.0.0.1"}, false},
		"localhost":                           {"https://localhost/", []string{"127.0.0.1", "::1"}, false},
		"on one machine, the metadata as yet": {"http://169.254.169.254/", nil, true},
		"on one machine, a private network":   {"http://example.com/", []string{"192.168.0.1"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			n := &internet{}
			if c.resolved != nil {
				n.answers = [][]string{c.resolved}
			}
			got, reason := channel.OutcomeOf(n.send(t, c.url, receiver(t, n), c.local))
			if got != channel.Blocked || reason != "forbidden_address" || len(n.dialled) != 0 {
				t.Errorf("got %s %s, connected to %q", got, reason, n.dialled)
			}
		})
	}
}

func TestHTTPIsForOneMachineAlone(t *testing.T) {
	n := &internet{answers: [][]string{{"93.184.216.34"}}}
	if got, reason := channel.OutcomeOf(n.send(t, "http://example.com/", receiver(t, n), false)); got != channel.Blocked || reason != "bad_url" || len(n.dialled) != 0 {
		t.Errorf("got %s %s, connected to %q", got, reason, n.dialled)
	}
}

func TestReceiversThatNobodyVouchesFor(t *testing.T) {
	n := &internet{answers: [][]string{{"93.184.216.34"}}}
	receiver(t, n)
	if got, reason := channel.OutcomeOf(n.send(t, "https://example.com/", x509.NewCertPool(), false)); got != channel.Blocked || reason != "tls_failed" {
		t.Errorf("a stranger's certificate: %s %s", got, reason)
	}
	n = &internet{answers: [][]string{{"93.184.216.34"}}}
	roots := receiver(t, n)
	if got, reason := channel.OutcomeOf(n.send(t, "https://example.org/", roots, false)); got != channel.Blocked || reason != "tls_failed" {
		t.Errorf("another host's certificate: %s %s", got, reason)
	}
	plain := httptest.NewServer(http.HandlerFunc(taken))
	defer plain.Close()
	n.server = plain.Listener.Addr().String()
	if got, reason := channel.OutcomeOf(n.send(t, "https://example.com/", roots, false)); got != channel.Blocked || reason != "tls_failed" {
		t.Errorf("no TLS at all: %s %s", got, reason)
	}
}

func TestANameThatNobodyHasIsUnreachable(t *testing.T) {
	for _, n := range []*internet{{}, {answers: [][]string{{}}}} {
		if got, reason := channel.OutcomeOf(n.send(t, "https://example.com/", nil, false)); got != channel.Throttled || reason != "unreachable" {
			t.Errorf("got %s %s", got, reason)
		}
	}
}
