package page

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"liuke/shared/fault"
)

// BrandDocument is the name of the settings document that holds a Brand.
const BrandDocument = "brand"

// Limits of a brand.
const (
	MaxBrandName = 60       // characters
	MaxLogoBytes = 12 << 10 // of the data: address, which stands in each page
)

// Brand is what an operator gives the pages. Its zero value gives them nothing.
type Brand struct {
	Name   string `json:"name"`             // whose survey it is, shown above each page
	Logo   string `json:"logo,omitempty"`   // a data: address of a PNG, JPEG, WebP or GIF image in base64, shown beside the name
	Colour string `json:"colour,omitempty"` // "#1d4ed8": of the buttons; text and outlines are made of it as contrast asks for
}

// ParseBrand reads the settings document; an empty one is no brand, for which it returns nil. It returns an Invalid error
// that names the field that is wrong. SVG is refused: it is a document of its own, with scripts and addresses.
func ParseBrand(raw []byte) (*Brand, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	var b *Brand
	if err := d.Decode(&b); err != nil || d.More() {
		return nil, fault.New(fault.Invalid, `a brand is a JSON object such as {"name":"Shop","logo":"data:image/png;base64,…","colour":"#1d4ed8"}`)
	}
	if b == nil || *b == (Brand{}) {
		return nil, nil
	}
	if err := b.validate(); err != nil {
		return nil, err
	}
	return b, nil
}

func (b *Brand) validate() error {
	if n := utf8.RuneCountInString(b.Name); strings.TrimSpace(b.Name) == "" || n > MaxBrandName || !utf8.ValidString(b.Name) || strings.IndexFunc(b.Name, unformatted) >= 0 {
		return fault.At("/name", "the name has 1 to %d characters, none of them a control character", MaxBrandName)
	}
	if b.Colour != "" {
		if _, ok := parseColour(b.Colour); !ok {
			return fault.At("/colour", "a colour is # with six hexadecimal digits, such as #1d4ed8")
		}
	}
	if b.Logo != "" {
		return b.validateLogo()
	}
	return nil
}

func unformatted(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

// images are the types of image that a logo may have, and how each begins.
var images = map[string]func(b []byte) bool{
	"image/png":  func(b []byte) bool { return bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")) },
	"image/jpeg": func(b []byte) bool { return bytes.HasPrefix(b, []byte("\xff\xd8\xff")) },
	"image/gif": func(b []byte) bool {
		return bytes.HasPrefix(b, []byte("GIF87a")) || bytes.HasPrefix(b, []byte("GIF89a"))
	},
	"image/webp": func(b []byte) bool {
		return len(b) > 12 && bytes.HasPrefix(b, []byte("RIFF")) && string(b[8:12]) == "WEBP"
	},
}

func (b *Brand) validateLogo() error {
	if len(b.Logo) > MaxLogoBytes {
		return fault.At("/logo", "the logo takes at most %d bytes as a data: address, and this one has %d", MaxLogoBytes, len(b.Logo))
	}
	kind, encoded, ok := strings.Cut(strings.TrimPrefix(b.Logo, "data:"), ";base64,")
	begins := images[kind]
	if !ok || begins == nil || !strings.HasPrefix(b.Logo, "data:") {
		return fault.At("/logo", "a logo is data:image/png;base64,… of a PNG, JPEG, WebP or GIF image")
	}
	if strings.ContainsAny(encoded, "\r\n") {
		return fault.At("/logo", "the logo's base64 stands on one line")
	}
	image, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return fault.At("/logo", "the logo is not valid base64")
	}
	if !begins(image) {
		return fault.At("/logo", "the logo is no image of the type %s", kind)
	}
	return nil
}
