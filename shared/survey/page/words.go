package page

import (
	_ "embed"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"liuke/shared/fault"
	"liuke/shared/survey"
)

//go:embed text.json
var texts []byte

//go:embed preferences.json
var preferenceTexts []byte

// words is what the pages themselves say in one locale, by name. A survey may say any of it otherwise, and so bring a
// locale that the pages do not have, by its Text.Interface: see Words.
type words struct {
	locale string            // of the reader, as the page's language
	own    map[string]string // of the survey
	ours   map[string]string // of the locale, or the nearest to it that the pages have
	beside map[string]string // of the pages that are of no survey, which none says otherwise
}

// say returns what has the name; pairs are placeholders and what stands for them.
func (w *words) say(name string, pairs ...string) string {
	said := w.own[name]
	if said == "" {
		said = w.ours[name]
	}
	if said == "" {
		said = w.beside[name]
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		said = strings.ReplaceAll(said, "{"+pairs[i]+"}", pairs[i+1])
	}
	return said
}

// direction returns "rtl" for a language that is written from the right to the left, and "ltr" for any other. A tag's
// script decides where it names one.
func direction(locale string) string {
	parts := strings.Split(strings.ToLower(locale), "-")
	if len(parts) > 1 && len(parts[1]) == 4 {
		if slices.Contains(rightToLeftScripts, parts[1]) {
			return "rtl"
		}
		return "ltr"
	}
	if slices.Contains(rightToLeft, parts[0]) {
		return "rtl"
	}
	return "ltr"
}

var (
	rightToLeft        = []string{"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "nqo", "ps", "sd", "syr", "ug", "ur", "yi"}
	rightToLeftScripts = []string{"arab", "hebr", "thaa", "syrc", "nkoo", "adlm", "rohg"}
)

// endonyms are languages by their own names, of those that the pages have no words of their own in.
var endonyms = map[string]string{
	"ar": "العربية", "bg": "Български", "bn": "বাংলা", "cs": "Čeština", "da": "Dansk", "de": "Deutsch", "el": "Ελληνικά",
	"es": "Español", "et": "Eesti", "fa": "فارسی", "fi": "Suomi", "fr": "Français", "he": "עברית", "hi": "हिन्दी",
	"hr": "Hrvatski", "hu": "Magyar", "id": "Bahasa Indonesia", "it": "Italiano", "ja": "日本語", "ko": "한국어",
	"lt": "Lietuvių", "lv": "Latviešu", "ms": "Bahasa Melayu", "nb": "Norsk", "nl": "Nederlands", "pl": "Polski",
	"pt": "Português", "ro": "Română", "ru": "Русский", "sk": "Slovenčina", "sl": "Slovenščina", "sv": "Svenska",
	"th": "ไทย", "tr": "Türkçe", "uk": "Українська", "ur": "اردو", "vi": "Tiếng Việt", "zh": "中文", "zh-TW": "繁體中文", "zh-HK": "繁體中文",
}

// Words returns what the pages say in English, by the names under which the texts of a survey's locale say it in theirs:
// survey.Text.Interface. Braces stand for what is put in their place, and stay as they are.
func Words() map[string]string {
	all, err := decodeWords(texts)
	if err != nil {
		return nil
	}
	return all[survey.Fallback]
}

func decodeWords(raw []byte) (all map[string]map[string]string, err error) {
	err = json.Unmarshal(raw, &all)
	return all, fault.As(err, fault.Internal, "read the pages' own words")
}

// words returns the words for a reader of a survey, or of no survey where it is nil.
func (p *Pages) words(s *survey.Survey, locale string) *words {
	w := &words{locale: locale}
	if s != nil {
		if _, ok := s.Texts[locale]; !ok {
			w.locale = survey.Fallback
		}
		w.own = s.Texts[w.locale].Interface
	} else if p.texts[locale] == nil {
		w.locale = survey.Fallback
	}
	nearest, ok := find(w.locale, p.locales)
	if !ok {
		nearest = survey.Fallback
	}
	w.ours, w.beside = p.texts[nearest], p.beside[nearest]
	return w
}

// name returns a language's own name.
func (p *Pages) name(s *survey.Survey, locale string) string {
	if s != nil && s.Texts[locale].Interface["language_name"] != "" {
		return s.Texts[locale].Interface["language_name"]
	}
	if ours := p.texts[locale]; ours != nil {
		return ours["language_name"]
	}
	if name := endonyms[locale]; name != "" {
		return name
	}
	if name := endonyms[language(locale)]; name != "" {
		return name
	}
	return locale
}

// mistake says in the locale what is wrong with a question.
func (w *words) mistake(m survey.Mistake) string {
	q := m.Question
	switch m.Reason {
	case survey.Missing:
		switch q.Kind {
		case survey.Single:
			return w.say("missing_option")
		case survey.Multiple:
			return w.say("missing_options")
		case survey.FreeText:
			return w.say("missing_text")
		}
		return w.scale("missing_number", q)
	case survey.OutOfScale:
		return w.scale("out_of_scale", q)
	case survey.NoOption:
		return w.say("no_option")
	case survey.TooMany:
		if q.Kind != survey.Multiple {
			return w.say("only_one")
		}
		return w.say("too_many", "most", strconv.Itoa(most(q)))
	case survey.TooFew:
		return w.say("too_few", "least", strconv.Itoa(q.Min))
	case survey.TooLong:
		return w.say("too_long", "most", strconv.Itoa(q.MostCharacters()))
	case survey.NotText:
		return w.say("not_text")
	}
	return w.say("mistakes")
}

func (w *words) scale(name string, q *survey.Question) string {
	lowest, highest := q.Range()
	return w.say(name, "lowest", strconv.Itoa(lowest), "highest", strconv.Itoa(highest))
}

// most is how many options a question takes.
func most(q *survey.Question) int {
	if q.Max > 0 {
		return q.Max
	}
	return len(q.Options)
}

// locales returns the locales of a survey, or of the pages themselves where it is nil, the fallback first.
func (p *Pages) localesOf(s *survey.Survey) []string {
	if s != nil {
		return s.Locales()
	}
	return p.locales
}

func sortedLocales(texts map[string]map[string]string) []string {
	all := slices.Sorted(maps.Keys(texts))
	if i := slices.Index(all, survey.Fallback); i > 0 {
		all = slices.Insert(slices.Delete(all, i, i+1), 0, survey.Fallback)
	}
	return all
}
