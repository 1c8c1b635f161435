// Package brand is how a business shows itself to its customers: on the pages and in the mails. It makes the colours that can be
// read of the one that an operator chooses; what they are laid upon is others' part.
package brand

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"liuke/shared/fault"
	"liuke/shared/pattern"
)

// Document is the name of the settings document that holds a Brand.
const Document = "brand"

// Limits of a brand.
const (
	MaxName      = 60       // characters
	MaxLogoBytes = 12 << 10 // of the data: address, which stands in each page
	MaxShopBytes = 500      // of the shop's address
)

// Brand is what an operator gives the pages and the mails. Its zero value gives them nothing.
type Brand struct {
	Name   string `json:"name"`               // whose they are, shown above each
	Logo   string `json:"logo,omitempty"`     // a data: address of a PNG, JPEG, WebP or GIF image in base64, shown beside the name on pages: mail programs show none
	Colour string `json:"colour,omitempty"`   // "#1d4ed8": of the buttons; text and outlines are made of it as contrast asks for
	Shop   string `json:"shop_url,omitempty"` // "https://shop.example/": where the buttons of mails lead to; mails without it have none
}

// Parse reads the settings document; an empty one is no brand, for which it returns nil. It returns an Invalid error
// that names the field that is wrong. SVG is refused: it is a document of its own, with scripts and addresses.
func Parse(raw []byte) (*Brand, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	var b *Brand
	if err := d.Decode(&b); err != nil || d.More() {
		return nil, fault.New(fault.Invalid, `a brand is a JSON object such as {"name":"Shop","logo":"data:image/png;base64,…","colour":"#1d4ed8","shop_url":"https://shop.example/"}`)
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
	if !OneLine(b.Name, MaxName) {
		return fault.At("/name", "the name has 1 to %d characters, none of them a control character", MaxName)
	}
	if b.Colour != "" {
		if _, ok := ParseColour(b.Colour); !ok {
			return fault.At("/colour", "a colour is # with six hexadecimal digits, such as #1d4ed8")
		}
	}
	if b.Shop != "" && !isShop(b.Shop) {
		return fault.At("/shop_url", "the shop's address begins with https:// and a host, and is printable ASCII of at most %d bytes without quotes, brackets <> and {}, |, ^ and \\, such as https://shop.example/", MaxShopBytes)
	}
	if b.Logo != "" {
		return b.validateLogo()
	}
	return nil
}

func isShop(address string) bool {
	if len(address) > MaxShopBytes || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\\\"'`<>{}|^", r) }) {
		return false
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || len(u.Hostname()) > 253 || !host().MatchString(u.Hostname()) || u.User != nil || u.Opaque != "" {
		return false
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && port > 0 || u.Host == u.Hostname()
}

// host is a name of the DNS: labels of letters, digits and hyphens (RFC 1123, 2.1).
var host = pattern.New(`^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$`)

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
