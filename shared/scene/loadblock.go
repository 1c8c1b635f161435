package scene

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"liuke/shared/pattern"
)

// block is a piece of content that scenes have in common, by locale. In content, {% render "name" %} stands for it: for the
// piece of the same part in the same locale, or in DefaultLocale where it has no such.
type block struct {
	file   *document
	pieces map[string]contentFile
}

var (
	blockName = pattern.New(`^[a-z][a-z0-9_]*$`)
	blockTag  = pattern.New(`\{%\s*render\s+(?:"([^"]*)"|'([^']*)')\s*%\}`)
)

// loadBlocks reads the files of the folder block, each named as its block.
func (l *loader) loadBlocks(files fs.FS) error {
	names, err := fs.Glob(files, "block/*.yaml")
	if err != nil {
		return err
	}
	l.blocks = make(map[string]block, len(names))
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		d := &document{loader: l, name: name}
		var b map[string]contentFile
		if !d.decode(raw, &b) {
			continue
		}
		id := strings.TrimSuffix(path.Base(name), ".yaml")
		if !blockName().MatchString(id) {
			d.mistake(nil, "a block's file must be named in lower-case words joined by underscores")
		}
		if len(b) > maxLocales {
			d.mistake(nil, "a block has at most %d locales", maxLocales)
			continue
		}
		for locale, piece := range b {
			if !localeForm().MatchString(locale) {
				d.mistake(at(locale), notLocale, locale)
			}
			if piece.Subject != "" {
				d.mistake(at(locale, "subject"), "a block has text and html alone")
			}
			for part, text := range map[string]string{"text": piece.Text, "html": piece.HTML} {
				if blockTag().MatchString(text) {
					d.mistake(at(locale, part), "a block renders no other")
				}
			}
		}
		if _, ok := b[DefaultLocale]; !ok {
			d.mistake(nil, "the block is missing in %s, which serves whoever reads none of the others", DefaultLocale)
		}
		l.blocks[id] = block{d, b}
	}
	return nil
}

// blockFile is where a block stands.
func blockFile(name string) string { return "block/" + name + ".yaml" }

// maxExpanded is the most bytes of a text with its blocks in their places.
const maxExpanded = 256 << 10

// maxUnknown is how many blocks that there are not are told of a text.
const maxUnknown = 50

// origin is where a line of expanded content came from.
type origin struct {
	line   int    // of the content, from 1
	block  *quote // that stood there; nil for the content's own words
	within int    // the line of the block's text, from 1
}

// quote is the text of a block that stands in another.
type quote struct {
	file *document
	at   []any
}

// expand puts the blocks in their places. It returns where each line came from; what is no block is a mistake,
// and so is a text that grows beyond maxExpanded, which ends before the block that is too much, and not ok.
func (c *spoken) expand(source, part string) (text string, from []origin, ok bool) {
	var out strings.Builder
	line, lines := 1, []origin{{line: 1}}
	write := func(text string, block *quote) {
		within := 1
		for i := range len(text) {
			out.WriteByte(text[i])
			if text[i] == '\n' {
				if within++; block == nil {
					line++
				}
				lines = append(lines, origin{line, block, within})
			}
		}
	}
	last, unknown := 0, 0
	for _, m := range blockTag().FindAllStringSubmatchIndex(source, -1) {
		write(source[last:m[0]], nil)
		last = m[1]
		name := submatch(source, m, 1) + submatch(source, m, 2)
		b, ok := c.blocks[name]
		if !ok {
			if unknown++; unknown > maxUnknown {
				c.wrong(part, line, "and more blocks that there are not")
				return out.String(), lines, false
			}
			c.wrong(part, line, "there is no block %q%s", name, Near(name, slices.Sorted(maps.Keys(c.blocks))))
			continue
		}
		locale, of := c.locale, "text"
		if _, ok := b.pieces[locale]; !ok {
			locale = DefaultLocale
		}
		text := b.pieces[locale].Text
		if part == "html" {
			of, text = part, b.pieces[locale].HTML
		}
		if out.Len()+len(text)+len(source)-last > maxExpanded {
			c.wrong(part, line, "with its blocks the text has more than %d KB", maxExpanded>>10)
			return out.String(), lines, false
		}
		block := &quote{b.file, at(locale, of)}
		if first := &lines[len(lines)-1]; first.block == nil {
			first.block, first.within = block, 1
		}
		write(strings.TrimSuffix(text, "\n"), block)
	}
	write(source[last:], nil)
	return out.String(), lines, true
}

func submatch(s string, m []int, n int) string {
	if m[2*n] < 0 {
		return ""
	}
	return s[m[2*n]:m[2*n+1]]
}
