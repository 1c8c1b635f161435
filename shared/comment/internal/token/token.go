// Package token cuts what a customer wrote into words: Latin ones in lower case, Chinese ones in simplified characters.
// What may identify a person or an order (addresses of mail and the web, handles, numbers) is marked, so that nothing
// that reads the tokens has to look for it again. What the words mean is left to others.
package token

// MaxRunes is how many characters of a text are read; what follows is passed over.
const MaxRunes = 4000

// Kind is what a token is.
type Kind uint8

// The kinds of tokens.
const (
	Break  Kind = iota // punctuation or the end of a line: a negation does not reach past it
	Latin              // a word in Latin letters, in lower case
	Han                // a Chinese word, in simplified characters
	Other              // a run of letters of another script
	Emoji              // an emoji, or an emoticon such as :)
	Number             // one or two digits, as in "5 stars"; longer ones are Hidden
	Hidden             // an address of mail or the web, a handle, or anything with more digits; its Text is empty
)

// Token is a word of a text, or what stands between words.
type Token struct {
	Text    string // normalized; "" of what is Hidden
	Kind    Kind
	Capital bool // a Latin word that is written with a capital first and small letters after it: it may be a name
}

// Scan returns the tokens of the first MaxRunes characters of a text in their order, in time linear in their number.
// Any string will do: invalid UTF-8 is taken for punctuation; control and format characters and combining marks are
// passed over, so that none is in a token.
func Scan(text string) []Token {
	s := scanner{text: normalize(text)}
	s.out = make([]Token, 0, len(s.text)/4+4)
	for s.at < len(s.text) {
		s.next()
	}
	return s.out
}
