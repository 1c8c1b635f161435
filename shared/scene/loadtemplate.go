package scene

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"liuke/shared/message"
)

// template is a named content that scenes refer to, by channel and locale. Its texts are compiled for each scene anew, as
// what they may speak of is the scene's.
type template struct {
	file   *document
	pieces map[message.Channel]map[string]contentFile
}

// loadTemplates reads the files of the folder template, each named as its template.
func (l *loader) loadTemplates(files fs.FS) error {
	names, err := fs.Glob(files, "template/*.yaml")
	if err != nil {
		return err
	}
	l.templates = make(map[string]template, len(names))
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		d := &document{loader: l, name: name}
		t := template{file: d}
		if !d.decode(raw, &t.pieces) {
			continue
		}
		id := strings.TrimSuffix(path.Base(name), ".yaml")
		if !blockName().MatchString(id) {
			d.mistake(nil, "a template's file must be named in lower-case words joined by underscores")
		}
		for channel, locales := range t.pieces {
			if !slices.Contains(message.Channels(), channel) {
				d.mistake(at(string(channel)), "%q is none of the channels %s", channel, wordsOf(message.Channels()))
			}
			for locale := range locales {
				if !localeForm().MatchString(locale) {
					d.mistake(at(string(channel), locale), notLocale, locale)
				}
			}
			if _, ok := locales[DefaultLocale]; !ok {
				d.mistake(at(string(channel)), "the template is missing in %s, which serves whoever reads none of the others", DefaultLocale)
			}
		}
		l.templates[id] = t
	}
	return nil
}
