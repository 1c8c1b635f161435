package token_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"liuke/shared/comment/internal/token"
)

// words returns the tokens as text: "|" for a Break, "#" for what is Hidden.
func words(text string) []string {
	var out []string
	for _, t := range token.Scan(text) {
		switch t.Kind {
		case token.Break:
			out = append(out, "|")
		case token.Hidden:
			out = append(out, "#")
		default:
			out = append(out, t.Text)
		}
	}
	return out
}

func TestScan(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"words in lower case":                     {"Very GOOD, thanks!", "very good | thanks |"},
		"apostrophes, straight and curly":         {"don't can’t 'quoted'", "don't can't quoted"},
		"hyphens part words":                      {"well-made", "well made"},
		"sentences without a space":               {"Good.But slow", "good | but slow"},
		"Chinese words where they cost the least": {"快递小哥态度很好", "快递小哥 态度 很好"},
		"a run that may be cut in two ways":       {"没收到货", "没收到 货"},
		"traditional characters":                  {"質量很差", "质量 很差"},
		"wide forms":                              {"Ｇｏｏｄ！", "good |"},
		"emoji and faces":                         {"ok👍 :-) <3", "ok 👍 :-) <3"},
		"short numbers are kept":                  {"5 stars, 10/10", "5 stars | 10 10"},
		"longer numbers and codes are hidden":     {"order 12345 and A1", "order # and #"},
		"addresses of mail":                       {"to a.b@c.de now", "to # now"},
		"addresses of the web":                    {"at www.a.b, c.com/d and x://y now", "at # and # now"},
		"a handle, and one in Chinese":            {"@joe said @小明 好", "# said # 好"},
		"a mark within a word is passed over":     {"go\u200bod e\u0301a", "good ea"},
		"control characters part sentences":       {"good\x00bad", "good | bad"},
		"what is not UTF-8 parts sentences":       {"good\xffbad", "good | bad"},
		"other scripts":                           {"хорошо 좋다", "хорошо 좋다"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(words(c.text), " "); got != c.want {
				t.Errorf("%q gives %q, want %q", c.text, got, c.want)
			}
		})
	}
}

func TestNoCharacterOfAChineseTextIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune("很好不错没有想象中快递小哥质量差龘的了我"))).Draw(t, "text")
		if got := strings.Join(words(text), ""); got != text {
			t.Errorf("%q gives %q", text, got)
		}
	})
}

func TestScanStopsAtTheLimit(t *testing.T) {
	for _, text := range []string{strings.Repeat("好", token.MaxRunes+9), strings.Repeat("a", token.MaxRunes+9)} {
		n := 0
		for _, word := range words(text) {
			n += utf8.RuneCountInString(word)
		}
		if n != token.MaxRunes {
			t.Errorf("%d characters are read", n)
		}
	}
}

func TestCapitals(t *testing.T) {
	var names []string
	for _, t := range token.Scan("Ask Jenny, not NASA or iPhone") {
		if t.Capital {
			names = append(names, t.Text)
		}
	}
	if want := []string{"ask", "jenny"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

func TestKnown(t *testing.T) {
	if !token.Known("质量") || token.Known("赵雨桐") {
		t.Error("a common word is to be known, a name is not")
	}
}
