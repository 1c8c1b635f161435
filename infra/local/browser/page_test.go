package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// good is a page that nothing is wrong with.
const good = `<!doctype html><html lang="en"><head><title>Survey</title><meta name="viewport" content="width=device-width,initial-scale=1">
<style>body{font:16px/1.5 sans-serif;margin:16px;color:#222;background:#fff} label{display:block;padding:12px}
input:not([type=radio]),button{font:inherit;display:block;min-height:44px;max-width:100%} :focus-visible{outline:3px solid #005fcc;outline-offset:2px}</style></head>
<body><main><h1>How was it?</h1><form method="post" action="/answer"><fieldset><legend>Would you recommend us?</legend>
<label><input type="radio" name="score" id="s9" value="9"> Nine</label><label><input type="radio" name="score" id="s10" value="10"> Ten</label></fieldset>
<label for="why">Why?</label><input id="why" name="why"><button id="send">Send</button></form>
<p>Read <a href="/privacy">what we keep</a> of it.</p></main></body></html>`

// with returns the good page with something more in its body.
func with(html string) string { return strings.Replace(good, "</main>", html+"</main>", 1) }

// plain is a good page of one paragraph and what is given.
func plain(html string) string {
	return `<!doctype html><html lang="en"><head><title>Plain</title><meta name="viewport" content="width=device-width,initial-scale=1">
<style>body{font:16px/1.5 sans-serif;margin:16px} label{display:block;padding:12px}</style></head><body><main><h1>Plain</h1>` + html + `</main></body></html>`
}

// site serves pages by their paths and, at /answer, says what was posted.
func site(t *testing.T, pages map[string]string, policy string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if policy != "" {
			w.Header().Set("Content-Security-Policy", policy)
		}
		switch html, found := pages[r.URL.Path]; {
		case found:
			fmt.Fprint(w, html)
		case r.Method == http.MethodPost && r.URL.Path == "/answer":
			http.Redirect(w, r, "/thanks?score="+r.PostFormValue("score")+"&why="+r.PostFormValue("why"), http.StatusSeeOther)
		case r.URL.Path == "/thanks":
			fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Thanks</title><p>%s %s in %s`, r.FormValue("score"), r.FormValue("why"), r.Header.Get("Accept-Language"))
		case r.URL.Path == "/gone":
			w.WriteHeader(http.StatusGone)
			fmt.Fprint(w, `<!doctype html><title>Gone</title><p>Gone`)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestAFormIsFilledByKeyboardWithScriptsOff(t *testing.T) {
	url := site(t, map[string]string{"/": good}, "default-src 'none'; style-src 'unsafe-inline'")
	p := Open(t, url+"/", Options{Locale: "zh-CN"})
	if p.Title() != "Survey" || !strings.Contains(p.Text(), "How was it?") || !strings.Contains(p.HTML(), "<form") || p.Count("input") != 3 {
		t.Errorf("the page is %q, %q with %d inputs", p.Title(), p.Text(), p.Count("input"))
	}
	p.Press(Tab, Space, Down)
	if got, want := p.Focused().String(), `radio "Ten" (input#s10), checked`; got != want {
		t.Errorf("focused is %s, want %s", got, want)
	}
	p.TabTo("#why")
	p.Type("fast & 快!")
	if got := p.Focused(); got.Value != "fast & 快!" || got.Role != "textbox" || got.Field != "why" {
		t.Errorf("focused is %+v, want the field why with what was typed", got)
	}
	p.Press(Tab, ShiftTab)
	p.Submit()
	if got, want := p.Text(), "10 fast in zh-CN"; !strings.HasPrefix(got, want) {
		t.Errorf("the answer is %q, want %q", got, want)
	}
	requests := p.Requests()
	var met []string
	for _, r := range requests {
		met = append(met, fmt.Sprintf("%s %s %d", r.Method, strings.TrimPrefix(strings.Split(r.URL, "?")[0], url), r.Status))
	}
	if got, want := strings.Join(met, ", "), "GET / 200, POST /answer 303, GET /thanks 200"; got != want {
		t.Errorf("requests are %s, want %s", got, want)
	}
	if size := requests[0].Bytes; size < len(good) || size > len(good)+1000 {
		t.Errorf("the page took %d bytes, want its %d and the headers", size, len(good))
	}
}

func TestAFormIsFilledByTouchOnAPhone(t *testing.T) {
	for _, scripts := range []bool{false, true} {
		t.Run(fmt.Sprintf("scripts %t", scripts), func(t *testing.T) {
			t.Parallel()
			options := Phone
			options.JavaScript = scripts
			p := Open(t, site(t, map[string]string{"/": good}, "")+"/", options)
			p.Tap("label:has(#s9)")
			if got := p.Find("#s9"); !got.Checked {
				t.Errorf("after the tap it is %s, want it checked", got)
			}
			p.Follow(func() { p.Tap("#send") })
			if !strings.HasPrefix(p.Text(), "9 ") {
				t.Errorf("the answer is %q, want 9", p.Text())
			}
		})
	}
}

func TestATapOnWhatIsCoveredFails(t *testing.T) {
	got := failing(t, func(t testing.TB) {
		Render(t, with(`<div style="position:fixed;inset:0;background:#fff">Cookies?</div>`), Phone).Tap("#send")
	})
	if got.mention(`tap on #send: it is covered by div "Cookies?"`) != 1 {
		t.Errorf("the test said %q", got.said)
	}
}

func TestOptionsReachThePage(t *testing.T) {
	const page = `<!doctype html><title>o</title><style>p{display:none}
@media (prefers-color-scheme:dark){#dark{display:block}} @media (prefers-reduced-motion:reduce){#still{display:block}}
@media (prefers-contrast:more){#contrast{display:block}} @media (forced-colors:active){#forced{display:block}}
@media (min-resolution:3dppx){#fine{display:block}} @media (max-width:500px){#narrow{display:block}} @media (pointer:coarse){#finger{display:block}}</style>
<p id=dark>dark<p id=still>still<p id=contrast>contrast<p id=forced>forced<p id=fine>fine<p id=narrow>narrow<p id=finger>finger
<div><noscript>no scripts</noscript></div><script>document.body.append('scripts ' + new Intl.DateTimeFormat().resolvedOptions().locale)</script>`
	for name, c := range map[string]struct {
		options Options
		want    string
	}{
		"a desktop without scripts":   {Options{}, "no scripts"},
		"with scripts, in a language": {Options{JavaScript: true, Locale: "de-DE"}, "scripts de-DE"},
		"all of it": {Options{Width: 400, Height: 600, Scale: 3, Mobile: true, Dark: true, LessMotion: true, MoreContrast: true, ForcedColors: true},
			"dark still contrast forced fine finger no scripts"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(strings.Fields(Render(t, page, c.options).Text()), " "); got != c.want {
				t.Errorf("the page says %q, want %q", got, c.want)
			}
		})
	}
}

func TestAPageFailsItsTestForWhatItMayNotDo(t *testing.T) {
	script := Options{JavaScript: true}
	for name, c := range map[string]struct {
		page, policy string
		options      Options
		want         string // "" for no failure
	}{
		"a good page":                            {page: good},
		"a good page with scripts":               {page: good, options: script},
		"data inside the document is no request": {page: with(`<img alt="" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">`)},
		"an image of another site":               {page: with(`<img alt="" src="http://tracker.example/pixel.gif">`), want: "asks for what it may not: GET http://tracker.example/pixel.gif (Image)"},
		"an image of another site, allowed":      {page: with(`<img alt="" src="http://shop.example/logo.png">`), options: Options{Allow: []string{"http://shop.example/"}}},
		"a stylesheet of the same site":          {page: with(`<link rel="stylesheet" href="/more.css">`), want: "(Stylesheet)"},
		"a document in a frame":                  {page: with(`<iframe title="x" src="http://other.example/"></iframe>`), want: "asks for what it may not: GET http://other.example/ (Document)"},
		"an inline script under a policy":        {page: with(`<script>document.title = "x"</script>`), policy: "default-src 'none'; style-src 'unsafe-inline'", options: script, want: "Content Security Policy"},
		"an inline style under a policy":         {page: good, policy: "default-src 'none'", want: "Content Security Policy"},
		"an error in the console":                {page: with(`<script>console.error("bad", 7)</script>`), options: script, want: `wrote an error to its console: "bad" 7`},
		"a warning in the console":               {page: with(`<script>console.warn("well")</script>`), options: script},
		"an exception":                           {page: with(`<script>nothing()</script>`), options: script, want: "threw an exception: ReferenceError: nothing is not defined"},
		"a script that scripts off keeps still":  {page: with(`<script>nothing()</script>`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := site(t, map[string]string{"/": c.page}, c.policy)
			got := failing(t, func(t testing.TB) { Open(t, url+"/", c.options) })
			switch {
			case c.want == "" && got.Failed():
				t.Errorf("the test failed: %q", got.said)
			case c.want != "" && got.mention(c.want) == 0:
				t.Errorf("the test said %q, want %q", got.said, c.want)
			}
		})
	}
}

func TestADocumentThatIsAnErrorIsNone(t *testing.T) {
	p := Open(t, site(t, nil, "")+"/gone", Options{})
	if p.Text() != "Gone" || p.Requests()[0].Status != http.StatusGone {
		t.Errorf("the page is %q, its requests %+v", p.Text(), p.Requests())
	}
}

func TestPagesShareNoCookies(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<p>%q", r.Header.Get("Cookie"))
	}))
	defer server.Close()
	first, second := Open(t, server.URL, Options{}), Open(t, server.URL, Options{})
	if first.Text() != `""` || second.Text() != `""` {
		t.Errorf("the pages came with cookies %s and %s, want none", first.Text(), second.Text())
	}
}
