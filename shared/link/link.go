// Package link rewrites the links of a message, so that following one can be counted. All else stays as it was, byte for byte:
// what is no link for certain is left alone.
package link

import (
	"html"
	"strings"

	nethtml "golang.org/x/net/html"
)

// Rewriter returns what stands for an address; ok is false for one that stays. It is given absolute addresses of http and
// https alone, and each occurrence by itself.
type Rewriter func(address string) (instead string, ok bool)

// HTML rewrites where the links of a document or a fragment of one lead to: the absolute addresses in the href of a and area.
// What a client alone reads otherwise, such as a conditional comment, stays.
func HTML(document string, to Rewriter) string {
	var out strings.Builder
	z := nethtml.NewTokenizer(strings.NewReader(document))
	at := 0 // what lies before it is written
	for begin := 0; z.Next() != nethtml.ErrorToken; {
		raw := z.Raw()
		end := begin + len(raw)
		if from, until, address, ok := href(z, document[begin:end]); ok {
			if instead, ok := rewrite(address, to); ok {
				out.WriteString(document[at : begin+from])
				out.WriteString(`"` + html.EscapeString(instead) + `"`)
				at = begin + until
			}
		}
		begin = end
	}
	if at == 0 {
		return document
	}
	return out.String() + document[at:]
}

// href finds the value of the href of the tag that the tokenizer stands on: where it stands in the tag, quotes included, and
// what it says. Of what the two readings of a tag disagree about, none is sure.
func href(z *nethtml.Tokenizer, tag string) (from, until int, address string, ok bool) {
	token := z.Token()
	if token.Type != nethtml.StartTagToken && token.Type != nethtml.SelfClosingTagToken || token.Data != "a" && token.Data != "area" {
		return 0, 0, "", false
	}
	for _, a := range token.Attr {
		if a.Key == "href" && a.Namespace == "" {
			address, ok = a.Val, true
			break
		}
	}
	if !ok {
		return 0, 0, "", false
	}
	from, until, found := value(tag, "href")
	if !found || html.UnescapeString(strings.Trim(tag[from:until], `"'`)) != address {
		return 0, 0, "", false
	}
	return from, until, address, true
}

// value finds the value of the first attribute of a name in a tag, as HTML has it (13.2.5.32 to 13.2.5.39 of the standard).
func value(tag, name string) (from, until int, ok bool) {
	const space = " \t\n\f\r"
	skip := func(i int, chars string) int {
		for i < len(tag) && strings.IndexByte(chars, tag[i]) >= 0 {
			i++
		}
		return i
	}
	to := func(i int, chars string) int {
		if j := strings.IndexAny(tag[i:], chars); j >= 0 {
			return i + j
		}
		return len(tag)
	}
	for i := to(0, space+"/>"); ; {
		i = skip(i, space+"/")
		if i >= len(tag) || tag[i] == '>' {
			return 0, 0, false
		}
		end := to(i+1, space+"/>=") // an attribute's name may begin with =
		key := tag[i:end]
		i = skip(end, space)
		if i >= len(tag) || tag[i] != '=' {
			continue
		}
		i = skip(i+1, space)
		if i >= len(tag) || tag[i] == '>' {
			return 0, 0, false
		}
		begin := i
		if quote := tag[i]; quote == '"' || quote == '\'' {
			if i = to(i+1, string(quote)); i == len(tag) {
				return 0, 0, false
			}
			i++
		} else {
			i = to(i, space+">")
		}
		if strings.EqualFold(key, name) {
			return begin, i, true
		}
	}
}

// Text rewrites the addresses that stand in a text by themselves. A full stop, a comma or a bracket behind one belongs to the
// sentence.
func Text(text string, to Rewriter) string {
	var out strings.Builder
	at := 0
	for i := 0; i < len(text); {
		n := address(text[i:])
		if n == 0 || i > 0 && wordy(text[i-1]) {
			i++
			continue
		}
		if instead, ok := rewrite(text[i:i+n], to); ok {
			out.WriteString(text[at:i])
			out.WriteString(instead)
			at = i + n
		}
		i += n
	}
	if at == 0 {
		return text
	}
	return out.String() + text[at:]
}

// address returns how many bytes of a text's beginning are an address, 0 for none.
func address(text string) int {
	scheme := 0
	for _, s := range []string{"https://", "http://"} {
		if len(text) > len(s) && strings.EqualFold(text[:len(s)], s) {
			scheme = len(s)
		}
	}
	if scheme == 0 {
		return 0
	}
	n := strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\"<>`{}|\\^", r) })
	if n < 0 {
		n = len(text)
	}
	round := strings.Count(text[:n], ")") - strings.Count(text[:n], "(")
	square := strings.Count(text[:n], "]") - strings.Count(text[:n], "[")
	for n > scheme {
		switch last := text[n-1]; {
		case strings.IndexByte(".,;:!?'*_~", last) >= 0:
		case last == ')' && round > 0:
			round--
		case last == ']' && square > 0:
			square--
		default:
			return n
		}
		n--
	}
	return n
}

// wordy reports whether a letter or digit is: what follows one is no address of its own.
func wordy(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

// rewrite asks for what stands for an absolute address.
func rewrite(address string, to Rewriter) (string, bool) {
	trimmed := strings.Trim(address, " \t\n\f\r")
	scheme, rest, _ := strings.Cut(trimmed, "://")
	if rest == "" || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return "", false
	}
	return to(trimmed)
}
