package content

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/html"

	"liuke/shared/pattern"
)

// edge is a character of private use that stands on both sides of a variable's name in its place, where it is looked whether
// readers see it.
const edge = "\uE000"

var place = pattern.New(edge + `([a-z0-9_.\[\]]+)` + edge)

var (
	// void are the elements that have no end tag.
	void = []string{"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
	// unshown are the elements whose content no mail program shows as text.
	unshown = []string{"audio", "canvas", "datalist", "head", "iframe", "math", "noembed", "noframes", "noscript", "object", "option", "script", "select", "style",
		"svg", "template", "textarea", "title", "video", "xmp"}
	// hides is a style by which an element is not seen.
	hides = pattern.New(`(?i)(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0*\.?0+\s*(?:[;!%]|$)|font-size\s*:\s*0*\.?0+\s*(?:[a-z%!;]|$)|mso-hide\s*:\s*all)`)
)

// element is one that is open.
type element struct {
	name   string
	hidden bool
}

// sight follows what of a page its readers see.
type sight struct {
	open   []element
	hidden int // of those that are open
	seen   map[string]bool
	links  []string // of the a that is open: variables that lead somewhere once it shows anything
}

// visible returns the variables whose places in a page of HTML readers see: as text, or as what a link leads to that shows
// something. What stands in comments, in scripts, styles and attributes, or in elements that are not shown, they do not. The work
// grows with the page's length alone.
func visible(page string) map[string]bool {
	s := &sight{seen: map[string]bool{}}
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return s.seen
		case html.TextToken:
			if s.hidden == 0 {
				s.text(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			s.start(z.Token())
		case html.EndTagToken:
			name, _ := z.TagName()
			s.end(string(name))
		}
	}
}

func (s *sight) text(text string) {
	for _, m := range place().FindAllStringSubmatch(text, -1) {
		s.seen[m[1]] = true
	}
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }) {
		s.follow()
	}
}

// follow notes that the link that is open shows something.
func (s *sight) follow() {
	for _, variable := range s.links {
		s.seen[variable] = true
	}
	s.links = nil
}

func (s *sight) start(t html.Token) {
	if t.Data == "body" {
		s.end("head")
	}
	e := element{name: t.Data, hidden: slices.Contains(unshown, t.Data)}
	leads := ""
	for _, a := range t.Attr {
		switch a.Key {
		case "hidden":
			e.hidden = true
		case "style":
			e.hidden = e.hidden || hides().MatchString(a.Val)
		case "href":
			if leads == "" {
				leads = strings.TrimSpace(a.Val)
			}
		}
	}
	if t.Data == "img" && s.hidden == 0 && !e.hidden {
		s.follow()
	}
	if slices.Contains(void, t.Data) {
		return
	}
	s.open = append(s.open, e)
	if e.hidden {
		s.hidden++
	}
	if t.Data != "a" {
		return
	}
	s.links = nil
	if m := place().FindStringSubmatchIndex(leads); m != nil && m[0] == 0 && s.hidden == 0 {
		s.links = append(s.links, leads[m[2]:m[3]])
	}
}

// end closes the element of a name that is open, and those within it. One that closes nothing near is left alone.
func (s *sight) end(name string) {
	const near = 100
	if name == "a" {
		s.links = nil
	}
	for i := len(s.open) - 1; i >= max(0, len(s.open)-near); i-- {
		if s.open[i].name != name {
			continue
		}
		for _, e := range s.open[i:] {
			if e.hidden {
				s.hidden--
			}
		}
		s.open = s.open[:i]
		return
	}
}
