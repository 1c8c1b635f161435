package browser

import (
	"bytes"
	"image"
	"image/png"
	"math"

	"github.com/chromedp/cdproto/page"
)

// stop is a stop of Tab.
type stop struct {
	Place               int    // among all elements of the document; -1 where nothing has the focus
	Where               string // the element in words
	X, Y, Width, Height float64
	Side                float64 // the longer side of the element, in CSS pixels
	Seen                bool    // some of it or of its labels lies in the viewport
}

// HiddenFocus goes through the whole page by Tab and returns the stops where one cannot see where one is (WCAG 2.2, 2.4.7
// and 2.4.11): with the focus and without, the picture of the element and what is around it does not differ by as much as a
// line of a CSS pixel along its longer side, or all of it lies outside of what is seen. It fails the test where Tab does not come
// around, which is a trap (2.1.2). The focus is left where it was found after the round, at a stop or nowhere.
func (p *Page) HiddenFocus() []Problem {
	p.t.Helper()
	const rule = "focus"
	var problems []Problem
	seen := map[int]bool{}
	for nowhere := 0; nowhere < 3; {
		p.Press(Tab)
		at := evaluate[stop](p, `() => liuke.focus()`)
		if at.Place < 0 {
			nowhere++
			continue
		}
		nowhere = 0
		around := seen[at.Place]
		seen[at.Place] = true
		if len(seen) > mostStops {
			p.t.Fatalf("Tab does not come around the page")
		}
		switch {
		case around:
		case !at.Seen:
			problems = append(problems, Problem{rule, at.Where, "it has the focus outside of what is seen"})
		case !p.shows(at):
			problems = append(problems, Problem{rule, at.Where, "it looks the same with the focus and without"})
		}
		evaluate[bool](p, `place => liuke.refocus(place)`, at.Place)
		if around {
			break
		}
	}
	return problems
}

// shows says whether a stop looks other without the focus, which it has and loses.
func (p *Page) shows(at stop) bool {
	p.t.Helper()
	with := p.picture(at)
	evaluate[bool](p, `() => liuke.blur()`)
	without := p.picture(at)
	return float64(differing(with, without)) >= at.Side*p.options.Scale*p.options.Scale
}

// picture returns what is seen around a stop.
func (p *Page) picture(at stop) image.Image {
	p.t.Helper()
	yes := true
	shot := call(p, page.CaptureScreenshot, page.CaptureScreenshotParams{
		Clip:             &page.Viewport{X: at.X, Y: at.Y, Width: math.Ceil(at.Width), Height: math.Ceil(at.Height), Scale: 1},
		OptimizeForSpeed: &yes,
	})
	picture, err := png.Decode(bytes.NewReader(shot.Data))
	if err != nil {
		p.t.Fatalf("read a picture of the page: %v", err)
	}
	return picture
}

// differing returns how many pixels of two pictures differ so that it shows: by a contrast ratio of 1.25.
func differing(a, b image.Image) int {
	n := 0
	box := a.Bounds().Intersect(b.Bounds())
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			light, dark := luminance(a, x, y), luminance(b, x, y)
			if light < dark {
				light, dark = dark, light
			}
			if (light+.05)/(dark+.05) >= 1.25 {
				n++
			}
		}
	}
	return n
}

// luminance returns the relative luminance of a pixel, 0 to 1 (WCAG 2.2, "relative luminance").
func luminance(i image.Image, x, y int) float64 {
	r, g, b, _ := i.At(x, y).RGBA()
	return .2126*linear(r) + .7152*linear(g) + .0722*linear(b)
}

func linear(channel uint32) float64 {
	c := float64(channel) / 0xffff
	if c <= .04045 {
		return c / 12.92
	}
	return math.Pow((c+.055)/1.055, 2.4)
}
