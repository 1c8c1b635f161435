package outreach

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"liuke/shared/customer"
	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/pattern"
	"liuke/shared/scene"
	"liuke/shared/signal"
)

// Path is where a document stands among the files of package scene.
func Path(k Kind, name string) string {
	if k == Scene {
		return name + ".yaml"
	}
	return string(k) + "/" + name + ".yaml"
}

// overlay are files that operators have written over those that come with the suite.
type overlay struct {
	came fs.FS
	own  map[string]string // by path
	only string            // the path of the one scene that there is; "" for all
}

// Open opens what came with the suite. Whoever loads scenes reads whole files.
func (o overlay) Open(name string) (fs.File, error) { return o.came.Open(name) }

// ReadFile implements fs.ReadFileFS.
func (o overlay) ReadFile(name string) ([]byte, error) {
	if body, ok := o.own[name]; ok {
		return []byte(body), nil
	}
	return fs.ReadFile(o.came, name)
}

// Glob implements fs.GlobFS.
func (o overlay) Glob(pattern string) ([]string, error) {
	names, err := fs.Glob(o.came, pattern)
	if err != nil {
		return nil, err
	}
	for name := range o.own {
		if matched, err := path.Match(pattern, name); err != nil {
			return nil, err
		} else if matched && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if o.only != "" {
		names = slices.DeleteFunc(names, func(name string) bool {
			return !strings.Contains(name, "/") && name != o.only && name != Path(Scene, reserved)
		})
	}
	slices.Sort(names)
	return names, nil
}

// Source returns the text of what comes with the suite under a name; not ok where nothing does.
func Source(k Kind, name string) (text string, ok bool) {
	if k == Scene && name == reserved {
		return "", false
	}
	raw, err := fs.ReadFile(scene.Files(), Path(k, name))
	return string(raw), err == nil
}

// Names lists what comes with the suite of a kind, ascending.
func Names(k Kind) (names []string) {
	files, _ := fs.Glob(scene.Files(), Path(k, "*")) // the pattern is well formed
	for _, file := range files {
		if name := strings.TrimSuffix(path.Base(file), ".yaml"); k != Scene || name != reserved {
			names = append(names, name)
		}
	}
	return names
}

// reserved is what no scene is called: the file of the policy stands among those of scenes.
const reserved = "policy"

// own returns the documents that say something by their paths.
func own(documents []document.Document) map[string]string {
	out := map[string]string{}
	for _, d := range documents {
		if k, name, ok := KindOf(d.Name); ok && d.Body != "" {
			out[Path(k, name)] = d.Body
		}
	}
	return out
}

// documentAt is the inverse of Path, as a document's name.
func documentAt(file string) string {
	folder, base := path.Split(strings.TrimSuffix(file, ".yaml"))
	if folder == "" {
		return DocumentName(Scene, base)
	}
	return folder + base
}

// load reads all scenes, or only one, with the documents at their paths over what comes with the suite. It returns Mistakes.
func load(files map[string]string, only string, with scene.Compilers) (*scene.Set, error) {
	set, err := scene.Load(overlay{scene.Files(), files, only}, with)
	if fault.CodeOf(err) != fault.Invalid {
		return set, err
	}
	return nil, ordered(parse(err.Error()))
}

var mistakeForm = pattern.New(`^([a-z0-9_/]+\.yaml)(?::(\d+))?: (.*)$`)

// parse reads what package scene lists: each mistake on a line, with its file and line.
func parse(list string) (out Mistakes) {
	for text := range strings.SplitSeq(list, "\n") {
		m := mistakeForm().FindStringSubmatch(text)
		switch {
		case m != nil:
			line, _ := strconv.Atoi(m[2])
			out = append(out, Mistake{Document: documentAt(m[1]), Line: max(line, 1), Message: m[3]})
		case len(out) > 0:
			out[len(out)-1].Message += " " + text
		default:
			out = append(out, Mistake{Line: 1, Message: text})
		}
	}
	return out
}

// Compose reads all scenes as the documents have them. What cannot be read is left out, as if it had never been written, and
// returned by the document's name, with what is wrong. It returns an error only for what comes with the suite.
func Compose(documents []document.Document, with scene.Compilers) (*scene.Set, map[string]Mistakes, error) {
	broken := map[string]Mistakes{}
	files := own(documents)
	for file, body := range files {
		if wrong := screen(documentAt(file), body); len(wrong) > 0 {
			broken[documentAt(file)] = wrong
			delete(files, file)
		}
	}
	for {
		set, err := load(files, "", with)
		wrong, ok := err.(Mistakes)
		if err == nil || !ok {
			return set, broken, err
		}
		if !leaveOut(files, wrong, broken) {
			return nil, nil, err
		}
	}
}

// leaveOut takes the files that are wrong from those that operators have written; it reports whether there was any. Where what
// is wrong came with the suite, a block or a template that it uses was edited: all of those go.
func leaveOut(files map[string]string, wrong Mistakes, broken map[string]Mistakes) (any bool) {
	for _, m := range wrong {
		k, name, ok := KindOf(m.Document)
		if _, own := files[Path(k, name)]; ok && own {
			broken[m.Document] = append(broken[m.Document], m)
			any = true
		}
	}
	if !any {
		for file := range files {
			if strings.Contains(file, "/") {
				broken[documentAt(file)] = wrong
				any = true
			}
		}
	}
	for name := range broken {
		k, id, _ := KindOf(name)
		delete(files, Path(k, id))
	}
	return any
}

// Check returns Mistakes where a document cannot be read, or where anything else no longer can with it: a scene with a block
// or a template that was edited. One with an empty body is one that is taken back. Others that could not be read before
// are no hindrance.
//
// Texts are compiled, and filled in once for a made-up customer: all of a scene, and of all scenes those that use a block or a
// template that is edited. What that may come to is bounded, and found before any is compiled: Check returns Conflict for more
// (see bearable).
func Check(documents []document.Document, edited document.Document, with scene.Compilers) error {
	k, name, ok := KindOf(edited.Name)
	if !ok || k == Scene && name == reserved {
		return fault.New(fault.Invalid, "a %s is named in lower-case words joined by underscores, of at most 32 characters, and not %s", k, reserved)
	}
	if len(edited.Body) > document.MaxBytes {
		return fault.New(fault.TooLarge, "a document has at most %d bytes", document.MaxBytes)
	}
	if edited.Body != "" {
		if wrong := screen(edited.Name, edited.Body); len(wrong) > 0 {
			return wrong
		}
	}
	others := slices.DeleteFunc(slices.Clone(documents), func(d document.Document) bool { return d.Name == edited.Name })
	if edited.Body != "" {
		if err := bearable(append(slices.Clone(others), edited)); err != nil {
			return err
		}
	}
	with.Fill = func(sc *scene.Scene) (scene.Saying, customer.Profile, signal.Signal) {
		return sampleSaying(), SampleProfile(""), SampleSignal(sc, SampleCustomer, with.Currency, sampleTime)
	}
	if k == Scene { // nothing depends on a scene
		with.Sample = func(sc *scene.Scene) []scene.Candidate { return sampleCandidates(sc, with.Currency) }
		_, err := alone(others, edited, with)
		return err
	}
	with.Edited, with.Audience = Path(k, name), nil // which an edit of words leaves as they are
	if _, err := load(own(append(slices.Clone(others), edited)), "", with); err == nil {
		return nil
	}
	_, broken, err := Compose(documents, with)
	if err != nil {
		return err
	}
	others = slices.DeleteFunc(others, func(d document.Document) bool { return broken[d.Name] != nil })
	_, err = load(own(append(others, edited)), "", with)
	return within(err, edited.Name, true)
}

// Events lists the names of the events that the scenes ask to be told of as they stand with a document that was edited (see
// scene.Set.Events).
func Events(documents []document.Document, edited document.Document, with scene.Compilers) ([]string, error) {
	all := slices.DeleteFunc(slices.Clone(documents), func(d document.Document) bool { return d.Name == edited.Name })
	with.Lazy = true // as those read the scenes who are told of events
	set, _, err := Compose(append(all, edited), with)
	if err != nil {
		return nil, err
	}
	return set.Events(), nil
}

// within returns the mistakes of a document; where there are none, and others matter, those of others.
func within(err error, name string, others bool) error {
	all, ok := err.(Mistakes)
	if !ok {
		return err
	}
	its := slices.DeleteFunc(slices.Clone(all), func(m Mistake) bool { return m.Document != name })
	switch {
	case len(its) > 0:
		return its
	case others:
		return all
	}
	return nil
}

// Draft reads a scene whose text nobody has kept yet, with the blocks and templates that stand. It returns Mistakes.
func Draft(documents []document.Document, id, text string, with scene.Compilers) (*scene.Scene, error) {
	edited := document.Document{Name: DocumentName(Scene, id), Body: text}
	if err := Check(documents, edited, with); err != nil {
		return nil, err
	}
	set, err := alone(documents, edited, with)
	if err != nil || set == nil {
		return nil, err
	}
	return set.Scene(id), nil
}

// alone reads one scene and no other; nil without a text.
func alone(documents []document.Document, edited document.Document, with scene.Compilers) (*scene.Set, error) {
	if edited.Body == "" {
		return nil, nil
	}
	_, name, _ := KindOf(edited.Name)
	others := slices.DeleteFunc(slices.Clone(documents), func(d document.Document) bool { return d.Name == edited.Name })
	set, err := load(own(append(others, edited)), Path(Scene, name), with)
	return set, within(err, edited.Name, false)
}
