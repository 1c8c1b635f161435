package page

import "net/url"

// frame is what all pages share. query is kept in the links to the same page in another language.
type frame struct {
	locale string
	text   *text
	title  string
	query  url.Values
}

// render returns the page whose card holds what body adds.
func (p *Pages) render(f frame, body func(d *document)) string {
	d := &document{b: make([]byte, 0, len(style)+4<<10)}
	d.add(`<!doctype html>
<html lang="`, escape(f.locale), `" dir="`, escape(f.text.Dir), `">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>`, escape(f.title), `</title>
<link rel="icon" href="data:,">
<style>`, markup(style), `</style>
</head>
<body>
<main>
<div class="card">
`)
	body(d)
	d.add("</div>\n", `<nav aria-label="`, escape(f.text.Languages), `">`)
	for _, l := range p.locales {
		query := url.Values{"lang": {l}}
		for name, values := range f.query {
			query[name] = values
		}
		d.add(`<a href="?`, escape(query.Encode()), `" lang="`, escape(l), `" hreflang="`, escape(l), `"`,
			when(l == f.locale, ` aria-current="true"`), `>`, escape(p.texts[l].Name), `</a>`)
	}
	d.add("</nav>\n</main>\n</body>\n</html>\n")
	return string(d.b)
}

// message renders a page of a heading and a sentence.
func (p *Pages) message(f frame, sentence string) string {
	return p.render(f, func(d *document) {
		d.add("<h1>", escape(f.title), "</h1>\n<p>", escape(sentence), "</p>\n")
	})
}
