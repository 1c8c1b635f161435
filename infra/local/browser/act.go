package browser

import (
	"context"
	"strings"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Key is a key of the keyboard, or two pressed together.
type Key struct {
	rune      string
	modifiers []chromedp.Modifier
}

// The keys by which people go through a page.
var (
	Tab       = Key{rune: kb.Tab}
	ShiftTab  = Key{kb.Tab, []chromedp.Modifier{chromedp.ModifierShift}}
	Enter     = Key{rune: kb.Enter}
	Space     = Key{rune: " "}
	Up        = Key{rune: kb.ArrowUp}
	Down      = Key{rune: kb.ArrowDown}
	Left      = Key{rune: kb.ArrowLeft}
	Right     = Key{rune: kb.ArrowRight}
	Home      = Key{rune: kb.Home}
	End       = Key{rune: kb.End}
	Escape    = Key{rune: kb.Escape}
	Backspace = Key{rune: kb.Backspace}
)

// Press presses keys, one after another; each has had its effect when the next is pressed. What leads to another document
// goes into Follow or is Submit.
func (p *Page) Press(keys ...Key) {
	p.t.Helper()
	for _, key := range keys {
		ctx, cancel := context.WithTimeout(p.ctx, patience)
		err := chromedp.Do(ctx, chromedp.KeyEvent(key.rune, chromedp.KeyModifiers(key.modifiers...)))
		cancel()
		if err != nil {
			p.t.Fatalf("press a key: %v", err)
		}
	}
	p.tell()
}

// Type types text into the focused field: ASCII by its keys, the rest as an input method enters it.
func (p *Page) Type(text string) {
	p.t.Helper()
	for len(text) > 0 {
		end := strings.IndexFunc(text, func(r rune) bool { return r >= 0x80 })
		if end != 0 {
			if end < 0 {
				end = len(text)
			}
			for _, r := range text[:end] {
				p.Press(Key{rune: string(r)})
			}
			text = text[end:]
			continue
		}
		end = strings.IndexFunc(text, func(r rune) bool { return r < 0x80 })
		if end < 0 {
			end = len(text)
		}
		call(p, input.InsertText, input.InsertTextParams{Text: text[:end]})
		text = text[end:]
	}
	p.tell()
}

// mostStops bounds how many stops of Tab a page may have.
const mostStops = 300

// TabTo presses Tab until the element that the CSS selector names has the focus, and fails the test where none gets it.
func (p *Page) TabTo(selector string) {
	p.t.Helper()
	for range mostStops {
		p.Press(Tab)
		if evaluate[bool](p, `s => document.activeElement.matches(s)`, selector) {
			return
		}
	}
	p.t.Fatalf("Tab does not reach %s", selector)
}

// Submit presses Enter on what has the focus, a button or a field of a form, and waits for the document that this leads to.
func (p *Page) Submit() {
	p.t.Helper()
	p.Follow(func() { p.Press(Enter) })
}

// Tap taps with a finger on the middle of the element that the CSS selector names, having scrolled to it. It fails the test
// where something else lies there.
func (p *Page) Tap(selector string) {
	p.t.Helper()
	type spot struct {
		X, Y  float64
		Fault string
	}
	at := evaluate[spot](p, `s => liuke.spot(s)`, selector)
	if at.Fault != "" {
		p.t.Fatalf("tap on %s: %s", selector, at.Fault)
	}
	p.touch(at.X, at.Y)
	p.tell()
}

// touch puts a finger down and lifts it, and returns when the browser has made a click of that.
func (p *Page) touch(x, y float64) {
	p.t.Helper()
	evaluate[bool](p, `binding => liuke.tellClick(binding)`, clicked)
	before := p.count(&p.clicks)
	call(p, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: input.DispatchTouchEventTypeTouchStart, TouchPoints: []*input.TouchPoint{{X: x, Y: y}}})
	call(p, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: input.DispatchTouchEventTypeTouchEnd, TouchPoints: []*input.TouchPoint{}})
	p.await("tap", "it made no click", func() bool { return p.clicks > before })
}
