package outreach

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"liuke/shared/fault"
	"liuke/shared/pattern"
)

// Mistake is one thing that is wrong with a document, or with what uses it.
type Mistake struct {
	Document string `json:"document"`         // its name
	Line     int    `json:"line"`             // from 1
	Column   int    `json:"column,omitempty"` // from 1; 0 where only the line is known
	Message  string `json:"message"`
}

// String spells a mistake on one line.
func (m *Mistake) String() string {
	return fmt.Sprintf("%s, line %d: %s", m.Document, m.Line, m.Message)
}

// Mistakes are all that is wrong. It is an error of code invalid.
type Mistakes []Mistake

// Error lists the mistakes, each on a line.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i := range m {
		lines[i] = m[i].String()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the error its code.
func (m Mistakes) Unwrap() error { return fault.New(fault.Invalid, "%s", m.Error()) }

// maxDepth is how deep a document may nest; scenes need eight.
const maxDepth = 24

// screen returns what no document may have, whatever it is: text that is no YAML or more than one document, a nesting that
// nobody writes by hand, nothing in the place of something, which would be passed over, and aliases, by which a few lines stand for gigabytes.
func screen(name, body string) Mistakes {
	one := func(line int, format string, args ...any) Mistakes {
		return Mistakes{{Document: name, Line: max(line, 1), Message: fmt.Sprintf(format, args...)}}
	}
	if !utf8.ValidString(body) {
		return one(lineOfInvalid(body), "the text is not valid UTF-8")
	}
	if i := strings.IndexByte(body, 0); i >= 0 {
		return one(1+strings.Count(body[:i], "\n"), "the text holds a NUL character")
	}
	if strings.TrimSpace(body) == "" {
		return one(1, "the document is empty")
	}
	decoder := yaml.NewDecoder(strings.NewReader(body))
	var root, next yaml.Node
	if err := decoder.Decode(&root); err != nil {
		line, text := placed(err.Error())
		return one(line, "%s", text)
	}
	switch err := decoder.Decode(&next); {
	case err == nil:
		return one(next.Line, "a second document begins here: write one")
	case err != io.EOF:
		line, text := placed(err.Error())
		return one(line, "what stands behind the document cannot be read: %s", text)
	}
	return screenNode(name, &root, 0)
}

func screenNode(name string, n *yaml.Node, depth int) (out Mistakes) {
	switch {
	case depth > maxDepth:
		return Mistakes{{name, n.Line, n.Column, fmt.Sprintf("this is nested more than %d deep", maxDepth)}}
	case n.Kind == yaml.AliasNode:
		return Mistakes{{name, n.Line, n.Column, "aliases are not taken: write out what is meant"}}
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
		return Mistakes{{name, n.Line, n.Column, "nothing stands here: say what is meant, or leave it out"}}
	case n.Anchor != "":
		out = append(out, Mistake{name, n.Line, n.Column, "anchors are not taken: nothing could refer to them"})
	}
	for _, c := range n.Content {
		out = append(out, screenNode(name, c, depth+1)...)
	}
	return out
}

func lineOfInvalid(body string) int {
	line := 1
	for i, r := range body {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(body[i:]); n == 1 {
				break
			}
		}
		if r == '\n' {
			line++
		}
	}
	return line
}

var lineOfYAML = pattern.New(`line (\d+): `)

// placed takes the line out of a message of the parser's.
func placed(text string) (line int, rest string) {
	text = strings.TrimPrefix(text, "yaml: ")
	m := lineOfYAML().FindStringSubmatch(text)
	if m == nil {
		return 1, text
	}
	line, _ = strconv.Atoi(m[1]) // digits; too many of them are 0
	return line, strings.Replace(text, m[0], "", 1)
}

// ordered returns mistakes by document and line, each once.
func ordered(all Mistakes) Mistakes {
	slices.SortFunc(all, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Document, b.Document), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(all)
}
