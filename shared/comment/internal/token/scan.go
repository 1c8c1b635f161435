package token

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// scanner goes over a normalized text.
type scanner struct {
	text   string
	at     int
	out    []Token
	handle bool // an @ stands right before: what follows is a name
}

// next takes what is at the place: at least one character.
func (s *scanner) next() {
	r, size := utf8.DecodeRuneInString(s.text[s.at:])
	switch {
	case r == ' ' || r == '\t':
		s.at, s.handle = s.at+size, false
	case isHan(r):
		s.han()
	case r > ' ' && r < utf8.RuneSelf || unicode.Is(unicode.Latin, r):
		s.chunk()
	case unicode.IsLetter(r):
		s.take(Other, s.run(func(r rune) bool { return unicode.IsLetter(r) && !isHan(r) && !unicode.Is(unicode.Latin, r) }))
	case unicode.IsNumber(r):
		s.at += size
		s.take(Hidden, "")
	case unicode.Is(unicode.So, r) || unicode.Is(unicode.Sk, r) && r > 0x1f000:
		s.at += size
		s.take(Emoji, s.text[s.at-size:s.at])
	default:
		s.at += size
		s.stop()
	}
}

// take adds a token; what follows an @ is hidden.
func (s *scanner) take(kind Kind, text string) {
	if s.handle {
		kind, text = Hidden, ""
	}
	if kind == Hidden && len(s.out) > 0 && s.out[len(s.out)-1].Kind == Hidden {
		return
	}
	s.out = append(s.out, Token{Text: text, Kind: kind})
}

// stop adds a Break, unless one stands there.
func (s *scanner) stop() {
	s.handle = false
	if n := len(s.out); n > 0 && s.out[n-1].Kind != Break {
		s.out = append(s.out, Token{Kind: Break})
	}
}

// run moves the place past the characters that are of a class, and returns them.
func (s *scanner) run(of func(rune) bool) string {
	from := s.at
	for s.at < len(s.text) {
		r, size := utf8.DecodeRuneInString(s.text[s.at:])
		if !of(r) {
			break
		}
		s.at += size
	}
	return s.text[from:s.at]
}

// han takes a run of Chinese characters, word by word.
func (s *scanner) han() {
	run := s.run(isHan)
	if s.handle {
		s.take(Hidden, "")
		return
	}
	for word := range segment(run) {
		s.take(Han, word)
	}
}

// chunk takes what stands between spaces and is Latin: words with their punctuation, or something to hide.
func (s *scanner) chunk() {
	chunk := s.run(func(r rune) bool {
		return r > ' ' && r < utf8.RuneSelf || r >= utf8.RuneSelf && unicode.Is(unicode.Latin, r)
	})
	switch {
	case s.handle || strings.Contains(chunk, "@") || isAddress(chunk):
		s.take(Hidden, "")
		s.handle = strings.HasSuffix(chunk, "@")
	default:
		for rest := chunk; rest != ""; {
			rest = rest[s.piece(rest):]
		}
	}
}

// piece takes the first word, number, emoticon or mark of a chunk, and returns its length in bytes.
func (s *scanner) piece(chunk string) int {
	n, letters, digits := wordLength(chunk)
	switch {
	case n == 0:
		if face := emoticon(chunk); face != "" {
			s.take(Emoji, face)
			return len(face)
		}
		if strings.IndexByte(".,;:!?", chunk[0]) >= 0 {
			s.stop()
		}
		return 1
	case digits > 2 || digits > 0 && letters > 0:
		s.take(Hidden, "")
	case digits > 0:
		s.take(Number, chunk[:n])
	default:
		s.word(chunk[:n])
	}
	return n
}

// word adds a Latin word.
func (s *scanner) word(word string) {
	first, size := utf8.DecodeRuneInString(word)
	lower := strings.ToLower(word)
	capital := unicode.IsUpper(first) && word[size:] == lower[min(size, len(lower)):]
	s.take(Latin, lower)
	s.out[len(s.out)-1].Capital = capital
}

// wordLength returns how many bytes the word is long that a chunk begins with, and how many letters and digits it has. An
// apostrophe between letters is of the word.
func wordLength(chunk string) (n, letters, digits int) {
	for n < len(chunk) {
		c := chunk[n]
		switch {
		case c >= utf8.RuneSelf:
			_, size := utf8.DecodeRuneInString(chunk[n:])
			n, letters = n+size, letters+1
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			n, letters = n+1, letters+1
		case c >= '0' && c <= '9':
			n, digits = n+1, digits+1
		case c == '\'' && n > 0 && n+1 < len(chunk) && chunk[n+1]|0x20 >= 'a' && chunk[n+1]|0x20 <= 'z':
			n++
		default:
			return n, letters, digits
		}
	}
	return n, letters, digits
}

// emoticon returns the face that a chunk begins with, or "".
func emoticon(chunk string) string {
	for _, face := range []string{":-)", ":)", ":-(", ":(", ";-)", ";)", ":-D", ":D", "=)", "=(", "<3", ":'("} {
		if strings.HasPrefix(chunk, face) {
			return face
		}
	}
	return ""
}

// isAddress tells whether a chunk is an address of the web.
func isAddress(chunk string) bool {
	if strings.Contains(chunk, "://") || len(chunk) > 4 && strings.EqualFold(chunk[:4], "www.") {
		return true
	}
	host := strings.TrimRight(chunk, ".,;:!?)\"'")
	if end := strings.IndexAny(host, "/:?#"); end >= 0 {
		host = host[:end]
	}
	dot := strings.LastIndexByte(host, '.')
	return dot > 0 && strings.Contains(topLevel, " "+strings.ToLower(host[dot+1:])+" ")
}

// topLevel are ends of host names that are seldom the first word of a sentence whose space was forgotten.
const topLevel = " com cn net org io co uk de info shop xyz vip ru jp kr fr es ca au hk tw cc tv edu gov biz eu nl "
