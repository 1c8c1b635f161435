package task

import (
	"strings"
	"unicode"
)

// clean returns a text without what cannot be seen and may mislead whoever reads it: control characters but line breaks,
// and those that turn the direction of writing. A tab becomes a space, any line break \n; space at the ends goes. What is
// no UTF-8 becomes U+FFFD.
func clean(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\t", " ").Replace(strings.ToValidUTF8(s, "\uFFFD"))
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) || turns(r) {
			return -1
		}
		return r
	}, s))
}

// turns reports whether a character turns the direction of what follows (Unicode Standard Annex #9, Bidi_Control).
func turns(r rune) bool {
	return unicode.Is(unicode.Bidi_Control, r)
}

// line is clean for a text of one line.
func line(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }
