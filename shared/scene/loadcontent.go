package scene

import (
	"maps"
	"slices"

	"liuke/shared/message"
)

// The shapes of what scenes say.
type (
	contentFile struct {
		Title     string            `yaml:"title"` // of a task and of a push
		Subject   string            `yaml:"subject"`
		Preheader string            `yaml:"preheader"`
		Text      string            `yaml:"text"`
		HTML      string            `yaml:"html"`
		Data      map[string]string `yaml:"data"` // of a push
		JSON      string            `yaml:"json"` // of a webhook
	}
	pieceFile struct {
		For      fitFile                `yaml:"for"`
		Content  map[string]contentFile `yaml:"content"`
		Template string                 `yaml:"template"`
	}
	fitFile struct {
		Variant string   `yaml:"variant"`
		Segment []string `yaml:"segment"`
		Channel string   `yaml:"channel"`
	}
	// saysFile is what a scene and each of its steps have in common.
	saysFile struct {
		Content  map[string]contentFile `yaml:"content"`
		Template string                 `yaml:"template"`
		Pieces   []pieceFile            `yaml:"pieces"`
	}
)

// parts are the fields of a content, as a channel has them: those it must have, and those it may.
var parts = map[message.Channel]struct{ must, may []string }{
	message.Email:   {[]string{"subject", "text", "html"}, []string{"preheader"}},
	message.SMS:     {[]string{"text"}, nil},
	message.Push:    {[]string{"title", "text"}, []string{"data"}},
	message.Webhook: {[]string{"json"}, nil},
	message.Task:    {[]string{"title", "text"}, nil},
}

// fields are the texts of a content by the names of their fields.
func (f *contentFile) fields() map[string]string {
	return map[string]string{"title": f.Title, "subject": f.Subject, "preheader": f.Preheader, "text": f.Text, "html": f.HTML, "json": f.JSON}
}

// Bounds of what a step says.
const (
	maxPieces  = 100
	maxLocales = 50
)

// says checks what a step says: its pieces, and last what fits everybody.
func (d *document) says(s *Scene, where []any, f *saysFile, channels []message.Channel) (out words) {
	if len(f.Pieces) > maxPieces {
		d.mistake(append(where[:len(where):len(where)], "pieces"), "there are at most %d pieces", maxPieces)
		return nil
	}
	for i := range f.Pieces {
		p := &f.Pieces[i]
		spot := append(where[:len(where):len(where)], "pieces", i)
		fits := piece{variant: p.For.Variant, segments: p.For.Segment}
		if p.For.Variant == "" && len(p.For.Segment) == 0 && p.For.Channel == "" {
			d.mistake(append(spot, "for"), "for must name a variant, segments or a channel: what fits everybody is the content")
		}
		if p.For.Variant != "" && !s.varies(p.For.Variant) {
			d.mistake(append(spot, "for", "variant"), "%q is no variant of the scene", p.For.Variant)
		}
		d.segments(append(spot, "for", "segment"), p.For.Segment)
		channel := message.Channel(p.For.Channel)
		if channel == "" {
			channel = channels[0]
		} else if !slices.Contains(channels, channel) {
			d.mistake(append(spot, "for", "channel"), "channel must be one of the step's: %v", channels)
			continue
		}
		fits.texts = d.texts(s, spot, p.Content, p.Template, channel, channels)
		out = append(out, fits)
	}
	if f.Content != nil || f.Template != "" {
		out = append(out, piece{texts: d.texts(s, where, f.Content, f.Template, channels[0], channels)})
	}
	return out
}

// segments checks labels of the default model.
func (d *document) segments(where []any, labels []string) {
	if len(labels) == 0 || d.compilers.Labels == nil {
		return
	}
	all, _, ok := d.compilers.Labels(SegmentModel)
	for i, label := range labels {
		if ok && !slices.Contains(all, label) {
			d.mistake(append(where, i), "%q is no label of %s: there are %v", label, SegmentModel, all)
		}
	}
}

// texts checks one piece's contents: those that stand there, for one channel, or a template's, for all that it has.
func (d *document) texts(s *Scene, where []any, files map[string]contentFile, template string, channel message.Channel, channels []message.Channel) map[message.Channel]map[string]*content {
	out := map[message.Channel]map[string]*content{}
	switch {
	case template != "" && files != nil:
		d.mistake(append(where, "template"), "template takes the place of content")
	case template != "":
		t, ok := d.templates[template]
		if !ok {
			d.mistake(append(where, "template"), "there is no template %q%s", template, Near(template, slices.Sorted(maps.Keys(d.templates))))
			return out
		}
		for _, c := range channels {
			if said := t.pieces[c]; said != nil {
				out[c] = d.locales(s, append(where, "template"), said, c, &t)
			}
		}
		if out[channel] == nil {
			d.mistake(append(where, "template"), "the template %q has nothing for %s", template, channel)
		}
	default:
		out[channel] = d.locales(s, append(where[:len(where):len(where)], "content"), files, channel, nil)
	}
	return out
}

// locales checks what is said in each locale by one channel, where it stands or in a template.
func (d *document) locales(s *Scene, where []any, files map[string]contentFile, channel message.Channel, from *template) map[string]*content {
	if len(files) > maxLocales {
		d.mistake(where, "there are at most %d locales", maxLocales)
		return map[string]*content{}
	}
	out := make(map[string]*content, len(files))
	for locale, f := range files {
		said := &spoken{document: d, scene: s, where: where, from: from, channel: channel, locale: locale}
		if from == nil && !localeForm().MatchString(locale) {
			d.mistake(append(where[:len(where):len(where)], locale), notLocale, locale)
		}
		out[locale] = said.content(&f)
	}
	if _, ok := files[DefaultLocale]; !ok && from == nil {
		d.mistake(where, "content in %s is missing, which serves whoever reads none of the others", DefaultLocale)
	}
	return out
}
