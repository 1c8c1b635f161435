package segment

import (
	"embed"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"liuke/shared/fault"
)

//go:embed models/*.yaml
var builtIn embed.FS

// Set is models of different names. It is not to be changed.
type Set struct {
	models []*Model // ascending by name
}

// BuiltIn returns the models that come with the suite.
func BuiltIn() (*Set, error) { return Load(builtIn, "models") }

// rfm10 is read once: the model never changes, as it lies within the program. It is read by RFM10 and not by a value of
// this package, so that a program which does not call it links no YAML.
var rfm10 struct {
	once  sync.Once
	model *Model
	err   error
}

// RFM10 returns the default model as it comes with the suite: ten segments over scores of 1 to 5, as practitioners know
// them from the R package rfm, and Others.
func RFM10() *Model {
	rfm10.once.Do(func() { rfm10.model, rfm10.err = load(builtIn, "models/"+Default+".yaml") })
	if rfm10.err != nil {
		panic(rfm10.err) // of a file within the program, which tests read
	}
	return rfm10.model
}

// Load reads a model from each *.yaml in a folder; the file is named after the model. It returns an Invalid error that
// lists every mistake of the first file that has any, each with file and line.
func Load(files fs.FS, folder string) (*Set, error) {
	names, err := fs.Glob(files, path.Join(folder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	var models []*Model
	for _, name := range names {
		m, err := load(files, name)
		if err != nil {
			return nil, err
		}
		models = append(models, m)
	}
	return NewSet(models...)
}

func load(files fs.FS, name string) (*Model, error) {
	raw, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	m, err := parse(path.Base(name)+":", raw)
	if err == nil && m.Name+".yaml" != path.Base(name) {
		err = fault.New(fault.Invalid, "%s:1: name must be the file's name, %s", path.Base(name), strings.TrimSuffix(path.Base(name), ".yaml"))
	}
	return m, err
}

// NewSet returns the set of models; of several with one name the last stands, so that what the operator edited can follow
// what is built in. It returns an Invalid error beyond MaxModels.
func NewSet(models ...*Model) (*Set, error) {
	byName := make(map[string]*Model, len(models))
	for _, m := range models {
		byName[m.Name] = m
	}
	if len(byName) > MaxModels {
		return nil, fault.New(fault.Invalid, "there are %d models, and at most %d are possible", len(byName), MaxModels)
	}
	s := &Set{}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		s.models = append(s.models, byName[name])
	}
	return s, nil
}

// With returns the set with a model in the place of the one of its name, or added. It returns a Conflict where the
// version is not the next: one more than the version that stands, or 1 for a new name; an Invalid error beyond MaxModels.
func (s *Set) With(m *Model) (*Set, error) {
	next := 1
	if standing, ok := s.Model(m.Name); ok {
		next = standing.Version + 1
	}
	if m.Version != next {
		return nil, fault.New(fault.Conflict, "version must be %d, one more than the version that stands: read the model again, or raise its version", next)
	}
	return NewSet(append(slices.Clone(s.models), m)...)
}

// Without returns the set without the model of a name. It returns NotFound where there is none, and a Conflict for the
// default model.
func (s *Set) Without(name string) (*Set, error) {
	i, ok := s.at(name)
	switch {
	case !ok:
		return nil, fault.New(fault.NotFound, "there is no such model: there are %s", strings.Join(s.Names(), ", "))
	case name == Default:
		return nil, fault.New(fault.Conflict, "%s is the default model and cannot be removed: edit it instead", Default)
	}
	return &Set{slices.Delete(slices.Clone(s.models), i, i+1)}, nil
}

func (s *Set) at(name string) (int, bool) {
	return slices.BinarySearchFunc(s.models, name, func(m *Model, name string) int { return strings.Compare(m.Name, name) })
}

// Model returns the model of a name.
func (s *Set) Model(name string) (*Model, bool) {
	i, ok := s.at(name)
	if !ok {
		return nil, false
	}
	return s.models[i], true
}

// Models returns the models, ascending by name.
func (s *Set) Models() []*Model { return slices.Clone(s.models) }

// Names returns the models' names, ascending.
func (s *Set) Names() []string {
	out := make([]string, len(s.models))
	for i, m := range s.models {
		out[i] = m.Name
	}
	return out
}

// Versions returns each model's version by its name. A run keeps them: where a model's version is another than in the run
// before, its labels moved because the model did.
func (s *Set) Versions() map[string]int {
	out := make(map[string]int, len(s.models))
	for _, m := range s.models {
		out[m.Name] = m.Version
	}
	return out
}

// Change is a customer's move from one label of a model to another.
type Change struct {
	Model    string
	From, To Label
}

// Changes returns the moves between two sets of labels that outreach is told of, ascending by model: of models with
// Signals, between two labels that the model has. Who is or was Unknown, or has a label for the first time, or one that
// the model no longer has, did not move.
func (s *Set) Changes(before, after Labels) []Change {
	if before == after {
		return nil
	}
	var out []Change
	for _, m := range s.models {
		if !m.Signals {
			continue
		}
		from, to := before.Get(m.Name), after.Get(m.Name)
		if from != to && m.has(from) && m.has(to) {
			out = append(out, Change{m.Name, from, to})
		}
	}
	return out
}

func (m *Model) has(label Label) bool {
	return slices.ContainsFunc(m.Segments, func(s Segment) bool { return s.Label == label })
}

// Quantile is a cut point of the population that models need: the value of an input that the share P, from 0 to 1, of the
// customers do not exceed.
type Quantile struct {
	Input Input   `json:"input"`
	P     float64 `json:"p"`
}

// Quantiles returns what the models need to know of the population, ascending by input and share, each once.
func (s *Set) Quantiles() []Quantile {
	needed := make(map[Quantile]bool)
	need := func(in Input, b Bound) {
		if b.Percent > 0 {
			needed[Quantile{in, b.Percent.Share()}] = true
		}
	}
	for _, m := range s.models {
		for _, r := range m.Rules {
			for _, c := range r.When {
				wide := c.Span.widened(m.holdOf(c.Input))
				for _, b := range []Bound{c.Span.From, c.Span.To, wide.From, wide.To} {
					need(c.Input, b)
				}
			}
		}
		for _, p := range m.Points {
			need(p.Input, p.From)
			need(p.Input, p.To)
		}
	}
	return slices.SortedFunc(maps.Keys(needed), func(a, b Quantile) int {
		switch {
		case a.Input != b.Input:
			return int(a.Input) - int(b.Input)
		case a.P < b.P:
			return -1
		}
		return 1
	})
}
