package link_test

import (
	"fmt"
	"html"
	"strings"
	"testing"

	nethtml "golang.org/x/net/html"
	"pgregory.net/rapid"

	"liuke/shared/link"
)

// counted stands for each address but those of our own pages.
func counted(address string) (string, bool) {
	return "https://liuke.example/r/" + strings.NewReplacer("://", "_", "/", "_", "?", "_", "&", "_", "=", "_", "#", "_").Replace(address), !strings.HasPrefix(address, "https://liuke.example/")
}

func TestHTML(t *testing.T) {
	for name, c := range map[string][2]string{
		"a link":                          {`<p>a <a href="https://shop.example/a?b=1&amp;c=2#d">b</a></p>`, `<p>a <a href="https://liuke.example/r/https_shop.example_a_b_1_c_2_d">b</a></p>`},
		"in single quotes":                {`<a href='http://shop.example' class=x>`, `<a href="https://liuke.example/r/http_shop.example" class=x>`},
		"without quotes":                  {`<a class=x href=https://shop.example/>b</a>`, `<a class=x href="https://liuke.example/r/https_shop.example_">b</a>`},
		"in capitals":                     {"<A\n HREF = \"HTTPS://shop.example\" >", "<A\n HREF = \"https://liuke.example/r/HTTPS_shop.example\" >"},
		"with space around":               {`<a href=" https://shop.example ">`, `<a href="https://liuke.example/r/https_shop.example">`},
		"of a map":                        {`<area href="https://shop.example/m" shape="rect"/>`, `<area href="https://liuke.example/r/https_shop.example_m" shape="rect"/>`},
		"the first of two attributes":     {`<a href="https://one.example" href="https://two.example">`, `<a href="https://liuke.example/r/https_one.example" href="https://two.example">`},
		"an attribute that ends in href":  {`<a data-href="https://one.example" href="https://two.example">`, `<a data-href="https://one.example" href="https://liuke.example/r/https_two.example">`},
		"a value that looks like a tag":   {`<a title="<a href=https://x.example>" href="https://two.example">`, `<a title="<a href=https://x.example>" href="https://liuke.example/r/https_two.example">`},
		"our own page":                    {`<a href="https://liuke.example/u/abc">`, `<a href="https://liuke.example/u/abc">`},
		"mail, telephone, anchors, paths": {`<a href="mailto:a@shop.example"><a href="tel:+1"><a href="#a"><a href="/a"><a href="//shop.example"><a href="">`, `<a href="mailto:a@shop.example"><a href="tel:+1"><a href="#a"><a href="/a"><a href="//shop.example"><a href="">`},
		"a script":                        {`<a href="javascript://shop.example/%0aalert(1)">`, `<a href="javascript://shop.example/%0aalert(1)">`},
		"what loads":                      {`<img src="https://shop.example/a.png"><link href="https://shop.example/a.css">`, `<img src="https://shop.example/a.png"><link href="https://shop.example/a.css">`},
		"a comment":                       {`<!--[if mso]><a href="https://shop.example"><![endif]-->`, `<!--[if mso]><a href="https://shop.example"><![endif]-->`},
		"raw text":                        {`<style>a{content:'<a href="https://shop.example">'}</style>`, `<style>a{content:'<a href="https://shop.example">'}</style>`},
		"an address that is shown":        {`<p>https://shop.example</p>`, `<p>https://shop.example</p>`},
		"a tag without an end":            {`<p>x</p><a href="https://shop.example`, `<p>x</p><a href="https://shop.example`},
		"two links, and what is between":  {"<a href=\"https://a.example\">\r\n\x00é</a>&nbsp;<a  href=\"https://b.example\"\t>", "<a href=\"https://liuke.example/r/https_a.example\">\r\n\x00é</a>&nbsp;<a  href=\"https://liuke.example/r/https_b.example\"\t>"},
		"no link":                         {`<p>x`, `<p>x`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := link.HTML(c[0], counted); got != c[1] {
				t.Errorf("%s\nwant %s", got, c[1])
			}
		})
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"See https://shop.example/a?b=1&c=2.":                      "See https://liuke.example/r/https_shop.example_a_b_1_c_2.",
		"(https://shop.example/a_(b))":                             "(https://liuke.example/r/https_shop.example_a_(b))",
		"[https://shop.example], <https://shop.example>":           "[https://liuke.example/r/https_shop.example], <https://liuke.example/r/https_shop.example>",
		"请看：https://shop.example/a。谢谢":                             "请看：https://liuke.example/r/https_shop.example_a。谢谢",
		"HTTP://shop.example!\nhttps://b.example?":                 "https://liuke.example/r/HTTP_shop.example!\nhttps://liuke.example/r/https_b.example?",
		"xhttps://shop.example https:// http://. mailto:a@b.c":     "xhttps://shop.example https:// http://. mailto:a@b.c",
		"say \"https://shop.example/a\"b and https://a\"b/":        "say \"https://liuke.example/r/https_shop.example_a\"b and https://liuke.example/r/https_a\"b/",
		"stop: https://liuke.example/u/abc":                        "stop: https://liuke.example/u/abc",
		"ftp://shop.example javascript://shop.example www.example": "ftp://shop.example javascript://shop.example www.example",
		"": "",
	} {
		if got := link.Text(in, counted); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestOrigins(t *testing.T) {
	for text, want := range map[string]string{
		"https://shop.example/a https://Shop.Example/b http://shop.example": "[http://shop.example https://shop.example]",
		"https://shop.example:8443/ https://[::1]/":                         "[https://[::1] https://shop.example:8443]",
		"https://shop.example. (https://b.example)":                         "[https://b.example https://shop.example]",
		`<a href='https://a.example'>, <a href="https://b.example?c">`:      "[https://a.example https://b.example]",
		"https://ann@shop.example/ https://shop.example@b.example/":         "[]",
		"https://shop$.example/ https://$ https://a_b/ ftp://a.example":     "[]",
		"https://shop.example/$ https://a.example$":                         "[https://shop.example]",
		"https://b:99999999/a https://b:x/":                                 "[https://b:99999999]",
	} {
		if got := fmt.Sprint(link.Origins(text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// TestLinksLeadWhereTheyLed holds that a link which is written in whatever way is rewritten to what stands for its own
// address, and that nothing else of the document changes.
func TestLinksLeadWhereTheyLed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		filler := rapid.StringOf(rapid.SampledFrom([]rune(`ab é&<>"'=/ `)))
		address := "https://shop.example/" + rapid.StringMatching(`[a-zA-Z0-9/?&=#.%-]{0,20}`).Draw(t, "address")
		var pairs []string
		rewritten := link.HTML(`<a href="`+html.EscapeString(address)+`" title="`+html.EscapeString(filler.Draw(t, "title"))+`">`+html.EscapeString(filler.Draw(t, "text"))+`</a>`, func(a string) (string, bool) {
			pairs = append(pairs, a)
			return "https://liuke.example/r/1", true
		})
		if len(pairs) != 1 || pairs[0] != address || !strings.HasPrefix(rewritten, `<a href="https://liuke.example/r/1" title="`) {
			t.Fatalf("%q: %s", pairs, rewritten)
		}
	})
}

func FuzzHTML(f *testing.F) {
	for _, s := range []string{`<a href="https://shop.example/a?b=1&amp;c=2">b</a>`, `<a href=https://a.example/><A HREF='http://b.example'>`, `<a =href=https://a.example href = 'https://b.example'/>`, `<!--<a href="https://a">--><script><a href="https://a"></script>`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if same := link.HTML(s, func(string) (string, bool) { return "", false }); same != s {
			t.Fatalf("%q is not as it was: %q", s, same)
		}
		asked := 0
		got := link.HTML(s, func(string) (string, bool) { asked++; return "https://liuke.example/r/x", true })
		if asked == 0 && got != s {
			t.Fatalf("%q became %q", s, got)
		}
		led, leads := hrefs(s), hrefs(got)
		if len(led) != len(leads) {
			t.Fatalf("%q has %d links, and %q %d", s, len(led), got, len(leads))
		}
		rewritten := 0
		for i := range led {
			switch leads[i] {
			case led[i]:
			case "https://liuke.example/r/x":
				rewritten++
			default:
				t.Fatalf("%q leads to %q", led[i], leads[i])
			}
		}
		if same := strings.Count(s, "https://liuke.example/r/x"); rewritten != asked && same == 0 {
			t.Fatalf("%d links of %q were rewritten, and %d asked for", rewritten, s, asked)
		}
	})
}

// hrefs lists where the links of a document lead to, as a browser reads it.
func hrefs(s string) (all []string) {
	z := nethtml.NewTokenizer(strings.NewReader(s))
	for z.Next() != nethtml.ErrorToken {
		token := z.Token()
		for _, a := range token.Attr {
			if (token.Data == "a" || token.Data == "area") && a.Key == "href" {
				all = append(all, a.Val)
				break
			}
		}
	}
	return all
}

func FuzzText(f *testing.F) {
	f.Add("See https://shop.example/a?b=1 (http://b.example).")
	f.Fuzz(func(t *testing.T, s string) {
		var asked []string
		got := link.Text(s, func(a string) (string, bool) { asked = append(asked, a); return "\x00", true })
		for _, a := range asked { // put back, all is as it was
			got = strings.Replace(got, "\x00", a, 1)
		}
		if got != s && !strings.Contains(s, "\x00") {
			t.Fatalf("%q became %q", s, got)
		}
	})
}
