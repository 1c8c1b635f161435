// Package page renders the pages that customers see behind the links of a message: the survey's form, the thanks, the
// unsubscription, and what is wrong with a link. Each is one document of at most MaxBytes that needs no script, loads
// nothing, follows the reader's language, direction, colour scheme and text size, and can be used by touch, keyboard
// and screen reader (WCAG 2.2 AA). Whatever a customer typed comes out escaped: see markup.
package page

import (
	_ "embed"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"liuke/shared/fault"
	"liuke/shared/survey"
)

// MaxBytes is the most that a page without a customer's own comment takes.
const MaxBytes = 30 << 10

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
	ErasedTitle       string            `json:"erased_title"`
	ErasedText        string            `json:"erased_text"`
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
	texts   map[string]*text
	locales []string // the fallback first
}

// New reads the embedded texts.
func New() (*Pages, error) { return load(texts) }

func load(raw []byte) (_ *Pages, err error) {
	defer fault.Wrap(&err, "load the customers' pages")
	p := &Pages{}
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

// frame returns the frame of a page in the locale, the fallback where there is no such.
func (p *Pages) frame(locale string) frame {
	if p.texts[locale] == nil {
		locale = survey.Fallback
	}
	return frame{locale: locale, text: p.texts[locale]}
}

// Thanks renders the page that follows an answer.
func (p *Pages) Thanks(locale string) string {
	f := p.frame(locale)
	f.title, f.query = f.text.ThanksTitle, url.Values{"thanks": {"1"}}
	return p.render(f, func(d *document) {
		d.add("<h1>", escape(f.title), "</h1>\n<p>", escape(f.text.ThanksText), "</p>\n",
			`<p><a href="?lang=`, escape(url.QueryEscape(f.locale)), `">`, escape(f.text.Change), "</a></p>\n")
	})
}

// Closed renders the page that says that an answer can no longer be changed.
func (p *Pages) Closed(locale string) string {
	f := p.frame(locale)
	f.title = f.text.ClosedTitle
	return p.message(f, f.text.ClosedText)
}

// Erased renders the page that says that the customer was erased.
func (p *Pages) Erased(locale string) string {
	f := p.frame(locale)
	f.title = f.text.ErasedTitle
	return p.message(f, f.text.ErasedText)
}

// Unsubscribe renders the page that asks whether to stop a channel.
func (p *Pages) Unsubscribe(locale, channel string) string {
	f := p.frame(locale)
	f.title = f.text.UnsubscribeTitle
	return p.render(f, func(d *document) {
		d.add("<h1>", escape(f.title), "</h1>\n<p>", escape(f.text.by(f.text.UnsubscribeText, channel)), "</p>\n",
			`<form method="post">`, "\n", `<input type="hidden" name="List-Unsubscribe" value="One-Click">`, "\n",
			`<button type="submit">`, escape(f.text.UnsubscribeButton), "</button>\n</form>\n")
	})
}

// Unsubscribed renders the page that says that a channel was stopped.
func (p *Pages) Unsubscribed(locale, channel string) string {
	f := p.frame(locale)
	f.title = f.text.UnsubscribedTitle
	return p.message(f, f.text.by(f.text.UnsubscribedText, channel))
}

// Problem renders the page that says what is wrong, by the error's code alone.
func (p *Pages) Problem(locale string, code fault.Code) string {
	if code == fault.Throttled {
		code = fault.Unavailable
	}
	f := p.frame(locale)
	said, ok := f.text.Problems[code]
	if !ok {
		said = f.text.Problems[fault.Internal]
	}
	f.title = said.Title
	return p.message(f, said.Text)
}

// by names the channel in a sentence; one that has no name in the locale stands as it is spelled.
func (t *text) by(sentence, channel string) string {
	name, ok := t.Channels[channel]
	if !ok {
		name = channel
	}
	return strings.ReplaceAll(sentence, "{channel}", name)
}
