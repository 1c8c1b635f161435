package content

import (
	"fmt"
	"strings"

	"github.com/osteele/liquid/expressions"

	"liuke/shared/scene"
)

// ends are the tags that close those that stand open, and inner those that stand within one of some alone.
var (
	ends  = map[string]string{"if": "endif", "unless": "endunless", "case": "endcase", "for": "endfor"}
	inner = map[string][]string{"else": {"if", "unless", "case", "for"}, "elsif": {"if", "unless"}, "when": {"case"}}
)

// openTag is a tag that is to be closed, and where it stands.
type openTag struct {
	name   string
	offset int
}

// nesting follows which tags of a text are open.
type nesting struct{ open []openTag }

// next takes the tag that comes next. It returns what is wrong with its place, "" for nothing.
func (n *nesting) next(name string, offset int) string {
	last := openTag{}
	if len(n.open) > 0 {
		last = n.open[len(n.open)-1]
	}
	if _, opens := ends[name]; opens {
		n.open = append(n.open, openTag{name, offset})
		return ""
	}
	if within, ok := inner[name]; ok {
		for _, each := range within {
			if each == last.name {
				return ""
			}
		}
		return fmt.Sprintf("{%% %s %%} stands within {%% %s %%} alone", name, strings.Join(within, " %}, {% "))
	}
	if !strings.HasPrefix(name, "end") {
		return ""
	}
	if last.name == "" {
		return fmt.Sprintf("{%% %s %%} closes nothing: no {%% %s %%} is open", name, strings.TrimPrefix(name, "end"))
	}
	n.open = n.open[:len(n.open)-1]
	if want := ends[last.name]; want != name {
		return fmt.Sprintf("{%% %s %%} stands where {%% %s %%} belongs, for {%% %s %%} is open", name, want, last.name)
	}
	return ""
}

// unread says what is wrong with what stands behind a tag's name, "" for nothing.
func unread(name, args string) (says string) {
	if _, conditional := map[string]bool{"if": true, "unless": true, "elsif": true, "case": true, "when": true}[name]; !conditional {
		return ""
	}
	const how = `compare with ==, !=, <, >, <=, >= or contains, and join with and, or`
	if strings.TrimSpace(args) == "" {
		return fmt.Sprintf("behind %s belongs what it looks at, such as {%% %s order.first %%}", name, name)
	}
	for _, word := range condition().FindAllString(args, -1) {
		switch word {
		case `"`, `'`:
			return fmt.Sprintf("the quote %s in {%% %s %s %%} is never closed", word, name, args)
		case "not":
			return "there is no not: write {% unless … %}, or compare with == false"
		case "&", "|", "=", "!":
			return fmt.Sprintf("{%% %s %s %%} cannot be read: %s", name, args, how)
		}
	}
	defer func() { // it panics of some texts, such as a number of thirty digits
		if recover() != nil {
			says = fmt.Sprintf("{%% %s %s %%} cannot be read: %s", name, args, how)
		}
	}()
	var err error
	if name == "when" {
		_, err = expressions.ParseStatement(expressions.WhenStatementSelector, args)
	} else {
		_, err = expressions.Parse(args)
	}
	if err != nil {
		return fmt.Sprintf("{%% %s %s %%} cannot be read: %s", name, args, how)
	}
	return ""
}

// unknownTag says that there is no such tag.
func unknownTag(name string) string {
	if name == "render" {
		return `render needs the name of a block in quotes, such as {% render "header" %}`
	}
	if near := scene.Near(name, tags); near != "" {
		return "there is no tag " + name + near
	}
	return fmt.Sprintf("the tag %s is not allowed; there are %s, and render for a block", name, strings.Join(tags, ", "))
}
