package smtp

import (
	"context"
	"encoding/json"
	"net/smtp"
	"slices"
	"strings"

	"liuke/shared/channel"
)

// credentials are who logs in.
type credentials struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// auth reads who logs in; nil for nobody.
func (c *Channel) auth(ctx context.Context) (*credentials, *channel.Error) {
	if c.config.Secret == nil {
		return nil, nil
	}
	raw, err := c.config.Secret.Value(ctx)
	if err != nil {
		return nil, &channel.Error{Outcome: channel.Throttled, Reason: "no_credentials", Err: err}
	}
	var out credentials
	if err := json.Unmarshal(raw, &out); err != nil || out.Username == "" || out.Password == "" {
		return nil, &channel.Error{Outcome: channel.Blocked, Reason: "bad_credentials"}
	}
	return &out, nil
}

// logIn logs in by PLAIN (RFC 4616), or else by LOGIN. The session is encrypted.
func (s *session) logIn(c *credentials, host string) error {
	if c == nil {
		return nil
	}
	s.stage = login
	_, offered := s.client.Extension("AUTH")
	mechanisms := strings.Fields(strings.ToUpper(offered))
	switch {
	case slices.Contains(mechanisms, "PLAIN"):
		return s.client.Auth(smtp.PlainAuth("", c.Username, c.Password, host))
	case slices.Contains(mechanisms, "LOGIN"):
		return s.client.Auth(&loginAuth{answers: []string{c.Username, c.Password}})
	}
	return blocked("no_auth")
}

// loginAuth is AUTH LOGIN: the server asks for the name and then for the password, in words that differ by server.
type loginAuth struct{ answers []string }

func (a *loginAuth) Start(server *smtp.ServerInfo) (proto string, toServer []byte, err error) {
	if !server.TLS {
		return "", nil, blocked("no_tls")
	}
	return "LOGIN", nil, nil
}

func (a *loginAuth) Next(_ []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	if len(a.answers) == 0 {
		return nil, blocked("auth_failed")
	}
	next := a.answers[0]
	a.answers = a.answers[1:]
	return []byte(next), nil
}
