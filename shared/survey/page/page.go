// Package page renders the pages that customers see behind the links of a message: the survey's form, the thanks, the
// unsubscription, and what is wrong with a link. Each is one document of at most MaxBytes that needs no script, loads
// nothing, follows the reader's language, direction, colour scheme and text size, and can be used by touch, keyboard
// and screen reader (WCAG 2.2 AA). Whatever a customer typed comes out escaped for the place where it stands
// (html/template).
package page

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"liuke/shared/fault"
	"liuke/shared/survey"
)

// MaxBytes is the most that a page without a customer's own comment takes.
const MaxBytes = 30 << 10

//go:embed page.html
var templates string

//go:embed style.css
var style string

//go:embed text.json
var texts []byte

// text is what the pages themselves say in one locale.
type text struct {
	Dir               string            `json:"dir"` // "ltr" or "rtl"
	Name              string            `json:"name"`
	ErrorPrefix       string            `json:"error_prefix"`
	Languages         string            `json:"languages"`
	Chosen            string            `json:"chosen"`
	Optional          string            `json:"optional"`
	CommentHint       string            `json:"comment_hint"`
	Privacy           string            `json:"privacy"`
	Send              string            `json:"send"`
	Mistakes          string            `json:"mistakes"`
	ScoreMissing      string            `json:"score_missing"`
	ScoreRange        string            `json:"score_range"`
	CommentTooLong    string            `json:"comment_too_long"`
	CommentNotText    string            `json:"comment_not_text"`
	NotSaved          string            `json:"not_saved"`
	ThanksTitle       string            `json:"thanks_title"`
	ThanksText        string            `json:"thanks_text"`
	Change            string            `json:"change"`
	ClosedTitle       string            `json:"closed_title"`
	ClosedText        string            `json:"closed_text"`
	UnsubscribeTitle  string            `json:"unsubscribe_title"`
	UnsubscribeText   string            `json:"unsubscribe_text"`
	UnsubscribeButton string            `json:"unsubscribe_button"`
	UnsubscribedTitle string            `json:"unsubscribed_title"`
	UnsubscribedText  string            `json:"unsubscribed_text"`
	Channels          map[string]string `json:"channels"`
	Problems          map[fault.Code]struct {
		Title string `json:"title"`
		Text  string `json:"text"`
	} `json:"problems"`
}

// mistake says in the locale what is wrong with a field.
func (t *text) mistake(r survey.Reason) string {
	switch r {
	case survey.ScoreMissing:
		return t.ScoreMissing
	case survey.ScoreOutOfRange:
		return t.ScoreRange
	case survey.CommentTooLong:
		return t.CommentTooLong
	case survey.CommentNotText:
		return t.CommentNotText
	}
	return t.Mistakes
}

// Pages renders pages. It is safe for concurrent use.
type Pages struct {
	templates *template.Template
	texts     map[string]*text
	locales   []string // the fallback first
}

// New reads the embedded templates and texts.
func New() (*Pages, error) { return load(texts) }

func load(raw []byte) (_ *Pages, err error) {
	defer fault.Wrap(&err, "load the customers' pages")
	p := &Pages{}
	if p.templates, err = template.New("").Parse(templates); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &p.texts); err != nil {
		return nil, err
	}
	for l := range p.texts {
		if l != survey.Fallback {
			p.locales = append(p.locales, l)
		}
	}
	slices.Sort(p.locales)
	p.locales = slices.Insert(p.locales, 0, survey.Fallback)
	return p, nil
}

// Locales returns the locales of the pages, the fallback first.
func (p *Pages) Locales() []string { return slices.Clone(p.locales) }

// view is what every template reads; the rest is the form's.
type view struct {
	Lang      string
	T         *text
	Style     template.CSS
	Title     string
	Text      string
	Languages []link
	Change    string
	*form
}

type form struct {
	Survey       survey.Text
	Alert        string
	Mistakes     []mistake
	ScoreError   string
	CommentError string
	Until        string
	Scale        []step
	Comment      string
	MaxComment   int
}

type mistake struct{ Target, Text string }

type step struct {
	Value  int
	Chosen bool
}

type link struct {
	Lang, Name, Link string
	Current          bool
}

// view returns the frame of a page; query is kept in the links to the same page in another language.
func (p *Pages) view(locale, title string, query url.Values) *view {
	if p.texts[locale] == nil {
		locale = survey.Fallback
	}
	v := &view{Lang: locale, T: p.texts[locale], Style: template.CSS(style), Title: title}
	for _, l := range p.locales {
		q := url.Values{"lang": {l}}
		for name, values := range query {
			q[name] = values
		}
		v.Languages = append(v.Languages, link{Lang: l, Name: p.texts[l].Name, Link: "?" + q.Encode(), Current: l == locale})
	}
	return v
}

func (p *Pages) render(name string, v *view) (string, error) {
	var b bytes.Buffer
	if err := p.templates.ExecuteTemplate(&b, name, v); err != nil {
		return "", fault.As(err, fault.Internal, "render the page %q", name)
	}
	return b.String(), nil
}

// Form is what the form's page shows.
type Form struct {
	Survey   *survey.Survey
	Locale   string // one of the survey's
	Given    survey.Form
	Mistakes []survey.Mistake
	NotSaved bool      // the answer was good and could not be stored: it must be sent again
	Until    time.Time // until when an answer that stands may be changed; zero where there is none
}

// Form renders the form.
func (p *Pages) Form(f Form) (string, error) {
	score := survey.Preselect(f.Given.Score)
	query := url.Values{}
	if score != "" {
		query.Set("score", score)
	}
	words := f.Survey.Texts[f.Locale]
	v := p.view(f.Locale, words.Title, query)
	v.form = &form{Survey: words, Comment: f.Given.Comment, MaxComment: survey.MaxCommentRunes}
	for n := survey.MinScore; n <= survey.MaxScore; n++ {
		v.Scale = append(v.Scale, step{n, score == strconv.Itoa(n)})
	}
	if !f.Until.IsZero() {
		v.Until = strings.ReplaceAll(v.T.Chosen, "{until}", f.Until.UTC().Format("2006-01-02 15:04"))
	}
	for _, m := range f.Mistakes {
		said := mistake{Text: v.T.mistake(m.Reason)}
		switch m.Field {
		case survey.Score:
			said.Target, v.ScoreError = "score-"+strconv.Itoa(survey.MinScore), said.Text
		case survey.Comment:
			said.Target, v.CommentError = string(survey.Comment), said.Text
		}
		v.Mistakes = append(v.Mistakes, said)
	}
	switch {
	case len(f.Mistakes) > 0:
		v.Alert = v.T.Mistakes
	case f.NotSaved:
		v.Alert = v.T.NotSaved
	}
	if v.Alert != "" {
		v.Title = v.T.ErrorPrefix + v.Title
	}
	return p.render("form", v)
}

// Thanks renders the page that follows an answer.
func (p *Pages) Thanks(locale string) (string, error) {
	v := p.view(locale, "", url.Values{"thanks": {"1"}})
	v.Title = v.T.ThanksTitle
	v.Change = "?" + url.Values{"lang": {v.Lang}}.Encode()
	return p.render("thanks", v)
}

// Closed renders the page that says that an answer can no longer be changed.
func (p *Pages) Closed(locale string) (string, error) {
	v := p.view(locale, "", nil)
	v.Title, v.Text = v.T.ClosedTitle, v.T.ClosedText
	return p.render("message", v)
}

// Unsubscribe renders the page that asks whether to stop a channel.
func (p *Pages) Unsubscribe(locale, channel string) (string, error) {
	v := p.view(locale, "", nil)
	v.Title, v.Text = v.T.UnsubscribeTitle, v.T.by(v.T.UnsubscribeText, channel)
	return p.render("unsubscribe", v)
}

// Unsubscribed renders the page that says that a channel was stopped.
func (p *Pages) Unsubscribed(locale, channel string) (string, error) {
	v := p.view(locale, "", nil)
	v.Title, v.Text = v.T.UnsubscribedTitle, v.T.by(v.T.UnsubscribedText, channel)
	return p.render("message", v)
}

// Problem renders the page that says what is wrong, by the error's code alone.
func (p *Pages) Problem(locale string, code fault.Code) (string, error) {
	if code == fault.Throttled {
		code = fault.Unavailable
	}
	v := p.view(locale, "", nil)
	said, ok := v.T.Problems[code]
	if !ok {
		said = v.T.Problems[fault.Internal]
	}
	v.Title, v.Text = said.Title, said.Text
	return p.render("message", v)
}

// by names the channel in a sentence; one that has no name in the locale stands as it is spelled.
func (t *text) by(sentence, channel string) string {
	name, ok := t.Channels[channel]
	if !ok {
		name = channel
	}
	return strings.ReplaceAll(sentence, "{channel}", name)
}
