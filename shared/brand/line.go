package brand

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// OneLine reports whether a text is one line of 1 to most characters, of which some can be seen, and none is a control character
// or turns the direction of writing (Unicode Standard Annex #9, Bidi_Control).
func OneLine(text string, most int) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= most && Seen(text) && !strings.ContainsFunc(text, unformatted)
}

// Seen reports whether a text leaves ink somewhere.
func Seen(text string) bool { return strings.ContainsFunc(text, seen) }

// Straight returns a text without the characters that turn the direction of writing.
func Straight(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, text)
}

// seen reports whether a character leaves ink: Hangul fillers and the empty pattern of Braille are letters and signs that do not.
func seen(r rune) bool {
	return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) && r != '\u2800'
}

func unformatted(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
}
