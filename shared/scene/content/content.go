// Package content compiles what scenes say. It stands apart from package scene so that what sends nothing links no
// template engine.
//
// The language is Liquid with strict variables: a subset that is checked when it is loaded and takes bounded time. No text
// takes a program down: what the engine panics of is a flaw, or an error.
// Objects are a variable and filters out of a list; tags are if, unless, case, and for over a list, within no other; all
// speak of known variables alone.
// A variable of an object must have a value when the message is made, unless its first filter is default. In HTML,
// every object is escaped last, whatever filters it went through; so it is in JSON, where objects stand within the quotes of
// strings, or are numbers or yes and no. Conditions look at values as they are.
//
// Which origins a text leads to by its own words is found when it is compiled: an address of which a value makes the host,
// or a part of it, is none of its words.
package content

import (
	"encoding/json"
	"fmt"
	"html"
	"slices"
	"strings"

	"github.com/osteele/liquid"
	"github.com/osteele/liquid/expressions"
	"github.com/osteele/liquid/values"

	"liuke/shared/fault"
	"liuke/shared/link"
	"liuke/shared/pattern"
	"liuke/shared/scene"
)

// maxFlaws is about how many flaws of a text are told; behind them it is not looked at.
const maxFlaws = 50

type template struct {
	liquid  *liquid.Template
	used    map[string]bool // variables that it speaks of
	shown   map[string]bool // variables that stand in every message
	origins []string
}

var (
	tokens    = pattern.New(`\{\{-?\s*(.+?)\s*-?\}\}|\{%-?\s*(\w+)(?:\s+((?:[^%]|%[^}])+?))?\s*-?%\}`)
	object    = pattern.New(`^([a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)*)\s*((?:\|.*)?)$`)
	loop      = pattern.New(`^([a-z_][a-z0-9_]*)\s+in\s+([a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)*)$`)
	condition = pattern.New(`"[^"]*"|'[^']*'|[A-Za-z_][A-Za-z0-9_.]*|[0-9.]+|==|!=|<>|<=|>=|<|>|,|\s+|.`)

	tags  = []string{"case", "else", "elsif", "endcase", "endfor", "endif", "endunless", "for", "if", "unless", "when"}
	words = []string{"and", "or", "contains", "true", "false", "nil", "blank", "empty"}
)

// Compiler returns a scene.CompileContent.
func Compiler() scene.CompileContent {
	engine := newEngine()
	return func(source string, known []string, form scene.Form) (scene.Template, []scene.Flaw) {
		t, flaws := compile(engine, source, known, form)
		if len(flaws) > 0 {
			return nil, flaws
		}
		return t, nil
	}
}

func newEngine() *liquid.Engine {
	engine := liquid.NewEngine()
	engine.StrictVariables()
	engine.RegisterFilter("liuke_required", func(value any, variable string) (any, error) {
		if value == nil || value == "" {
			return nil, &scene.Missing{Variable: variable}
		}
		return value, nil
	})
	engine.RegisterFilter("truncate", truncate)
	engine.RegisterFilter("capitalize", capitalize) // the engine's own cuts characters of several bytes apart
	engine.RegisterFilter("liuke_html", func(value any) string { return html.EscapeString(fmt.Sprint(value)) })
	engine.RegisterFilter("liuke_json", func(value any) (string, error) {
		quoted, err := json.Marshal(fmt.Sprint(value))
		if err != nil {
			return "", err
		}
		return string(quoted[1 : len(quoted)-1]), nil
	})
	return engine
}

// compile checks a template's text against the known variables and compiles it.
func compile(engine *liquid.Engine, source string, known []string, form scene.Form) (*template, []scene.Flaw) {
	t := &template{used: map[string]bool{}, shown: map[string]bool{}}
	var flaws []scene.Flaw
	var out, own strings.Builder // own are the text's own words, with gap for what is filled in
	at := 0
	add := func(offset int, format string, args ...any) {
		flaws = append(flaws, scene.Flaw{Line: 1 + strings.Count(source[:offset], "\n"), Text: fmt.Sprintf(format, args...)})
	}
	conditions := 0          // that are open
	var page strings.Builder // the text with names in the places of variables that are shown to everybody
	checkText := func(from, to int) {
		for _, mark := range []string{"{{", "{%"} {
			if i := strings.Index(source[from:to], mark); i >= 0 {
				add(from+i, "%s is never closed: write %s behind it", mark, map[string]string{"{{": "}}", "{%": "%}"}[mark])
			}
		}
		out.WriteString(source[from:to])
		own.WriteString(unescaped(source[from:to], form))
		page.WriteString(strings.ReplaceAll(source[from:to], edge, ""))
	}
	var nested nesting
	var member, list string // of the for that is open
	use := func(offset int, variable string) string {
		if field, ok := strings.CutPrefix(variable, member+"."); ok && member != "" {
			variable = list + "." + field
		}
		switch near := scene.Near(variable, known); {
		case slices.Contains(known, variable):
		case strings.HasSuffix(variable, "[]"):
			add(offset, "%s is not a list of this scene: a for goes over survey.choices alone", strings.TrimSuffix(variable, "[]"))
		case near != "":
			add(offset, "%s is not a variable of this scene%s", variable, near)
		default:
			add(offset, "%s is not a variable of this scene; there are %s", variable, strings.Join(known, ", "))
		}
		t.used[variable] = true
		return variable
	}
	for _, m := range tokens().FindAllStringSubmatchIndex(source, -1) {
		if len(flaws) >= maxFlaws {
			add(m[0], "and more")
			return nil, flaws
		}
		checkText(at, m[0])
		at = m[1]
		if m[2] >= 0 {
			rewritten, variable, err := rewrite(source[m[2]:m[3]], form)
			if err != nil {
				add(m[0], "%s", err)
				continue
			}
			alone := variable == source[m[2]:m[3]]
			variable = use(m[0], variable)
			switch {
			case !alone || conditions > 0 || member != "" && !strings.HasPrefix(variable, list+"."):
				page.WriteString("x")
			case form == scene.HTML:
				page.WriteString(edge + variable + edge)
			default:
				t.shown[variable] = true
			}
			out.WriteString(source[m[0]:m[2]] + rewritten + source[m[3]:m[1]])
			own.WriteString(gap + arguments(source[m[2]:m[3]]))
			continue
		}
		name, args := source[m[4]:m[5]], ""
		if m[6] >= 0 {
			args = source[m[6]:m[7]]
		}
		if strings.Contains(args, "{%") || strings.Contains(args, "{{") {
			add(m[0], "{%% is never closed: write %%} behind it")
			continue
		}
		if !slices.Contains(tags, name) {
			add(m[0], "%s", unknownTag(name))
			nested.next(scene.Nearest(name, tags), m[0])
			continue
		}
		if says := nested.next(name, m[0]); says != "" {
			add(m[0], "%s", says)
		}
		if says := unread(name, args); says != "" {
			add(m[0], "%s", says)
			continue
		}
		switch name {
		case "for":
			over := loop().FindStringSubmatch(args)
			switch {
			case over == nil:
				add(m[0], "a for must be like: for choice in survey.choices")
				continue
			case member != "":
				add(m[0], "a for within a for is not allowed")
				continue
			}
			use(m[0], over[2]+"[]")
			member, list = over[1], over[2]+"[]"
		case "endfor":
			member, list = "", ""
		default:
			switch name {
			case "if", "unless", "case":
				conditions++
			case "endif", "endunless", "endcase":
				conditions--
			}
			for _, variable := range variablesOf(args) {
				use(m[0], variable)
			}
		}
		out.WriteString(source[m[0]:m[1]])
		own.WriteString(aside(name))
	}
	checkText(at, len(source))
	for _, tag := range nested.open {
		if len(flaws) < maxFlaws {
			add(tag.offset, "{%% %s %%} is never closed: write {%% %s %%} where it ends", tag.name, ends[tag.name])
		}
	}
	if len(flaws) > 0 {
		return nil, flaws
	}
	parsed, flaw := parse(engine, out.String())
	if flaw != nil {
		return nil, []scene.Flaw{*flaw}
	}
	t.liquid, t.origins = parsed, link.Origins(own.String())
	if form == scene.HTML {
		t.shown = visible(page.String())
	}
	return t, nil
}

// parse hands a text that has been checked to the engine, which panics of some, such as of a number of thirty digits.
func parse(engine *liquid.Engine, source string) (parsed *liquid.Template, flaw *scene.Flaw) {
	defer func() {
		if recover() != nil {
			parsed, flaw = nil, &scene.Flaw{Line: 1, Text: "the text cannot be read"}
		}
	}()
	parsed, err := engine.ParseTemplateLocation([]byte(source), "", 1)
	if err != nil {
		return nil, &scene.Flaw{Line: max(1, err.LineNumber()), Text: "what stands here cannot be read: look at its {{ }} and {% %}"}
	}
	return parsed, nil
}

// rewrite checks one object and adds the filters that hold it to its promises: required first, escaped last.
func rewrite(text string, form scene.Form) (rewritten, variable string, err error) {
	m := object().FindStringSubmatch(text)
	if m == nil {
		return "", "", fmt.Errorf("{{ %s }} must be a variable and filters, such as {{ customer.name }} or {{ customer.first_name | default: \"there\" }}", strings.TrimSpace(text))
	}
	variable = m[1]
	rewritten = variable
	for rest, first := m[2], true; first || rest != ""; first = false {
		f := filter().FindStringSubmatch(rest)
		if rest != "" && f == nil {
			return "", "", fmt.Errorf("what stands behind | cannot be read: %q must be a filter, such as | upcase or | default: \"there\"", strings.TrimSpace(strings.TrimPrefix(rest, "|")))
		}
		if first && (f == nil || f[1] != "default") {
			rewritten += fmt.Sprintf(" | liuke_required: %q", variable)
		}
		if f == nil {
			break
		}
		if err := checkFilter(f[1], f[2]); err != nil {
			return "", "", err
		}
		rewritten += " " + strings.TrimSpace(f[0])
		rest = rest[len(f[0]):]
	}
	switch form {
	case scene.HTML:
		rewritten += " | liuke_html"
	case scene.JSON:
		rewritten += " | liuke_json"
	}
	return rewritten, variable, nil
}

// variablesOf returns the variables that a tag's condition speaks of.
func variablesOf(args string) []string {
	var out []string
	for _, word := range condition().FindAllString(args, -1) {
		if c := word[0]; (c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') && !slices.Contains(words, word) {
			out = append(out, word)
		}
	}
	return out
}

// Uses implements scene.Template.
func (t *template) Uses(variable string) bool { return t.used[variable] }

// Shows implements scene.Template.
func (t *template) Shows(variable string) bool { return t.shown[variable] }

// Origins implements scene.Template.
func (t *template) Origins() []string { return t.origins }

// Render implements scene.Template.
func (t *template) Render(with map[string]any) (text string, failed error) {
	defer func() {
		if recover() != nil { // what it panicked of may repeat a value
			text, failed = "", fault.New(fault.Invalid, "the template does not render")
		}
	}()
	out, err := t.liquid.RenderString(with)
	if err == nil {
		return out, nil
	}
	cause := error(err)
	if c := err.Cause(); c != nil {
		cause = c
	}
	says := "an object or a condition here cannot be worked out with the values there are"
	switch failed := cause.(type) {
	case expressions.FilterError:
		cause, says = failed.Err, "the filter "+failed.FilterName+" cannot take the value"
	case values.TypeError: // date alone converts what it takes
		says = "the filter date takes a date, such as occasion.day, and the value is none"
	}
	if m, ok := cause.(*scene.Missing); ok {
		return "", m
	}
	return "", &scene.Unfilled{Line: max(err.LineNumber(), 1), Text: says} // the cause may repeat a value
}
