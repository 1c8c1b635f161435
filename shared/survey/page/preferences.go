package page

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"liuke/shared/consent"
)

// Preferences is what the page of a customer's preferences shows.
type Preferences struct {
	View
	Channels     []Choice
	Topics       []Choice
	Personalised bool
	Quiet        consent.Quiet
	Language     string // one of Locales
	Sealed       string // what was shown, as the form sends it back
}

// Choice is one thing that a customer may have or not.
type Choice struct {
	ID    string
	Label string
	On    bool
	About string // what it is about, below the label; "" for nothing
}

// The fields of the form.
const (
	FieldShown        = "_shown" // what the page showed, sealed
	FieldChannel      = "channel"
	FieldTopic        = "topic"
	FieldPersonalised = "personalised_offers"
	FieldQuietFrom    = "quiet_from"
	FieldQuietTo      = "quiet_to"
	FieldLanguage     = "language"
	FieldStop         = "stop" // with any value: stop everything
	FieldPage         = "page" // of the unsubscription: the locale of the page that it was sent from
)

// Text names a text by which a customer was asked for consent.
type Text struct{ Version, Hash string }

// textOf is the version that the pages' own words have, and the hash of the lines that were shown. Whoever changes those words
// counts the version up.
func (w *words) textOf(lines ...string) Text {
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return Text{w.say("consent_version"), hex.EncodeToString(sum[:])}
}

// PreferencesText names what the page of preferences says of the topics in a locale.
func (p *Pages) PreferencesText(locale string, channels, topics []Choice) Text {
	w := p.words(nil, locale)
	lines := []string{w.locale, w.say("preferences_intro"), w.say("preferences_channels"), w.say("preferences_channels_hint")}
	for _, c := range channels {
		lines = append(lines, c.Label)
	}
	lines = append(lines, w.say("preferences_topics"), w.say("preferences_topics_hint"))
	for _, c := range topics {
		lines = append(lines, c.Label)
		if c.About != "" {
			lines = append(lines, c.About)
		}
	}
	return w.textOf(append(lines, w.say("personalised"), w.say("personalised_hint"))...)
}

// ChannelName is what a channel is called as a choice, in a locale.
func (p *Pages) ChannelName(locale, channel string) string {
	return p.words(nil, locale).say("channel_choice_" + channel)
}

// Preferences renders the page that shows how a customer wants to be reached, and changes it.
func (p *Pages) Preferences(v Preferences) Page {
	f := p.frame(v.View)
	f.title = f.words.say("preferences_title")
	return p.render(f, func(d *document) {
		d.heading(f.title)
		d.lines(f.words.say("preferences_intro"))
		d.add(`<form method="post" accept-charset="utf-8">`, "\n")
		hidden(d, FieldShown, v.Sealed)
		choices(d, f.words, "preferences_channels", FieldChannel, v.Channels)
		if len(v.Topics) > 0 {
			choices(d, f.words, "preferences_topics", FieldTopic, v.Topics)
		}
		d.add("<fieldset>\n<legend>", escape(f.words.say("preferences_offers")), "</legend>\n", `<div class="options">`, "\n")
		choice(d, FieldPersonalised, Choice{ID: "true", Label: f.words.say("personalised"), On: v.Personalised}, FieldPersonalised+"-hint")
		d.add("</div>\n", `<p class="hint after" id="`, FieldPersonalised, `-hint">`, escape(f.words.say("personalised_hint")), "</p>\n</fieldset>\n")
		v.quiet(d, f.words)
		v.languages(d, p, f.words)
		d.add(`<div class="way"><button type="submit">`, escape(f.words.say("preferences_save")), "</button></div>\n</form>\n")
		d.add(`<form method="post" class="apart" accept-charset="utf-8">`, "\n")
		hidden(d, FieldShown, v.Sealed)
		d.add(`<p>`, escape(f.words.say("stop_text")), "</p>\n", `<button class="second" type="submit" name="`, FieldStop, `" value="all">`,
			escape(f.words.say("stop_button")), "</button>\n</form>\n")
	})
}

func hidden(d *document, name, value string) {
	d.add(`<input type="hidden" name="`, escape(name), `" value="`, escape(value), `">`, "\n")
}

func choices(d *document, w *words, title, field string, all []Choice) {
	d.add("<fieldset aria-describedby=\"", escape(field), "-hint\">\n<legend>", escape(w.say(title)), "</legend>\n")
	d.add(`<p class="hint" id="`, escape(field), `-hint">`, escape(w.say(title+"_hint")), "</p>\n", `<div class="options">`, "\n")
	for _, c := range all {
		choice(d, field, c, "")
	}
	d.add("</div>\n</fieldset>\n")
}

func choice(d *document, field string, c Choice, described string) {
	id := escape(field + "-" + c.ID)
	d.add(`<span><input type="checkbox" name="`, escape(field), `" id="`, id, `" value="`, escape(c.ID), `"`, when(c.On, " checked"))
	if c.About != "" {
		described = field + "-" + c.ID + "-about"
	}
	if described != "" {
		d.add(` aria-describedby="`, escape(described), `"`)
	}
	d.add(`><label for="`, id, `">`, escape(c.Label), "</label>")
	if c.About != "" {
		d.add(`<span class="hint after" id="`, escape(described), `">`, escape(c.About), "</span>")
	}
	d.add("</span>\n")
}

// quiet asks for the hours in which nothing is to come.
func (v *Preferences) quiet(d *document, w *words) {
	hours := []option{{"", w.say("quiet_none")}}
	for h := range 24 {
		at := fmt.Sprintf("%02d:00", h)
		hours = append(hours, option{at, at})
	}
	d.add("<fieldset aria-describedby=\"quiet-hint\">\n<legend>", escape(w.say("quiet_title")), "</legend>\n",
		`<p class="hint" id="quiet-hint">`, escape(w.say("quiet_hint")), "</p>\n", `<div class="pair">`, "\n")
	for _, s := range []struct{ field, label, chosen string }{{FieldQuietFrom, "quiet_from", v.Quiet.From}, {FieldQuietTo, "quiet_to", v.Quiet.To}} {
		all := hours
		if !slices.ContainsFunc(all, func(o option) bool { return o.value == s.chosen }) { // as said elsewhere
			all = append(slices.Clone(all), option{s.chosen, s.chosen})
		}
		choose(d, s.field, w.say(s.label), s.chosen, all)
	}
	d.add("</div>\n</fieldset>\n")
}

func (v *Preferences) languages(d *document, p *Pages, w *words) {
	var all []option
	for _, l := range p.locales {
		all = append(all, option{l, p.name(nil, l)})
	}
	d.add(`<div class="field">`)
	choose(d, FieldLanguage, w.say("preferences_language"), v.Language, all)
	d.add("</div>\n")
}

type option struct{ value, label string }

func choose(d *document, field, label, chosen string, all []option) {
	d.add(`<div><label class="question" for="`, escape(field), `">`, escape(label), `</label><select name="`, escape(field), `" id="`, escape(field), `">`)
	for _, o := range all {
		d.add(`<option value="`, escape(o.value), `"`, when(o.value == chosen, " selected"), `>`, escape(o.label), "</option>")
	}
	d.add("</select></div>\n")
}

// Saved renders the page that says what a customer has changed, with the way back to the preferences.
func (p *Pages) Saved(v View, changed []Choice, stopped bool, back url.Values) Page {
	f := p.frame(v)
	f.title = f.words.say("saved_title")
	text := "saved_text"
	switch {
	case stopped:
		text = "stopped_text"
	case len(changed) == 0:
		text = "saved_nothing"
	}
	return p.render(f, func(d *document) {
		d.heading(f.title)
		d.lines(f.words.say(text))
		if len(changed) > 0 {
			d.add("<ul>\n")
			for _, c := range changed {
				said := f.words.say("choice_off")
				if c.On {
					said = f.words.say("choice_on")
				}
				d.add("<li>", escape(c.Label), escape(f.words.say("choice_mark")), "<strong>", escape(said), "</strong></li>\n")
			}
			d.add("</ul>\n")
		}
		d.add(`<p><a class="more" href="?`, escape(merge(back, url.Values{"lang": {f.words.locale}}).Encode()), `">`, escape(f.words.say("saved_back")), "</a></p>\n")
	})
}

// QuietLabel names the quiet hours as a choice that was made.
func (p *Pages) QuietLabel(locale string, q consent.Quiet) string {
	w := p.words(nil, locale)
	if q == (consent.Quiet{}) {
		return w.say("quiet_title")
	}
	return w.say("quiet_between", "from", q.From, "to", q.To)
}

// LanguageLabel names a language as a choice that was made.
func (p *Pages) LanguageLabel(locale, language string) string {
	return p.words(nil, locale).say("preferences_language") + " " + p.name(nil, language)
}

// PersonalisedLabel names personalised offers as a choice that was made.
func (p *Pages) PersonalisedLabel(locale string) string {
	return p.words(nil, locale).say("preferences_offers")
}
