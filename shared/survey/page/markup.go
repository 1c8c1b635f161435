package page

import "html"

// markup is HTML that may stand in a page as it is: constants of this package, which Go converts by itself, and what
// escape made. A string that came from anywhere else does not compile in its place, so that nothing is shown
// unescaped by oversight. html/template would give the same and cost the function half again its size and the start
// that goes with it: 12.8 MB instead of 8.6, because the reflection in it keeps every method of every AWS client.
type markup string

// escape makes text inert, as an element's content and within a double-quoted attribute's value; nowhere else in the
// pages does anything stand that is not constant.
func escape(text string) markup { return markup(html.EscapeString(text)) }

// document is a page in the making.
type document struct{ b []byte }

func (d *document) add(parts ...markup) {
	for _, p := range parts {
		d.b = append(d.b, p...)
	}
}

// when returns the markup where it is called for.
func when(called bool, m markup) markup {
	if called {
		return m
	}
	return ""
}
