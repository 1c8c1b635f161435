package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"net/smtp"
	"net/textproto"
	"strconv"
	"strings"

	"liuke/shared/channel"
)

// stage is how far a session has come.
type stage int

const (
	greeting stage = iota
	hello
	encryption
	login
	sender
	recipient
	data
	dot // the final dot is sent, or about to be
)

// session is one with the server.
type session struct {
	ctx    context.Context
	client *smtp.Client
	stage  stage
}

func blocked(reason string) error {
	return &channel.Error{Outcome: channel.Blocked, Reason: reason}
}

// failed says what a failure at the session's stage leaves behind.
func (s *session) failed(err error) *channel.Error {
	var said *channel.Error
	var reply *textproto.Error
	var untrusted *tls.CertificateVerificationError
	var notTLS tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.As(err, &said):
		return said
	case errors.As(err, &reply):
		return s.replied(reply)
	case s.stage == encryption && (errors.As(err, &untrusted) || errors.As(err, &notTLS) || errors.As(err, &alert)):
		return &channel.Error{Outcome: channel.Blocked, Reason: "tls_failed", Err: err}
	case s.stage < dot:
		return &channel.Error{Outcome: channel.Throttled, Reason: "connection_lost", Err: err}
	case s.ctx.Err() != nil:
		return &channel.Error{Outcome: channel.Unknown, Reason: "timeout", Err: err}
	}
	return &channel.Error{Outcome: channel.Unknown, Reason: "no_answer", Err: err}
}

// replied reads a reply that is not the one hoped for. By the first digit (RFC 5321, 4.2.1) 4 is for later and 5 for never:
// said of the recipient or the mail it is of this message, said before or of the sender it is of every one.
func (s *session) replied(reply *textproto.Error) *channel.Error {
	code := enhanced(reply)
	e := &channel.Error{Outcome: channel.Throttled, Reason: "smtp_" + strconv.Itoa(reply.Code), Err: reply}
	if code != "" {
		e.Reason += "_" + code
	}
	switch first := reply.Code / 100; {
	case first == 5 && (s.stage < recipient || wantsLogin(reply.Code)):
		e.Outcome = channel.Blocked
	case first == 5:
		e.Outcome = channel.Refused
		e.Suppress = noMailbox(code)
	case first != 4 && s.stage == dot:
		e.Outcome = channel.Unknown
	}
	return e
}

// wantsLogin reports whether a code says that the client must log in, or must do it better (RFC 4954, 6).
func wantsLogin(code int) bool { return code == 530 || code == 534 || code == 535 || code == 538 }

// noMailbox reports whether an enhanced code says that there is no such mailbox: it doesn't exist, has moved, or its
// domain takes no mail (RFC 3463, 3.2; RFC 7505, 4.2).
func noMailbox(code string) bool { return code == "5.1.1" || code == "5.1.6" || code == "5.1.10" }

// enhanced returns the enhanced status code that a reply begins with (RFC 3463), "" where there is none.
func enhanced(reply *textproto.Error) string {
	word, _, _ := strings.Cut(strings.SplitN(reply.Msg, "\n", 2)[0], " ")
	parts := strings.Split(word, ".")
	if len(parts) != 3 || parts[0] != strconv.Itoa(reply.Code/100) {
		return ""
	}
	for _, p := range parts {
		if p == "" || len(p) > 3 || strings.ContainsFunc(p, func(r rune) bool { return r < '0' || r > '9' }) {
			return ""
		}
	}
	return word
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > 0x7f })
}
