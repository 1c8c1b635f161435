package scene

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"liuke/shared/message"
)

// spoken is what a scene says by one channel in one locale, under inspection.
type spoken struct {
	*document
	scene   *Scene
	where   []any     // the content, by locale, or the name of the template
	from    *template // that it stands in; nil for the scene itself
	channel message.Channel
	locale  string
	lines   map[string][]origin // of the texts that were compiled, by part
}

// wrong notes what is wrong in the nth line, from 1, of a part, or of all of it for 0. What stands in a template is told where the scene
// names that, with its place.
func (c *spoken) wrong(part string, line int, format string, args ...any) {
	where, text := c.where[:len(c.where):len(c.where)], fmt.Sprintf(format, args...)
	if c.from == nil {
		c.mistakeIn(append(where, c.locale, part), line, "%s", text)
		return
	}
	there := at(string(c.channel), c.locale, part)
	c.mistake(where, "%s (%s, line %d: %s)", text, c.from.file.name, c.from.file.lineOf(there, line), c.heard())
}

// wrongAt notes what is wrong in a line of a part with its blocks in their places.
func (c *spoken) wrongAt(part string, line int, text string) {
	lines := c.lines[part]
	if len(lines) == 0 {
		c.wrong(part, 0, "%s", text)
		return
	}
	from := lines[min(max(line, 1), len(lines))-1]
	if b := from.block; b != nil {
		text += fmt.Sprintf(" (%s, line %d, or beside that block: %s)", b.file.name, b.file.lineOf(b.at, from.within), c.heard())
	}
	c.wrong(part, from.line, "%s", text)
}

// heard says when and in which locale the content is sent.
func (c *spoken) heard() string {
	step := "the first message"
	if len(c.where) > 1 && c.where[0] == "steps" {
		i, _ := c.where[1].(int)
		step = fmt.Sprintf("the step %d", i+1)
		if i < len(c.ids) && sceneID().MatchString(c.ids[i]) && len(c.ids[i]) <= maxLine {
			step = "the step " + c.ids[i]
		}
	}
	return fmt.Sprintf("%s, in %s by %s", step, c.locale, c.channel)
}

// concerned reports whether the content must be looked at: all must, but where the edit of a block or a template is tried.
func (c *spoken) concerned(f *contentFile) bool {
	edited := c.compilers.Edited
	if edited == "" || c.from != nil && c.from.file.name == edited {
		return true
	}
	texts := f.fields()
	for name, text := range f.Data {
		texts["data."+name] = text
	}
	for _, text := range texts {
		for _, m := range blockTag().FindAllStringSubmatch(text, -1) {
			if blockFile(m[1]+m[2]) == edited {
				return true
			}
		}
	}
	return false
}

// content checks what is said.
func (c *spoken) content(f *contentFile) *content {
	out, compile := &content{}, c.compilers.Content
	if c.channel == message.Task && c.compilers.Tasks != nil {
		compile = c.compilers.Tasks
	}
	if !c.concerned(f) {
		return out
	}
	allowed, ok := parts[c.channel]
	if !ok {
		return out // the channel is a mistake
	}
	for part, text := range f.fields() {
		if text != "" && !slices.Contains(allowed.must, part) && !slices.Contains(allowed.may, part) {
			c.wrong(part, 0, "%s does not belong to the channel %s, which has %s", part, c.channel, strings.Join(append(slices.Clone(allowed.must), allowed.may...), ", "))
		}
	}
	if len(f.Data) > 0 && c.channel != message.Push {
		c.wrong("data", 0, "data belongs to the channel %s", message.Push)
	}
	known := c.scene.variables(c.channel)
	for _, part := range append(slices.Clone(allowed.must), allowed.may...) {
		text, to := f.fields()[part], out.part(part)
		switch {
		case to == nil:
		case text == "" && slices.Contains(allowed.must, part):
			c.wrong(part, 0, "%s is missing", part)
		case text != "":
			also := known
			if part == "html" {
				also = append(known[:len(known):len(known)], varPreheader)
			}
			*to = c.template(compile, text, also, part)
		}
	}
	for name, text := range f.Data {
		if out.data == nil {
			out.data = make(map[string]Template, len(f.Data))
		}
		out.data[name] = c.template(compile, text, known, "data")
	}
	if compile != nil && !c.compilers.Lazy {
		c.offers(out)
		c.filled(out)
		c.inLine(f)
	}
	return out
}

// inLine checks what stands on one line.
func (c *spoken) inLine(f *contentFile) {
	for _, part := range inOneLine {
		text := f.fields()[part]
		if strings.ContainsFunc(strings.TrimSpace(text), unicode.IsControl) {
			c.wrong(part, 1, "the %s must be one line, without control characters", part)
		}
		if text != "" && strings.TrimSpace(text) == "" {
			c.wrong(part, 1, "the %s must not be blank", part)
		}
		if constant := marks().ReplaceAllString(text, ""); utf8.RuneCountInString(constant) > maxLine {
			c.wrong(part, 1, "the %s has at most %d characters beside what is filled in", part, maxLine)
		}
	}
}

// offers checks what a content must offer everybody: a way out of marketing, and the survey where it asks to one.
func (c *spoken) offers(said *content) {
	shows := func(t Template, any ...string) bool {
		return t == nil || slices.ContainsFunc(any, t.Shows)
	}
	for _, part := range []string{"text", "html"} {
		t := *said.part(part)
		switch {
		case t == nil || c.scene.Kind != Marketing:
		case c.channel == message.Email && !shows(t, varUnsubscribe):
			c.wrong(part, 0, "marketing must offer {{ %s }} to everybody: with no filter, and under no condition", varUnsubscribe)
		case c.channel == message.SMS && !shows(t, varUnsubscribe, varStop):
			c.wrong(part, 0, "marketing by %s must tell everybody how to stop it: {{ %s }} or {{ %s }}, with no filter and under no condition", c.channel, varStop, varUnsubscribe)
		}
		if t != nil && c.scene.Asks() && (c.channel == message.Email || c.channel == message.SMS) && !shows(t, varSurvey, varAskLink, varChoices+".link") {
			c.wrong(part, 0, "what asks to a survey must offer {{ %s }} to everybody: with no filter, and under no condition", varAskLink)
		}
	}
}

// template compiles one text, with the blocks in their places.
func (c *spoken) template(compile CompileContent, source string, known []string, part string) Template {
	if compile == nil {
		return unread{}
	}
	form := map[string]Form{"html": HTML, "json": JSON}[part] // all others are Plain
	if c.compilers.Lazy {
		blocks, locale := c.blocks, c.locale
		return laterText{whenNeeded(func() (Template, []Flaw) {
			unheard := &spoken{document: &document{loader: &loader{blocks: blocks}}, locale: locale} // what expand finds wrong was found when the scene was checked
			text, _, ok := unheard.expand(source, part)
			if !ok {
				return nil, []Flaw{{Line: 1, Text: "the blocks of the text are too many"}}
			}
			return compile(text, known, form)
		})}
	}
	if c.full {
		return nil
	}
	text, lines, ok := c.expand(source, part)
	if !ok || !c.bears(text, part) {
		return nil
	}
	if c.lines == nil {
		c.lines = map[string][]origin{}
	}
	c.lines[part] = lines
	t, flaws := compile(text, known, form)
	for _, f := range flaws {
		c.wrongAt(part, f.Line, f.Text)
	}
	return t
}
