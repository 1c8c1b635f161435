package browser

import (
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNothingIsFoundOnAGoodPage(t *testing.T) {
	for name, options := range map[string]Options{"a phone": Phone, "a desktop with scripts": {JavaScript: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := Render(t, good, options)
			before := p.HTML()
			p.Check()
			if after := p.HTML(); after != before {
				t.Errorf("the checks left the document as %s", after)
			}
		})
	}
}

// finding is a check, by name.
var finding = map[string]func(*Page) []Problem{
	"violations": (*Page).Violations, "overflow": (*Page).Overflow, "targets": (*Page).SmallTargets,
	"enlarged": (*Page).Enlarged, "focus": (*Page).HiddenFocus,
}

func TestEachCheckFindsWhatItLooksFor(t *testing.T) {
	for name, c := range map[string]struct {
		check, page string
		want        []string // each problem starts with it; none where nil
	}{
		"a field without a label":                       {"violations", plain(`<input name="more">`), []string{"label: input: "}},
		"grey on white":                                 {"violations", plain(`<p id="pale" style="color:#aaa">pale</p>`), []string{"color-contrast: #pale"}},
		"a document without a language":                 {"violations", strings.Replace(plain(``), ` lang="en"`, "", 1), []string{"html-has-lang: html"}},
		"an image without words":                        {"violations", plain(`<img id="i" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">`), []string{"image-alt: #i"}},
		"two small targets side by side":                {"violations", plain(`<button id="a" style="all:unset;width:10px;height:10px;display:inline-block;background:#000" aria-label="a"></button><button id="b" style="all:unset;width:10px;height:10px;display:inline-block;background:#000" aria-label="b"></button>`), []string{"target-size: #a", "target-size: #b"}},
		"what is wider than the screen":                 {"overflow", plain(`<div><div id="wide" style="width:500px">wide</div></div>`), []string{`overflow: div#wide "wide": it reaches to 516 px`}},
		"a table that scrolls by itself":                {"overflow", plain(`<div style="overflow:auto"><div style="width:500px">wide</div></div>`), nil},
		"a small button":                                {"targets", plain(`<button style="all:unset;width:20px;height:20px;display:block" aria-label="close"></button>`), []string{`target: button "close": 20.0 × 20.0 px`}},
		"a bare radio button":                           {"targets", plain(`<input type="radio" name="bare" aria-label="bare">`), []string{"target: input[name=bare]"}},
		"a small link on its own":                       {"targets", plain(`<div><a href="/x" style="font-size:10px">x</a></div>`), []string{`target: a "x"`}},
		"a small link in a sentence":                    {"targets", plain(`<p style="font-size:10px">See <b><a href="/x">x</a></b> there.</p>`), nil},
		"a button that is hidden":                       {"targets", plain(`<button style="display:none">x</button>`), nil},
		"text in a box of a fixed height":               {"enlarged", plain(`<div id="box" style="height:30px;overflow:hidden">Fixed</div>`), []string{`text at 200 %: div#box "Fixed": it shows 30 of`}},
		"text that does not break":                      {"enlarged", plain(`<div id="line" style="white-space:nowrap">As wide as the screen lets it be</div>`), []string{"text at 200 %: div#line"}},
		"text for screen readers alone":                 {"enlarged", plain(`<div style="position:absolute;width:1px;height:1px;overflow:hidden">unseen</div>`), nil},
		"a link without an outline":                     {"focus", plain(`<a id="flat" style="outline:none" href="/x">flat</a>`), []string{`focus: a#flat "flat": it looks the same`}},
		"a field without an outline, despite its caret": {"focus", plain(`<input aria-label="f" id="f" style="outline:none">`), []string{"focus: input#f"}},
		"a link with an underline that comes":           {"focus", plain(`<style>#u{outline:none;text-decoration:none}#u:focus{border-bottom:2px solid}</style><a id="u" href="/x">under</a>`), nil},
		"an outline that fades in":                      {"focus", plain(`<style>#t{outline:3px solid transparent;transition:outline-color 5s}#t:focus{outline-color:#000}</style><a id="t" href="/x">slow</a>`), nil},
		"a link off the screen":                         {"focus", plain(`<a id="off" style="position:fixed;left:-500px" href="/x">off</a>`), []string{`focus: a#off "off": it has the focus outside`}},
		"a radio that its label shows":                  {"focus", plain(`<style>#h{position:absolute;opacity:0}#h:focus+b{outline:3px solid}</style><label><input id="h" type="checkbox"><b>shown</b></label>`), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			problems := finding[c.check](Render(t, c.page, Phone))
			if len(problems) != len(c.want) {
				t.Fatalf("found %v, want %v", problems, c.want)
			}
			for i, p := range problems {
				if !strings.HasPrefix(p.String(), c.want[i]) {
					t.Errorf("found %s, want %s", p, c.want[i])
				}
			}
		})
	}
}

func TestCheckFailsTheTestForAllThatIsFound(t *testing.T) {
	got := failing(t, func(t testing.TB) {
		Render(t, with(`<input name="bare" style="all:unset;display:block;width:20px;height:20px"><div style="width:900px">wide</div>`), Phone).Check()
	})
	for _, rule := range []string{"label: ", "overflow: ", "target: ", "focus: "} {
		if got.mention(rule) == 0 {
			t.Errorf("the test said %q, want something on %q", got.said, rule)
		}
	}
}

func TestAPictureShowsTheWholePage(t *testing.T) {
	t.Setenv("LIUKE_ARTIFACTS", t.TempDir())
	path := Render(t, `<!doctype html><title>long</title><meta name=viewport content='width=device-width'><body style="margin:0;background:#00f"><div style="height:1500px"></div>`, Phone).Screenshot("a long page")
	if want := filepath.Join(os.Getenv("LIUKE_ARTIFACTS"), t.Name(), "a_long_page.png"); path != want {
		t.Errorf("the picture lies in %s, want %s", path, want)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if size := picture.Bounds().Size(); size.X != 720 || size.Y != 3000 {
		t.Errorf("the picture has %v pixels, want 720 × 3000", size)
	}
	if r, g, b, _ := picture.At(700, 2900).RGBA(); r != 0 || g != 0 || b != 0xffff {
		t.Errorf("its lower end has the colour %x %x %x, want blue", r, g, b)
	}
}
