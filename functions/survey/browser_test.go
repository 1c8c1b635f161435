package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"liuke/infra/local/browser"
	"liuke/infra/local/gateway"
	"liuke/shared/api"
	"liuke/shared/survey"
	"liuke/shared/survey/page"
	"liuke/shared/token"
)

// The screens that pages are looked at on.
var (
	smallPhone = browser.Options{Width: 320, Height: 568, Scale: 2, Mobile: true}
	phone      = browser.Options{Width: 390, Height: 844, Scale: 2, Mobile: true}
	desktop    = browser.Options{}
)

func in(o browser.Options, locale string) browser.Options {
	o.Locale = locale
	return o
}

// site serves the function as API Gateway does, and returns its address.
func (b *testBundle) site(t *testing.T) string {
	t.Helper()
	invoke := func(ctx context.Context, payload []byte) ([]byte, error) {
		var r api.Request
		if err := json.Unmarshal(payload, &r); err != nil {
			return nil, err
		}
		out, err := b.handler.Handle(ctx, r)
		if err != nil {
			return nil, err
		}
		return json.Marshal(out)
	}
	var routes []gateway.Route
	for _, key := range []string{
		"GET /s/{token}", "POST /s/{token}", "HEAD /s/{token}", "GET /f/{key}", "POST /f/{key}", "HEAD /f/{key}",
		"GET /u/{token}", "POST /u/{token}", "HEAD /u/{token}", "GET /p/{token}", "POST /p/{token}", "HEAD /p/{token}", "GET /r/{token}", "HEAD /r/{token}",
		"POST /v1/surveys/{survey}/responses", "OPTIONS /v1/surveys/{survey}/responses",
	} {
		routes = append(routes, gateway.Route{Key: key, Invoke: invoke})
	}
	g, err := gateway.New(gateway.Config{Routes: routes, Now: func() time.Time { return b.now }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	return server.URL
}

// invite returns the address of the form that a customer is sent.
func (b *testBundle) invite(t *testing.T, site, surveyID string) string {
	t.Helper()
	return site + "/s/" + b.sealed(t, token.Survey{Survey: surveyID, Customer: "user-0001", Invitation: "i1", Expires: b.now.Add(time.Hour)})
}

// withKinds adds the survey that has a question of each kind, in Arabic besides, of which none must be answered by a browser.
func (b *testBundle) withKinds(t *testing.T) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "shared", "survey", "page", "testdata", "kinds.json"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := survey.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	b.surveys["kinds"] = s
}

// inBrowser leaves out what takes a browser where tests are to be short.
func inBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("looks at pages in a browser")
	}
}

func TestOneTapLeadsFromTheMailToTheThanks(t *testing.T) {
	inBrowser(t)
	for name, c := range map[string]struct {
		screen browser.Options
		title  string
	}{
		"on a small phone in English": {in(smallPhone, "en-GB"), "Thank you!"},
		"on a phone in Chinese":       {in(phone, "zh-CN"), "感谢您的参与！"},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			p := browser.Open(t, b.invite(t, b.site(t), "nps")+"?score=9", c.screen)
			if len(b.answers) > 0 {
				t.Fatal("looking at the form recorded something")
			}
			p.Screenshot("form")
			p.Follow(func() { p.Tap("button") })
			p.Screenshot("thanks")
			if p.Title() != c.title {
				t.Errorf("the tap leads to %q", p.Title())
			}
			if a := b.only(t); !a.Complete || a.Score != 9 {
				t.Errorf("stands %+v", a)
			}
			if n := len(p.Requests()); n != 3 { // the form, its answer, the thanks
				t.Errorf("the browser asked %d times: %+v", n, p.Requests())
			}
			for _, r := range p.Requests() {
				if r.Bytes > page.MaxBytes {
					t.Errorf("%+v is over the budget", r)
				}
			}
		})
	}
}

func TestASurveyIsAnsweredByKeyboardAlone(t *testing.T) {
	inBrowser(t)
	for name, c := range map[string]struct {
		screen browser.Options
		thanks string
	}{
		"in English, on a desktop":            {in(desktop, "en"), "Thank you!"},
		"in Chinese, with a phone's keyboard": {in(smallPhone, "zh-CN"), "感谢您的参与！"},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			p := browser.Open(t, b.invite(t, b.site(t), "nps"), c.screen)
			p.TabTo("input[name=score]")
			p.Press(browser.Space, browser.Down, browser.Down)
			if e := p.Focused(); e.Role != "radio" || e.Name != "2" || !e.Checked {
				t.Errorf("focused is %s", e)
			}
			p.TabTo("textarea")
			p.Type("zu spät & 太慢")
			p.TabTo("button")
			p.Submit()
			p.TabTo("#reason-product")
			p.Press(browser.Space)
			p.TabTo("#reason-delivery")
			p.Press(browser.Space)
			p.Screenshot("second page")
			p.TabTo("a.more") // and back, where all stands as it was left
			p.Submit()
			if !p.Find("#score-2").Checked || p.Find("#comment").Value != "zu spät & 太慢" {
				t.Errorf("%s, %q", p.Find("#score-2"), p.Find("#comment").Value)
			}
			p.TabTo("button")
			p.Submit()
			p.TabTo("#reason-delivery")
			p.Press(browser.Space)
			p.TabTo("button")
			p.Submit()
			if p.Title() != c.thanks {
				t.Errorf("it ends at %q: %s", p.Title(), p.Text())
			}
			want := survey.Values{"score": survey.Number(2), "comment": {Text: "zu spät & 太慢"}, "reason": {Choices: []string{"delivery"}}}
			if a := b.only(t); !a.Complete || !a.Values.Equal(want) {
				t.Errorf("stands %+v", a)
			}
		})
	}
}

func TestMistakesAreAnnouncedAndLeadToTheirQuestion(t *testing.T) {
	inBrowser(t)
	b := setup(t)
	b.withKinds(t)
	p := browser.Open(t, b.invite(t, b.site(t), "kinds"), in(phone, "ar"))
	p.Press(browser.Tab, browser.Space) // what the browser itself asks for is answered; what it cannot ask for is not
	p.TabTo("#why-price")
	p.Press(browser.Space)
	for _, o := range []string{"range", "price", "service"} { // one more than two
		p.TabTo("#what-" + o)
		p.Press(browser.Space)
	}
	p.TabTo("button")
	p.Submit()
	p.Screenshot("mistakes")
	if e := p.Focused(); e.Role != "alert" {
		t.Errorf("the focus is on %s and not on what is wrong", e)
	}
	if !strings.HasPrefix(p.Title(), "خطأ: ") || !strings.Contains(p.Text(), "اختر 2 على الأكثر.") {
		t.Errorf("%s: %s", p.Title(), p.Text())
	}
	p.Check()
	p.TabTo(".alert a")
	p.Press(browser.Enter)
	if e := p.Focused(); e.Role != "group" || !strings.HasPrefix(e.Name, "ما الذي ينبغي أن نحسّنه؟") {
		t.Errorf("the link leads to %s", e)
	}
	p.Press(browser.Tab)
	if e := p.Focused(); e.Field != "what" {
		t.Errorf("behind the link is %s", e)
	}
	if len(b.answers) > 0 {
		t.Error("something was kept")
	}
}

// measure writes into the title what is too small for a finger: under 44 by 44 CSS pixels.
const measure = `<script>document.title = [...document.querySelectorAll("label:not(.question),button,a,summary,textarea")].filter(e => {
	const r = e.getBoundingClientRect(); return !e.closest(".trap,.alert") && (r.width < 44 || r.height < 44)
}).map(e => e.outerHTML.slice(0, 60) + " " + e.getBoundingClientRect().width + "x" + e.getBoundingClientRect().height).join("; ") || "all large"</script>`

func TestEveryTargetIsAsLargeAsAFingertip(t *testing.T) {
	inBrowser(t)
	b := setup(t)
	b.withKinds(t)
	to := b.to(t, token.Survey{Survey: "kinds", Customer: "c", Invitation: "i", Expires: b.now.Add(time.Hour)})
	for lang, screen := range map[string]browser.Options{"en": smallPhone, "zh-CN": phone, "ar": smallPhone} {
		screen.JavaScript = true
		p := browser.Render(t, b.do(t, "form", to, query("lang", lang)).Body+measure, screen)
		if p.Title() != "all large" {
			t.Errorf("%d wide, %s: %s", screen.Width, lang, p.Title())
		}
	}
}

func TestPagesKeepNobodyOut(t *testing.T) {
	inBrowser(t)
	b := setup(t)
	b.withKinds(t)
	b.documents["brand"] = `{"name":"Teehaus 茶馆","colour":"#ffcc00"}`
	site := b.site(t)
	kinds, nps := b.invite(t, site, "kinds"), b.invite(t, site, "nps")
	dark, contrast, forced := smallPhone, phone, desktop
	dark.Dark, contrast.MoreContrast, contrast.LessMotion, forced.ForcedColors = true, true, true, true
	status(t, b.do(t, "answer", b.to(t, token.Survey{Survey: "csat_ticket", Customer: "c", Invitation: "i", Expires: b.now.Add(time.Hour)}), fields("score", "2", "_asked", "score,comment")), http.StatusSeeOther)
	partial := site + "/s/" + b.sealed(t, token.Survey{Survey: "csat_ticket", Customer: "c", Invitation: "i", Expires: b.now.Add(time.Hour)})
	unsubscribe, err := b.keys.Seal(token.PurposeUnsubscribe, token.Unsubscribe{Customer: "c", Channel: "email"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, url string
		screen    browser.Options
	}{
		{"all kinds, small phone in the dark", kinds, in(dark, "zh-CN")},
		{"all kinds, phone, from the right", kinds, in(phone, "ar")},
		{"chosen, desktop of forced colours", nps + "?score=9", in(forced, "en")},
		{"chosen, phone of more contrast", nps + "?score=10", in(contrast, "zh-CN")},
		{"second page, small phone", partial, in(smallPhone, "en")},
		{"public form, small phone in the dark", site + "/f/" + sampleForm, in(dark, "en")},
		{"thanks, small phone", partial + "?thanks=1", in(smallPhone, "zh-CN")},
		{"no such link", site + "/s/x", in(dark, "en")},
		{"unsubscribe", site + "/u/" + unsubscribe, in(smallPhone, "en")},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := browser.Open(t, c.url, c.screen)
			p.Screenshot("page")
			p.Check()
		})
	}
}

// snippet is the form that a shop puts into its own page. The README shows it.
const snippet = `<form method="post" action="API/v1/surveys/csat_delivery/responses?key=KEY">
  <fieldset>
    <legend>How was the delivery?</legend>
    <label><input type="radio" name="score" value="1" required> 1 (bad)</label>
    <label><input type="radio" name="score" value="2"> 2</label>
    <label><input type="radio" name="score" value="3"> 3</label>
    <label><input type="radio" name="score" value="4"> 4</label>
    <label><input type="radio" name="score" value="5"> 5 (good)</label>
  </fieldset>
  <label>Would you like to tell us more? <textarea name="comment" maxlength="4000"></textarea></label>
  <input name="website" tabindex="-1" autocomplete="off" aria-hidden="true" style="position:absolute;clip-path:inset(50%)">
  <input type="hidden" name="_asked" value="score,comment">
  <button>Send</button>
</form>`

// shopSite is a site of another origin, with pages that hold what each is given, and its address.
func shopSite(t *testing.T, pages map[string]string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		body, ok := pages[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = io.WriteString(w, `<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Shop `+r.URL.Path+`</title>`+body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestASnippetInAShopsOwnPageAsksAndLeadsBack(t *testing.T) {
	inBrowser(t)
	b := setup(t)
	site := b.site(t)
	pages := map[string]string{"/danke": "<p>Danke!</p>"}
	own := shopSite(t, pages)
	pages["/order"] = strings.NewReplacer("API", site, "KEY", sampleForm).Replace(snippet)
	pages["/script"] = fmt.Sprintf(`<button onclick="send()">Send</button><script>const send = () => fetch("%s/v1/surveys/csat_delivery/responses?key=%s", {method: "POST",
		headers: {"Content-Type": "application/json"}, body: JSON.stringify({score: 5, _response: "made-up-at-random-1"})})
		.then(r => r.json()).then(a => { location = "/danke?revision=" + a.revision + "&complete=" + a.complete })</script>`, site, sampleForm)
	pages["/frame"] = fmt.Sprintf(`<iframe title="Survey" src="%s/f/%s" width="500" height="900"></iframe>`, site, sampleForm)
	delivery := *b.surveys["csat_delivery"]
	delivery.Forms = []survey.PublicForm{{Key: sampleForm, Origins: []string{own}, Back: []string{own + "/danke"}}}
	b.surveys["csat_delivery"] = &delivery

	t.Run("without a script, on to our second page and back to the shop", func(t *testing.T) {
		screen := in(phone, "en")
		screen.Allow = []string{site}
		p := browser.Open(t, own+"/order", screen)
		p.Screenshot("shop")
		p.Tap("input[value='2']")
		p.TabTo("textarea")
		p.Type("damaged")
		p.Follow(func() { p.Tap("button") })
		p.Screenshot("second page")
		if !strings.HasPrefix(p.URL(), site+"/f/"+sampleForm) || p.Count("input[name=problem]") == 0 {
			t.Fatalf("the form leads to %s: %s", p.URL(), p.Text())
		}
		p.Tap("#problem-damaged")
		p.Follow(func() { p.Tap("button") })
		if p.URL() != own+"/danke" {
			t.Errorf("the second page leads to %s", p.URL())
		}
		want := survey.Values{"score": survey.Number(2), "comment": {Text: "damaged"}, "problem": {Choices: []string{"damaged"}}}
		if a := b.only(t); !a.Complete || !a.Values.Equal(want) || a.Customer != "" {
			t.Errorf("stands %+v", a)
		}
	})
	t.Run("by a script that reads the answer", func(t *testing.T) {
		clear(b.answers)
		screen := browser.Options{JavaScript: true, Allow: []string{site}}
		p := browser.Open(t, own+"/script", screen)
		p.TabTo("button")
		p.Submit()
		if p.URL() != own+"/danke?revision=1&complete=true" {
			t.Errorf("the script led to %s", p.URL())
		}
	})
	t.Run("in a frame", func(t *testing.T) {
		p := browser.Open(t, own+"/frame", browser.Options{Allow: []string{site}})
		p.Screenshot("frame")
		for _, r := range p.Requests() {
			if r.Status != http.StatusOK || r.Failed != "" {
				t.Errorf("%+v", r)
			}
		}
	})
	if bytes.Contains(b.log.Bytes(), []byte("error")) {
		t.Errorf("logged %s", b.log)
	}
}
