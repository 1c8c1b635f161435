package token

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// traditional has pairs of a traditional character and its simplified one, without anything between.
//
//go:embed data/traditional.txt
var traditional string

// simplified returns the simplified character of each traditional one.
var simplified = sync.OnceValue(func() map[rune]rune {
	out := make(map[rune]rune, len(traditional)/6)
	var from rune
	for _, r := range traditional {
		switch {
		case r == '\n':
		case from == 0:
			from = r
		default:
			out[from], from = r, 0
		}
	}
	return out
})

// normalize returns the first MaxRunes characters of a text: wide forms of ASCII as ASCII, curly apostrophes straight,
// traditional characters simplified; control characters as line ends, and nothing of what has no shape of its own.
func normalize(text string) string {
	var b strings.Builder
	b.Grow(min(len(text), 3*MaxRunes))
	read := 0
	for _, r := range text {
		if read++; read > MaxRunes {
			break
		}
		if r < utf8.RuneSelf {
			if r < ' ' && r != '\t' || r == 0x7f {
				r = '\n'
			}
			b.WriteByte(byte(r))
			continue
		}
		if r = fold(r); r >= 0 {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// fold returns the character that one beyond ASCII is read as, or -1 where it is passed over.
func fold(r rune) rune {
	switch {
	case isHan(r):
		if s, ok := simplified()[r]; ok {
			return s
		}
		return r
	case r >= '！' && r <= '～':
		return r - '！' + '!'
	case r == '’' || r == '‘' || r == '`' || r == '´':
		return '\''
	case r == utf8.RuneError:
		return '\n'
	case unicode.IsSpace(r):
		if r == 0x85 || r == 0x2028 || r == 0x2029 {
			return '\n'
		}
		return ' '
	case unicode.IsControl(r):
		return '\n'
	case unicode.In(r, unicode.Cf, unicode.Mn, unicode.Me, unicode.Co):
		return -1
	}
	return r
}

// isHan tells whether a character is Chinese. The ranges are those in use; a look-up of the script takes far longer.
func isHan(r rune) bool {
	return r >= 0x4e00 && r <= 0x9fff || r >= 0x3400 && r <= 0x4dbf || r >= 0x20000 && r <= 0x3134f || r >= 0xf900 && r <= 0xfaff
}
