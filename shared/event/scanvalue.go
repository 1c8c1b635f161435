package event

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"liuke/shared/fault"
)

// value scans the value at hand and returns its place.
func (s *scanner) value() (v value, err error) {
	s.space()
	v.start = int32(s.pos)
	v.kind = s.peek()
	switch v.kind {
	case '"':
		v.escaped, err = s.skipString()
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		v.kind = numberKind
		err = s.skipNumber()
	default:
		err = s.skip()
	}
	v.end = int32(s.pos)
	return v, err
}

// skip moves behind the value at hand, whatever it is. It keeps a stack of its own: the goroutine's would grow many
// times as large on a hostile body.
func (s *scanner) skip() error {
	floor := len(s.frames)
	for {
		entered, err := s.step()
		if err != nil {
			return err
		}
		for !entered {
			if len(s.frames) == floor {
				return nil
			}
			if entered, err = s.next(); err != nil {
				return err
			}
		}
	}
}

// step moves behind a scalar or an empty array or object; into any other, where entered is true and a value is at hand.
func (s *scanner) step() (entered bool, err error) {
	s.space()
	switch c := s.peek(); c {
	case '"':
		_, err = s.skipString()
		return false, err
	case '{', '[':
		if len(s.frames) == maxFrames {
			return false, fault.New(fault.Invalid, "the body's values are nested more than %d deep: flatten them", maxFrames)
		}
		s.pos++
		s.open(c == '{')
		s.space()
		if s.peek() == c+2 { // in ASCII a closing bracket stands two behind its opening one
			s.pos++
			s.close()
			return false, nil
		}
		if c == '{' {
			_, err = s.member()
		}
		return true, err
	case 't':
		return false, s.skipLiteral("true")
	case 'f':
		return false, s.skipLiteral("false")
	case 'n':
		return false, s.skipLiteral("null")
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return false, s.skipNumber()
	case 0:
		if s.pos == len(s.buf) {
			return false, s.syntax("the end, too soon,")
		}
	}
	return false, s.syntax("an unexpected character")
}

// next moves on behind a value of the innermost array or object: to its next value, where entered is true, or out of it.
func (s *scanner) next() (entered bool, err error) {
	s.space()
	object := s.frames[len(s.frames)-1].object
	switch c := s.peek(); {
	case c == ',':
		s.pos++
		if object {
			_, err = s.member()
		}
		return true, err
	case c == '}' && object, c == ']' && !object:
		s.pos++
		s.close()
		return false, nil
	}
	return false, s.syntax("neither a comma nor the closing bracket")
}

func (s *scanner) open(object bool) {
	s.frames = append(s.frames, frame{object: object, keys: int32(len(s.keys))})
	s.enter()
}

func (s *scanner) enter() {
	s.depth++
	if s.depth > MaxDepth {
		s.note(flaw{what: tooDeep, at: int32(s.pos - 1)})
	}
}

func (s *scanner) close() {
	last := s.frames[len(s.frames)-1]
	s.frames = s.frames[:len(s.frames)-1]
	s.depth--
	if last.object {
		s.forget(int(last.keys))
	}
}

// member scans a member's name and the colon behind it.
func (s *scanner) member() (name string, err error) {
	s.space()
	if s.peek() != '"' {
		return "", s.syntax("no name of a member")
	}
	start := s.pos
	escaped, err := s.skipString()
	if err != nil {
		return "", err
	}
	if name = s.text[start+1 : s.pos-1]; escaped {
		name = unquote(s.buf[start:s.pos])
		s.keys = append(s.keys, key{signature([]byte(name)), name, int32(start)})
	} else {
		s.keys = append(s.keys, key{signature(s.buf[start+1 : s.pos-1]), name, int32(start)})
	}
	if s.peek() != ':' {
		s.space()
		if s.peek() != ':' {
			return "", s.syntax("no colon behind a member's name")
		}
	}
	s.pos++
	return name, nil
}

// signature mixes a name's length with its first and its last bytes.
func signature(name []byte) uint64 {
	n := len(name)
	if n >= 8 {
		const odd = 0x9E3779B97F4A7C15
		return binary.LittleEndian.Uint64(name) ^ binary.LittleEndian.Uint64(name[n-8:])*odd ^ uint64(n)<<56
	}
	var sig uint64
	for _, c := range name {
		sig = sig<<8 | uint64(c)
	}
	return sig | uint64(n)<<56
}

// pairwise is up to how many names are compared each with each, which for few is quicker than to sort them.
const pairwise = 24

// forget ends an object whose names begin at the index: none may occur twice.
func (s *scanner) forget(from int) {
	keys := s.keys[from:]
	s.keys = s.keys[:from]
	if len(keys) > pairwise {
		slices.SortFunc(keys, func(a, b key) int { return cmp.Or(strings.Compare(a.text, b.text), cmp.Compare(a.at, b.at)) })
		for i := 1; i < len(keys); i++ {
			if keys[i].text == keys[i-1].text {
				s.note(flaw{what: twice, at: keys[i].at})
			}
		}
		return
	}
	for i := 1; i < len(keys); i++ {
		sig := keys[i].sig
		for j := range keys[:i] {
			if keys[j].sig == sig && keys[j].text == keys[i].text {
				s.note(flaw{what: twice, at: keys[i].at})
			}
		}
	}
}

// object scans the object at hand, which must be one, and calls visit at each member's value; visit moves behind it.
func (s *scanner) object(visit func(name string) error) error {
	keys := len(s.keys)
	s.pos++
	s.enter()
	s.space()
	if s.peek() == '}' {
		s.pos++
		s.depth--
		return nil
	}
	for {
		name, err := s.member()
		if err != nil {
			return err
		}
		if err := visit(name); err != nil {
			return err
		}
		s.space()
		switch s.peek() {
		case ',':
			s.pos++
		case '}':
			s.pos++
			s.depth--
			s.forget(keys)
			return nil
		default:
			return s.syntax("neither a comma nor the closing bracket")
		}
	}
}

// array scans the array at hand, which must be one, and calls visit at each element; visit moves behind it.
func (s *scanner) array(visit func() error) error {
	s.pos++
	s.enter()
	s.space()
	if s.peek() == ']' {
		s.pos++
		s.depth--
		return nil
	}
	for {
		if err := visit(); err != nil {
			return err
		}
		s.space()
		switch s.peek() {
		case ',':
			s.pos++
		case ']':
			s.pos++
			s.depth--
			return nil
		default:
			return s.syntax("neither a comma nor the closing bracket")
		}
	}
}

// end checks that nothing but white space is left.
func (s *scanner) end() error {
	s.space()
	if s.pos != len(s.buf) {
		return s.syntax("more behind the end of the value")
	}
	return nil
}
