package scene

import (
	"encoding/json"
	"regexp"

	"liuke/shared/message"
)

// maxLine is the longest subject, preheader or title, in characters.
const maxLine = 255

// marks are the objects and tags of a text.
var marks = regexp.MustCompile(`\{\{[^}]*\}\}|\{%[^%]*%\}`)

// filled fills a content in once, as for a made-up customer, and notes what can be sent to nobody. A variable without a value is
// no mistake: others may have one.
func (d *document) filled(s *Scene, at func(string) []any, c *content, channel message.Channel) {
	if d.compilers.Fill == nil || d.full {
		return
	}
	say, profile, sig := d.compilers.Fill(s)
	values, err := say.bindings(profile, message.New(s.ID, 0, channel, sig))
	if err != nil {
		return // the made-up signal is at fault
	}
	given(values, varPreheader, "A sample")
	for _, part := range []string{"subject", varPreheader, "title", "text", "html"} {
		if t := *c.part(part); t != nil {
			if _, err := t.Render(values); err != nil && MissingVariable(err) == "" {
				d.mistake(at(part), "the %s cannot be filled in for a sample customer: %s", part, firstLine(err))
			}
		}
	}
	for _, t := range c.data {
		if t == nil {
			continue
		}
		if _, err := t.Render(values); err != nil && MissingVariable(err) == "" {
			d.mistake(at("data"), "the data cannot be filled in for a sample customer: %s", firstLine(err))
		}
	}
	if c.json == nil {
		return
	}
	text, err := c.json.Render(values)
	switch {
	case MissingVariable(err) != "":
	case err != nil:
		d.mistake(at("json"), "the json cannot be filled in for a sample customer: %s", firstLine(err))
	case !json.Valid([]byte(text)):
		d.mistake(at("json"), "what is posted of a sample customer is no JSON: texts that are filled in stand in double quotes")
	}
}
