package scene

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"liuke/shared/fault"
	"liuke/shared/holdout"
	"liuke/shared/message"
	"liuke/shared/quiet"
)

//go:embed *.yaml block/*.yaml
var builtIn embed.FS

// policyFile is the name of the file that holds the policy; every other *.yaml holds a scene, and those in the folder
// block hold what scenes have in common.
const policyFile = "policy.yaml"

// BuiltIn loads the scenes that come with the suite.
func BuiltIn(with Compilers) (*Set, error) { return Load(builtIn, with) }

// Load reads the policy and the scenes from a folder of YAML files. It returns one Invalid error that lists every
// mistake, each with file and line; of audiences and content, those that the compilers find.
func Load(files fs.FS, with Compilers) (*Set, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	l := &loader{compilers: with}
	if err := l.loadBlocks(files); err != nil {
		return nil, err
	}
	if err := l.loadTemplates(files); err != nil {
		return nil, err
	}
	set := &Set{}
	if !slices.Contains(names, policyFile) {
		l.mistakes = append(l.mistakes, policyFile+" is missing")
	}
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		d := &document{loader: l, name: name}
		if name == policyFile {
			set.Policy = d.policy(raw)
		} else if s := d.scene(raw); s != nil {
			set.scenes = append(set.scenes, s)
		}
	}
	if len(l.mistakes) > 0 {
		return nil, fault.New(fault.Invalid, "%s", strings.Join(l.mistakes, "\n"))
	}
	set.drawBy(set.Policy.Holdout.Salt)
	slices.SortFunc(set.scenes, func(a, b *Scene) int { return strings.Compare(a.ID, b.ID) })
	return set, nil
}

type loader struct {
	compilers Compilers
	blocks    map[string]block
	templates map[string]template
	mistakes  []string
}

// document is one file under inspection.
type document struct {
	*loader
	name string
	raw  []byte
	root yaml.Node // read where a mistake must be placed
}

// The shapes of the files. Their field names are what operators write.
type (
	sceneFile struct {
		ID           string        `yaml:"id"`
		Kind         string        `yaml:"kind"`
		Enabled      *bool         `yaml:"enabled"`
		On           triggerFile   `yaml:"on"`
		Audience     string        `yaml:"audience"`
		FreshFor     string        `yaml:"fresh_for"`
		Delay        string        `yaml:"delay"`
		Enter        string        `yaml:"enter"`
		Topic        string        `yaml:"topic"`
		Personalised bool          `yaml:"personalised"`
		Channel      string        `yaml:"channel"`
		Channels     []string      `yaml:"channels"`
		Limits       []capFile     `yaml:"limits"`
		Quiet        string        `yaml:"quiet_hours"`
		Holdout      string        `yaml:"holdout"`
		Survey       string        `yaml:"survey"`
		Budget       *budgetFile   `yaml:"budget"`
		Offer        *offerFile    `yaml:"offer"`
		Goal         *goalFile     `yaml:"goal"`
		Variants     []variantFile `yaml:"variants"`
		To           string        `yaml:"to"`
		Consent      string        `yaml:"consent"`
		saysFile     `yaml:",inline"`
		Steps        []stepFile `yaml:"steps"`
	}
	triggerFile struct {
		Signal   string   `yaml:"signal"`
		Model    string   `yaml:"model"`
		To       []string `yaml:"to"`
		Event    string   `yaml:"event"`
		Survey   string   `yaml:"survey"`
		Occasion string   `yaml:"occasion"`
		Cron     string   `yaml:"cron"`

		scoreFile `yaml:",inline"`
		Any       []scoreFile `yaml:"any"`
	}
	scoreFile struct {
		Metric  string `yaml:"metric"`
		AtLeast *int   `yaml:"at_least"`
		AtMost  *int   `yaml:"at_most"`
	}
	capFile struct {
		Scope   string `yaml:"scope"`
		Channel string `yaml:"channel"`
		Max     int    `yaml:"max"`
		Per     string `yaml:"per"`
	}
	policyDocument struct {
		Quiet   quietFile   `yaml:"quiet_hours"`
		Limits  []capFile   `yaml:"limits"`
		Holdout string      `yaml:"holdout"`
		Salt    string      `yaml:"holdout_salt"`
		Surveys surveysFile `yaml:"surveys"`
	}
	quietFile struct {
		From string `yaml:"from"`
		To   string `yaml:"to"`
	}
	surveysFile struct {
		AgainAfter string `yaml:"again_after"`
	}
)

var lineOfYAML = regexp.MustCompile(`line (\d+): `)

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
	return true
}

func (d *document) yamlMistake(text string) {
	line := "1"
	if m := lineOfYAML.FindStringSubmatch(text); m != nil {
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
	n := d.find(at)
	where := n.Line
	if line > 0 {
		where += line - 1
		if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			where++ // the text begins below its mark
		}
	}
	d.mistakes = append(d.mistakes, fmt.Sprintf("%s:%d: %s", d.name, where, fmt.Sprintf(format, args...)))
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

func (d *document) policy(raw []byte) Policy {
	var f policyDocument
	if !d.decode(raw, &f) {
		return Policy{}
	}
	var p Policy
	var err error
	if p.Quiet, err = quiet.Parse(f.Quiet.From, f.Quiet.To); err != nil {
		d.mistake(at("quiet_hours"), "%s", err)
	}
	for i, c := range f.Limits {
		p.Caps = append(p.Caps, d.cap(at("limits", i), c, ScopeChannel, ScopeAll))
	}
	p.Holdout = holdout.Holdout{Salt: f.Salt, Share: d.holdout(f.Holdout)}
	if f.Surveys.AgainAfter != "" {
		if p.AskAgainAfter, err = parseDuration(f.Surveys.AgainAfter); err != nil {
			d.mistake(at("surveys", "again_after"), "%s", err)
		} else if p.AskAgainAfter > message.MaxAskedAge {
			d.mistake(at("surveys", "again_after"), "again_after is at most %d days", message.MaxAskedAge/(24*time.Hour))
		}
	}
	return p
}

// maxTopic is the longest name of a topic.
const maxTopic = 48

var topicName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,47}$`)

var sceneID = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func (d *document) scene(raw []byte) *Scene {
	var f sceneFile
	if !d.decode(raw, &f) {
		return nil
	}
	s := &Scene{
		ID: f.ID, Kind: Kind(f.Kind), Enabled: f.Enabled == nil || *f.Enabled, FreshFor: DefaultFreshFor, Quiet: true,
		Personalised: f.Personalised, To: f.To, Consent: f.Consent, Channels: d.channels(nil, f.Channel, f.Channels),
	}
	switch {
	case !sceneID.MatchString(f.ID) || len(f.ID) > message.MaxNameBytes:
		d.mistake(at("id"), "id must be lower-case words joined by underscores, at most %d characters", message.MaxNameBytes)
	case f.ID+".yaml" != path.Base(d.name):
		d.mistake(at("id"), "id must be the file's name, %s", strings.TrimSuffix(path.Base(d.name), ".yaml"))
	}
	if s.Kind != Marketing && s.Kind != Transactional {
		d.mistake(at("kind"), "kind must be %s or %s", Marketing, Transactional)
	}
	d.bounds(s, &f)
	if s.Channels[0] == message.Task {
		d.task(s, &f)
	}
	if f.Audience != "" {
		s.audience = d.audience(at("audience"), f.Audience)
	}
	s.On = d.trigger(f.On)
	s.Survey = d.survey(f)
	d.measures(s, &f)
	d.destination(s)
	own := Step{Channels: s.Channels, words: d.says(s, nil, &f.saysFile, s.Channels)}
	if !own.Speaks() {
		d.mistake(at("content"), "content is missing: content, a template, or pieces")
	}
	d.everyChannel(nil, &own)
	s.Steps = []Step{own}
	d.steps(s, &f)
	return s
}
