package token

import (
	"encoding/base32"
	"encoding/binary"
	"net/url"
	"slices"
	"strings"
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
	PurposeClick       = "click"       // payload: Click
	PurposePreferences = "preferences" // payload: Preferences
	PurposeShown       = "shown"       // payload: what a page of preferences showed; the page's own
	PurposeSaved       = "saved"       // payload: what was changed by it; the page's own
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

// Unsubscribe is behind the link BASE_URL/u/<token>: it may stop one channel for one customer, for ever, or one topic
// alone.
type Unsubscribe struct {
	Customer customer.ID `json:"customer"`
	Channel  string      `json:"channel"`         // "email"
	Topic    string      `json:"topic,omitempty"` // "" for all that comes by the channel
	Entry    string      `json:"entry,omitempty"` // of the ledger, of the message that the link stands in
}

// Preferences is behind the link BASE_URL/p/<token>: it shows and changes how one customer wants to be reached.
type Preferences struct {
	Customer customer.ID `json:"customer"`
}

// Click is behind the link BASE_URL/r/<token>: it leads to one address, and tells which message it stood in. It marshals
// itself in binary, for a link is repeated in many a message.
type Click struct {
	Entry
	URL string // absolute, http or https; see ParseURL
}

// MaxURLBytes is the longest address that a Click takes: with it a link stays within the 4,096 bytes that are opened, and
// within what mail programs pass on.
const MaxURLBytes = 1500

// ParseURL returns an address as a Click may lead to it: absolute, http or https, with a host and no user, in printable
// ASCII. It returns an Invalid error, which does not repeat the address, for any other.
func ParseURL(address string) (*url.URL, error) {
	refused := fault.New(fault.Invalid, "a link leads to an absolute address of http or https in ASCII, at most %d bytes long", MaxURLBytes)
	if len(address) > MaxURLBytes || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }) {
		return nil, refused
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Opaque != "" {
		return nil, refused
	}
	return u, nil
}

// MarshalBinary returns the entry's 16 bytes, the customer's length and id, and the address behind them. It returns an
// Invalid error for an address that ParseURL refuses.
func (c Click) MarshalBinary() ([]byte, error) {
	if _, err := ParseURL(c.URL); err != nil {
		return nil, err
	}
	entry, err := c.Entry.MarshalBinary()
	if err != nil {
		return nil, err
	}
	id := entry[entryBytes:]
	out := binary.AppendUvarint(slices.Clone(entry[:entryBytes]), uint64(len(id)))
	return append(append(out, id...), c.URL...), nil
}

// UnmarshalBinary is the inverse of MarshalBinary; it returns an Invalid error for anything else.
func (c *Click) UnmarshalBinary(b []byte) error {
	damaged := fault.New(fault.Invalid, "the token of a link is damaged")
	if len(b) <= entryBytes {
		return damaged
	}
	n, used := binary.Uvarint(b[entryBytes:])
	rest := b[entryBytes+max(used, 0):]
	if used <= 0 || n > uint64(len(rest)) {
		return damaged
	}
	if err := c.Entry.UnmarshalBinary(append(slices.Clone(b[:entryBytes]), rest[:n]...)); err != nil {
		return err
	}
	c.URL = string(rest[n:])
	_, err := ParseURL(c.URL)
	return err
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
