package segment

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// model reads the whole model and notes its mistakes.
func (d *document) model() *Model {
	var f modelFile
	if !d.decode(&f) {
		return nil
	}
	version, err := strconv.Atoi(f.Version)
	m := &Model{Name: f.Name, Version: version, Signals: f.Signals, Rest: Label(f.Rest), source: string(d.raw)}
	if !validName(f.Name) {
		d.mistake(at("name"), "name must begin with a letter and have lower-case letters, digits and underscores alone, at most %d", MaxNameBytes)
	}
	if err != nil || version < 1 || version > maxVersion {
		d.mistake(at("version"), "version must be a whole number from 1, one more with each edit")
	}
	m.Title = d.text(at("title"), f.Title, MaxTitleBytes, true)
	m.Description = d.text(at("description"), f.Description, MaxTextBytes, true)
	for i, s := range f.Labels {
		m.Segments = append(m.Segments, d.segment(i, s))
	}
	d.distinct(m)
	if len(f.Points) > MaxPoints {
		d.mistake(at("points"), "there are %d points, and at most %d are possible", len(f.Points), MaxPoints)
	}
	for i, p := range f.Points {
		m.Points = append(m.Points, d.point(at("points", i), p))
	}
	if len(f.Rules) == 0 || len(f.Rules) > MaxRules {
		d.mistake(at("rules"), "a model has from 1 to %d rules, and this one has %d", MaxRules, len(f.Rules))
	}
	for i := range f.Rules {
		m.Rules = append(m.Rules, d.rule(i, &f.Rules[i], len(m.Points) > 0))
	}
	if !f.Hold.IsZero() {
		m.Hold = d.hold(&f.Hold)
	}
	if f.Rest == "" {
		d.mistake(at("rest"), "rest is missing: name the label of customers whom no rule matches")
	}
	if len(d.mistakes) == 0 { // what a rule that cannot be read looks at is not known: a mistake in it would make others
		d.used(m)
		d.stated(m, f.Inputs)
	}
	if len(d.mistakes) == 0 {
		d.reached(m)
	}
	return m
}

// text reads a text in both locales; the English one serves where there is no Chinese one. One that is not required may be
// absent in both.
func (d *document) text(where []any, f textFile, most int, required bool) Text {
	f.En, f.Zh = strings.TrimSpace(f.En), strings.TrimSpace(f.Zh)
	if !required && f == (textFile{}) {
		return Text{}
	}
	if f.Zh == "" {
		f.Zh = f.En
	}
	field := where[len(where)-1]
	for _, each := range []struct{ locale, text string }{{"en", f.En}, {"zh-CN", f.Zh}} {
		where := append(slices.Clone(where), each.locale)
		switch {
		case each.text == "" && each.locale == "en":
			d.mistake(where, "the %s is missing: give it as {en: \"…\"}, and in zh-CN if you like", field)
		case len(each.text) > most:
			d.mistake(where, "the %s in %s is too long: it has at most %d bytes", field, each.locale, most)
		case strings.ContainsFunc(each.text, unseen):
			d.mistake(where, "the %s in %s must be one line of characters that can be seen", field, each.locale)
		}
	}
	return Text(f)
}

func (d *document) segment(i int, f segmentFile) Segment {
	where := at("labels", i, "name")
	switch {
	case strings.EqualFold(f.Name, string(Unknown)), strings.EqualFold(f.Name, string(Retired)):
		d.mistake(where, "%s and %s are taken, for customers of whom an input is missing and labels that are no more: choose another name", Unknown, Retired)
	case !validLabel(f.Name):
		d.mistake(where, "a label's name has from 1 to %d bytes that can be seen, no slash, and no space at its ends", MaxLabelBytes)
	}
	return Segment{
		Label:    Label(f.Name),
		Title:    d.text(at("labels", i, "title"), f.Title, MaxTitleBytes, true),
		Strategy: d.text(at("labels", i, "strategy"), f.Strategy, MaxTextBytes, false),
	}
}

func validName(name string) bool {
	for i, b := range []byte(name) {
		if (b < 'a' || b > 'z') && (i == 0 || b != '_' && (b < '0' || b > '9')) {
			return false
		}
	}
	return name != "" && len(name) <= MaxNameBytes
}

// unseen reports whether a character is none that a reader sees.
func unseen(r rune) bool { return !unicode.IsGraphic(r) || r == unicode.ReplacementChar }

func validLabel(name string) bool {
	if name == "" || len(name) > MaxLabelBytes || name[0] == ' ' || name[len(name)-1] == ' ' {
		return false
	}
	for _, b := range []byte(name) {
		if b >= utf8.RuneSelf {
			return utf8.ValidString(name) && strings.TrimSpace(name) == name && !strings.ContainsFunc(name, unseen) && !strings.Contains(name, "/")
		}
		if b < ' ' || b == 0x7f || b == '/' {
			return false
		}
	}
	return name != "." && name != ".." // names stand in addresses
}

// distinct notes labels that are listed twice or differ in case alone, and too many of them.
func (d *document) distinct(m *Model) {
	if len(m.Segments) == 0 || len(m.Segments) > MaxLabels {
		d.mistake(at("labels"), "a model has from 1 to %d labels, and this one lists %d", MaxLabels, len(m.Segments))
	}
	for i, s := range m.Segments[:min(len(m.Segments), MaxLabels)] {
		for _, before := range m.Segments[:i] {
			if strings.EqualFold(string(before.Label), string(s.Label)) {
				d.mistake(at("labels", i, "name"), "the label %q is listed before", clip(string(s.Label)))
			}
		}
	}
}

func (d *document) point(where []any, f pointFile) Point {
	step := func(name string) []any { return append(slices.Clone(where), name) }
	p := Point{}
	in, ok := d.input(f.Input, d.find(step("input")).Line, false)
	if ok {
		p.Input = in
		p.From = d.end(step("from"), in, f.From)
		p.To = d.end(step("to"), in, f.To)
		if p.From == p.To {
			d.mistake(step("to"), "from and to are the same: nothing lies between them")
		}
	}
	if p.Weight, ok = parseNumber(f.Weight); !ok || p.Weight <= 0 || p.Weight > 1000 {
		d.mistake(step("weight"), "weight must be a number greater than 0, at most 1000")
	}
	return p
}

// end reads a bound that stands alone.
func (d *document) end(where []any, in Input, text string) Bound {
	b, ok, mistake := in.bound(strings.Fields(text))
	switch {
	case mistake != "":
		d.mistake(where, "%s", mistake)
	case !ok && in.Info().Ranked:
		d.mistake(where, "%q is no bound: write a number, median or quantile 80%%", clip(text))
	case !ok:
		d.mistake(where, "%q is no bound: write a number", clip(text))
	}
	return b
}

func (d *document) rule(i int, f *ruleFile, points bool) Rule {
	r := Rule{Label: Label(f.Label)}
	for _, e := range d.entries(&f.When, at("rules", i), "the rule needs at least one condition, such as when: {r: 5}", true) {
		if e.input == Points && !points {
			d.mistakeOn(e.line, "the model has no points: list what they add up, or remove the condition")
			continue
		}
		span, mistake := parseSpan(e.input, e.text)
		if mistake != "" {
			d.mistakeOn(e.line, "%s: %s", e.input, mistake)
			continue
		}
		r.When = append(r.When, Condition{e.input, span})
	}
	return r
}

func (d *document) hold(f *yaml.Node) []Hold {
	var out []Hold
	for _, e := range d.entries(f, at("hold"), "hold needs at least one input, such as hold: {risk: 5}", true) {
		h := Hold{Input: e.input}
		ok := false
		if strings.HasSuffix(e.text, "%") {
			h.Percent, ok = parsePercent(e.text)
		} else if h.By, ok = parseNumber(e.text); h.By <= 0 {
			ok = false
		}
		if !ok {
			d.mistakeOn(e.line, "%s: hold needs a number greater than 0, or a share such as 2%% for bounds that are quantiles", e.input)
		}
		out = append(out, h)
	}
	return out
}
