package page

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"

	"liuke/shared/brand"
)

// frame is what a page shows around its card.
type frame struct {
	View
	words *words
	title string
	query url.Values // kept in the links to the same page in another language
}

func (p *Pages) frame(v View) frame {
	return frame{View: v, words: p.words(v.Survey, v.Locale), query: v.Query}
}

// moreLanguages is from how many on the languages are folded away.
const moreLanguages = 5

// render returns the page whose card holds what body adds.
func (p *Pages) render(f frame, body func(d *document)) Page {
	css := style
	name := ""
	if f.Brand != nil {
		css += styleOf(f.Brand)
		name = f.Brand.Name
	}
	title := f.title
	if name != "" {
		title += " · " + name
	}
	d := &document{b: make([]byte, 0, len(css)+8<<10)}
	d.add(`<!doctype html>
<html lang="`, escape(f.words.locale), `" dir="`, escape(direction(f.words.locale)), `">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<meta name="color-scheme" content="light dark">
<title>`, escape(title), `</title>
<link rel="icon" href="data:,">
<style>`, markup(css), "</style>\n</head>\n<body>\n")
	f.header(d)
	d.add("<main>\n", `<div class="card">`, "\n")
	body(d)
	d.add("</div>\n</main>\n")
	p.languages(d, &f)
	d.add("</body>\n</html>\n")
	sum := sha256.Sum256([]byte(css))
	return Page{HTML: string(d.b), Policy: f.policy(base64.StdEncoding.EncodeToString(sum[:]))}
}

// header shows whose page it is.
func (f *frame) header(d *document) {
	if f.Brand == nil || f.Brand.Name == "" {
		return
	}
	d.add(`<header><p class="brand">`)
	if f.Brand.Logo != "" {
		d.add(`<img src="`, escape(f.Brand.Logo), `" alt=""> `)
	}
	d.add(`<bdi>`, escape(f.Brand.Name), "</bdi></p></header>\n")
}

// languages links to the same page in the other languages; nothing where there is but one.
func (p *Pages) languages(d *document, f *frame) {
	all := p.localesOf(f.Survey)
	if len(all) < 2 {
		return
	}
	label := escape(f.words.say("languages"))
	folded := len(all) >= moreLanguages
	d.add(`<footer><nav aria-label="`, label, `">`)
	if folded {
		d.add("<details><summary>", label, ": ", escape(p.name(f.Survey, f.words.locale)), "</summary>")
	}
	for _, l := range all {
		d.add(`<a href="`, escape(f.Path), "?", escape(merge(f.query, url.Values{"lang": {l}}).Encode()), `" lang="`, escape(l), `" hreflang="`, escape(l), `"`,
			when(l == f.words.locale, ` aria-current="true"`), `>`, escape(p.name(f.Survey, l)), `</a>`)
	}
	d.add(when(folded, "</details>"), "</nav></footer>\n")
}

func (d *document) heading(title string) { d.add("<h1>", escape(title), "</h1>\n") }

// lines shows a text in paragraphs, one for each of its lines.
func (d *document) lines(text string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			d.add("<p>", escape(line), "</p>\n")
		}
	}
}

// styleOf returns the rules that give the pages the brand's colours.
func styleOf(b *brand.Brand) string {
	light, dark, ok := b.Schemes()
	if !ok {
		return ""
	}
	return "\n" + rule(light) + "\n@media (prefers-color-scheme:dark){" + rule(dark) + "}\n"
}

func rule(s brand.Scheme) string {
	return ":root{--brand:" + s.Text + ";--fill:" + s.Fill + ";--on:" + s.On + "}"
}
