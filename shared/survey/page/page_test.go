package page

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"liuke/shared/brand"
	"liuke/shared/consent"
	"liuke/shared/fault"
	"liuke/shared/survey"
)

var update = flag.Bool("update", false, "write the golden files anew")

func builtIn(t testing.TB, id string) *survey.Survey {
	t.Helper()
	c, err := survey.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Find(id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// kinds is a survey with a question of each kind, and a locale, Arabic, that the pages have no words of their own in.
func kinds(t testing.TB) *survey.Survey {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "kinds.json"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := survey.Parse(raw)
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

var until = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

// forms are the forms that there are, by the names of their golden files.
func forms(t testing.TB) map[string]Form {
	t.Helper()
	nps, all := builtIn(t, "nps"), kinds(t)
	first := nps.Page(nil, 0)
	low := survey.Values{"score": survey.Number(3), "comment": {Text: "slow"}}
	wrong := []survey.Mistake{}
	for id, reason := range map[string]survey.Reason{"score": survey.Missing, "effort": survey.OutOfScale, "why": survey.NoOption, "what": survey.TooMany, "comment": survey.TooLong} {
		wrong = append(wrong, survey.Mistake{Question: all.Question(id), Reason: reason})
	}
	order := func(m survey.Mistake) int { return all.Index(m.Question.ID) }
	sortBy(wrong, order)
	view, every := View{Survey: nps}, View{Survey: all}
	return map[string]Form{
		"form":          {View: view, Questions: first, Step: 1},
		"form_selected": {View: View{Survey: nps, Query: url.Values{"score": {"9"}}}, Questions: first, Step: 1, Given: survey.Values{"score": survey.Number(9)}},
		"form_standing": {View: view, Questions: first, Step: 1, Given: low, Until: until},
		"form_second":   {View: view, Questions: nps.Page(low, 2), Given: low, Step: 2, Last: true, Back: url.Values{"page": {"score"}}, Until: until},
		"form_again":    {View: view, Questions: first, Step: 1, Given: low, Alert: NotSaved},
		"kinds":         {View: every, Questions: all.Page(nil, 0), Last: true},
		"kinds_nameless": {View: every, Questions: all.Page(nil, 0), Last: true, Nameless: true, Action: "../../../f/key", Hidden: map[string]string{survey.FieldStarted: "sealed"},
			Alert: SendAgain, Given: survey.Values{"why": {Choices: []string{"other"}}, "what": {Choices: []string{"range", "price"}}, "comment": {Text: "=1+1"}}},
		"kinds_mistakes": {View: every, Questions: all.Page(nil, 0), Last: true, Mistakes: wrong, Typed: map[string][]string{
			"effort": {"9"}, "what": {"range", "price", "service"}, "comment": {"two\nlines"}, "satisfied": {"4"}}},
	}
}

// every renders each page that there is in a locale, by the name of its golden file.
func every(t testing.TB, p *Pages, locale string, b *brand.Brand) map[string]Page {
	t.Helper()
	all := map[string]Page{}
	for name, f := range forms(t) {
		if _, ok := f.Survey.Texts[locale]; !ok {
			continue
		}
		f.Locale, f.Brand = locale, b
		all[name] = p.Form(f)
	}
	v := View{Survey: kinds(t), Locale: locale, Brand: b}
	all["thanks"] = p.Thanks(v, url.Values{})
	all["thanks_for_good"] = p.Thanks(v, nil)
	all["answered"] = p.Answered(v)
	all["closed"] = p.Closed(v)
	all["erased"] = p.Erased(v)
	all["elsewhere"] = p.Elsewhere(v)
	for _, code := range []fault.Code{fault.Unauthorized, fault.Gone, fault.NotFound, fault.Invalid, fault.TooLarge, fault.Throttled, fault.Unavailable, fault.Internal, fault.Unsupported} {
		all["problem_"+string(code)] = p.Problem(v, code)
	}
	if locale != "ar" {
		v.Survey = nil
		all["unsubscribe"] = p.Unsubscribe(v, Stop{Channel: "email", More: "../p/sealed"})
		all["unsubscribed"] = p.Unsubscribed(v, Stop{Channel: "email", More: "../p/sealed"})
		all["unsubscribe_topic"] = p.Unsubscribe(v, Stop{Channel: "email", Topic: "<offers>"})
		all["preferences"] = p.Preferences(preferences(p, v))
		all["preferences_saved"] = p.Saved(v, []Choice{{Label: "<offers>"}, {Label: p.QuietLabel(locale, consent.Quiet{From: "22:00", To: "07:30"}), On: true}}, false, url.Values{"form": {"1"}})
		all["preferences_unchanged"] = p.Saved(v, nil, false, nil)
		all["preferences_stopped"] = p.Saved(v, nil, true, nil)
	}
	return all
}

// preferences are a customer's who has chosen something of all.
func preferences(p *Pages, v View) Preferences {
	out := Preferences{View: v, Quiet: consent.Quiet{From: "22:00", To: "07:30"}, Language: "zh-CN", Sealed: "sealed"}
	for _, c := range []string{"email", "sms", "push"} {
		out.Channels = append(out.Channels, Choice{ID: c, Label: p.ChannelName(v.Locale, c), On: c == "email"})
	}
	for _, t := range consent.Topics() {
		out.Topics = append(out.Topics, Choice{ID: t.ID, Label: t.Labels[v.Locale], On: t.ID != "surveys"})
	}
	out.Topics = append(out.Topics, Choice{ID: `"><script>`, Label: `"><script>`, On: true, About: `A letter a month & <script>`})
	return out
}

// TestTheTextOfConsentHasAVersion holds the texts by which customers are asked for consent to their version: whoever changes
// the words gives them another, so that a proof says which were shown.
func TestTheTextOfConsentHasAVersion(t *testing.T) {
	p := pages(t)
	var got []string
	for _, locale := range p.Locales() {
		v := preferences(p, View{Locale: locale})
		for _, text := range []Text{p.PreferencesText(locale, v.Channels, v.Topics), p.UnsubscribeText(locale, Stop{Channel: "sms"})} {
			got = append(got, locale+" "+text.Version+" "+text.Hash)
		}
	}
	file := filepath.Join("testdata", "consent.txt")
	said := strings.Join(got, "\n") + "\n"
	if *update {
		if err := os.WriteFile(file, []byte(said), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != said {
		t.Errorf("the texts are\n%snot\n%s: give them another consent_version, then run with -update", said, want)
	}
}

var locales = []string{"en", "zh-CN", "ar"}

func TestPagesAreAsTheGoldenFilesShow(t *testing.T) {
	p := pages(t)
	for _, locale := range locales {
		for name, out := range every(t, p, locale, nil) {
			if strings.HasPrefix(name, "problem_") && name != "problem_throttled" {
				continue // one stands for all: only the two lines of text differ
			}
			file := filepath.Join("testdata", locale, name+".html")
			page := strings.Replace(out.HTML, style, "/* style.css */", 1)
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
	for _, locale := range locales {
		for name, out := range every(t, p, locale, nil) {
			t.Run(locale+" "+name, func(t *testing.T) { usable(t, out.HTML, locale) })
		}
	}
}

func usable(t *testing.T, page, locale string) {
	if len(page) > MaxBytes {
		t.Errorf("%d bytes are over %d", len(page), MaxBytes)
	}
	if _, body, _ := strings.Cut(page, "</style>"); locale != "en" && strings.Contains(body, "Please") {
		t.Error("a text is not in the locale")
	}
	for _, outside := range []string{"http:", "https:", `="//`, "url(", "@import", "<script", "<iframe", "javascript:"} {
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
			if x.attr["lang"] != locale || x.attr["dir"] != map[bool]string{true: "rtl", false: "ltr"}[locale == "ar"] {
				t.Errorf("<html> has %v, want the language %q and a direction", x.attr, locale)
			}
		case "label":
			labels[x.attr["for"]] = true
		case "a":
			if to, ok := strings.CutPrefix(x.attr["href"], "#"); ok {
				refer = append(refer, to)
			}
		}
		refer = append(refer, strings.Fields(x.attr["aria-describedby"]+" "+x.attr["aria-labelledby"])...)
		for a := range x.attr {
			if strings.HasPrefix(a, "on") || a == "style" || a == "src" && !strings.HasPrefix(x.attr["src"], "data:") {
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
	if strings.Contains(page, "<title></title>") || strings.Contains(strings.Split(page, "</style>")[1], "{") {
		t.Error("a text is missing or holds a placeholder")
	}
}

func TestWhatACustomerTypedComesOutInert(t *testing.T) {
	p, s := pages(t), kinds(t)
	for _, typed := range []string{`</textarea><script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, "=cmd|' /C calc'!A0", "{{.T}}", "a\x00b\x1b[2J\xff", "😀" + strings.Repeat("长", 3999), strings.Repeat("x", 100<<10)} {
		f := Form{View: View{Survey: s, Locale: "zh-CN"}, Questions: s.Page(nil, 0), Typed: map[string][]string{"score": {typed}, "why": {typed}, "comment": {typed}}}
		page := p.Form(f).HTML
		if strings.Contains(page, "<script") || strings.Contains(page, "<img") || strings.Count(page, "</textarea>") != 1 || strings.ContainsAny(page, "\x00\x1b") || !utf8.ValidString(page) {
			t.Errorf("%.40q was not escaped", typed)
		}
		if strings.Contains(page, " checked") {
			t.Errorf("%.40q chose something", typed)
		}
	}
	if page := p.Unsubscribe(View{Locale: "en"}, Stop{Channel: "<script>", More: `"><script>`}).HTML; strings.Contains(page, "<script") {
		t.Error("a channel was not escaped")
	}
}

func TestWhatAnOperatorWroteComesOutInert(t *testing.T) {
	const evil = `<script>alert(1)</script>"onload="x`
	s := kinds(t)
	text := s.Texts["en"]
	text.Title, text.Intro, text.Thanks = evil, evil, evil
	text.Interface = map[string]string{"send": evil, "language_name": evil}
	text.Questions["score"] = survey.QuestionText{Ask: evil, Hint: evil, Lowest: evil, Highest: evil}
	text.Questions["why"] = survey.QuestionText{Ask: evil, Options: map[string]string{"price": evil, "other": evil}}
	s.Texts["en"] = text
	v := View{Survey: s, Locale: "en", Brand: &brand.Brand{Name: evil}, Query: url.Values{"x": {evil}}, Frames: []string{"https://a.example; script-src *"}}
	for _, page := range []Page{pages(t).Form(Form{View: v, Questions: s.Page(nil, 0), Last: true}), pages(t).Thanks(v, url.Values{"x": {evil}})} {
		if strings.Contains(page.HTML, "<script") || strings.Contains(page.HTML, `"onload`) {
			t.Errorf("not escaped: %s", strings.Split(page.HTML, "</style>")[1])
		}
		if strings.Contains(page.Policy, "script") {
			t.Errorf("an origin changed the policy: %s", page.Policy)
		}
	}
}

func TestASurveyBringsALocaleThatThePagesDoNotHave(t *testing.T) {
	s := kinds(t)
	for name := range Words() {
		if s.Texts["ar"].Interface[name] == "" {
			t.Errorf("the survey of tests has no word %q in Arabic", name)
		}
	}
	text := s.Texts["ar"]
	text.Interface = nil
	s.Texts["ar"] = text
	page := pages(t).Form(Form{View: View{Survey: s, Locale: "ar"}, Questions: s.Page(nil, 0), Last: true}).HTML
	if !strings.Contains(page, `<html lang="ar" dir="rtl">`) || !strings.Contains(page, "Send answer") || !strings.Contains(page, ">العربية</a>") {
		t.Error("without words of its own, the locale does not fall back to English ones")
	}
}

func TestDirectionIsThatOfTheScript(t *testing.T) {
	for locale, want := range map[string]string{
		"en": "ltr", "zh-CN": "ltr", "ar": "rtl", "ar-EG": "rtl", "he": "rtl", "fa-IR": "rtl", "ur": "rtl", "AR": "rtl",
		"pa-Arab": "rtl", "pa": "ltr", "az-Latn": "ltr", "ku-Arab-IQ": "rtl", "uz-Latn": "ltr", "ar-Latn": "ltr", "arn": "ltr",
	} {
		if got := direction(locale); got != want {
			t.Errorf("%s is written %s, want %s", locale, got, want)
		}
	}
	if physical := regexp.MustCompile(`\b(left|right)\b|[^-](width|height):`).FindAllString(strings.NewReplacer("(min-width:", "", "line-height:", "").Replace(style), -1); len(physical) > 0 {
		t.Errorf("the style is bound to a direction by %q", physical)
	}
}

func TestEachLocaleOfThePagesHasAllWords(t *testing.T) {
	p := pages(t)
	for locale, words := range p.texts {
		for name, en := range Words() {
			if words[name] == "" {
				t.Errorf("%s lacks %q", locale, name)
			}
			for _, hole := range regexp.MustCompile(`\{[a-z]+\}`).FindAllString(en, -1) {
				if !strings.Contains(words[name], hole) {
					t.Errorf("%s: %q lacks %s", locale, name, hole)
				}
			}
		}
		if len(words) != len(Words()) {
			t.Errorf("%s has words of no name", locale)
		}
		for name, en := range p.beside["en"] {
			if p.beside[locale][name] == "" || Words()[name] != "" {
				t.Errorf("%s lacks %q, or has it twice", locale, name)
			}
			for _, hole := range regexp.MustCompile(`\{[a-z]+\}`).FindAllString(en, -1) {
				if !strings.Contains(p.beside[locale][name], hole) {
					t.Errorf("%s: %q lacks %s", locale, name, hole)
				}
			}
		}
	}
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

func TestThePolicyPermitsWhatThePageHoldsAndNothingElse(t *testing.T) {
	p := pages(t)
	for _, b := range []*brand.Brand{nil, testBrand(t)} {
		for name, page := range every(t, p, "en", b) {
			css := strings.Split(strings.Split(page.HTML, "<style>")[1], "</style>")[0]
			want := "default-src 'none'; style-src 'sha256-" + hash(css) + "'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
			if page.Policy != want {
				t.Errorf("%s: %s", name, page.Policy)
			}
		}
	}
	v := View{Survey: kinds(t), Locale: "en", Frames: []string{"https://shop.example", "http://localhost:3000"}, Leads: []string{"https://shop.example"}}
	if got := p.Thanks(v, nil).Policy; !strings.HasSuffix(got, "; form-action 'self' https://shop.example; frame-ancestors https://shop.example http://localhost:3000; base-uri 'none'") {
		t.Error(got)
	}
}

func TestTheFormsOfTheSuiteAreSmallEvenWithALargeLogo(t *testing.T) {
	p := pages(t)
	c, err := survey.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	b := testBrand(t)
	b.Logo += strings.Repeat("A", (brand.MaxLogoBytes-len(b.Logo))/4*4)
	raw, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := brand.Parse(raw); err != nil {
		t.Fatal(err)
	}
	largest := 0
	for id, s := range c {
		for _, locale := range s.Locales() {
			whole := make([]*survey.Question, len(s.Questions)) // more than any page of the survey holds
			for i := range s.Questions {
				whole[i] = &s.Questions[i]
			}
			page := p.Form(Form{View: View{Survey: s, Locale: locale, Brand: b}, Questions: whole, Step: 2, Until: until, Nameless: true, Back: url.Values{"page": {"x"}}})
			largest = max(largest, len(page.HTML))
			if len(page.HTML) > MaxBytes {
				t.Errorf("%s in %s takes %d bytes", id, locale, len(page.HTML))
			}
		}
	}
	t.Logf("the largest takes %d bytes", largest)
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
