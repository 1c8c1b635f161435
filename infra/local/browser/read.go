package browser

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/runtime"
)

// Text returns the text of the page as it is seen, line by line.
func (p *Page) Text() string {
	p.t.Helper()
	return evaluate[string](p, `() => document.body.innerText`)
}

// HTML returns the document as it stands.
func (p *Page) HTML() string {
	p.t.Helper()
	return evaluate[string](p, `() => document.documentElement.outerHTML`)
}

// Title returns the document's title.
func (p *Page) Title() string {
	p.t.Helper()
	return evaluate[string](p, `() => document.title`)
}

// URL returns the document's address.
func (p *Page) URL() string {
	p.t.Helper()
	return evaluate[string](p, `() => location.href`)
}

// Count returns how many elements the CSS selector finds.
func (p *Page) Count(selector string) int {
	p.t.Helper()
	return evaluate[int](p, `s => document.querySelectorAll(s).length`, selector)
}

// Element is what assistive technology tells of an element.
type Element struct {
	Role    string // "radio", "textbox", "button", "link" and others of WAI-ARIA
	Name    string // the name that is read out
	Tag, ID string // as the document has them
	Field   string // the attribute name
	Value   string // of a field
	Checked bool   // a radio button or a checkbox
}

// String returns the element in words, such as `radio "9" (input#score-9), checked`.
func (e Element) String() string {
	if e.Tag == "" {
		return "nothing"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %q (%s", e.Role, e.Name, e.Tag)
	if e.ID != "" {
		fmt.Fprintf(&b, "#%s", e.ID)
	}
	b.WriteString(")")
	if e.Checked {
		b.WriteString(", checked")
	}
	return b.String()
}

// Focused returns the element that has the focus, the zero value where none has it.
func (p *Page) Focused() Element {
	p.t.Helper()
	return p.describe(`document.activeElement === document.body ? null : document.activeElement`)
}

// Find returns the first element that the CSS selector finds, the zero value where it finds none.
func (p *Page) Find(selector string) Element {
	p.t.Helper()
	return p.describe(fmt.Sprintf("document.querySelector(%q)", selector))
}

func (p *Page) describe(expression string) Element {
	p.t.Helper()
	e := evaluate[Element](p, `() => liuke.element(`+expression+`)`)
	if e.Tag == "" {
		return e
	}
	object := call(p, runtime.CallFunctionOn, runtime.CallFunctionOnParams{
		FunctionDeclaration: `() => ` + expression, ExecutionContextID: p.isolated(),
	}).Result
	no := false
	nodes := call(p, accessibility.GetPartialAXTree, accessibility.GetPartialAXTreeParams{ObjectID: object.ObjectID, FetchRelatives: &no}).Nodes
	if len(nodes) > 0 {
		e.Role, e.Name = text(nodes[0].Role), text(nodes[0].Name)
	}
	return e
}

func text(value *accessibility.Value) string {
	var s string
	if value == nil || json.Unmarshal(value.Value, &s) != nil { // not given, or no text
		return ""
	}
	return strings.TrimSpace(s)
}
