package page

import (
	"slices"
	"strconv"

	"liuke/shared/survey"
)

// field is one question on a page.
type field struct {
	form  *Form
	q     *survey.Question
	text  survey.QuestionText
	words *words
	typed []string
	wrong string // in the words of the locale; "" where nothing is
}

func (f field) add(d *document) {
	switch f.q.Kind {
	case survey.FreeText:
		f.area(d)
		return
	case survey.Single, survey.Multiple:
		f.open(d, false)
		f.options(d)
	default:
		f.open(d, true)
		f.scale(d)
	}
	d.add("</fieldset>\n")
}

func (f *field) id(part string) markup { return escape(f.q.ID + "-" + part) }

// hint says how to answer: in the survey's words, else in those that the kind of question needs.
func (f *field) hint() string {
	least, most := strconv.Itoa(f.q.Min), strconv.Itoa(most(f.q))
	switch {
	case f.text.Hint != "":
		return f.text.Hint
	case f.q.Kind == survey.FreeText:
		return f.words.say("text_hint")
	case f.q.Kind != survey.Multiple:
		return ""
	case f.q.Min > 1 && f.q.Max > 0:
		return f.words.say("choose_between", "least", least, "most", most)
	case f.q.Min > 1:
		return f.words.say("choose_least", "least", least)
	case f.q.Max > 0:
		return f.words.say("choose_most", "most", most)
	}
	return f.words.say("choose_any")
}

// described names what describes the question: what is wrong, how to answer, what the ends of a scale mean.
func (f *field) described(ends bool) markup {
	list := markup("")
	for _, part := range []struct {
		name  string
		there bool
	}{{"error", f.wrong != ""}, {"hint", f.hint() != ""}, {"ends", ends}} {
		if part.there {
			list += when(list != "", " ") + f.id(part.name)
		}
	}
	if list == "" {
		return ""
	}
	return ` aria-describedby="` + list + `"`
}

func (f *field) optional(d *document) {
	if !f.q.Required {
		d.add(` <span class="aside">(`, escape(f.words.say("optional")), ")</span>")
	}
}

// notes adds the hint and what is wrong.
func (f *field) notes(d *document) {
	if hint := f.hint(); hint != "" {
		d.add(`<p class="hint" id="`, f.id("hint"), `">`, escape(hint), "</p>\n")
	}
	if f.wrong != "" {
		d.add(`<p class="wrong" id="`, f.id("error"), `">`, escape(f.wrong), "</p>\n")
	}
}

func (f *field) open(d *document, ends bool) {
	d.add(`<fieldset id="`, f.id("question"), `" tabindex="-1"`, when(f.wrong != "", ` class="bad"`), f.described(ends), ">\n<legend>", escape(f.text.Ask))
	f.optional(d)
	d.add("</legend>\n")
	f.notes(d)
}

// input adds a radio button or a checkbox with its label. A browser asks for one of the radio buttons where the question
// must be answered; of checkboxes no browser can.
func (f *field) input(d *document, value, label string) {
	id := escape(optionID(f.q, value))
	kind := markup("radio")
	if f.q.Kind == survey.Multiple {
		kind = "checkbox"
	}
	d.add(`<input type="`, kind, `" name="`, escape(f.q.ID), `" id="`, id, `" value="`, escape(value), `"`,
		when(f.q.Required && kind == "radio", " required"), when(slices.Contains(f.typed, value), " checked"),
		`><label for="`, id, `">`, escape(label), "</label>")
}

// scale adds the numbers in rows that fit the screen: all of them in one, or in two where it is small.
func (f *field) scale(d *document) {
	lowest, highest := f.q.Range()
	d.add(`<div class="scale of`, escape(strconv.Itoa(highest-lowest+1)), `">`, "\n")
	for n := lowest; n <= highest; n++ {
		d.add("<span>")
		f.input(d, strconv.Itoa(n), strconv.Itoa(n))
		d.add("</span>\n")
	}
	d.add("</div>\n", `<p class="ends" id="`, f.id("ends"), `"><span>`, escape(f.text.Lowest), "</span> <span>", escape(f.text.Highest), "</span></p>\n")
}

func (f *field) options(d *document) {
	d.add(`<div class="options">`, "\n")
	for _, o := range f.q.Options {
		d.add("<span>")
		f.input(d, o, f.text.Options[o])
		d.add("</span>\n")
	}
	d.add("</div>\n")
}

func (f *field) area(d *document) {
	id := escape(f.q.ID)
	d.add(`<div class="field" id="`, f.id("question"), `" tabindex="-1" role="group" aria-labelledby="`, f.id("label"), `"><label class="question" id="`, f.id("label"),
		`" for="`, id, `">`, escape(f.text.Ask))
	f.optional(d)
	d.add("</label>\n")
	f.notes(d)
	d.add(`<textarea id="`, id, `" name="`, id, `" rows="4" maxlength="`, escape(strconv.Itoa(f.q.MostCharacters())),
		`" dir="auto" autocomplete="off"`, f.described(false), when(f.q.Required, " required"), when(f.wrong != "", ` aria-invalid="true"`), ">\n")
	if len(f.typed) > 0 {
		d.add(escape(f.typed[0]))
	}
	d.add("</textarea></div>\n")
}
