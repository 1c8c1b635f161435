package token

import (
	"encoding/base32"
	"time"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

// The purposes of tokens.
const (
	PurposeSurvey      = "survey"      // payload: Survey
	PurposeUnsubscribe = "unsubscribe" // payload: Unsubscribe
	PurposeEntry       = "entry"       // payload: Entry
	PurposeForm        = "form"        // payload: Form
)

// Survey is behind the link BASE_URL/s/<token>: one customer's invitation to one survey.
type Survey struct {
	Survey     string      `json:"survey"`
	Customer   customer.ID `json:"customer"`
	Invitation string      `json:"invitation"`
	Expires    time.Time   `json:"expires"` // after it, the link is Gone

	// What the answer is counted by; "" for what is not known. See survey.Cell.
	Segment string `json:"g,omitempty"`
	Tier    string `json:"t,omitempty"`
	Node    string `json:"n,omitempty"`
	Channel string `json:"c,omitempty"`
}

// Form is in a public form that the suite serves: which form was begun when. The answer that is sent with it is one,
// however often it is sent.
type Form struct {
	Key     string    `json:"key"`
	Started time.Time `json:"started"`
	// Response is the invitation that an answer begun elsewhere stands under; "" for the one that the token itself makes.
	Response string `json:"response,omitempty"`
}

// Unsubscribe is behind the link BASE_URL/u/<token>: it may stop one channel for one customer, for ever.
type Unsubscribe struct {
	Customer customer.ID `json:"customer"`
	Channel  string      `json:"channel"` // "email"
}

// Entry names a ledger entry to a provider. It marshals itself in binary, so that its token stays within the 256
// characters of an SES message tag whatever the customer's id.
type Entry struct {
	Customer customer.ID
	Entry    string // lower-case base32 without padding of 16 bytes
}

const entryBytes = 16

var entryEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// MarshalBinary returns the entry's 16 bytes and the customer behind them.
func (e Entry) MarshalBinary() ([]byte, error) {
	id, err := entryEncoding.DecodeString(e.Entry)
	if err != nil || len(id) != entryBytes {
		return nil, fault.New(fault.Invalid, "a ledger entry's id is base32 of %d bytes", entryBytes)
	}
	if _, err := customer.ParseID(string(e.Customer)); err != nil {
		return nil, err
	}
	return append(id, e.Customer...), nil
}

// UnmarshalBinary is the inverse of MarshalBinary; it returns an Invalid error for anything else.
func (e *Entry) UnmarshalBinary(b []byte) error {
	if len(b) <= entryBytes {
		return fault.New(fault.Invalid, "a ledger entry's token is too short")
	}
	c, err := customer.ParseID(string(b[entryBytes:]))
	if err != nil {
		return err
	}
	*e = Entry{Customer: c, Entry: entryEncoding.EncodeToString(b[:entryBytes])}
	return nil
}
