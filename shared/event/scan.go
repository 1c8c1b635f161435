package event

import (
	"encoding/binary"
	"encoding/json"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"

	"liuke/shared/fault"
)

// MaxDepth is how deep an event's values may be nested, the event itself being the first level.
const MaxDepth = 64

// maxFrames is how deep a body's values are followed at all, as far as encoding/json does: one that goes on beyond is
// refused as a whole, in memory that its depth does not set.
const maxFrames = 10_000

// scanner reads JSON (RFC 8259) in one pass over the bytes and builds nothing but the places of what it is asked for.
// It is this package's own because the envelope of an event is small beside what it carries, and a general decoder
// spends most of its time on the carried part; the fuzz tests hold it to encoding/json. It is stricter in what it
// calls flaws (see flaw): those don't stop the scan, so that the end of a flawed event is found all the same.
type scanner struct {
	buf    []byte
	text   string // the same bytes, for strings that are kept
	pos    int
	frames []frame // the arrays and objects that skip is in
	keys   []key   // of the open objects
	depth  int     // of the open objects and arrays

	flaw         flaw // the first flaw since it was last taken
	noncharacter bool // a string holds U+FFFE or U+FFFF as such, which SQS does not take
}

type frame struct {
	keys   int32 // len(scanner.keys) when the object began
	object bool
}

// key is a member's name and where it begins; sig tells most different ones apart at one comparison.
type key struct {
	sig  uint64
	text string
	at   int32
}

// value is the place of a scanned value.
type value struct {
	start, end int32
	kind       byte // its first byte, numberKind for every number, absentKind where there is none
	escaped    bool // a string with escapes
}

const (
	absentKind = 0
	numberKind = '0'
)

func newScanner(body []byte) *scanner {
	return &scanner{buf: body, text: string(body), frames: make([]frame, 0, 16), keys: make([]key, 0, 64)}
}

// absent reports whether there is no value, or null, which Segment's clients send for "none".
func (v value) absent() bool { return v.kind == absentKind || v.kind == 'n' }

// raw returns a value's bytes as they were written; nil for an absent one.
func (s *scanner) raw(v value) json.RawMessage {
	if v.absent() {
		return nil
	}
	return s.buf[v.start:v.end:v.end]
}

// string returns what a string value says, and the text of any other.
func (s *scanner) string(v value) string {
	switch {
	case v.kind != '"':
		return s.text[v.start:v.end]
	case v.escaped:
		return unquote(s.buf[v.start:v.end])
	default:
		return s.text[v.start+1 : v.end-1]
	}
}

// unquote decodes a valid JSON string with escapes; half a surrogate pair becomes U+FFFD.
func unquote(quoted []byte) string {
	var out string
	if err := json.Unmarshal(quoted, &out); err != nil {
		return string(quoted) // cannot be: the scanner has passed it
	}
	return out
}

func (s *scanner) syntax(what string) error {
	return fault.New(fault.Invalid, "the body is not valid JSON: %s at byte %d", what, s.pos)
}

func (s *scanner) space() {
	for s.pos < len(s.buf) {
		switch s.buf[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// peek returns the byte at hand, 0 (which no JSON text may hold) at the end.
func (s *scanner) peek() byte {
	if s.pos < len(s.buf) {
		return s.buf[s.pos]
	}
	return 0
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// skipString moves behind the string that begins at hand and reports whether it has escapes.
func (s *scanner) skipString() (escaped bool, err error) {
	buf, i := s.buf, s.pos+1
	start := i
	var seen uint64 // all bytes or'ed: the high bits tell whether any is beyond ASCII
	for {
		// Eight bytes at a time: a byte's high bit is set in hit where it is a quote, a backslash or below 0x20. The
		// lowest such bit is exact (Hacker's Delight, 6-1), and no other is looked at.
		if i+8 <= len(buf) {
			w := binary.LittleEndian.Uint64(buf[i:])
			q, b := w^('"'*ones), w^('\\'*ones)
			hit := ((w-0x20*ones)&^w | (q-ones)&^q | (b-ones)&^b) & highs
			if hit == 0 {
				seen |= w
				i += 8
				continue
			}
			n := bits.TrailingZeros64(hit) / 8
			seen |= w & (1<<(8*n) - 1)
			i += n
		} else {
			for i < len(buf) && buf[i] != '"' && buf[i] != '\\' && buf[i] >= 0x20 {
				seen |= uint64(buf[i])
				i++
			}
			if i == len(buf) {
				s.pos = i
				return escaped, s.syntax("a string without end")
			}
		}
		switch buf[i] {
		case '"':
			s.pos = i + 1
			if seen&highs != 0 {
				s.checkUTF8(start, i)
			}
			return escaped, nil
		case '\\':
			escaped = true
			n := escapeLength(buf[i:])
			if n == 0 {
				s.pos = i
				return escaped, s.syntax("an unknown escape")
			}
			i += n
		default:
			s.pos = i
			return escaped, s.syntax("a control character within a string")
		}
	}
}

// escapeLength returns the length of the escape that b begins with, 0 where it is none.
func escapeLength(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) < 6 {
			return 0
		}
		for _, c := range b[2:6] {
			if !('0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f') {
				return 0
			}
		}
		return 6
	}
	return 0
}

// checkUTF8 looks at the bytes of a string with some beyond ASCII; it begins behind its quote.
func (s *scanner) checkUTF8(start, end int) {
	b := s.buf[start:end]
	if !utf8.Valid(b) {
		s.note(flaw{what: notUTF8, at: int32(start - 1)})
		return
	}
	if !s.noncharacter && slices.Contains(b, 0xEF) {
		t := string(b)
		s.noncharacter = strings.Contains(t, "\uFFFE") || strings.Contains(t, "\uFFFF")
	}
}

// skipNumber moves behind the number that begins at hand.
func (s *scanner) skipNumber() error {
	buf, i := s.buf, s.pos
	digits := func() bool {
		from := i
		for i < len(buf) && '0' <= buf[i] && buf[i] <= '9' {
			i++
		}
		return i > from
	}
	if buf[i] == '-' {
		i++
	}
	ok := true
	if i < len(buf) && buf[i] == '0' {
		i++
	} else {
		ok = digits()
	}
	if ok && i < len(buf) && buf[i] == '.' {
		i++
		ok = digits()
	}
	if ok && i < len(buf) && buf[i]|0x20 == 'e' {
		i++
		if i < len(buf) && (buf[i] == '+' || buf[i] == '-') {
			i++
		}
		ok = digits()
	}
	s.pos = i
	if !ok {
		return s.syntax("a number that is none")
	}
	return nil
}

func (s *scanner) skipLiteral(literal string) error {
	if !strings.HasPrefix(s.text[s.pos:], literal) {
		return s.syntax("an unknown word")
	}
	s.pos += len(literal)
	return nil
}
