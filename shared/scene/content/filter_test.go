package content

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"liuke/shared/fault"
	"liuke/shared/scene"
)

// rendered compiles and renders a text that may speak of x, which has the value.
func rendered(t *testing.T, source string, value any) (string, error) {
	t.Helper()
	text, flaws := Compiler()(source, []string{"x"}, scene.Plain)
	if len(flaws) > 0 {
		t.Fatalf("%s: %v", source, flaws)
	}
	return text.Render(map[string]any{"x": value})
}

func TestTruncate(t *testing.T) {
	for _, c := range []struct{ name, filter, text, want string }{
		{"what is short enough stays", "truncate: 5", "hello", "hello"},
		{"the ellipsis counts", "truncate: 5", "hello you", "he..."},
		{"an ellipsis of its own", "truncate: 5, '…'", "hello you", "hell…"},
		{"no ellipsis", "truncate: 5, ''", "hello you", "hello"},
		{"fifty without a number", "truncate", strings.Repeat("a", 60), strings.Repeat("a", 47) + "..."},
		{"characters, not bytes", "truncate: 3, '…'", "尊敬的顾客", "尊敬…"},
		{"no room for more than the ellipsis", "truncate: 3", "hello", "..."},
		{"no room for all of the ellipsis", "truncate: 2", "hello", ".."},
		{"nothing at all", "truncate: 0", "hello", ""},
		{"an ellipsis is no pattern", "truncate: 4, '$1'", "hello", "he$1"},
		{"more than one line", "truncate: 6, ''", "hello\nyou", "hello\n"},
		{"more than a pattern counts", "truncate: 2000", strings.Repeat("a", 2001), strings.Repeat("a", 1997) + "..."},
	} {
		if got, err := rendered(t, "{{ x | "+c.filter+" }}", c.text); err != nil || got != c.want {
			t.Errorf("%s: %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}

func TestTruncateNeverSaysMoreThanItMay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, end, n := rapid.String().Draw(t, "text"), rapid.String().Draw(t, "ellipsis"), rapid.IntRange(-1, 40).Draw(t, "n")
		got := truncate(text, func(int) int { return n }, func(string) string { return end })
		if said := utf8.RuneCountInString(got); said > max(n, 0) || said < min(max(n, 0), utf8.RuneCountInString(text)) {
			t.Fatalf("%q in %d characters is %q", text, n, got)
		}
	})
}

func TestCapitalizeKeepsCharactersWhole(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"a letter", "li na", "Li na"},
		{"a letter with an accent", "élodie", "Élodie"},
		{"a letter and an accent behind it", "e\u0301lodie", "E\u0301lodie"},
		{"Cyrillic", "иван", "Иван"},
		{"Chinese", "王芳", "王芳"},
		{"an emoji", "🎂 today", "🎂 today"},
	} {
		if got, err := rendered(t, "{{ x | default: '' | capitalize }}", c.text); err != nil || got != c.want {
			t.Errorf("%s: %q, %v, want %q", c.name, got, err, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		if got := capitalize(text); !utf8.ValidString(got) || utf8.RuneCountInString(got) != utf8.RuneCountInString(text) {
			t.Fatalf("%q becomes %q", text, got)
		}
	})
}

func TestDatesOfEveryFormatThatIsTaken(t *testing.T) {
	day := time.Date(2026, time.November, 8, 7, 5, 3, 0, time.UTC)
	for format, want := range map[string]string{
		"%Y-%m-%d": "2026-11-08", "%-d.%-m.%y": "8.11.26", "%Y年%-m月%-d日": "2026年11月8日", "%B %e, %H:%M": "November  8, 07:05", "100%%": "100%",
	} {
		if got, err := rendered(t, "{{ x | date: '"+format+"' }}", day); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", format, got, err, want)
		}
	}
	for _, letter := range moments {
		if got, err := rendered(t, "{{ x | date: '%"+string(letter)+"' }}", day); err != nil || got == "%"+string(letter) {
			t.Errorf("%%%c is taken, and stays as it is: %q, %v", letter, got, err)
		}
	}
}

func TestFiltersAreCheckedWhenTheyAreLoaded(t *testing.T) {
	for source, want := range map[string]string{
		"{{ x | truncate: 10001 }}":                            "the filter truncate takes numbers from 0 to 10000",
		"{{ x | truncate: -1 }}":                               "the filter truncate takes numbers from 0 to 10000",
		"{{ x | truncate: 99999999999999999999999 }}":          "the filter truncate takes numbers from 0 to 10000",
		"{{ x | truncate: 1.5 }}":                              "the filter truncate takes a whole number, not 1.5",
		"{{ x | truncate: 'many' }}":                           "the filter truncate takes a whole number, not 'many'",
		"{{ x | truncate: 5, 5 }}":                             "the filter truncate takes a text in quotes, not 5",
		"{{ x | truncate: 5, '', '' }}":                        "the filter truncate takes at most 2 arguments",
		"{{ x | default }}":                                    "the filter default needs a text in quotes, or a number",
		"{{ x | append }}":                                     "the filter append needs a text in quotes, or a number",
		"{{ x | upcase: 'x' }}":                                "the filter upcase takes at most 0 arguments",
		"{{ x | date: 5 }}":                                    "the filter date takes a text in quotes, not 5",
		"{{ x | date: '%999999999Y' }}":                        "the filter date fills up to at most 99 characters",
		"{{ x | date: '%Y-%m-%q' }}":                           "the filter date knows no %q",
		"{{ x | date: 'at 100%' }}":                            "the filter date knows no %",
		"{{ x | date: '%-O年' }}":                               "the filter date knows no %-O年",
		"{% if x == 99999999999999999999999 %}much{% endif %}": "",
	} {
		text, flaws := Compiler()("\n"+source, []string{"x"}, scene.Plain)
		if text != nil || len(flaws) != 1 || !strings.Contains(flaws[0].Text, want) || want != "" && flaws[0].Line != 2 {
			t.Errorf("%s: %v, want %s", source, flaws, want)
		}
	}
}

func TestValuesAreEscapedLast(t *testing.T) {
	for _, c := range []struct {
		name, source string
		form         scene.Form
		value        any
		want         string
	}{
		{"in HTML", "{{ x | upcase }}", scene.HTML, "a&b", "A&amp;B"},
		{"in JSON", `"{{ x | upcase }}"`, scene.JSON, `a&b "q" \`, `"A\u0026B \"Q\" \\"`},
		{"a cut in JSON", `"{{ x | truncate: 3, '' }}"`, scene.JSON, `a"<b`, `"a\"\u003c"`},
		{"what a filter puts there", `"{{ x | append: '"' }}"`, scene.JSON, "a", `"a\""`},
		{"what stands in for a value", `"{{ x | default: '"' }}"`, scene.JSON, nil, `"\""`},
		{"a number in JSON", "{{ x }}", scene.JSON, 7, "7"},
		{"yes in JSON", "{{ x }}", scene.JSON, true, "true"},
		{"plain", "{{ x | upcase }}", scene.Plain, `a&"b`, `A&"B`},
	} {
		text, flaws := Compiler()(c.source, []string{"x"}, c.form)
		if len(flaws) > 0 {
			t.Fatalf("%s: %v", c.name, flaws)
		}
		if got, err := text.Render(map[string]any{"x": c.value}); err != nil || got != c.want {
			t.Errorf("%s: %s, %v, want %s", c.name, got, err, c.want)
		}
	}
}

func TestWhatPanicsIsAnError(t *testing.T) {
	engine := newEngine()
	engine.RegisterFilter("upcase", func(string) string { panic("Li") })
	text, flaws := compile(engine, "{{ x | upcase }}", []string{"x"}, scene.Plain)
	if len(flaws) > 0 {
		t.Fatal(flaws)
	}
	if out, err := text.Render(map[string]any{"x": "Li"}); out != "" || fault.CodeOf(err) != fault.Invalid || strings.Contains(err.Error(), "Li") {
		t.Errorf("%q, %v", out, err)
	}
	var missing *scene.Missing
	if _, err := text.Render(nil); !errors.As(err, &missing) {
		t.Errorf("a variable that is missing: %v", err)
	}
}
