// Package check looks messages over before they are handed to a provider, for what several channels have in common.
// Reasons are codes for channel.Error; "" where nothing is wrong.
package check

import (
	"context"
	"net/mail"
	"net/url"
	"strings"
	"unicode"

	"liuke/shared/channel"
)

const (
	maxLedger  = 256 // characters: what a message tag of SES holds
	maxHeader  = 870 // characters of a header's value that SES takes
	maxSubject = 500
)

// Refuse returns the error for a message that is not fit to be sent.
func Refuse(reason string) error {
	return &channel.Error{Outcome: channel.Refused, Reason: reason}
}

// Begin returns an error where the context has ended before anything was handed over.
func Begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return &channel.Error{Outcome: channel.Throttled, Reason: "no_time_left", Err: err}
	}
	return nil
}

// Ledger returns "bad_ledger_id" for what is no opaque id of the ledger.
func Ledger(id string) string {
	if id == "" || len(id) > maxLedger || strings.ContainsFunc(id, notID) {
		return "bad_ledger_id"
	}
	return ""
}

// Mail returns why a message is not fit to be sent as mail. Nothing that could begin another header passes.
func Mail(m channel.Message) string {
	parsed, err := mail.ParseAddress(m.To)
	switch {
	case err != nil || parsed.Address != m.To || strings.ContainsFunc(m.To, unicode.IsControl):
		return "bad_address"
	case !Line(m.Subject, maxSubject):
		return "bad_subject"
	case m.Text == "" || m.HTML == "":
		return "no_content"
	case m.Unsubscribe != "" && !linkable(m.Unsubscribe):
		return "bad_unsubscribe_link"
	}
	return Ledger(m.Ledger)
}

// Header is a header of a mail.
type Header struct{ Name, Value string }

// Unsubscribe returns the headers of RFC 8058, section 3.1: the URL takes a POST with the body
// List-Unsubscribe=One-Click. The message has passed Mail.
func Unsubscribe(m channel.Message) []Header {
	if m.Unsubscribe == "" {
		return nil
	}
	return []Header{
		{"List-Unsubscribe", "<" + m.Unsubscribe + ">"},
		{"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"},
	}
}

// Line reports whether a text is one line of 1 to most characters.
func Line(text string, most int) bool {
	return text != "" && len([]rune(text)) <= most && !strings.ContainsFunc(text, unicode.IsControl)
}

func linkable(link string) bool {
	u, err := url.Parse(link)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && len(link)+2 <= maxHeader &&
		!strings.ContainsFunc(link, func(r rune) bool { return r <= ' ' || r > '~' || r == '<' || r == '>' })
}

func notID(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-')
}
