package sms

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxBody is how many UTF-16 code units a text has that AWS End User Messaging takes, at most.
const maxBody = 1600

// Unfit returns why a text cannot be sent to a number, "" where it can: a number is in E.164 ("+4915112345678"), and a text makes so
// many segments at most, 0 for as many as the service takes. White space around the text is not sent.
func Unfit(to, text string, maxSegments int) (reason string) {
	text = strings.TrimSpace(text)
	switch {
	case !IsNumber(to):
		return "bad_address"
	case text == "":
		return "no_content"
	case !utf8.ValidString(text):
		return "bad_content"
	case len(utf16.Encode([]rune(text))) > maxBody:
		return "too_long"
	case maxSegments > 0 && Measure(text).Segments > maxSegments:
		return "too_many_segments"
	}
	return ""
}

// IsNumber reports whether an address is a number in E.164: up to fifteen digits, country code first.
func IsNumber(address string) bool {
	digits, plus := strings.CutPrefix(address, "+")
	return plus && len(digits) >= 5 && len(digits) <= 15 && digits[0] != '0' &&
		!strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
}
