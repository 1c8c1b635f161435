package event

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"liuke/shared/fault"
)

// flaw is what makes an event unfit though it is JSON, and where in the body: at the beginning of a value or, for a
// member that occurs twice, of its name.
type flaw struct {
	what defect
	at   int32
}

type defect uint8

const (
	faultless defect = iota
	tooDeep
	notUTF8
	twice
)

// note keeps the first flaw that is found.
func (s *scanner) note(f flaw) {
	if s.flaw.what == faultless {
		s.flaw = f
	}
}

// takeFlaw returns the first flaw since the last call as an Invalid error, and forgets it. Its pointer leads there from
// the value that begins at from.
func (s *scanner) takeFlaw(from int) error {
	f := s.flaw
	s.flaw = flaw{}
	if f.what == faultless {
		return nil
	}
	e := fault.At(s.pointer(from, int(f.at), f.what == twice), "")
	switch f.what {
	case tooDeep:
		e.Message = "values are nested more than " + strconv.Itoa(MaxDepth) + " deep: flatten them, or send them as text"
	case notUTF8:
		e.Message = "a string is not valid UTF-8: encode it so"
	case twice:
		e.Message = "an object has two members of the same name: leave one out"
	case faultless:
	}
	return e
}

// MaxPointerBytes is how long the JSON pointer to a flaw may become; beyond, it leads to what the flaw is in.
const MaxPointerBytes = 256

// step is where a walk is in one array or object.
type step struct {
	object bool
	index  int    // of an array's element
	name   []byte // of an object's member, in quotes
}

// pointer returns the JSON pointer (RFC 6901) from the value that begins at from, to the one that holds the byte at: with
// the member whose name begins there, where member is true. Both are within what has been scanned without an error.
func (s *scanner) pointer(from, at int, member bool) string {
	var path []step // the arrays and objects that the walk is in, but for those too deep to be named
	deeper := 0
	nameNext := false
	for i := from; i < at; {
		switch c := s.buf[i]; c {
		case '{', '[':
			if nameNext = c == '{'; len(path) < MaxPointerBytes/2 {
				path = append(path, step{object: c == '{'})
			} else {
				deeper++
			}
		case '}', ']':
			if nameNext = false; deeper > 0 {
				deeper--
			} else {
				path = path[:len(path)-1]
			}
		case ',':
			if deeper == 0 {
				top := &path[len(path)-1]
				top.index++
				nameNext = top.object
			}
		case '"':
			end := i + stringLength(s.buf[i:])
			if nameNext && deeper == 0 {
				path[len(path)-1].name = s.buf[i:end]
			}
			nameNext = false
			i = end
			continue
		}
		i++
	}
	if deeper == 0 && nameNext { // at a name, or before it
		path[len(path)-1].name = nil
		if member {
			path[len(path)-1].name = s.buf[at : at+stringLength(s.buf[at:])]
		}
	}
	return spell(path)
}

// spell returns the pointer that the steps make, or as many of them as can be spelled.
func spell(path []step) string {
	var b strings.Builder
	for _, p := range path {
		token := strconv.Itoa(p.index)
		if p.object {
			if p.name == nil || !utf8.Valid(p.name) {
				break
			}
			token = escapePointer.Replace(unquote(p.name))
		}
		if b.Len()+1+len(token) > MaxPointerBytes {
			break
		}
		b.WriteByte('/')
		b.WriteString(token)
	}
	return b.String()
}

var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")

// stringLength returns the length, quotes included, of the JSON string that b begins with.
func stringLength(b []byte) int {
	for i := 1; ; {
		i += bytes.IndexAny(b[i:], `"\`)
		if b[i] == '"' {
			return i + 1
		}
		i += 2
	}
}
