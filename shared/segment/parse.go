package segment

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"liuke/shared/fault"
	"liuke/shared/pattern"
)

// ParseModel reads a model from YAML. It returns an Invalid error that lists every mistake with its line and says what to
// change, TooLarge beyond MaxModelBytes.
func ParseModel(raw []byte) (*Model, error) { return parse("line ", raw) }

// parse puts place before the line of each mistake.
func parse(place string, raw []byte) (*Model, error) {
	if len(raw) > MaxModelBytes {
		return nil, fault.New(fault.TooLarge, "a model has at most %d bytes of YAML", MaxModelBytes)
	}
	if !utf8.Valid(raw) {
		return nil, fault.New(fault.Invalid, "the model is not valid UTF-8")
	}
	d := &document{place: place, raw: raw}
	m := d.model()
	if d.more > 0 {
		d.mistakes = append(d.mistakes, fmt.Sprintf("and %d more", d.more))
	}
	if len(d.mistakes) > 0 {
		return nil, fault.New(fault.Invalid, "%s", strings.Join(d.mistakes, "\n"))
	}
	return m, nil
}

// maxMistakes is how many mistakes are listed.
const maxMistakes = 50

// document is a model's YAML under inspection.
type document struct {
	place    string
	raw      []byte
	root     yaml.Node // read where a mistake must be placed
	mistakes []string
	more     int // mistakes beyond maxMistakes
}

// The shapes of the file. Their field names are what operators write.
type (
	modelFile struct {
		Name        string        `yaml:"name"`
		Version     string        `yaml:"version"`
		Signals     bool          `yaml:"signals"`
		Title       textFile      `yaml:"title"`
		Description textFile      `yaml:"description"`
		Inputs      []string      `yaml:"inputs"`
		Points      []pointFile   `yaml:"points"`
		Hold        yaml.Node     `yaml:"hold"`
		Labels      []segmentFile `yaml:"labels"`
		Rules       []ruleFile    `yaml:"rules"`
		Rest        string        `yaml:"rest"`
	}
	textFile struct {
		En string `yaml:"en"`
		Zh string `yaml:"zh-CN"`
	}
	pointFile struct {
		Input  string `yaml:"input"`
		From   string `yaml:"from"`
		To     string `yaml:"to"`
		Weight string `yaml:"weight"`
	}
	segmentFile struct {
		Name     string   `yaml:"name"`
		Title    textFile `yaml:"title"`
		Strategy textFile `yaml:"strategy"`
	}
	ruleFile struct {
		Label string    `yaml:"label"`
		When  yaml.Node `yaml:"when"`
	}
)

var lineOfYAML = pattern.New(`line (\d+): `)

// decode reads the YAML strictly: unknown and repeated fields are mistakes, and so is a second document.
func (d *document) decode(into any) bool {
	decoder := yaml.NewDecoder(bytes.NewReader(d.raw))
	decoder.KnownFields(true)
	err := decoder.Decode(into)
	var types *yaml.TypeError
	switch {
	case errors.As(err, &types):
		for _, each := range types.Errors {
			d.yamlMistake(each)
		}
		return false
	case err == io.EOF:
		d.yamlMistake("the model is empty")
		return false
	case err != nil:
		d.yamlMistake(err.Error())
		return false
	}
	if err := decoder.Decode(new(yaml.Node)); err != io.EOF {
		d.yamlMistake("there is more than one model: give each a text of its own")
		return false
	}
	_ = yaml.Unmarshal(d.raw, &d.root) // it has been decoded before: there is no error left
	return true
}

func (d *document) yamlMistake(text string) {
	line := 1
	if m := lineOfYAML().FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = strings.Replace(text, m[0], "", 1)
	}
	text = strings.TrimPrefix(text, "yaml: ")
	if strings.Contains(text, "did not find expected") || strings.Contains(text, "cannot start any token") {
		text += ` (a span such as ">= 1" must be quoted, or written: at least 1)`
	}
	d.mistakeOn(line, "%s", text)
}

// mistake notes what is wrong at a place of the document: field names, and numbers for the items of a list.
func (d *document) mistake(at []any, format string, args ...any) {
	if len(d.mistakes) >= maxMistakes {
		d.more++ // a place is looked for by going through the tree
		return
	}
	d.mistakeOn(d.find(at).Line, format, args...)
}

func (d *document) mistakeOn(line int, format string, args ...any) {
	if len(d.mistakes) >= maxMistakes {
		d.more++
		return
	}
	d.mistakes = append(d.mistakes, fmt.Sprintf("%s%d: %s", d.place, max(line, 1), fmt.Sprintf(format, args...)))
}

// find returns the node at a place, or the nearest above it that there is.
func (d *document) find(at []any) *yaml.Node {
	n := follow(&d.root)
	for _, step := range at {
		next := child(n, step)
		if next == nil {
			break
		}
		n = next
	}
	return n
}

func child(n *yaml.Node, step any) *yaml.Node {
	switch step := step.(type) {
	case string:
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == step {
				return follow(n.Content[i+1])
			}
		}
	case int:
		if n.Kind == yaml.SequenceNode && step < len(n.Content) {
			return follow(n.Content[step])
		}
	}
	return nil
}

// follow returns what a document holds and an alias stands for, else the node itself.
func follow(n *yaml.Node) *yaml.Node {
	for {
		switch {
		case n.Kind == yaml.DocumentNode && len(n.Content) > 0:
			n = n.Content[0]
		case n.Kind == yaml.AliasNode && n.Alias != nil:
			n = n.Alias
		default:
			return n
		}
	}
}

func at(steps ...any) []any { return steps }

// entry is a line of a mapping from inputs to texts.
type entry struct {
	input Input
	text  string
	line  int
}

// entries reads a mapping from inputs to texts; points says whether Points is among the inputs.
func (d *document) entries(n *yaml.Node, where []any, what string, points bool) []entry {
	n = follow(n)
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		d.mistake(where, "%s", what)
		return nil
	}
	var out []entry
	seen := make(map[Input]bool)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], follow(n.Content[i+1])
		in, ok := d.input(key.Value, key.Line, points)
		switch {
		case !ok:
		case seen[in]:
			d.mistakeOn(key.Line, "%s is named twice: put the whole span into one line", in)
		case value.Kind != yaml.ScalarNode:
			d.mistakeOn(key.Line, "%s needs a single value", in)
		default:
			seen[in] = true
			out = append(out, entry{in, value.Value, key.Line})
		}
	}
	return out
}

// input finds an input by its name, and notes where there is none.
func (d *document) input(name string, line int, points bool) (Input, bool) {
	in, ok := ParseInput(name)
	switch {
	case !ok:
		d.mistakeOn(line, "there is no input %q: there are %s", clip(name), strings.Join(names(Inputs()), ", "))
		return 0, false
	case in == Points && !points:
		d.mistakeOn(line, "points are what this model adds up, no input of it")
		return 0, false
	}
	return in, true
}

func names(inputs []Input) []string {
	out := make([]string, len(inputs))
	for i, in := range inputs {
		out[i] = in.String()
	}
	return out
}
