package scene

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"liuke/shared/message"
	"liuke/shared/pattern"
)

// inOneLine are the parts that stand on one line.
var inOneLine = []string{"subject", varPreheader, "title"}

// maxLine is the longest subject, preheader or title, in characters.
const maxLine = 255

// marks are the objects and tags of a text.
var marks = pattern.New(`\{\{[^}]*\}\}|\{%[^%]*%\}`)

// filled fills a content in once, as for a made-up customer, and notes what can be sent to nobody. A variable without a value is
// no mistake: others may have one.
func (c *spoken) filled(said *content) {
	if c.compilers.Fill == nil || c.full {
		return
	}
	say, profile, sig := c.compilers.Fill(c.scene)
	values, err := say.bindings(profile, message.New(c.scene.ID, 0, c.channel, sig))
	if err != nil {
		return // the made-up signal is at fault
	}
	given(values, varPreheader, "A sample")
	for _, part := range []string{"subject", varPreheader, "title", "text", "html"} {
		text, ok := c.fill(part, *said.part(part), values)
		if ok && slices.Contains(inOneLine, part) && strings.ContainsFunc(strings.TrimSpace(text), unicode.IsControl) {
			c.wrong(part, 1, "the %s must be one line, and is more for a sample customer, with the blocks in their places", part)
		} else if i := strings.IndexFunc(text, unprintable); i >= 0 {
			c.wrongAt(part, 1+strings.Count(text[:i], "\n"), fmt.Sprintf("the %s holds the control character %U, which no message shows", part, []rune(text[i:])[0]))
		}
	}
	delete(c.lines, "data") // they are of one of several texts
	for _, t := range said.data {
		c.fill("data", t, values)
	}
	if text, ok := c.fill("json", said.json, values); ok && said.json != nil && !json.Valid([]byte(text)) {
		c.wrong("json", 0, "what is posted of a sample customer is no JSON: texts that are filled in stand in double quotes")
	}
}

// fill fills in one text, where there is one, and notes why it cannot be.
func (c *spoken) fill(part string, t Template, values map[string]any) (text string, ok bool) {
	if t == nil {
		return "", false
	}
	text, err := t.Render(values)
	var unfilled *Unfilled
	switch {
	case err == nil:
		return text, true
	case MissingVariable(err) != "":
	case errors.As(err, &unfilled):
		c.wrongAt(part, unfilled.Line, "the "+part+" cannot be filled in for a sample customer: "+unfilled.Text)
	default:
		c.wrong(part, 0, "the %s cannot be filled in for a sample customer: %s", part, firstLine(err))
	}
	return "", false
}

// unprintable reports whether a character is one of control that parts neither lines nor columns.
func unprintable(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\t\n\r", r) }
