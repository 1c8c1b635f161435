package page

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"liuke/shared/fault"
	"liuke/shared/survey"
)

var update = flag.Bool("update", false, "write the golden files anew")

func nps(t testing.TB) *survey.Survey {
	t.Helper()
	c, err := survey.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Find("nps")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func pages(t testing.TB) *Pages {
	t.Helper()
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// every renders each page that there is, by the name of its golden file.
func every(t *testing.T, p *Pages, locale string) map[string]string {
	t.Helper()
	all := map[string]string{}
	s := nps(t)
	for name, f := range map[string]Form{
		"form":          {},
		"form_selected": {Given: survey.Form{Score: "9"}},
		"form_standing": {Given: survey.Form{Score: "3", Comment: "slow"}, Until: time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)},
		"form_mistakes": {Given: survey.Form{Comment: "two\nlines"}, Mistakes: []survey.Mistake{{Field: survey.Score, Reason: survey.ScoreMissing}, {Field: survey.Comment, Reason: survey.CommentTooLong}}},
		"form_again":    {Given: survey.Form{Score: "7"}, NotSaved: true},
	} {
		f.Survey, f.Locale = s, locale
		all[name] = p.Form(f)
	}
	all["thanks"] = p.Thanks(locale)
	all["closed"] = p.Closed(locale)
	all["erased"] = p.Erased(locale)
	all["unsubscribe"] = p.Unsubscribe(locale, "email")
	all["unsubscribed"] = p.Unsubscribed(locale, "email")
	for _, code := range []fault.Code{fault.Unauthorized, fault.Gone, fault.NotFound, fault.Invalid, fault.TooLarge, fault.Throttled, fault.Unavailable, fault.Internal} {
		all["problem_"+string(code)] = p.Problem(locale, code)
	}
	return all
}

func TestPagesAreAsTheGoldenFilesShow(t *testing.T) {
	p := pages(t)
	for _, locale := range p.Locales() {
		for name, page := range every(t, p, locale) {
			if strings.HasPrefix(name, "problem_") && name != "problem_gone" {
				continue // one stands for all: only the two lines of text differ
			}
			file := filepath.Join("testdata", locale, name+".html")
			page = strings.Replace(page, string(style), "/* style.css */", 1)
			if *update {
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(want, []byte(page)) {
				t.Errorf("%s differs; look at the change and run with -update:\n%s", file, page)
			}
		}
	}
}

var (
	openTag   = regexp.MustCompile(`<([a-z][a-z0-9]*)((?:\s+[a-z-]+(?:="[^"]*")?)*)\s*>`)
	attribute = regexp.MustCompile(`([a-z-]+)(?:="([^"]*)")?`)
)

type tag struct {
	name string
	attr map[string]string
}

// tags reads the open tags of a page; the templates quote every attribute.
func tags(page string) (all []tag) {
	for _, m := range openTag.FindAllStringSubmatch(page, -1) {
		t := tag{m[1], map[string]string{}}
		for _, a := range attribute.FindAllStringSubmatch(m[2], -1) {
			t.attr[a[1]] = a[2]
		}
		all = append(all, t)
	}
	return all
}

func TestEveryPageCanBeUsedByAnyone(t *testing.T) {
	p := pages(t)
	for _, locale := range p.Locales() {
		for name, page := range every(t, p, locale) {
			t.Run(locale+" "+name, func(t *testing.T) { usable(t, page, locale) })
		}
	}
}

func usable(t *testing.T, page, locale string) {
	if len(page) > MaxBytes {
		t.Errorf("%d bytes are over %d", len(page), MaxBytes)
	}
	for _, outside := range []string{"http:", "https:", `="//`, "url(", "@import", "<script", "<img", "<iframe", "javascript:"} {
		if strings.Contains(page, outside) {
			t.Errorf("the page holds %q", outside)
		}
	}
	ids, labels := map[string]bool{}, map[string]bool{}
	count := map[string]int{}
	var refer []string
	for _, x := range tags(page) {
		count[x.name]++
		if id := x.attr["id"]; id != "" {
			if ids[id] {
				t.Errorf("the id %q stands twice", id)
			}
			ids[id] = true
		}
		switch x.name {
		case "html":
			if x.attr["lang"] != locale || x.attr["dir"] == "" {
				t.Errorf("<html> has %v, want the language %q and a direction", x.attr, locale)
			}
		case "label":
			labels[x.attr["for"]] = true
		case "a":
			if to, ok := strings.CutPrefix(x.attr["href"], "#"); ok {
				refer = append(refer, to)
			}
		}
		refer = append(refer, strings.Fields(x.attr["aria-describedby"])...)
		for a := range x.attr {
			if strings.HasPrefix(a, "on") || a == "style" || a == "src" {
				t.Errorf("<%s> has the attribute %s", x.name, a)
			}
		}
	}
	for _, id := range refer {
		if !ids[id] {
			t.Errorf("nothing has the id %q, which the page refers to", id)
		}
	}
	for _, x := range tags(page) {
		if (x.name == "input" && x.attr["type"] != "hidden" || x.name == "textarea") && !labels[x.attr["id"]] {
			t.Errorf("<%s name=%q> has no label", x.name, x.attr["name"])
		}
	}
	for name, want := range map[string]int{"html": 1, "title": 1, "h1": 1, "main": 1} {
		if count[name] != want {
			t.Errorf("%d of <%s>, want %d", count[name], name, want)
		}
	}
	if strings.Contains(page, "<title></title>") || strings.Contains(page, "{") && strings.Contains(strings.Split(page, "</style>")[1], "{") {
		t.Error("a text is missing or holds a placeholder")
	}
}

func TestOnlyAValidScoreIsSelected(t *testing.T) {
	p := pages(t)
	for score, want := range map[string]int{"9": 1, "0": 1, "10": 1, "": 0, "11": 0, "-1": 0, `9"><b>`: 0, "9.5": 0} {
		page := p.Form(Form{Survey: nps(t), Locale: "en", Given: survey.Form{Score: score}})
		if got := strings.Count(page, " checked>"); got != want {
			t.Errorf("score %q: %d selected, want %d", score, got, want)
		}
		if want == 1 && !strings.Contains(page, fmt.Sprintf(`value="%s" required checked>`, score)) {
			t.Errorf("score %q: another is selected", score)
		}
	}
}

func TestWhatACustomerTypedComesOutInert(t *testing.T) {
	p := pages(t)
	for _, typed := range []string{`</textarea><script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, "=cmd|' /C calc'!A0", "{{.T}}", "😀" + strings.Repeat("长", 3999)} {
		page := p.Form(Form{Survey: nps(t), Locale: "zh-CN", Given: survey.Form{Score: "5", Comment: typed}})
		if strings.Contains(page, "<script") || strings.Contains(page, "<img") || strings.Count(page, "</textarea>") != 1 {
			t.Errorf("%.40q was not escaped", typed)
		}
	}
	if page := p.Unsubscribe("en", "<script>"); strings.Contains(page, "<script") {
		t.Error("a channel was not escaped")
	}
}

func TestALanguageOfTheOtherDirectionNeedsNothingButItsTexts(t *testing.T) {
	raw := bytes.Replace(texts, []byte(`"zh-CN": {
    "dir": "ltr"`), []byte(`"ar": {
    "dir": "rtl"`), 1)
	p, err := load(raw)
	if err != nil {
		t.Fatal(err)
	}
	page := p.Thanks("ar")
	if !strings.Contains(page, `<html lang="ar" dir="rtl">`) {
		t.Errorf("the page does not turn: %.80s", page)
	}
	if physical := regexp.MustCompile(`\b(left|right)\b|[^-](width|height):`).FindAllString(strings.NewReplacer("(min-width:", "", "line-height:", "").Replace(style), -1); len(physical) > 0 {
		t.Errorf("the style is bound to a direction by %q", physical)
	}
}

func TestEverySurveyHasATextInEveryLocaleOfThePages(t *testing.T) {
	p := pages(t)
	c, err := survey.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	for id, s := range c {
		for _, l := range p.Locales() {
			if _, ok := s.Texts[l]; !ok {
				t.Errorf("survey %q has no text in %q", id, l)
			}
		}
	}
}

// The thresholds are those of WCAG 2.2, 1.4.3 (text, 4.5 : 1) and 1.4.11 (outlines of inputs, 3 : 1).
func TestColoursHaveContrastInBothSchemes(t *testing.T) {
	light := variables(t, style[:strings.Index(style, "@media")])
	dark := variables(t, style[strings.Index(style, "@media"):])
	if dark["tint"] == "" || light["tint"] == "" || len(dark) != len(light) {
		t.Fatalf("the schemes differ in their variables: %v, %v", light, dark)
	}
	for _, c := range []struct {
		on, under string
		least     float64
	}{
		{"ink", "paper", 4.5}, {"ink", "ground", 4.5}, {"soft", "paper", 4.5}, {"soft", "ground", 4.5},
		{"brand", "paper", 4.5}, {"brand", "ground", 4.5}, {"on", "brand", 4.5}, {"bad", "paper", 4.5}, {"bad", "tint", 4.5},
		{"ink", "tint", 4.5}, {"line", "paper", 3},
	} {
		for name, scheme := range map[string]map[string]string{"light": light, "dark": dark} {
			if got := contrast(t, scheme[c.on], scheme[c.under]); got < c.least {
				t.Errorf("%s: %s on %s has %.2f : 1, want %.1f", name, c.on, c.under, got, c.least)
			}
		}
	}
}

func variables(t *testing.T, css string) map[string]string {
	t.Helper()
	found := map[string]string{}
	root := regexp.MustCompile(`:root\{([^}]*)\}`).FindStringSubmatch(css)
	for _, m := range regexp.MustCompile(`--([a-z]+):(#[0-9a-f]{3,6})`).FindAllStringSubmatch(root[1], -1) {
		found[m[1]] = m[2]
	}
	return found
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + .05) / (min(x, y) + .05)
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	hex = strings.TrimPrefix(hex, "#")
	if len(hex) == 3 {
		hex = hex[:1] + hex[:1] + hex[1:2] + hex[1:2] + hex[2:] + hex[2:]
	}
	n, err := strconv.ParseUint(hex, 16, 32)
	if err != nil {
		t.Fatalf("the colour %q: %v", hex, err)
	}
	linear := func(c uint64) float64 {
		v := float64(c&0xff) / 255
		if v <= .04045 {
			return v / 12.92
		}
		return math.Pow((v+.055)/1.055, 2.4)
	}
	return .2126*linear(n>>16) + .7152*linear(n>>8) + .0722*linear(n)
}

func TestMatchServesTheReader(t *testing.T) {
	available := []string{"en", "zh-CN"}
	for _, c := range []struct{ name, asked, header, want string }{
		{"nobody says anything", "", "", "en"},
		{"a browser prefers Chinese", "", "zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"},
		{"a browser of Taiwan reads Chinese sooner than English", "", "zh-TW,zh;q=0.9,en;q=0.8", "zh-CN"},
		{"weights count, not the order", "", "en;q=0.3, zh;q=0.8", "zh-CN"},
		{"an unknown language falls to the next", "", "fr-CH, fr;q=0.9, zh;q=0.7, *;q=0.5", "zh-CN"},
		{"only unknown languages", "", "fr, de;q=0.5", "en"},
		{"a weight of 0 refuses", "", "zh;q=0, en;q=0.1", "en"},
		{"the link's language wins", "zh-cn", "en", "zh-CN"},
		{"an unknown language in the link is passed over", "xx", "zh", "zh-CN"},
		{"rubbish", "", ";;;q=,,zh;q=abc,\x00", "en"},
		{"a header of a megabyte", "", strings.Repeat("zh,", 1<<19), "en"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Match(c.asked, c.header, available); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
