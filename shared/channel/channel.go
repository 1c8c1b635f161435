// Package channel is what every way to reach a customer has in common: one small interface, and four answers that a
// sender can rely on. Each provider is a package below this one, and passes the conformance test in channeltest.
//
// A channel hands a message to its provider at most once a call: it never tries again by itself, because providers
// take no idempotency token.
package channel

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Timeout is how long a send waits for its provider's answer at most, on every channel.
const Timeout = 10 * time.Second

// Message is one message to one recipient. It is made for one channel; a channel leaves alone what it has no use for:
//
//	e-mail   To, Subject, Text, HTML, Unsubscribe
//	sms      To, Text, Transactional
//	push     To, Subject as the title, Text as the body, Data
//	webhook  To, Data
type Message struct {
	To          string // address on the channel
	Subject     string // one line
	Text        string
	HTML        string
	Data        json.RawMessage // push: an object of strings, for the app; webhook: the body
	Unsubscribe string          // URL that a mail client may post to (RFC 8058); "" for none
	// Transactional says that it serves the customer, as an order's confirmation does: providers of SMS send such by
	// other routes than advertising.
	Transactional bool
	Ledger        string // opaque id by which receipts find the ledger entry: at most 256 of [A-Za-z0-9_-]
}

// Channel sends messages.
type Channel interface {
	// Send hands the message to the provider and returns the provider's id of it. Every error is an *Error.
	Send(ctx context.Context, m Message) (id string, err error)
}

// Outcome is what a failed send leaves behind.
type Outcome string

// The outcomes.
const (
	Refused   Outcome = "refused"   // definitely not sent; this message never will be
	Throttled Outcome = "throttled" // definitely not sent; may be tried later as it is
	Blocked   Outcome = "blocked"   // definitely not sent; none will be until a person changes something
	Unknown   Outcome = "unknown"   // nobody can tell: never send it again
)

// Error is a failed send.
type Error struct {
	Outcome Outcome
	Reason  string // a code such as MessageRejected; never personal data
	// Suppress says that the address takes no message any more, and that the provider wants none to it: beside Refused
	// alone.
	Suppress bool
	Err      error // the cause, which may hold an address: not for logs
}

// Error returns outcome and reason alone.
func (e *Error) Error() string { return string(e.Outcome) + ": " + e.Reason }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Suppresses reports whether an error of Send shows that no message should go to the address any more.
func Suppresses(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Suppress
}

// OutcomeOf returns the outcome and the reason of an error of Send. An error that is no *Error says nothing of the
// message's fate: Unknown.
func OutcomeOf(err error) (Outcome, string) {
	var e *Error
	if errors.As(err, &e) {
		return e.Outcome, e.Reason
	}
	return Unknown, "unclassified"
}
