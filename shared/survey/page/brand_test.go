package page

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/brand"
	"liuke/shared/survey"
)

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func sortBy(all []survey.Mistake, order func(survey.Mistake) int) {
	slices.SortFunc(all, func(a, b survey.Mistake) int { return order(a) - order(b) })
}

// pixel is a PNG of one pixel.
const pixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJg"

func testBrand(t testing.TB) *brand.Brand {
	t.Helper()
	b, err := brand.Parse([]byte(`{"name":"Teehaus","logo":"` + pixel + `","colour":"#ffcc00"}`))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// scheme returns the colours of a rule for :root, by the names of their variables.
func scheme(t testing.TB, css string) map[string]brand.Colour {
	t.Helper()
	found := map[string]brand.Colour{}
	for _, m := range regexp.MustCompile(`--([a-z]+):#([0-9a-f]{3,6})`).FindAllStringSubmatch(css, -1) {
		hex := m[2]
		if len(hex) == 3 {
			hex = hex[:1] + hex[:1] + hex[1:2] + hex[1:2] + hex[2:] + hex[2:]
		}
		c, ok := brand.ParseColour("#" + hex)
		if !ok {
			t.Fatalf("the colour %q", m[0])
		}
		found[m[1]] = c
	}
	return found
}

// schemes returns the colours in the light and in the dark, with what a brand changes.
func schemes(t testing.TB, b *brand.Brand) (light, dark map[string]brand.Colour) {
	t.Helper()
	roots := regexp.MustCompile(`:root\{[^}]*--brand[^}]*\}`)
	rules := roots.FindAllString(style, 2)
	light, dark = scheme(t, rules[0]), scheme(t, rules[1])
	if b != nil {
		rules = roots.FindAllString(styleOf(b), 2)
		for i, into := range []map[string]brand.Colour{light, dark} {
			for name, c := range scheme(t, rules[i]) {
				into[name] = c
			}
		}
	}
	return light, dark
}

// The thresholds are those of WCAG 2.2, 1.4.3 (text, 4.5 : 1) and 1.4.11 (outlines of inputs, 3 : 1).
func contrasts(t rapid.TB, name string, s map[string]brand.Colour) {
	for _, c := range []struct {
		on, under string
		least     float64
	}{
		{"ink", "paper", 4.5}, {"ink", "ground", 4.5}, {"soft", "paper", 4.5}, {"soft", "ground", 4.5},
		{"brand", "paper", 4.5}, {"brand", "ground", 4.5}, {"brand", "tint", 4.5}, {"on", "fill", 4.5}, {"bad", "paper", 4.5}, {"bad", "tint", 4.5},
		{"ink", "tint", 4.5}, {"line", "paper", 3},
	} {
		if got := brand.Contrast(s[c.on], s[c.under]); got < c.least {
			t.Errorf("%s: %s on %s has %.2f : 1, want %.1f", name, c.on, c.under, got, c.least)
		}
	}
}

func TestColoursHaveContrastInBothSchemes(t *testing.T) {
	light, dark := schemes(t, nil)
	if len(light) != 10 || len(light) != len(dark) {
		t.Fatalf("the schemes differ in their variables: %v, %v", light, dark)
	}
	contrasts(t, "light", light)
	contrasts(t, "dark", dark)
	lightGrounds, darkGrounds := brand.Grounds()
	for i, name := range []string{"paper", "ground", "tint"} {
		if lightGrounds[i] != light[name] || darkGrounds[i] != dark[name] {
			t.Errorf("what brands are made readable on is not the style's %s", name)
		}
	}
}

func TestAnyBrandsColourHasContrastInBothSchemes(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c, _ := brand.ParseColour(rapid.StringMatching("#[0-9a-f]{6}").Draw(r, "colour"))
		light, dark := schemes(t, &brand.Brand{Name: "x", Colour: c.String()})
		contrasts(r, c.String()+" light", light)
		contrasts(r, c.String()+" dark", dark)
		if light["fill"] != c || dark["fill"] != c {
			r.Errorf("%s is filled with another colour", c)
		}
	})
}

func TestABrandShowsOnThePages(t *testing.T) {
	b := testBrand(t)
	page := pages(t).Form(Form{View: View{Survey: builtIn(t, "nps"), Locale: "en", Brand: b}, Questions: builtIn(t, "nps").Page(nil, 0)}).HTML
	for _, want := range []string{`<header><p class="brand"><img src="` + pixel + `" alt=""> <bdi>Teehaus</bdi></p></header>`, "<title>How are we doing? · Teehaus</title>", "--fill:#ffcc00;--on:#000000"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not hold %s", want)
		}
	}
	usable(t, page, "en")
}

func FuzzBrand(f *testing.F) {
	f.Add([]byte(`{"name":"Teehaus","logo":"` + pixel + `","colour":"#ffcc00"}`))
	f.Add([]byte(`{"name":"\u202e","colour":"#ffcc0z"}`))
	p, err := New()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := brand.Parse(raw)
		if err != nil || b == nil {
			return
		}
		page := p.Closed(View{Locale: "en", Brand: b})
		if strings.Count(page.HTML, "<style>") != 1 || strings.Count(page.HTML, "</style>") != 1 || strings.Contains(page.HTML, "<script") {
			t.Errorf("%q breaks out of the page", raw)
		}
		css := strings.Split(strings.Split(page.HTML, "<style>")[1], "</style>")[0]
		if !strings.Contains(page.Policy, hash(css)) {
			t.Errorf("%q: the style is not the policy's", raw)
		}
	})
}
