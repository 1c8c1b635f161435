package standin

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"html/template"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed page
var pageFiles embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"machine": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"people":  func(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04") },
	"join":    func(list []string) string { return strings.Join(list, ", ") },
	"preview": preview,
	"heading": Message.heading,
	"pretty":  pretty,
	"links":   links,
}).ParseFS(pageFiles, "page/*.html"))

// pageSize is how many messages the list shows at a time.
const pageSize = 100

// Page shows an outbox in a browser and as JSON. It answers, below the address that it is served at:
//
//	GET /          the list, the last message first; ?to=ADDRESS and ?channel=sms filter it, ?page=N turns the pages of the HTML
//	GET /ID        one message
//	GET /ID/html   its HTML part alone, in a sandbox
//
// With "Accept: application/json" or ?format=json the first two answer JSON: a list of Message, all of them, or one.
type Page struct {
	outbox *Outbox
	base   string
}

// NewPage returns the page of an outbox, served at the base path ("/outbox").
func NewPage(outbox *Outbox, base string) *Page {
	return &Page{outbox, strings.TrimSuffix(base, "/")}
}

// ServeHTTP answers a request.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "The outbox can only be read.", http.StatusMethodNotAllowed)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Vary", "Accept")
	h.Set("X-Content-Type-Options", "nosniff")
	id, part, _ := strings.Cut(strings.Trim(strings.TrimPrefix(r.URL.Path, p.base), "/"), "/")
	if id == "" {
		p.list(w, r)
		return
	}
	m, ok := p.outbox.Message(id)
	switch {
	case !ok || part != "" && part != "html":
		http.Error(w, "No message has this id.", http.StatusNotFound)
	case part == "html":
		h.Set("Content-Security-Policy", "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "+
			"style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'")
		h.Set("Content-Type", "text/html; charset=utf-8")
		w.Write([]byte(inNewWindows(m.HTML))) // a reader that has gone needs no answer
	case wantsJSON(r):
		writeJSON(w, http.StatusOK, m)
	default:
		p.show(w, "message.html", map[string]any{"Title": m.heading(), "Base": p.base, "Message": m})
	}
}

func (p *Page) list(w http.ResponseWriter, r *http.Request) {
	to, channel := strings.TrimSpace(r.URL.Query().Get("to")), r.URL.Query().Get("channel")
	all := p.outbox.By(channel, to)
	if wantsJSON(r) {
		writeJSON(w, http.StatusOK, all)
		return
	}
	number, _ := strconv.Atoi(r.URL.Query().Get("page")) // what is no number is the first page
	last := max(0, (len(all)-1)/pageSize)
	number = min(max(number, 0), last)
	view := map[string]any{
		"Title": "Messages", "Base": p.base, "To": to, "Channel": channel, "Channels": []string{Email, SMS, Push, Webhook}, "Total": len(all), "Newer": "", "Older": "",
		"Messages": all[number*pageSize : min(len(all), (number+1)*pageSize)],
	}
	if number > 0 {
		view["Newer"] = p.pageURL(to, channel, number-1)
	}
	if number < last {
		view["Older"] = p.pageURL(to, channel, number+1)
	}
	p.show(w, "list.html", view)
}

func (p *Page) pageURL(to, channel string, number int) string {
	query := url.Values{"page": {strconv.Itoa(number)}}
	if channel != "" {
		query.Set("channel", channel)
	}
	if to != "" {
		query.Set("to", to)
	}
	return p.base + "?" + query.Encode()
}

func (p *Page) show(w http.ResponseWriter, name string, view map[string]any) {
	var body bytes.Buffer
	if err := pages.ExecuteTemplate(&body, name, view); err != nil {
		http.Error(w, "The page could not be written.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(body.Bytes()) // a reader that has gone needs no answer
}

// wantsJSON reports whether the request asks for JSON, and not for HTML before it.
func wantsJSON(r *http.Request) bool {
	if format := r.URL.Query().Get("format"); format != "" {
		return format == "json"
	}
	for _, accepted := range strings.Split(r.Header.Get("Accept"), ",") {
		switch kind, _, _ := mime.ParseMediaType(accepted); kind {
		case "application/json":
			return true
		case "text/html":
			return false
		}
	}
	return false
}

// inNewWindows lets the links of a message open outside of the frame that shows it.
func inNewWindows(html string) string {
	const base = `<base target="_blank">`
	if at := headTag.FindStringIndex(html); at != nil {
		return html[:at[1]] + base + html[at[1]:]
	}
	return "<!doctype html>" + base + html
}

var (
	headTag = regexp.MustCompile(`(?i)<head(\s[^>]*)?>`)
	address = regexp.MustCompile(`https?://[!#-;=?-~]*[^\s<>".,;:!?)[:^ascii:]]`)
	spaces  = regexp.MustCompile(`\s+`)
)

// segment is a run of a text, with the address that it is, if it is one.
type segment struct{ Text, URL string }

// links divides a text into addresses and what stands between them.
func links(text string) []segment {
	var list []segment
	at := 0
	for _, span := range address.FindAllStringIndex(text, -1) {
		found := text[span[0]:span[1]]
		list = append(list, segment{Text: text[at:span[0]]}, segment{found, found})
		at = span[1]
	}
	return slices.DeleteFunc(append(list, segment{Text: text[at:]}), func(s segment) bool { return s.Text == "" })
}

// heading is what a message is called in a list: its subject, or how its text begins.
func (m Message) heading() string {
	return cmp.Or(m.Subject, preview(m.Text), m.Channel+" to "+strings.Join(m.To, ", "))
}

// pretty indents JSON for people.
func pretty(data json.RawMessage) string {
	var out bytes.Buffer
	if json.Indent(&out, data, "", "  ") != nil {
		return string(data)
	}
	return out.String()
}

// preview is the beginning of a text, in one line.
func preview(text string) string {
	runes := []rune(spaces.ReplaceAllString(strings.TrimSpace(text), " "))
	const length = 140
	if len(runes) <= length {
		return string(runes)
	}
	return string(runes[:length]) + "…"
}
