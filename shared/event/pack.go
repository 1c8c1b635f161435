package event

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"liuke/shared/fault"
)

// MaxPackBytes is how long the body of a message may become: SQS bills by 64 KB begun, attributes included.
const MaxPackBytes = 60 << 10

const (
	packHead = `{"events":[`
	packTail = `]}`
)

// Packs returns the bodies of messages that hold the events in their order, each body a Pack in JSON of at most
// MaxPackBytes; an event that is longer than that by itself is alone in its message. Properties, traits and context
// are copied as they are.
func Packs(events []Event) []string {
	left := 0 // about as many bytes as the events from here on take
	for i := range events {
		left += sizeHint(&events[i])
	}
	var packs []string
	var pack strings.Builder
	var one []byte
	var received string
	for i := range events {
		e := &events[i]
		if i == 0 || e.Received != events[i-1].Received {
			received = string(appendTime(nil, e.Received))
		}
		one = appendEvent(one[:0], e, received)
		if pack.Len() > 0 && pack.Len()+len(",")+len(one)+len(packTail) > MaxPackBytes {
			pack.WriteString(packTail)
			packs = append(packs, pack.String())
			pack.Reset()
		}
		if pack.Len() == 0 {
			pack.Grow(min(left+len(packHead)+len(packTail), MaxPackBytes))
			pack.WriteString(packHead)
		} else {
			pack.WriteByte(',')
		}
		pack.Write(one)
		left -= sizeHint(e)
	}
	if pack.Len() > 0 {
		pack.WriteString(packTail)
		packs = append(packs, pack.String())
	}
	return packs
}

// sizeHint returns about how many bytes an event takes in a pack: what it carries, and the names and times around it.
func sizeHint(e *Event) int {
	const around = 192
	return around + len(e.ID) + len(e.Name) + len(e.Category) + len(e.User) + len(e.Anonymous) + len(e.Previous) + len(e.Group) +
		len(e.Properties) + len(e.Traits) + len(e.Context)
}

// PackOne returns the body of a message that holds the one event, with the reason where it is poison.
func PackOne(e Event, reason string) string {
	body := append([]byte(nil), packHead...)
	body = appendEvent(body, &e, string(appendTime(nil, e.Received)))
	body = append(body, ']')
	if reason != "" {
		body = appendString(append(body, `,"reason":`...), reason)
	}
	return string(append(body, '}'))
}

// Unpack reads the body of a message. It returns an Invalid error for what is no pack, or an empty one.
func Unpack(body string) ([]Event, error) {
	var p Pack
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		return nil, fault.New(fault.Invalid, "the message is no pack of events") // the cause may quote what it read
	}
	if len(p.Events) == 0 {
		return nil, fault.New(fault.Invalid, "the message holds no events")
	}
	return p.Events, nil
}

// appendEvent appends what encoding/json makes of an event, but for the white space within what clients wrote.
func appendEvent(b []byte, e *Event, received string) []byte {
	b = appendString(append(b, `{"id":`...), string(e.ID))
	b = appendString(append(b, `,"type":`...), string(e.Type))
	for _, f := range [...]struct{ key, value string }{
		{`,"name":`, e.Name}, {`,"category":`, e.Category}, {`,"user":`, e.User}, {`,"anonymous":`, e.Anonymous}, {`,"previous":`, e.Previous}, {`,"group":`, e.Group},
	} {
		if f.value != "" {
			b = appendString(append(b, f.key...), f.value)
		}
	}
	b = appendTime(append(b, `,"time":`...), e.Time)
	b = append(append(b, `,"received":`...), received...)
	b = appendString(append(b, `,"source":`...), string(e.Source))
	if e.Import {
		b = append(b, `,"import":true`...)
	}
	if e.Replay {
		b = append(b, `,"replay":true`...)
	}
	for _, f := range [...]struct {
		key   string
		value json.RawMessage
	}{
		{`,"properties":`, e.Properties}, {`,"traits":`, e.Traits}, {`,"context":`, e.Context},
	} {
		if len(f.value) > 0 {
			b = append(append(b, f.key...), f.value...)
		}
	}
	return append(b, '}')
}

func appendTime(b []byte, t time.Time) []byte {
	return append(t.UTC().AppendFormat(append(b, '"'), time.RFC3339Nano), '"')
}

// appendString appends a JSON string. U+FFFE and U+FFFF are escaped beside what JSON asks for: SQS takes neither.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if c >= utf8.RuneSelf && r != utf8.RuneError && r != 0xFFFE && r != 0xFFFF {
			i += size
			continue
		}
		b = append(b, s[from:i]...)
		switch r {
		case '"', '\\':
			b = append(b, '\\', c)
		default: // control characters, the two, and U+FFFD for what is no UTF-8
			b = append(b, '\\', 'u', hexDigit(r>>12), hexDigit(r>>8), hexDigit(r>>4), hexDigit(r))
		}
		i += size
		from = i
	}
	return append(append(b, s[from:]...), '"')
}

func hexDigit(r rune) byte { return "0123456789abcdef"[r&15] }
