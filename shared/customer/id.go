package customer

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"liuke/shared/fault"
)

// ID names a customer: 1 to 128 bytes of UTF-8 without control characters, as the shop's own systems spell it.
// It may be personal data (some shops use addresses): it never goes into a log, a metric or a queue attribute.
type ID string

// MaxIDBytes is the longest ID.
const MaxIDBytes = 128

// visitorPrefix sets the customers of anonymous visitors apart; no user's id begins with it.
const visitorPrefix = "anonymous:"

// Visitor names the customer of an anonymous visitor.
func Visitor(anonymous string) ID { return ID(visitorPrefix + anonymous) }

// IsVisitor reports whether the customer is an anonymous visitor's.
func (id ID) IsVisitor() bool { return strings.HasPrefix(string(id), visitorPrefix) }

// ParseID checks the spelling of an ID. It returns an Invalid error that says what to change.
func ParseID(s string) (ID, error) {
	switch {
	case s == "":
		return "", fault.New(fault.Invalid, "a customer id must not be empty")
	case len(s) > MaxIDBytes:
		return "", fault.New(fault.Invalid, "a customer id is at most %d bytes long, and this one has %d", MaxIDBytes, len(s))
	case !utf8.ValidString(s):
		return "", fault.New(fault.Invalid, "a customer id must be valid UTF-8")
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return "", fault.New(fault.Invalid, "a customer id must not hold control characters")
		}
	}
	return ID(s), nil
}
