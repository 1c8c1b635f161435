package brand

import (
	"encoding/hex"
	"math"
	"slices"
)

// Colour is one of sRGB.
type Colour struct{ r, g, b uint8 }

var (
	black = Colour{0, 0, 0}
	white = Colour{255, 255, 255}
)

// ParseColour reads one such as "#1d4ed8"; not ok for anything else.
func ParseColour(text string) (c Colour, ok bool) {
	if len(text) != 7 || text[0] != '#' {
		return c, false
	}
	raw, err := hex.DecodeString(text[1:])
	if err != nil {
		return c, false
	}
	return Colour{raw[0], raw[1], raw[2]}, true
}

// String spells it such as "#1d4ed8".
func (c Colour) String() string { return "#" + hex.EncodeToString([]byte{c.r, c.g, c.b}) }

// luminance is the relative luminance of WCAG 2.2, 0..1.
func (c Colour) luminance() float64 {
	linear := func(channel uint8) float64 {
		v := float64(channel) / 255
		if v <= .04045 {
			return v / 12.92
		}
		return math.Pow((v+.055)/1.055, 2.4)
	}
	return .2126*linear(c.r) + .7152*linear(c.g) + .0722*linear(c.b)
}

// Contrast is the contrast ratio of WCAG 2.2, 1..21.
func Contrast(a, b Colour) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + .05) / (min(x, y) + .05)
}

// mix returns the colour so far on the way to another, 0..1.
func (c Colour) mix(to Colour, far float64) Colour {
	between := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + (float64(b)-float64(a))*far)) }
	return Colour{between(c.r, to.r), between(c.g, to.g), between(c.b, to.b)}
}

// enough is the least contrast of text (WCAG 2.2, 1.4.3, level AA).
const enough = 4.5

// readable returns the colour, or the nearest to it on the way to another, that has enough contrast on all grounds.
func (c Colour) readable(to Colour, grounds ...Colour) Colour {
	const steps = 64
	for i := range steps {
		m, good := c.mix(to, float64(i)/steps), true
		for _, g := range grounds {
			good = good && Contrast(m, g) >= enough
		}
		if good {
			return m
		}
	}
	return to
}

// on returns the colour of text on c: white where that can be read, else black, of which one always can.
func (c Colour) on() Colour {
	if Contrast(white, c) >= enough {
		return white
	}
	return black
}

// The grounds that text of the brand's colour stands on: those of the pages' style.
var (
	lightGrounds = []Colour{{0xff, 0xff, 0xff}, {0xf3, 0xf4, 0xf6}, {0xfe, 0xf3, 0xf2}}
	darkGrounds  = []Colour{{0x1d, 0x21, 0x27}, {0x12, 0x15, 0x19}, {0x3a, 0x1f, 0x1d}}
)

// Grounds returns what text of the brand's colour can be read on, in the light and in the dark.
func Grounds() (light, dark []Colour) { return slices.Clone(lightGrounds), slices.Clone(darkGrounds) }

// Scheme is the colours that a brand gives the pages in the light or in the dark, each such as "#1d4ed8".
type Scheme struct {
	Fill string `json:"fill"` // of buttons: the brand's own
	On   string `json:"on"`   // of text on them
	Text string `json:"text"` // of text and outlines: the brand's own, made darker or lighter as contrast asks for
}

// Schemes returns the colours that are made of the brand's. It is not ok for a brand without one.
func (b *Brand) Schemes() (light, dark Scheme, ok bool) {
	c, ok := ParseColour(b.Colour)
	if !ok {
		return light, dark, false
	}
	light = Scheme{c.String(), c.on().String(), c.readable(black, lightGrounds...).String()}
	dark = Scheme{c.String(), c.on().String(), c.readable(white, darkGrounds...).String()}
	return light, dark, true
}
