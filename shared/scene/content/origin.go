package content

import (
	"html"
	"strings"

	"liuke/shared/scene"
)

// gap stands for what is filled in: it may stand in an address, and no host has it, so that an address is the text's own
// where a value stands behind its host alone.
const gap = "$"

// arguments returns the texts in quotes among an object's filters, which are the text's own words: of an address, where more
// than its host stands there.
func arguments(object string) string {
	var out strings.Builder
	for _, arg := range argument().FindAllString(object, -1) {
		if arg[0] == '"' || arg[0] == '\'' {
			out.WriteString(" " + arg[1:len(arg)-1] + gap)
		}
	}
	if out.Len() > 0 {
		out.WriteString(" " + gap)
	}
	return out.String()
}

// aside stands for a tag. An address ends where a branch does; where one begins, it may go on.
func aside(tag string) string {
	switch tag {
	case "if", "unless", "case", "for":
		return gap
	}
	return " "
}

// unescaped returns a text as it is read.
func unescaped(text string, form scene.Form) string {
	if form == scene.HTML {
		return html.UnescapeString(text)
	}
	return text
}
