package scene

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"

	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/pattern"
)

//go:embed *.yaml block/*.yaml
var builtIn embed.FS

// policyFile is the name of the file that holds the policy; every other *.yaml holds a scene, and those in the folder
// block hold what scenes have in common.
const policyFile = "policy.yaml"

// BuiltIn loads the scenes that come with the suite.
func BuiltIn(with Compilers) (*Set, error) { return Load(builtIn, with) }

// BuiltInPolicy loads the policy that comes with the suite, and none of the scenes, which take far longer.
func BuiltInPolicy() (Policy, error) {
	raw, err := builtIn.ReadFile(policyFile)
	if err != nil {
		return Policy{}, err
	}
	l := &loader{}
	p := (&document{loader: l, name: policyFile}).policy(raw)
	return p, l.refusal()
}

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
	if err := l.refusal(); err != nil {
		return nil, err
	}
	set.Work = l.work
	set.drawBy(set.Policy.Holdout.Salt)
	slices.SortFunc(set.scenes, func(a, b *Scene) int { return strings.Compare(a.ID, b.ID) })
	return set, nil
}

type loader struct {
	compilers Compilers
	blocks    map[string]block
	templates map[string]template
	mistakes  []string
	work      Work // of all scenes
}

// refusal is the error that lists the mistakes; nil where there are none.
func (l *loader) refusal() error {
	if len(l.mistakes) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "%s", strings.Join(l.mistakes, "\n"))
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
		AtLeast *whole `yaml:"at_least"`
		AtMost  *whole `yaml:"at_most"`
	}
	capFile struct {
		Scope   string `yaml:"scope"`
		Channel string `yaml:"channel"`
		Max     whole  `yaml:"max"`
		Per     string `yaml:"per"`
	}
)

// maxTopic is the longest name of a topic.
const maxTopic = 48

var topicName = pattern.New(`^[a-z][a-z0-9_]{0,47}$`)

var sceneID = pattern.New(`^[a-z][a-z0-9_]*$`)

func (d *document) scene(raw []byte) *Scene {
	var f sceneFile
	before := len(d.mistakes)
	if !d.decode(raw, &f) {
		return nil
	}
	for i := range f.Steps {
		d.ids = append(d.ids, f.Steps[i].ID)
	}
	s := &Scene{
		ID: f.ID, Kind: Kind(f.Kind), Enabled: f.Enabled == nil || *f.Enabled, FreshFor: DefaultFreshFor, Quiet: true,
		Personalised: f.Personalised, To: f.To, Consent: f.Consent, Channels: d.channels(nil, f.Channel, f.Channels),
	}
	switch {
	case !sceneID().MatchString(f.ID) || len(f.ID) > message.MaxNameBytes:
		d.mistake(at("id"), "id must be lower-case words joined by underscores, at most %d characters", message.MaxNameBytes)
	case f.ID+".yaml" != path.Base(d.name):
		d.mistake(at("id"), "id must be the file's name, %s", strings.TrimSuffix(path.Base(d.name), ".yaml"))
	}
	if s.Kind != Marketing && s.Kind != Transactional {
		d.mistake(at("kind"), "kind must be %s or %s", Marketing, Transactional)
	}
	d.bounds(s, &f)
	d.answers(s, f.On.Signal)
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
	d.judged(s, before)
	return s
}
