// Package sms knows how a text travels as SMS, and so what it costs: which alphabet it needs, how many segments it makes,
// where it is cut. It sends nothing; that is package channel/sms.
//
// A text whose every character is in the GSM 7-bit default alphabet or its extension table (3GPP TS 23.038, 6.2.1) takes
// one septet a character, and two for those of the extension: 160 septets alone, 153 a segment where there are more (the
// header of a concatenated message takes seven). One other character sends the whole text in UCS-2: 70 units of UTF-16
// alone, 67 a segment. Neither an escaped character nor a surrogate pair is cut in two, so that a segment may stay one unit
// short. The single and locking shift tables for national languages are not used, as providers don't use them: a Turkish
// or a Portuguese text goes in UCS-2 for one ş or ç.
package sms

import (
	"slices"
	"strings"
)

// Encoding is the alphabet that a text is sent in.
type Encoding string

// The alphabets.
const (
	GSM7 Encoding = "GSM-7"
	UCS2 Encoding = "UCS-2"
)

// alone and each are how many units a message of one segment holds, and each of several.
func (e Encoding) alone() int {
	if e == GSM7 {
		return 160
	}
	return 70
}

func (e Encoding) each() int {
	if e == GSM7 {
		return 153
	}
	return 67
}

// units is how many units a character takes: septets or UTF-16 code units.
func (e Encoding) units(r rune) int {
	if e == GSM7 {
		return septets(r)
	}
	if r > 0xffff {
		return 2
	}
	return 1
}

// Size is how long a text is as SMS.
type Size struct {
	Encoding Encoding
	Units    int // septets in GSM-7, UTF-16 code units in UCS-2
	Segments int // what is paid for; 0 for an empty text
	Room     int // units that the last segment could still take
	// Foreign are the characters that are not in GSM-7, each once and in their order, at most MaxForeign: without them
	// the text would go in GSM-7.
	Foreign []rune
}

// MaxForeign is how many characters Size.Foreign lists.
const MaxForeign = 8

// Measure returns how long a text is. Each byte that is not of valid UTF-8 counts as U+FFFD, as which
// it would be sent.
func Measure(text string) Size {
	s := Size{Encoding: GSM7}
	for _, r := range text {
		if septets(r) > 0 {
			continue
		}
		s.Encoding = UCS2
		if len(s.Foreign) == MaxForeign {
			break
		}
		if !slices.Contains(s.Foreign, r) {
			s.Foreign = append(s.Foreign, r)
		}
	}
	for _, r := range text {
		s.Units += s.Encoding.units(r)
	}
	if s.Units <= s.Encoding.alone() {
		s.Room = s.Encoding.alone() - s.Units
		if text != "" {
			s.Segments = 1
		}
		return s
	}
	s.Segments, s.Room = 1, s.Encoding.each()
	for _, r := range text {
		n := s.Encoding.units(r)
		if n > s.Room {
			s.Segments++
			s.Room = s.Encoding.each()
		}
		s.Room -= n
	}
	return s
}

// Split returns the parts of a text that each segment carries, none for an empty text. Together they are the text, with
// U+FFFD for each byte that is not of valid UTF-8.
func Split(text string) []string {
	text = string([]rune(text))
	size := Measure(text)
	if size.Segments <= 1 {
		return slices.Repeat([]string{text}, size.Segments)
	}
	parts := make([]string, 0, size.Segments)
	from, room := 0, size.Encoding.each()
	for i, r := range text {
		n := size.Encoding.units(r)
		if n > room {
			parts = append(parts, text[from:i])
			from, room = i, size.Encoding.each()
		}
		room -= n
	}
	return append(parts, text[from:])
}

// septets is how many septets a character takes in GSM-7, 0 where it has none: 3GPP TS 23.038, tables of 6.2.1 and
// 6.2.1.1. The escape character is no character of a text.
func septets(r rune) int {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= ' ' && r <= '?':
		return 1
	case strings.ContainsRune("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà", r):
		return 1
	case strings.ContainsRune("\f^{}\\[~]|€", r):
		return 2
	}
	return 0
}
