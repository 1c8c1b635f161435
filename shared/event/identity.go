package event

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

// MaxMessageIDBytes is the longest messageId.
const MaxMessageIDBytes = 100

// messageID reads the event's id, or makes it from the event's content. What changes when a client sends the same
// event again (sentAt) and what is no part of it (the write key) stay out of it.
func (s *scanner) messageID(d *draft) (MessageID, error) {
	if !d.id.absent() && !s.empty(d.id) {
		id, err := s.word(d.id, MaxMessageIDBytes, "/messageId", "messageId")
		return MessageID(id), err
	}
	content := [][]byte{s.raw(d.typ), s.raw(d.name), s.raw(d.user), s.raw(d.anonymous),
		s.raw(d.timestamp), s.raw(d.original), s.raw(d.properties), s.raw(d.traits), s.raw(d.context)}
	more := [...]value{d.title, d.category, d.previous, d.group}
	for _, v := range more {
		if v.absent() {
			continue
		}
		for _, v := range more {
			content = append(content, s.raw(v))
		}
		break
	}
	return MessageID(ContentID("content-", content...)), nil
}

// person reads whose event it is.
func (s *scanner) person(d *draft, e *Event) (err error) {
	if e.User, err = s.identifier(d.user, "/userId", "userId"); err != nil {
		return err
	}
	if e.Anonymous, err = s.identifier(d.anonymous, "/anonymousId", "anonymousId"); err != nil {
		return err
	}
	if e.User == "" && e.Anonymous == "" {
		return fault.At("/userId", "an event needs a userId or an anonymousId")
	}
	if strings.HasPrefix(e.User, anonymousPrefix) {
		return prefixed("/userId", "a userId")
	}
	if most := customer.MaxIDBytes - len(anonymousPrefix); len(e.Anonymous) > most {
		return fault.At("/anonymousId", "an anonymousId is at most %d bytes long, and this one has %d", most, len(e.Anonymous))
	}
	return nil
}

func prefixed(pointer, which string) error {
	return fault.At(pointer, "%s must not begin with %q: that is kept for visitors without one", which, anonymousPrefix)
}

// alias reads which other id the customer has had. It may be a user's or a visitor's, and be the customer's own, which
// changes nothing.
func (s *scanner) alias(d *draft, e *Event) (err error) {
	if e.Previous, err = s.identifier(d.previous, "/previousId", "previousId"); err != nil {
		return err
	}
	switch {
	case e.Previous == "":
		return fault.At("/previousId", "an alias call needs a previousId: the id that the customer had before")
	case strings.HasPrefix(e.Previous, anonymousPrefix):
		return prefixed("/previousId", "a previousId")
	}
	return nil
}

// membership reads which group the customer belongs to.
func (s *scanner) membership(d *draft, e *Event) (err error) {
	if e.Group, err = s.identifier(d.group, "/groupId", "groupId"); err == nil && e.Group == "" {
		err = fault.At("/groupId", "a group call needs a groupId: the id of the company or team that the customer belongs to")
	}
	return err
}

// identifier reads the id of a customer or a group: a string or, as some clients send it, a whole number; "" for none.
func (s *scanner) identifier(v value, pointer, field string) (string, error) {
	switch {
	case v.absent(), s.empty(v):
		return "", nil
	case v.kind == numberKind:
		if id, ok := wholeNumber(s.string(v)); ok {
			return id, nil
		}
	}
	if v.kind != '"' {
		return "", fault.At(pointer, "%s must be a string or a whole number", field)
	}
	text, err := s.spelled(v, pointer, field)
	if err != nil {
		return "", err
	}
	if padded(text) {
		return "", fault.At(pointer, "%s must not begin or end with white space: trim it, or one person becomes two", field)
	}
	if _, err := customer.ParseID(text); err != nil {
		var f *fault.Error
		if errors.As(err, &f) {
			return "", fault.At(pointer, "%s: %s", field, f.Message)
		}
		return "", err
	}
	return text, nil
}

// wholeNumber spells a JSON number that is a whole one of at most 20 characters, in one way for each number.
func wholeNumber(number string) (id string, ok bool) {
	for i := 0; i < len(number); i++ {
		if c := number[i]; (c < '0' || c > '9') && c != '-' {
			return "", false
		}
	}
	if number == "-0" {
		number = "0"
	}
	return number, len(number) <= 20
}

// empty reports whether a value is the string of no length.
func (s *scanner) empty(v value) bool { return v.kind == '"' && v.end-v.start == 2 }

// spelled returns what a string says. It refuses one with half of a surrogate pair, which is no character: different
// such strings would be read as the same.
func (s *scanner) spelled(v value, pointer, field string) (string, error) {
	if v.escaped && HalfSurrogate(s.text[v.start:v.end]) {
		return "", fault.At(pointer, "%s must not hold half of a surrogate pair: send the whole character", field)
	}
	return s.string(v), nil
}

// HalfSurrogate reports whether a valid JSON string, in its quotes, has the escape of a surrogate that is not one of a
// pair. Decoders make U+FFFD of each, so that different strings are read as the same.
func HalfSurrogate(quoted string) bool {
	high := false // the escape before, with nothing between, was the first half of a pair
	for i := 0; i < len(quoted); {
		unit, size := uint64(0), 1
		if quoted[i] == '\\' {
			size = 2
			if quoted[i+1] == 'u' {
				size = 6
				unit, _ = strconv.ParseUint(quoted[i+2:i+6], 16, 32) // which are digits
			}
		}
		low := unit >= 0xDC00 && unit <= 0xDFFF
		if high != low {
			return true
		}
		high = unit >= 0xD800 && unit <= 0xDBFF
		i += size
	}
	return high
}

// padded reports whether a text begins or ends with white space.
func padded(text string) bool {
	first, _ := utf8.DecodeRuneInString(text)
	last, _ := utf8.DecodeLastRuneInString(text)
	return unicode.IsSpace(first) || unicode.IsSpace(last)
}

// word reads a string of 1 to most bytes without control characters.
func (s *scanner) word(v value, most int, pointer, field string) (string, error) {
	if v.absent() {
		return "", fault.At(pointer, "%s is missing: it must be a string of 1 to %d bytes", field, most)
	}
	if v.kind != '"' {
		return "", fault.At(pointer, "%s must be a string", field)
	}
	text, err := s.spelled(v, pointer, field)
	if err != nil {
		return "", err
	}
	if text == "" || len(text) > most {
		return "", fault.At(pointer, "%s must be 1 to %d bytes long, and this one has %d", field, most, len(text))
	}
	for _, r := range text {
		if unicode.IsControl(r) {
			return "", fault.At(pointer, "%s must not hold control characters", field)
		}
	}
	return text, nil
}
