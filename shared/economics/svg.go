package economics

import (
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"

	"liuke/shared/money"
)

// The drawing's own units.
const (
	svgWidth, svgHeight          = 640.0, 400.0
	svgLeft, svgRight            = 72.0, 16.0
	svgTop, svgBottom            = 16.0, 52.0
	svgSteps                     = 120
	svgTicks                     = 5
	curveColour, breakEvenColour = "#2f7fe0", "#d9541e" // 3:1 and more on white and on near-black
)

// SVG draws the points, the curve and the break-even with its interval. It stands alone or within a page: text and axes
// have the colour of the text around them, light on dark where the reader's system is dark, and colours are told
// apart by shape as well. Title and description say the same to who does not see it.
func (c *Curve) SVG(currency money.Currency) string {
	d := drawing{printer: printer{&strings.Builder{}, currency}}
	d.scale(c)
	fmt.Fprintf(d, `<svg xmlns="http://www.w3.org/2000/svg" class="returns-curve" role="img" aria-labelledby="returns-title returns-desc" viewBox="0 0 %g %g" font-family="system-ui, sans-serif" font-size="12" fill="currentColor">`, svgWidth, svgHeight)
	fmt.Fprintf(d, "\n<title id=\"returns-title\">%s</title>\n", html.EscapeString(fmt.Sprintf("Margin that spend on retention brings, in %s", currency)))
	fmt.Fprintf(d, "<desc id=\"returns-desc\">%s</desc>\n", html.EscapeString(fmt.Sprintf("%s The curve is %s, fitted to %d points.", c.Sentence(currency), c.Family, len(c.Points))))
	d.WriteString("<style>@media (prefers-color-scheme: dark) { .returns-curve { color: #e6e6e6 } }</style>\n")
	d.axes(d.x(c.BreakEven.Value) > .7*svgWidth)
	if c.BreakEven.Value > 0 {
		d.breakEven(c)
	}
	d.WriteString(`<path fill="none" stroke="` + curveColour + `" stroke-width="2.5" d="`)
	for i := range svgSteps + 1 {
		s := d.maxX * float64(i) / svgSteps
		fmt.Fprintf(d, "%c%s %s", "ML"[min(i, 1)], coordinate(d.x(s)), coordinate(d.y(c.Margin(s))))
	}
	d.WriteString("\"/>\n")
	for _, p := range c.Points {
		fmt.Fprintf(d, `<circle cx="%s" cy="%s" r="4" fill="none" stroke="currentColor" stroke-width="1.5"><title>%s → %s</title></circle>`+"\n",
			coordinate(d.x(p.Spend)), coordinate(d.y(p.Margin)), d.float(p.Spend), d.float(p.Margin))
	}
	d.WriteString("</svg>\n")
	return d.String()
}

// drawing places amounts on the page.
type drawing struct {
	printer
	maxX, minY, maxY float64
}

// scale makes room for all points, and for the break-even where it is not far beyond them.
func (d *drawing) scale(c *Curve) {
	for _, p := range c.Points {
		d.maxX, d.minY, d.maxY = max(d.maxX, p.Spend), min(d.minY, p.Margin), max(d.maxY, p.Margin)
	}
	if c.BreakEven.Value < 2*d.maxX {
		d.maxX = max(d.maxX, 1.1*c.BreakEven.Value)
	}
	d.maxX *= 1.04
	d.maxY = 1.05 * max(d.maxY, c.Margin(d.maxX))
}

func (d *drawing) x(spend float64) float64 {
	return svgLeft + (svgWidth-svgLeft-svgRight)*spend/d.maxX
}

func (d *drawing) y(margin float64) float64 {
	return svgTop + (svgHeight-svgTop-svgBottom)*(d.maxY-margin)/(d.maxY-d.minY)
}

// axes draws axes and grid; the caption of the spend stands to the left where the right is taken.
func (d *drawing) axes(taken bool) {
	fmt.Fprintf(d, `<path fill="none" stroke="currentColor" stroke-opacity=".55" d="M%g %gV%gH%g"/>`+"\n", svgLeft, svgTop, svgHeight-svgBottom, svgWidth-svgRight)
	for _, v := range ticks(0, d.maxX) {
		x := coordinate(d.x(v))
		fmt.Fprintf(d, `<path stroke="currentColor" stroke-opacity=".55" d="M%s %gv5"/><text x="%s" y="%g" text-anchor="middle">%s</text>`+"\n", x, svgHeight-svgBottom, x, svgHeight-svgBottom+19, number(v))
	}
	for _, v := range ticks(d.minY, d.maxY) {
		y := coordinate(d.y(v))
		fmt.Fprintf(d, `<path stroke="currentColor" stroke-opacity=".15" d="M%g %sH%g"/><text x="%g" y="%s" dy=".35em" text-anchor="end">%s</text>`+"\n", svgLeft, y, svgWidth-svgRight, svgLeft-7, y, number(v))
	}
	x, anchor := svgWidth-svgRight, "end"
	if taken {
		x, anchor = svgLeft, "start"
	}
	fmt.Fprintf(d, `<text x="%g" y="%g" text-anchor="%s">spend, %s</text>`+"\n", x, svgHeight-12, anchor, html.EscapeString(string(d.currency)))
	fmt.Fprintf(d, `<text x="%g" y="%g">margin, %s</text>`+"\n", svgLeft+6, svgTop+4, html.EscapeString(string(d.currency)))
}

// breakEven draws the interval as a band, and the spend itself as a dashed line where it is in sight.
func (d *drawing) breakEven(c *Curve) {
	low, high := min(c.BreakEven.Low, d.maxX), min(c.BreakEven.High, d.maxX)
	fmt.Fprintf(d, `<rect x="%s" y="%g" width="%s" height="%g" fill="%s" fill-opacity=".16"/>`+"\n",
		coordinate(d.x(low)), svgTop, coordinate(d.x(high)-d.x(low)), svgHeight-svgTop-svgBottom, breakEvenColour)
	if c.BreakEven.Value > d.maxX {
		return
	}
	x := coordinate(d.x(c.BreakEven.Value))
	fmt.Fprintf(d, `<path stroke="%s" stroke-width="2" stroke-dasharray="6 4" d="M%s %gV%g"/>`+"\n", breakEvenColour, x, svgTop, svgHeight-svgBottom)
	fmt.Fprintf(d, `<text x="%s" y="%g" text-anchor="middle">%s</text>`+"\n", x, svgHeight-svgBottom+36, d.float(c.BreakEven.Value))
}

// ticks are round numbers between two ends, some svgTicks of them.
func ticks(low, high float64) (out []float64) {
	rough := (high - low) / svgTicks
	step := math.Pow(10, math.Floor(math.Log10(rough)))
	for _, factor := range []float64{5, 2} {
		if factor*step <= rough {
			step *= factor
			break
		}
	}
	for i := math.Ceil(low / step); i*step <= high; i++ {
		out = append(out, i*step)
	}
	return out
}

// number spells a tick shortly.
func number(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }

func coordinate(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }
