package page

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"liuke/shared/survey"
)

// Form is what a page with questions shows.
type Form struct {
	View
	Questions []*survey.Question // of this page, at least one
	Given     survey.Values      // what stands, or is to be chosen
	Typed     map[string][]string
	Mistakes  []survey.Mistake
	Alert     Alert
	Until     time.Time         // until when an answer that stands may be changed; zero where there is none
	Step      int               // counted from 1; 0 for the only page
	Last      bool              // nothing can follow
	Back      url.Values        // the query of the page before; nil on the first
	Action    string            // where the form is sent; "" for where it was found
	Hidden    map[string]string // fields besides those that say what was asked
	Nameless  bool              // the answer is nobody's: with a field that programs alone fill in
}

// Alert says what is to be known before the form is sent again.
type Alert string

// The alerts.
const (
	NoAlert   Alert = ""
	NotSaved  Alert = "not_saved"  // the answer was good and could not be stored
	SendAgain Alert = "send_again" // the form was begun too long ago
)

// typed returns what a question's field holds.
func (f *Form) typed(q *survey.Question) []string {
	if f.Typed != nil {
		return f.Typed[q.ID]
	}
	return f.Given[q.ID].Typed()
}

// mistake returns what is wrong with a question in the words of the locale, "" where nothing is.
func (f *Form) mistake(w *words, q *survey.Question) string {
	for _, m := range f.Mistakes {
		if m.Question.ID == q.ID {
			return w.mistake(m)
		}
	}
	return ""
}

// Form renders a page of questions.
func (p *Pages) Form(form Form) Page {
	fr := p.frame(form.View)
	text := form.Survey.Texts[fr.words.locale]
	fr.title = text.Title
	alert := ""
	switch {
	case len(form.Mistakes) > 0:
		alert = fr.words.say("mistakes")
	case form.Alert != NoAlert:
		alert = fr.words.say(string(form.Alert))
	}
	if alert != "" {
		fr.title = fr.words.say("error_prefix") + fr.title
	}
	return p.render(fr, func(d *document) {
		d.heading(text.Title)
		if alert != "" {
			form.alert(d, fr.words, alert)
		}
		form.preface(d, fr.words, text)
		// A form that comes back is checked by the server alone, so that the browser's own bubbles, which come one
		// at a time and in the browser's language, do not hide what is said here.
		d.add(`<form method="post" enctype="multipart/form-data" accept-charset="utf-8"`)
		if form.Action != "" {
			d.add(` action="`, escape(form.Action), `"`)
		}
		d.add(when(alert != "", " novalidate"), ">\n")
		form.hidden(d, fr.words)
		for _, q := range form.Questions {
			field{&form, q, text.Questions[q.ID], fr.words, typeable(form.typed(q)), form.mistake(fr.words, q)}.add(d)
		}
		form.end(d, fr.words)
	})
}

// preface says what comes before the questions.
func (f *Form) preface(d *document, w *words, text survey.Text) {
	if f.Step > 0 {
		d.add(`<p class="fine">`, escape(w.say("step", "n", strconv.Itoa(f.Step))), "</p>\n")
	}
	if f.Step <= 1 && len(f.Mistakes) == 0 {
		d.lines(text.Intro)
	}
	if !f.Until.IsZero() {
		d.add(`<p class="fine">`, escape(w.say("chosen", "until", f.Until.UTC().Format("2006-01-02 15:04"))), "</p>\n")
	}
}

// alert says what is wrong and takes the focus, with a link to each question that must change.
func (f *Form) alert(d *document, w *words, said string) {
	d.add(`<div class="alert" role="alert" tabindex="-1" autofocus>`, "\n<p>", escape(said), "</p>\n")
	if len(f.Mistakes) > 0 {
		d.add("<ul>\n")
		for _, m := range f.Mistakes {
			d.add(`<li><a href="#`, escape(groupID(m.Question)), `">`)
			if len(f.Questions) > 1 {
				d.add(escape(f.Survey.Texts[w.locale].Questions[m.Question.ID].Ask), " ")
			}
			d.add(escape(w.mistake(m)), "</a></li>\n")
		}
		d.add("</ul>\n")
	}
	d.add("</div>\n")
}

// hidden adds the fields that nobody sees. The one for programs is kept from sight, from the keyboard and from screen
// readers, and says what to do with it to whoever meets it all the same.
func (f *Form) hidden(d *document, w *words) {
	asked := make([]string, len(f.Questions))
	for i, q := range f.Questions {
		asked[i] = q.ID
	}
	fields := map[string]string{survey.FieldAsked: strings.Join(asked, ","), survey.FieldVersion: strconv.Itoa(f.Survey.Version)}
	for name, value := range f.Hidden {
		fields[name] = value
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		d.add(`<input type="hidden" name="`, escape(name), `" value="`, escape(fields[name]), `">`, "\n")
	}
	if f.Nameless {
		d.add(`<div class="trap" aria-hidden="true"><label for="`, survey.FieldTrap, `">`, escape(w.say("trap")), `</label> <input id="`,
			survey.FieldTrap, `" name="`, survey.FieldTrap, `" tabindex="-1" autocomplete="off"></div>`, "\n")
	}
}

// end adds the way on and the way back.
func (f *Form) end(d *document, w *words) {
	privacy, send := "privacy", "next"
	if f.Nameless {
		privacy = "privacy_nameless"
	}
	if f.Last {
		send = "send"
	}
	d.add(`<div class="way"><button type="submit">`, escape(w.say(send)), "</button>")
	if f.Back != nil {
		link := merge(f.Back, url.Values{"lang": {w.locale}})
		d.add(`<a class="more" href="`, escape(f.Path), "?", escape(link.Encode()), `">`, escape(w.say("back")), "</a>")
	}
	d.add("</div>\n", `<p class="fine">`, escape(w.say(privacy)), "</p>\n</form>\n")
}

// groupID is the id of what holds a question. Links to a question lead there and not into a field: the key by which somebody
// follows the link would reach the field as well, and send the form or break a line.
func groupID(q *survey.Question) string { return q.ID + "-question" }

func optionID(q *survey.Question, value string) string { return q.ID + "-" + value }

// typeable returns what was typed as it can stand in a document.
func typeable(typed []string) []string {
	all := make([]string, len(typed))
	for i, t := range typed {
		all[i] = strings.Map(func(r rune) rune {
			if r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f {
				return -1
			}
			return r
		}, strings.ToValidUTF8(t, "\ufffd"))
	}
	return all
}
