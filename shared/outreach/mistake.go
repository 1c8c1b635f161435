package outreach

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"liuke/shared/fault"
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
		return unreadable(name, body)
	}
	switch err := decoder.Decode(&next); {
	case err == nil:
		return one(next.Line, "a second document begins here: write one")
	case err != io.EOF:
		return one(behind(body), "what stands behind the document cannot be read: write one document")
	}
	return screenNode(name, &root, 0)
}

func screenNode(name string, n *yaml.Node, depth int) (out Mistakes) {
	switch {
	case depth > maxDepth:
		return Mistakes{{name, n.Line, n.Column, fmt.Sprintf("this is nested more than %d deep", maxDepth)}}
	case n.Kind == yaml.AliasNode:
		return Mistakes{{name, n.Line, n.Column, "aliases are not taken: write out what is meant"}}
	case n.Tag != "" && n.Tag[0] == '!' && !strings.HasPrefix(n.Tag, "!!"):
		return Mistakes{{name, n.Line, n.Column, "a text that begins with ! must stand in quotes"}}
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
		return Mistakes{{name, n.Line, n.Column, nothing(n)}}
	case n.Anchor != "":
		out = append(out, Mistake{name, n.Line, n.Column, "anchors are not taken: nothing could refer to them"})
	}
	for i, c := range n.Content {
		if named := n.Kind == yaml.MappingNode && i%2 == 0; named && c.Kind != yaml.ScalarNode && c.Kind != yaml.AliasNode {
			return append(out, Mistake{name, c.Line, c.Column, "a text that begins with { or [ must stand in quotes, such as '{{ customer.name }}'"})
		}
		if c.ShortTag() == "!!null" && n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle != 0 && i%2 == 1 {
			out = append(out, Mistake{name, n.Content[i-1].Line, n.Content[i-1].Column, fmt.Sprintf("%q has no value: write a colon and a space between the name of a field and its value", n.Content[i-1].Value)})
			continue
		}
		if n.Kind == yaml.MappingNode && i%2 == 1 {
			c.LineComment += n.Content[i-1].LineComment // where there is no value, what stands behind the colon is the name's
		}
		out = append(out, screenNode(name, c, depth+1)...)
	}
	return out
}

// nothing says that nothing stands where a node is.
func nothing(n *yaml.Node) string {
	says := "nothing stands here: say what is meant, or leave it out"
	switch {
	case n.Anchor != "":
		says += "; a text that begins with & must stand in quotes"
	case strings.HasPrefix(n.LineComment+n.FootComment, "#"):
		says += "; a text that begins with # must stand in quotes"
	}
	return says
}

// behind returns the line in which a document ends and another is to begin.
func behind(body string) int {
	for i, line := range strings.Split(body, "\n") {
		if i > 0 && (strings.HasPrefix(line, "---") || strings.HasPrefix(line, "...")) {
			return i + 1
		}
	}
	return 1
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

// ordered returns mistakes by document and line, each once.
func ordered(all Mistakes) Mistakes {
	slices.SortFunc(all, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Document, b.Document), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(all)
}
