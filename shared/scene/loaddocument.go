package scene

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"liuke/shared/pattern"
)

// document is one file under inspection.
type document struct {
	*loader
	name string
	raw  []byte
	root yaml.Node // read where a mistake must be placed
	own  Work      // of the texts that were compiled
	full bool      // they are too many
	ids  []string  // of the scene's further steps
}

var lineOfYAML = pattern.New(`line (\d+): `)

// decode reads the file strictly: unknown and repeated fields are mistakes.
func (d *document) decode(raw []byte, into any) bool {
	d.raw = raw
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	err := decoder.Decode(into)
	if err == io.EOF {
		d.yamlMistake("the document is empty")
		return false
	}
	if t, ok := err.(*yaml.TypeError); ok {
		for _, each := range t.Errors {
			d.yamlMistake(each)
		}
		return false
	}
	if err != nil {
		d.yamlMistake(err.Error())
		return false
	}
	return d.ends(decoder)
}

// whole is a whole number. The reader of YAML alone would cut a fraction off.
type whole int

// UnmarshalYAML refuses a fraction at its line.
func (w *whole) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!float" {
		return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: here belongs a whole number, and not %q", n.Line, n.Value)}}
	}
	return n.Decode((*int)(w))
}

// ends reports whether nothing stands behind the document.
func (d *document) ends(decoder *yaml.Decoder) bool {
	var next yaml.Node
	switch err := decoder.Decode(&next); {
	case err == io.EOF:
		return true
	case err == nil:
		d.yamlMistake(fmt.Sprintf("line %d: a second document begins here: write one", next.Line))
	default:
		d.yamlMistake("what stands behind the document cannot be read: write one document")
	}
	return false
}

func (d *document) yamlMistake(text string) {
	line := "1"
	if m := lineOfYAML().FindStringSubmatch(text); m != nil {
		line, text = m[1], strings.Replace(text, m[0], "", 1)
	}
	d.mistakes = append(d.mistakes, fmt.Sprintf("%s:%s: %s", d.name, line, plainly(strings.TrimPrefix(text, "yaml: "))))
}

// mistake notes what is wrong at a place of the document: field names, and numbers for the items of a list.
func (d *document) mistake(at []any, format string, args ...any) {
	d.mistakeIn(at, 0, format, args...)
}

// mistakeIn notes what is wrong in the nth line, from 1, of the text at a place.
func (d *document) mistakeIn(at []any, line int, format string, args ...any) {
	d.mistakes = append(d.mistakes, fmt.Sprintf("%s:%d: %s", d.name, d.lineOf(at, line), fmt.Sprintf(format, args...)))
}

// lineOf returns the line of the document in which the nth line, from 1, of the text at a place stands, or for 0 the text itself.
func (d *document) lineOf(at []any, line int) int {
	n := d.find(at)
	where := n.Line
	if line > 0 {
		where += line - 1
		if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			where++ // the text begins below its mark
		}
	}
	return where
}

// find returns the node at a place, or the nearest above it that there is.
func (d *document) find(at []any) *yaml.Node {
	if d.root.IsZero() {
		_ = yaml.Unmarshal(d.raw, &d.root) // it has been decoded before: there is no error left
	}
	n := &d.root
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	for _, step := range at {
		var next *yaml.Node
		switch step := step.(type) {
		case string:
			for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
				if n.Content[i].Value == step {
					next = n.Content[i+1]
				}
			}
		case int:
			if n.Kind == yaml.SequenceNode && step < len(n.Content) {
				next = n.Content[step]
			}
		}
		if next == nil {
			break
		}
		n = next
	}
	return n
}

func at(steps ...any) []any { return steps }

// notLocale says of a text that it is no locale.
const notLocale = "%q is not a locale such as en or zh-CN"
