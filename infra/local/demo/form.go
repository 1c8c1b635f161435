package demo

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// page is what a browser without scripts makes of a page: where it stands and the fields of its form, none where it has no
// form.
type page struct {
	address string
	fields  []field
}

// field is one field of a form, by which one value is sent.
type field struct {
	name, kind string // "hidden", "radio", "checkbox", "textarea"
	value      string
	checked    bool
}

var (
	tag       = regexp.MustCompile(`<(input|textarea|form)\b([^>]*)>`)
	attribute = regexp.MustCompile(`([a-z-]+)(?:="([^"]*)")?`)
)

// parsePage finds the form in a page.
func parsePage(address string, body []byte) (page, error) {
	p := page{address: address}
	for _, found := range tag.FindAllSubmatch(body, -1) {
		has := map[string]string{}
		for _, a := range attribute.FindAllSubmatch(found[2], -1) {
			has[string(a[1])] = html.UnescapeString(string(a[2]))
		}
		switch string(found[1]) {
		case "form":
			if has["method"] != "post" || has["enctype"] != "multipart/form-data" {
				return p, fmt.Errorf("the page has a form of another kind: %s", found[0])
			}
			if p.address = address; has["action"] != "" {
				return p, fmt.Errorf("the form of a link is sent elsewhere: %s", found[0])
			}
		case "textarea":
			p.fields = append(p.fields, field{name: has["name"], kind: "textarea"})
		case "input":
			_, checked := has["checked"]
			p.fields = append(p.fields, field{name: has["name"], kind: has["type"], value: has["value"], checked: checked})
		}
	}
	return p, nil
}

// open shows a page.
func (c *client) open(ctx context.Context, address string) (page, error) {
	var body []byte
	err := c.retry(ctx, func() (*http.Request, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err == nil {
			r.Header.Set("Accept", "text/html")
		}
		return r, err
	}, &body)
	if err != nil {
		return page{}, err
	}
	return parsePage(address, body)
}

// submit sends a page's form with what was filled in, as a browser does, and shows the page that it leads to.
func (c *client) submit(ctx context.Context, p page, filled []field) (page, error) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, f := range filled {
		if err := w.WriteField(f.name, f.value); err != nil {
			return page{}, err
		}
	}
	if err := w.Close(); err != nil {
		return page{}, err
	}
	var to redirect
	err := c.retry(ctx, func() (*http.Request, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.address, bytes.NewReader(body.Bytes()))
		if err == nil {
			r.Header.Set("Content-Type", w.FormDataContentType())
			r.Header.Set("Accept", "text/html")
		}
		return r, err
	}, &to)
	if err != nil {
		return page{}, err
	}
	from, err := url.Parse(p.address)
	if err != nil {
		return page{}, err
	}
	next, err := from.Parse(string(to))
	if err != nil || to == "" {
		return page{}, fmt.Errorf("the form leads nowhere: %q", to)
	}
	return c.open(ctx, next.String())
}

// link is where a mail asks its reader to go: the form, and the form with each answer to its first question.
type link struct {
	form    string
	choices []string // the query's part that chooses the answer
}

var surveyLink = regexp.MustCompile(`https?://[^\s"?]+/s/[A-Za-z0-9_-]+`)

// surveyLinkOf finds the link of a mail that asks; not ok in one that does not.
func surveyLinkOf(m *mail) (l link, ok bool) {
	if l.form = surveyLink.FindString(m.Text); l.form == "" {
		return l, false
	}
	for _, part := range strings.Split(m.HTML, `href="`)[1:] {
		address, _, _ := strings.Cut(part, `"`)
		if query, found := strings.CutPrefix(html.UnescapeString(address), l.form+"?"); found {
			l.choices = append(l.choices, query)
		}
	}
	return l, true
}
