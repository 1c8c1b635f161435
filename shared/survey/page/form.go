package page

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"liuke/shared/survey"
)

// Form is what the form's page shows.
type Form struct {
	Survey   *survey.Survey
	Locale   string // one of the survey's
	Given    survey.Form
	Mistakes []survey.Mistake
	NotSaved bool      // the answer was good and could not be stored: it must be sent again
	Until    time.Time // until when an answer that stands may be changed; zero where there is none
}

// mistake returns what is wrong with a field in the words of the locale, "" where nothing is.
func (f *Form) mistake(t *text, field survey.Field) string {
	for _, m := range f.Mistakes {
		if m.Field == field {
			return t.mistake(m.Reason)
		}
	}
	return ""
}

// Form renders the form.
func (p *Pages) Form(f Form) string {
	score := survey.Preselect(f.Given.Score)
	words := f.Survey.Texts[f.Locale]
	fr := p.frame(f.Locale)
	fr.title = words.Title
	if score != "" {
		fr.query = url.Values{"score": {score}}
	}
	alert := ""
	switch {
	case len(f.Mistakes) > 0:
		alert = fr.text.Mistakes
	case f.NotSaved:
		alert = fr.text.NotSaved
	}
	if alert != "" {
		fr.title = fr.text.ErrorPrefix + fr.title
	}
	return p.render(fr, func(d *document) {
		d.add("<h1>", escape(words.Title), "</h1>\n")
		if alert != "" {
			f.alert(d, fr.text, alert)
		}
		if !f.Until.IsZero() {
			until := strings.ReplaceAll(fr.text.Chosen, "{until}", f.Until.UTC().Format("2006-01-02 15:04"))
			d.add(`<p class="fine">`, escape(until), "</p>\n")
		}
		// A form that comes back is checked by the server alone, so that the browser's own bubbles, which come one
		// at a time and in the browser's language, do not hide what is said here.
		d.add(`<form method="post" enctype="multipart/form-data" accept-charset="utf-8"`, when(alert != "", " novalidate"), ">\n")
		f.scale(d, fr.text, words, score)
		f.comment(d, fr.text, words)
		d.add(`<button type="submit">`, escape(fr.text.Send), "</button>\n",
			`<p class="fine">`, escape(fr.text.Privacy), "</p>\n</form>\n")
	})
}

// alert says what is wrong and takes the focus, with a link to each field that must change.
func (f *Form) alert(d *document, t *text, said string) {
	d.add(`<div class="alert" role="alert" tabindex="-1" autofocus>`, "\n<p>", escape(said), "</p>\n")
	if len(f.Mistakes) > 0 {
		d.add("<ul>\n")
		for _, m := range f.Mistakes {
			target := string(m.Field)
			if m.Field == survey.Score {
				target = scoreID(survey.MinScore)
			}
			d.add(`<li><a href="#`, escape(target), `">`, escape(t.mistake(m.Reason)), "</a></li>\n")
		}
		d.add("</ul>\n")
	}
	d.add("</div>\n")
}

func (f *Form) scale(d *document, t *text, words survey.Text, score string) {
	wrong := f.mistake(t, survey.Score)
	d.add(`<fieldset aria-describedby="`, when(wrong != "", "score-error "), "ends\">\n<legend>", escape(words.Question), "</legend>\n")
	if wrong != "" {
		d.add(`<p class="wrong" id="score-error">`, escape(wrong), "</p>\n")
	}
	d.add(`<div class="scale">`, "\n")
	for n := survey.MinScore; n <= survey.MaxScore; n++ {
		id, value := escape(scoreID(n)), escape(strconv.Itoa(n))
		d.add(`<span><input type="radio" name="score" id="`, id, `" value="`, value, `" required`,
			when(score == strconv.Itoa(n), " checked"), `><label for="`, id, `">`, value, "</label></span>\n")
	}
	d.add("</div>\n", `<p class="ends" id="ends"><span>`, escape(words.Lowest), "</span> <span>", escape(words.Highest), "</span></p>\n</fieldset>\n")
}

func (f *Form) comment(d *document, t *text, words survey.Text) {
	wrong := f.mistake(t, survey.Comment)
	d.add(`<label class="question" for="comment">`, escape(words.Comment), ` <span class="hint">(`, escape(t.Optional), ")</span></label>\n",
		`<p class="hint" id="comment-hint">`, escape(t.CommentHint), "</p>\n")
	if wrong != "" {
		d.add(`<p class="wrong" id="comment-error">`, escape(wrong), "</p>\n")
	}
	d.add(`<textarea id="comment" name="comment" rows="4" maxlength="`, escape(strconv.Itoa(survey.MaxCommentRunes)),
		`" dir="auto" autocomplete="off" aria-describedby="`, when(wrong != "", "comment-error "), `comment-hint"`,
		when(wrong != "", ` aria-invalid="true"`), ">\n", escape(f.Given.Comment), "</textarea>\n")
}

func scoreID(n int) string { return "score-" + strconv.Itoa(n) }
