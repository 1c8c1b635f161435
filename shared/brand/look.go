package brand

// plain is the colour of the mails of a business without one.
var plain = Colour{0x0b, 0x5c, 0xad}

// Look is what a brand gives the mails. Its colours, each such as "#1d4ed8", hold in the light and in the dark, since mail
// programs do not agree on how a mail might tell which of them it is shown in.
type Look struct {
	Name string // "" for none
	Shop string // the shop's address; "" for none
	Fill string // of buttons: the brand's own
	On   string // of text on them
	Edge string // of lines and outlines: the brand's own, made darker or lighter until it stands out on white and on what is dark
}

// Look returns what the brand gives the mails; of nil, what they look like without one.
func (b *Brand) Look() Look {
	if b == nil {
		b = &Brand{}
	}
	c, ok := ParseColour(b.Colour)
	if !ok {
		c = plain
	}
	return Look{Name: b.Name, Shop: b.Shop, Fill: c.String(), On: c.on().String(), Edge: c.edge().String()}
}

// visible is the least contrast of what is no text (WCAG 2.2, 1.4.11).
const visible = 3

// The grounds of mails are those of mail programs: white, and the greys that browsers and Apple's Mail take in the dark.
var mailGrounds = []Colour{white, {0x12, 0x12, 0x12}, {0x1e, 0x1e, 0x1e}}

// edge returns the colour, or the nearest to it on the way to black or to white, that stands out on all grounds of mails. There
// always is one: what is between the contrasts that are asked for is far wider than a step.
func (c Colour) edge() Colour {
	const steps = 64
	for i := range steps {
		for _, to := range []Colour{black, white} {
			m, good := c.mix(to, float64(i)/steps), true
			for _, g := range mailGrounds {
				good = good && Contrast(m, g) >= visible
			}
			if good {
				return m
			}
		}
	}
	return plain
}
