package outreach_test

import (
	"testing"

	"liuke/shared/channel/sms/inbound"
	"liuke/shared/outreach"
)

func TestHowToStopIsSaidInTheCustomersLanguage(t *testing.T) {
	own := map[string]string{"en": "Text STOP", "zh-CN": "退订回T", "zh-TW": "退訂回T", "fr": ""}
	for _, c := range []struct {
		name         string
		hints        map[string]string
		locale, link string
		want         string
	}{
		{"the suite's words", nil, "zh-CN", "", "拒收请回复R"},
		{"in English where it has none", nil, "fr", "", "Reply STOP to opt out"},
		{"a link where nobody can answer", nil, "de_AT", "https://a.example/u/1", "Abmelden: https://a.example/u/1"},
		{"a link in English for who has said no language", nil, "", "https://a.example/u/1", "Opt out: https://a.example/u/1"},
		{"operators' own", own, "zh-TW", "", "退訂回T"},
		{"operators' own, however the locale is written", own, "ZH_cn", "", "退订回T"},
		{"operators' own of the language", own, "zh-HK", "", "退订回T"},
		{"operators' own before a link", own, "en-GB", "https://a.example/u/1", "Text STOP"},
		{"the suite's in a language that operators have not", own, "de", "", "Abmelden: STOP antworten"},
		{"operators' English for a language that nobody has", own, "pl", "", "Text STOP"},
		{"operators' English for an empty one", own, "fr", "", "Text STOP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := outreach.Settings{StopHints: c.hints}
			if got := s.StopHint(c.locale, c.link); got != c.want {
				t.Errorf("said %q, want %q", got, c.want)
			}
		})
	}
}

func TestTheLetterThatOurWordsAskForStops(t *testing.T) {
	hint := []rune((&outreach.Settings{}).StopHint("zh-CN", ""))
	m := inbound.Message{Body: string(hint[len(hint)-1:])}
	if got := m.Word(); got != inbound.Stop {
		t.Errorf("%q is taken for %q", m.Body, got)
	}
}
