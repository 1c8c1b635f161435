package dialect

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"liuke/shared/event"
	"liuke/shared/fault"
)

// Member is a member of a JSON object, its value as it was written.
type Member struct {
	Name  string
	Value json.RawMessage
}

// Members takes a JSON object apart into its members, in their order. raw must be valid JSON. It returns an Invalid error,
// worded to go behind the name of what raw is, for what is no object or has a member twice.
func Members(raw []byte) ([]Member, error) {
	i := space(raw, 0)
	if i == len(raw) || raw[i] != '{' {
		return nil, fault.New(fault.Invalid, "must be a JSON object")
	}
	var members []Member
	for i = space(raw, i+1); raw[i] != '}'; i = comma(raw, i) {
		end := skip(raw, i)
		name := unquote(raw[i:end])
		i = space(raw, space(raw, end)+1) // behind the colon
		end = skip(raw, i)
		members = append(members, Member{name, raw[i:end:end]})
		i = end
	}
	seen := make(map[string]struct{}, len(members))
	for i := range members {
		seen[members[i].Name] = struct{}{}
	}
	if len(seen) < len(members) {
		return nil, fault.New(fault.Invalid, "must not have two members of the same name: leave one out")
	}
	return members, nil
}

// Elements takes a JSON array apart into its elements. raw must be valid JSON. It returns an Invalid error for what is no
// array, and TooLarge for more elements than most.
func Elements(raw []byte, most int) ([]json.RawMessage, error) {
	i := space(raw, 0)
	if i == len(raw) || raw[i] != '[' {
		return nil, fault.New(fault.Invalid, "must be a JSON array")
	}
	var elements []json.RawMessage
	for i = space(raw, i+1); raw[i] != ']'; i = comma(raw, i) {
		if len(elements) == most {
			return nil, fault.New(fault.TooLarge, "must hold at most %d elements: send them in parts", most)
		}
		end := skip(raw, i)
		elements = append(elements, json.RawMessage(raw[i:end:end]))
		i = end
	}
	return elements, nil
}

// comma moves behind a value to the next one, or to the closing bracket.
func comma(raw []byte, i int) int {
	if i = space(raw, i); raw[i] == ',' {
		i = space(raw, i+1)
	}
	return i
}

func space(raw []byte, i int) int {
	for i < len(raw) && (raw[i] == ' ' || raw[i] == '\t' || raw[i] == '\n' || raw[i] == '\r') {
		i++
	}
	return i
}

// skip returns the index behind the value that begins at i.
func skip(raw []byte, i int) int {
	switch raw[i] {
	case '"':
		return skipString(raw, i)
	case '{', '[':
		for depth := 0; ; i++ {
			switch raw[i] {
			case '"':
				i = skipString(raw, i) - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
	}
	n := bytes.IndexAny(raw[i:], ",]} \t\r\n")
	if n < 0 {
		return len(raw)
	}
	return i + n
}

// skipString returns the index behind the string that begins at i.
func skipString(raw []byte, i int) int {
	for i++; ; i++ {
		i += bytes.IndexByte(raw[i:], '"')
		escapes := 0
		for raw[i-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i + 1
		}
	}
}

// Text returns what a JSON string says, exactly. value must be valid JSON. It returns an Invalid error at the pointer, which
// calls the value by field, for what is no string and for what could only be read as something else: half of a surrogate
// pair and bytes that are no UTF-8, for each of which a decoder puts U+FFFD, so that different ids would become one.
func Text(value []byte, pointer, field string) (string, error) {
	switch {
	case value[0] != '"':
		return "", fault.At(pointer, "%s must be a string", field)
	case !utf8.Valid(value):
		return "", fault.At(pointer, "%s is not valid UTF-8", field)
	case bytes.IndexByte(value, '\\') >= 0 && event.HalfSurrogate(string(value)):
		return "", fault.At(pointer, "%s must not hold half of a surrogate pair: send the whole character", field)
	}
	return unquote(value), nil
}

// unquote decodes a string; U+FFFD stands for bytes that are no UTF-8.
func unquote(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 && utf8.Valid(quoted) {
		return string(quoted[1 : len(quoted)-1])
	}
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return string(quoted) // cannot be: it is valid
	}
	return s
}

// AppendMember appends a member of an object, with a comma before it where it is not the first.
func AppendMember(object []byte, name string, value []byte) []byte {
	if len(object) > 0 && object[len(object)-1] != '{' {
		object = append(object, ',')
	}
	return append(append(AppendString(object, name), ':'), value...)
}

// AppendString appends a JSON string. What is no UTF-8 becomes U+FFFD.
func AppendString(b []byte, s string) []byte {
	plain := strings.IndexFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7E || r == '"' || r == '\\' }) < 0
	if plain {
		return append(append(append(b, '"'), s...), '"')
	}
	quoted, err := json.Marshal(s)
	if err != nil {
		return append(b, `""`...) // a string always encodes
	}
	return append(b, quoted...)
}
