package brand_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/brand"
	"liuke/shared/fault"
)

// pixel is a PNG of one pixel.
const pixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJg"

// The ratios are of WebAIM's contrast checker.
func TestContrastIsThatOfTheGuidelines(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{{"#000000", "#ffffff", 21}, {"#767676", "#ffffff", 4.54}, {"#ff0000", "#ffffff", 4}, {"#1d4ed8", "#1d4ed8", 1}} {
		a, _ := brand.ParseColour(c.a)
		b, _ := brand.ParseColour(c.b)
		if got := brand.Contrast(a, b); got < c.want-.01 || got > c.want+.01 {
			t.Errorf("%s on %s: %.3f, want %.2f", c.a, c.b, got, c.want)
		}
	}
}

func TestABrandThatIsWrongIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ raw, pointer string }{
		"not JSON":                               {`{`, ""},
		"a field that there is not":              {`{"name":"x","script":"y"}`, ""},
		"two objects":                            {`{"name":"x"}{}`, ""},
		"no name":                                {`{"colour":"#000000"}`, "/name"},
		"a long name":                            {`{"name":"` + strings.Repeat("x", 61) + `"}`, "/name"},
		"a name that nobody sees":                {`{"name":"\u200b\u3164"}`, "/name"},
		"a name that turns the text":             {`{"name":"a\u202eb"}`, "/name"},
		"a colour by name":                       {`{"name":"x","colour":"red"}`, "/colour"},
		"a colour with a rule in it":             {`{"name":"x","colour":"#000000}*{"}`, "/colour"},
		"a shop without encryption":              {`{"name":"x","shop_url":"http://shop.example/"}`, "/shop_url"},
		"a shop that is a script":                {`{"name":"x","shop_url":"javascript:alert(1)"}`, "/shop_url"},
		"a shop nowhere":                         {`{"name":"x","shop_url":"https:///sale"}`, "/shop_url"},
		"a shop behind a password":               {`{"name":"x","shop_url":"https://ann:secret@shop.example/"}`, "/shop_url"},
		"a shop of two lines":                    {`{"name":"x","shop_url":"https://shop.example/\\nBcc:"}`, "/shop_url"},
		"a shop in no ASCII":                     {`{"name":"x","shop_url":"https://茶.example/"}`, "/shop_url"},
		"a shop with a quote in its host":        {`{"name":"x","shop_url":"https://a\"b/"}`, "/shop_url"},
		"a shop with a quote behind its host":    {`{"name":"x","shop_url":"https://a.example/\"b"}`, "/shop_url"},
		"a shop with an apostrophe":              {`{"name":"x","shop_url":"https://a.example/'b"}`, "/shop_url"},
		"a shop in angle brackets":               {`{"name":"x","shop_url":"https://a.example/<b>"}`, "/shop_url"},
		"a shop with a variable":                 {`{"name":"x","shop_url":"https://a.example/{{ order.id }}"}`, "/shop_url"},
		"a shop at a port that cannot be":        {`{"name":"x","shop_url":"https://b:99999999/"}`, "/shop_url"},
		"a shop at port 0":                       {`{"name":"x","shop_url":"https://b.example:0/"}`, "/shop_url"},
		"a shop at no port":                      {`{"name":"x","shop_url":"https://b.example:/"}`, "/shop_url"},
		"a shop whose host is no name":           {`{"name":"x","shop_url":"https://a_b$.example/"}`, "/shop_url"},
		"a shop whose host begins with a hyphen": {`{"name":"x","shop_url":"https://-a.example/"}`, "/shop_url"},
		"a shop whose host has an empty label":   {`{"name":"x","shop_url":"https://a..example/"}`, "/shop_url"},
		"too long a shop":                        {`{"name":"x","shop_url":"https://shop.example/` + strings.Repeat("x", brand.MaxShopBytes) + `"}`, "/shop_url"},
		"an address":                             {`{"name":"x","logo":"https://shop.example/logo.png"}`, "/logo"},
		"an SVG":                                 {`{"name":"x","logo":"data:image/svg+xml;base64,PHN2Zz48L3N2Zz4="}`, "/logo"},
		"a PNG that is none":                     {`{"name":"x","logo":"data:image/png;base64,PHN2Zz48L3N2Zz4="}`, "/logo"},
		"what is no base64":                      {`{"name":"x","logo":"data:image/png;base64,\"onload=x"}`, "/logo"},
		"a line break":                           {`{"name":"x","logo":"data:image/png;base64,iVBORw0K\nGgo="}`, "/logo"},
		"too large a logo":                       {`{"name":"x","logo":"` + pixel + strings.Repeat("A", brand.MaxLogoBytes) + `"}`, "/logo"},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := brand.Parse([]byte(c.raw))
			e, ok := err.(*fault.Error)
			if b != nil || !ok || e.Code != fault.Invalid || e.Pointer != c.pointer {
				t.Errorf("%+v, %#v", b, err)
			}
		})
	}
	for _, raw := range []string{"", "  ", "{}", "null"} {
		if b, err := brand.Parse([]byte(raw)); b != nil || err != nil {
			t.Errorf("%q: %+v, %v", raw, b, err)
		}
	}
}

func TestALookIsOfTheBrand(t *testing.T) {
	b, err := brand.Parse([]byte(`{"name":"Teehaus","colour":"#ffcc00","shop_url":"https://shop.example/?from=mail"}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := b.Look(), (brand.Look{Name: "Teehaus", Shop: "https://shop.example/?from=mail", Fill: "#ffcc00", On: "#000000", Edge: b.Look().Edge}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	var none *brand.Brand
	if got := none.Look(); got.Name != "" || got.Shop != "" || got.Fill != "#0b5cad" || got.On != "#ffffff" {
		t.Errorf("%+v", got)
	}
}

// The thresholds are those of WCAG 2.2, 1.4.3 (text, 4.5 : 1) and 1.4.11 (outlines, 3 : 1).
func TestAnyBrandsLookHasContrastInTheLightAndInTheDark(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		b := &brand.Brand{Name: "x", Colour: rapid.StringMatching("#[0-9a-f]{6}").Draw(r, "colour")}
		look := b.Look()
		for _, c := range []struct {
			a, b  string
			least float64
		}{{look.On, look.Fill, 4.5}, {look.Edge, "#ffffff", 3}, {look.Edge, "#121212", 3}, {look.Edge, "#1e1e1e", 3}} {
			over, _ := brand.ParseColour(c.a)
			under, ok := brand.ParseColour(c.b)
			if got := brand.Contrast(over, under); !ok || got < c.least {
				r.Errorf("of %s, %s on %s: %.2f", b.Colour, c.a, c.b, got)
			}
		}
		if look.Fill != b.Colour {
			r.Errorf("%s is filled with %s", b.Colour, look.Fill)
		}
	})
}
