package scene

import (
	"slices"

	"liuke/shared/message"
)

// words are what a step says: the first piece that fits is used.
type words []piece

// piece is what is said to some, by channel and locale.
type piece struct {
	variant  string   // "" for any
	segments []string // labels; none for any
	texts    map[message.Channel]map[string]*content
}

// content is what is said by one channel in one locale. What the channel has no use for is nil.
type content struct {
	title, subject, preheader, text, html, json Template
	data                                        map[string]Template
}

// part is where the template of a field stands; nil for one that holds several.
func (c *content) part(name string) *Template {
	switch name {
	case "title":
		return &c.title
	case "subject":
		return &c.subject
	case "preheader":
		return &c.preheader
	case "text":
		return &c.text
	case "html":
		return &c.html
	case "json":
		return &c.json
	}
	return nil
}

// pick returns, by locale, what is said to a customer of the variant and the segment by the channel; nil where nothing is.
func (w words) pick(variant, segment string, channel message.Channel) map[string]*content {
	for i := range w {
		p := &w[i]
		if (p.variant == "" || p.variant == variant) && (len(p.segments) == 0 || slices.Contains(p.segments, segment)) && p.texts[channel] != nil {
			return p.texts[channel]
		}
	}
	return nil
}
