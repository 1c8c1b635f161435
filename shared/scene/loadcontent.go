package scene

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"liuke/shared/message"
)

// The shapes of what scenes say.
type (
	contentFile struct {
		Title     string            `yaml:"title"` // of a task and of a push
		Subject   string            `yaml:"subject"`
		Preheader string            `yaml:"preheader"`
		Text      string            `yaml:"text"`
		HTML      string            `yaml:"html"`
		Data      map[string]string `yaml:"data"` // of a push
		JSON      string            `yaml:"json"` // of a webhook
	}
	pieceFile struct {
		For      fitFile                `yaml:"for"`
		Content  map[string]contentFile `yaml:"content"`
		Template string                 `yaml:"template"`
	}
	fitFile struct {
		Variant string   `yaml:"variant"`
		Segment []string `yaml:"segment"`
		Channel string   `yaml:"channel"`
	}
	// saysFile is what a scene and each of its steps have in common.
	saysFile struct {
		Content  map[string]contentFile `yaml:"content"`
		Template string                 `yaml:"template"`
		Pieces   []pieceFile            `yaml:"pieces"`
	}
)

// parts are the fields of a content, as a channel has them: those it must have, and those it may.
var parts = map[message.Channel]struct{ must, may []string }{
	message.Email:   {[]string{"subject", "text", "html"}, []string{"preheader"}},
	message.SMS:     {[]string{"text"}, nil},
	message.Push:    {[]string{"title", "text"}, []string{"data"}},
	message.Webhook: {[]string{"json"}, nil},
	message.Task:    {[]string{"title", "text"}, nil},
}

// fields are the texts of a content by the names of their fields.
func (f *contentFile) fields() map[string]string {
	return map[string]string{"title": f.Title, "subject": f.Subject, "preheader": f.Preheader, "text": f.Text, "html": f.HTML, "json": f.JSON}
}

// Bounds of what a step says.
const (
	maxPieces  = 100
	maxLocales = 50
)

// says checks what a step says: its pieces, and last what fits everybody.
func (d *document) says(s *Scene, where []any, f *saysFile, channels []message.Channel) (out words) {
	if len(f.Pieces) > maxPieces {
		d.mistake(append(where[:len(where):len(where)], "pieces"), "there are at most %d pieces", maxPieces)
		return nil
	}
	for i := range f.Pieces {
		p := &f.Pieces[i]
		spot := append(where[:len(where):len(where)], "pieces", i)
		fits := piece{variant: p.For.Variant, segments: p.For.Segment}
		if p.For.Variant == "" && len(p.For.Segment) == 0 && p.For.Channel == "" {
			d.mistake(append(spot, "for"), "for must name a variant, segments or a channel: what fits everybody is the content")
		}
		if p.For.Variant != "" && !s.varies(p.For.Variant) {
			d.mistake(append(spot, "for", "variant"), "%q is no variant of the scene", p.For.Variant)
		}
		d.segments(append(spot, "for", "segment"), p.For.Segment)
		channel := message.Channel(p.For.Channel)
		if channel == "" {
			channel = channels[0]
		} else if !slices.Contains(channels, channel) {
			d.mistake(append(spot, "for", "channel"), "channel must be one of the step's: %v", channels)
			continue
		}
		fits.texts = d.texts(s, spot, p.Content, p.Template, channel, channels)
		out = append(out, fits)
	}
	if f.Content != nil || f.Template != "" {
		out = append(out, piece{texts: d.texts(s, where, f.Content, f.Template, channels[0], channels)})
	}
	return out
}

// segments checks labels of the default model.
func (d *document) segments(where []any, labels []string) {
	if len(labels) == 0 || d.compilers.Labels == nil {
		return
	}
	all, _, ok := d.compilers.Labels(SegmentModel)
	for i, label := range labels {
		if ok && !slices.Contains(all, label) {
			d.mistake(append(where, i), "%q is no label of %s: there are %v", label, SegmentModel, all)
		}
	}
}

// texts checks one piece's contents: those that stand there, for one channel, or a template's, for all that it has.
func (d *document) texts(s *Scene, where []any, files map[string]contentFile, template string, channel message.Channel, channels []message.Channel) map[message.Channel]map[string]*content {
	out := map[message.Channel]map[string]*content{}
	switch {
	case template != "" && files != nil:
		d.mistake(append(where, "template"), "template takes the place of content")
	case template != "":
		t, ok := d.templates[template]
		if !ok {
			d.mistake(append(where, "template"), "there is no template %q", template)
			return out
		}
		before := len(d.mistakes)
		for _, c := range channels {
			if said := t.files[c]; said != nil {
				out[c] = d.locales(s, append(where, "template"), said, c, template)
			}
		}
		for i := range d.mistakes[before:] {
			d.mistakes[before+i] += " (in the template " + template + ")"
		}
		if out[channel] == nil {
			d.mistake(append(where, "template"), "the template %q has nothing for %s", template, channel)
		}
	default:
		out[channel] = d.locales(s, append(where[:len(where):len(where)], "content"), files, channel, "")
	}
	return out
}

// locales checks what is said in each locale by one channel.
func (d *document) locales(s *Scene, where []any, files map[string]contentFile, channel message.Channel, template string) map[string]*content {
	if len(files) > maxLocales {
		d.mistake(where, "there are at most %d locales", maxLocales)
		return map[string]*content{}
	}
	out := make(map[string]*content, len(files))
	for locale, f := range files {
		spot := append(where[:len(where):len(where)], locale)
		if template != "" {
			spot = where
		}
		if !localeForm.MatchString(locale) {
			d.mistake(spot, "%q is not a locale such as en or zh-CN", locale)
		}
		out[locale] = d.content(s, spot, f, locale, channel, template != "")
	}
	if _, ok := files[DefaultLocale]; !ok {
		d.mistake(where, "content in %s is missing, which serves whoever reads none of the others", DefaultLocale)
	}
	return out
}

// content checks what is said in one locale.
func (d *document) content(s *Scene, where []any, f contentFile, locale string, channel message.Channel, shared bool) *content {
	at := func(part string) []any {
		if shared {
			return where
		}
		return append(where[:len(where):len(where)], part)
	}
	allowed := parts[channel]
	for part, text := range f.fields() {
		if text != "" && !slices.Contains(allowed.must, part) && !slices.Contains(allowed.may, part) {
			d.mistake(at(part), "%s does not belong to the channel %s, which has %s", part, channel, strings.Join(append(slices.Clone(allowed.must), allowed.may...), ", "))
		}
	}
	if len(f.Data) > 0 && channel != message.Push {
		d.mistake(at("data"), "data belongs to the channel %s", message.Push)
	}
	known, compile := s.variables(channel), d.compilers.Content
	if channel == message.Task && d.compilers.Tasks != nil {
		compile = d.compilers.Tasks
	}
	c := &content{}
	for _, part := range append(slices.Clone(allowed.must), allowed.may...) {
		text, to := f.fields()[part], c.part(part)
		switch {
		case to == nil:
		case text == "" && slices.Contains(allowed.must, part):
			d.mistake(at(part), "%s is missing", part)
		case text != "":
			also := known
			if part == "html" {
				also = append(known[:len(known):len(known)], varPreheader)
			}
			*to = d.template(compile, at(part), text, locale, also, part)
		}
	}
	for name, text := range f.Data {
		if c.data == nil {
			c.data = make(map[string]Template, len(f.Data))
		}
		c.data[name] = d.template(compile, at("data"), text, locale, known, "data")
	}
	if compile != nil && !d.compilers.Lazy {
		d.offers(s, at, c, channel)
		d.filled(s, at, c, channel)
		for _, part := range []string{"subject", varPreheader, "title"} {
			if strings.ContainsFunc(strings.TrimSpace(f.fields()[part]), unicode.IsControl) {
				d.mistakeIn(at(part), 1, "the %s must be one line, without control characters", part)
			}
			if text := f.fields()[part]; text != "" && strings.TrimSpace(text) == "" {
				d.mistakeIn(at(part), 1, "the %s must not be blank", part)
			}
			if constant := marks.ReplaceAllString(f.fields()[part], ""); utf8.RuneCountInString(constant) > maxLine {
				d.mistakeIn(at(part), 1, "the %s has at most %d characters beside what is filled in", part, maxLine)
			}
		}
	}
	return c
}

// offers checks what a content must offer everybody: a way out of marketing, and the survey where it asks to one.
func (d *document) offers(s *Scene, at func(string) []any, c *content, channel message.Channel) {
	shows := func(t Template, any ...string) bool {
		return t == nil || slices.ContainsFunc(any, t.Shows)
	}
	for _, part := range []string{"text", "html"} {
		t := *c.part(part)
		switch {
		case t == nil || s.Kind != Marketing:
		case channel == message.Email && !shows(t, varUnsubscribe):
			d.mistake(at(part), "marketing must offer {{ %s }} to everybody: with no filter, and under no condition", varUnsubscribe)
		case channel == message.SMS && !shows(t, varUnsubscribe, varStop):
			d.mistake(at(part), "marketing by %s must tell everybody how to stop it: {{ %s }} or {{ %s }}, with no filter and under no condition", channel, varStop, varUnsubscribe)
		}
		if t != nil && s.Asks() && (channel == message.Email || channel == message.SMS) && !shows(t, varSurvey, varAskLink, varChoices+".link") {
			d.mistake(at(part), "what asks to a survey must offer {{ %s }} to everybody: with no filter, and under no condition", varAskLink)
		}
	}
}

// template compiles one text, with the blocks in their places.
func (d *document) template(compile CompileContent, where []any, source, locale string, known []string, part string) Template {
	if compile == nil {
		return unread{}
	}
	form := map[string]Form{"html": HTML, "json": JSON}[part] // all others are Plain
	if d.compilers.Lazy {
		blocks := d.blocks
		return laterText{whenNeeded(func() (Template, []Flaw) {
			unheard := &document{loader: &loader{blocks: blocks}} // what expand finds wrong was found when the scene was checked
			text, _, ok := unheard.expand(nil, source, locale, form == HTML)
			if !ok {
				return nil, []Flaw{{Line: 1, Text: "the blocks of the text are too many"}}
			}
			return compile(text, known, form)
		})}
	}
	if d.full {
		return nil
	}
	text, lines, ok := d.expand(where, source, locale, form == HTML)
	if !ok || !d.bears(where, text) {
		return nil
	}
	t, flaws := compile(text, known, form)
	for _, f := range flaws {
		from := lines[min(max(f.Line, 1), len(lines))-1]
		if from.block != "" {
			f.Text += " (in block/" + from.block + ".yaml, or beside that block)"
		}
		d.mistakeIn(where, from.line, "%s", f.Text)
	}
	return t
}
