package outreach

import (
	"maps"
	"slices"
	"strings"

	"liuke/shared/scene"
)

// stopWords say by language how SMS are stopped that can be answered: by the words that AWS End User Messaging takes for it in
// every country, and in China by the letter that carriers ask for.
var stopWords = map[string]string{"en": "Reply STOP to opt out", "de": "Abmelden: STOP antworten", "zh": "拒收请回复R"}

// stopLinks do the same for those from a sender id, which nobody can answer: they lead to the customer's own page.
var stopLinks = map[string]string{"en": "Opt out: ", "de": "Abmelden: ", "zh": "退订："}

// StopHint says in a customer's language how to stop messages by SMS: as operators have it; where they have nothing in that
// language, in the suite's own words, which lead to link unless it is ""; and where those have not got it either, in English.
func (s *Settings) StopHint(locale, link string) string {
	words := stopWords
	if link != "" {
		words = stopLinks
	}
	for _, l := range []string{locale, scene.DefaultLocale} {
		if hint := s.stopHintIn(l); hint != "" {
			return hint
		}
		if hint := words[languageOf(l)]; hint != "" {
			return hint + link
		}
	}
	return words[scene.DefaultLocale] + link
}

// stopHintIn returns what operators have in a locale, or else in its language, "" where they have nothing.
func (s *Settings) stopHintIn(locale string) string {
	tag := tagOf(locale)
	fit := ""
	for _, l := range slices.Sorted(maps.Keys(s.StopHints)) { // the language itself comes before its regions
		switch {
		case tagOf(l) == tag:
			return s.StopHints[l]
		case fit == "" && languageOf(l) == languageOf(tag):
			fit = s.StopHints[l]
		}
	}
	return fit
}

func tagOf(locale string) string { return strings.ToLower(strings.ReplaceAll(locale, "_", "-")) }

func languageOf(locale string) string {
	language, _, _ := strings.Cut(tagOf(locale), "-")
	return language
}
