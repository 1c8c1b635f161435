// Package page renders the pages that customers see behind the links of a message and in public forms: the questions of a
// survey, the thanks, the unsubscription, and what is wrong with a link. Each is one document of at most MaxBytes that needs
// no script, loads nothing, follows the reader's language, direction, colour scheme, contrast and text size, and can be
// used by touch, keyboard and screen reader (WCAG 2.2 AA). An operator gives them a name, a logo and a colour: see package brand.
// Whatever a customer typed comes out escaped: see markup.
package page

import (
	_ "embed"
	"net/url"
	"slices"
	"strings"

	"liuke/shared/brand"
	"liuke/shared/fault"
	"liuke/shared/survey"
)

// MaxBytes is the most that a page without a customer's own texts takes, for a survey whose texts are of the length of
// those that come with the suite, with a logo of the largest size.
const MaxBytes = 30 << 10

//go:embed style.css
var style string

// Page is a document and the Content-Security-Policy that it must be served under: it permits what the document holds and
// nothing else.
type Page struct {
	HTML   string
	Policy string
}

// View is what pages share.
type View struct {
	Survey *survey.Survey // nil for a page of no survey
	Locale string         // one of the survey's; of the pages' own where there is no survey
	Brand  *brand.Brand   // nil for none
	Path   string         // before the query in links to the pages around this one; "" where it was found
	Query  url.Values     // kept in the links to the same page in another language
	Frames []string       // origins whose pages may frame this one; none where it is empty
	Leads  []string       // origins that a form may lead to, beside the page's own
}

// Pages renders pages. It is safe for concurrent use.
type Pages struct {
	texts   map[string]map[string]string
	beside  map[string]map[string]string // see words
	locales []string                     // the fallback first
}

// New reads the embedded texts.
func New() (_ *Pages, err error) {
	defer fault.Wrap(&err, "load the customers' pages")
	all, err := decodeWords(texts)
	if err != nil {
		return nil, err
	}
	beside, err := decodeWords(preferenceTexts)
	if err != nil {
		return nil, err
	}
	return &Pages{all, beside, sortedLocales(all)}, nil
}

// Locales returns the locales of the pages of no survey, the fallback first.
func (p *Pages) Locales() []string { return slices.Clone(p.locales) }

// Thanks renders the page that follows an answer, in the survey's own words where it has some. Change is the query of the
// form by which the answer can be changed, nil where it cannot.
func (p *Pages) Thanks(v View, change url.Values) Page {
	f := p.frame(v)
	f.title = f.words.say("thanks_title")
	f.query = merge(v.Query, url.Values{"thanks": {"1"}})
	said := f.words.say("thanks_text")
	if v.Survey != nil && v.Survey.Texts[f.words.locale].Thanks != "" {
		said = v.Survey.Texts[f.words.locale].Thanks
	}
	return p.render(f, func(d *document) {
		d.heading(f.title)
		d.lines(said)
		if change != nil {
			link := merge(change, url.Values{"lang": {f.words.locale}})
			d.add(`<p><a class="more" href="`, escape(v.Path), "?", escape(link.Encode()), `">`, escape(f.words.say("change")), "</a></p>\n")
		}
	})
}

// Answered renders the page that says that an answer can no longer be changed.
func (p *Pages) Answered(v View) Page { return p.message(v, "answered") }

// Closed renders the page that says that a survey takes no more answers.
func (p *Pages) Closed(v View) Page { return p.message(v, "closed") }

// Erased renders the page that says that the customer was erased.
func (p *Pages) Erased(v View) Page { return p.message(v, "erased") }

// Stop is what a link stops: a channel, or a topic where it has a name.
type Stop struct {
	Channel string
	Topic   string // as it is called in the view's locale
	More    string // where the reader may choose in its place; "" for nowhere
}

// said says in a sentence what is stopped.
func (s *Stop) said(w *words, sentence string) string {
	if s.Topic != "" {
		return w.say(sentence+"_topic_text", "topic", s.Topic)
	}
	return w.by(sentence+"_text", s.Channel)
}

// Unsubscribe renders the page that asks whether to stop a channel or a topic.
func (p *Pages) Unsubscribe(v View, s Stop) Page {
	f := p.frame(v)
	f.title = f.words.say("unsubscribe_title")
	return p.render(f, func(d *document) {
		d.heading(f.title)
		d.lines(s.said(f.words, "unsubscribe"))
		d.add(`<form method="post">`, "\n", `<input type="hidden" name="List-Unsubscribe" value="One-Click">`, "\n")
		hidden(d, FieldPage, f.words.locale)
		d.add(`<button type="submit">`, escape(f.words.say("unsubscribe_button")), "</button>\n</form>\n")
		s.more(d, f.words)
	})
}

// Unsubscribed renders the page that says that a channel or a topic was stopped.
func (p *Pages) Unsubscribed(v View, s Stop) Page {
	f := p.frame(v)
	f.title = f.words.say("unsubscribed_title")
	return p.render(f, func(d *document) {
		d.heading(f.title)
		d.lines(s.said(f.words, "unsubscribed"))
		s.more(d, f.words)
	})
}

// UnsubscribeText names what the page says that asks whether to stop.
func (p *Pages) UnsubscribeText(locale string, s Stop) Text {
	w := p.words(nil, locale)
	return w.textOf(w.locale, s.said(w, "unsubscribe"), w.say("unsubscribe_button"))
}

func (s *Stop) more(d *document, w *words) {
	if s.More != "" {
		d.add(`<p class="apart"><a class="more" href="`, escape(s.More), `">`, escape(w.say("unsubscribe_more")), "</a></p>\n")
	}
}

// Problem renders the page that says what is wrong, by the error's code alone.
func (p *Pages) Problem(v View, code fault.Code) Page {
	switch code {
	case fault.Unauthorized, fault.Gone, fault.NotFound, fault.Invalid, fault.TooLarge, fault.Throttled, fault.Unavailable:
		return p.message(v, string(code))
	case fault.Unsupported:
		return p.message(v, string(fault.Invalid))
	}
	return p.message(v, string(fault.Internal))
}

// Elsewhere renders that a form was sent from a page that may not send it: to whoever puts the form up, as a rule.
func (p *Pages) Elsewhere(v View) Page { return p.message(v, "elsewhere") }

// message renders a page of a heading and a text.
func (p *Pages) message(v View, name string) Page {
	f := p.frame(v)
	f.title = f.words.say(name + "_title")
	return p.render(f, func(d *document) {
		d.heading(f.title)
		d.lines(f.words.say(name + "_text"))
	})
}

// by names the channel in a sentence; one that has no name in the locale stands as it is spelled.
func (w *words) by(sentence, channel string) string {
	name := w.say("channel_" + channel)
	if name == "" {
		name = channel
	}
	return w.say(sentence, "channel", name)
}

// merge returns the values of both, the second's where both have some.
func merge(a, b url.Values) url.Values {
	all := url.Values{}
	for _, values := range []url.Values{a, b} {
		for name, v := range values {
			all[name] = v
		}
	}
	return all
}

// policy returns the Content-Security-Policy of a page.
func (v *View) policy(styleHash string) string {
	frames := sources(v.Frames)
	if frames == "" {
		frames = " 'none'"
	}
	return "default-src 'none'; style-src 'sha256-" + styleHash + "'; img-src data:; form-action 'self'" + sources(v.Leads) +
		"; frame-ancestors" + frames + "; base-uri 'none'"
}

// sources returns origins as a policy lists them. One that holds what no origin needs is left out, so that none can say
// more than itself.
func sources(origins []string) (list string) {
	for _, o := range origins {
		if strings.IndexFunc(o, func(r rune) bool { return !strings.ContainsRune(originRunes, r) }) < 0 {
			list += " " + o
		}
	}
	return list
}

const originRunes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:/[]"
