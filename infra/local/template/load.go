// Package template reads what the CDK program synthesized, the CloudFormation templates of all stacks, as CloudFormation
// would at the end of a deployment: every intrinsic function resolved, every resource with a name and an ARN. The
// templates give no physical names, so names are derived from stack and logical id: the same in each run.
//
// It guarantees that nothing passes unresolved: an intrinsic function or attribute that it does not know is an error
// that says where it stands. It evaluates neither Rules nor Conditions.
package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// App is all the stacks of one assembly, in one account and region.
type App struct {
	Account   string // twelve digits
	Region    string
	Resources []*Resource // by stack, then logical id
	Outputs   map[string]map[string]any

	stacks  map[string]*stack
	exports map[string]any
}

// Resource is one resource of a template.
type Resource struct {
	Stack     string
	LogicalID string
	Path      string // of the construct, as "Liuke-dev-App/Events/Queue/Resource"; "" where the assembly has no paths
	Type      string // "AWS::SQS::Queue"
	Name      string // the physical name, or id: what the service itself calls it
	ARN       string // "" for types that have none
	// Properties as the template has them, resolved: map[string]any, []any, string, json.Number, bool.
	Properties map[string]any
	Metadata   map[string]any

	raw map[string]any
}

type stack struct {
	name      string
	resources map[string]*Resource
	outputs   map[string]any
	defaults  map[string]any // of parameters
}

// Load reads the assembly in the folder (a CDK_OUTDIR). It returns every mistake that it finds, joined.
func Load(outdir string) (*App, error) {
	var manifest struct {
		Artifacts map[string]struct {
			Type        string `json:"type"`
			Environment string `json:"environment"`
			Properties  struct {
				TemplateFile string `json:"templateFile"`
				StackName    string `json:"stackName"`
			} `json:"properties"`
		} `json:"artifacts"`
	}
	if err := decodeFile(filepath.Join(outdir, "manifest.json"), &manifest); err != nil {
		return nil, fmt.Errorf("read the assembly: %w", err)
	}
	app := &App{Outputs: map[string]map[string]any{}, stacks: map[string]*stack{}, exports: map[string]any{}}
	for _, id := range slices.Sorted(maps.Keys(manifest.Artifacts)) {
		a := manifest.Artifacts[id]
		if a.Type != "aws:cloudformation:stack" {
			continue
		}
		account, region, ok := strings.Cut(strings.TrimPrefix(a.Environment, "aws://"), "/")
		if !ok || strings.HasPrefix(account, "unknown") || strings.HasPrefix(region, "unknown") {
			return nil, fmt.Errorf("stack %s has no account and region of its own (%s): give it an environment", id, a.Environment)
		}
		if region == "us-east-1" && app.Region != "" && app.Region != region && strings.HasSuffix(id, "-Edge") {
			continue // CloudFront and its firewall, which stand there alone; here nothing stands before the API
		}
		if app.Account != "" && (app.Account != account || app.Region != region) {
			return nil, fmt.Errorf("stack %s is in %s/%s, and another in %s/%s: one account and region is all that runs here", id, account, region, app.Account, app.Region)
		}
		app.Account, app.Region = account, region
		name := a.Properties.StackName
		if name == "" {
			name = id
		}
		if err := app.readStack(name, filepath.Join(outdir, a.Properties.TemplateFile)); err != nil {
			return nil, err
		}
	}
	if len(app.stacks) == 0 {
		return nil, fmt.Errorf("the assembly in %s has no stack", outdir)
	}
	return app, app.resolveAll()
}

func (app *App) readStack(name, path string) error {
	var raw struct {
		Resources map[string]struct {
			Type       string         `json:"Type"`
			Properties map[string]any `json:"Properties"`
			Metadata   map[string]any `json:"Metadata"`
		} `json:"Resources"`
		Outputs    map[string]any `json:"Outputs"`
		Parameters map[string]struct {
			Default any `json:"Default"`
		} `json:"Parameters"`
	}
	if err := decodeFile(path, &raw); err != nil {
		return fmt.Errorf("read stack %s: %w", name, err)
	}
	st := &stack{name: name, resources: map[string]*Resource{}, outputs: raw.Outputs, defaults: map[string]any{}}
	for id, p := range raw.Parameters {
		st.defaults[id] = p.Default
	}
	for _, id := range slices.Sorted(maps.Keys(raw.Resources)) {
		in := raw.Resources[id]
		r := &Resource{Stack: name, LogicalID: id, Type: in.Type, Metadata: in.Metadata, raw: in.Properties}
		r.Path, _ = in.Metadata["aws:cdk:path"].(string)
		app.identify(r)
		st.resources[id] = r
		app.Resources = append(app.Resources, r)
	}
	app.stacks[name] = st
	return nil
}

func (app *App) resolveAll() error {
	var faults []error
	for _, st := range app.stacks {
		for id, out := range st.outputs {
			if err := app.readExport(st, out); err != nil {
				faults = append(faults, fmt.Errorf("stack %s, output %s: %w", st.name, id, err))
			}
		}
	}
	for _, r := range app.Resources {
		properties, err := app.resolve(app.stacks[r.Stack], r.raw)
		if err != nil {
			faults = append(faults, fmt.Errorf("stack %s, resource %s: %w", r.Stack, r.LogicalID, err))
			continue
		}
		r.Properties, _ = properties.(map[string]any)
		if r.Properties == nil {
			r.Properties = map[string]any{}
		}
	}
	for _, st := range app.stacks {
		values := map[string]any{}
		for id, out := range st.outputs {
			v, err := app.resolve(st, member(out, "Value"))
			if err != nil {
				faults = append(faults, fmt.Errorf("stack %s, output %s: %w", st.name, id, err))
			}
			values[id] = v
		}
		app.Outputs[st.name] = values
	}
	return errors.Join(faults...)
}

// readExport notes an exported output, unresolved: exports may lean on one another in any order.
func (app *App) readExport(st *stack, out any) error {
	name := member(member(out, "Export"), "Name")
	if name == nil {
		return nil
	}
	key, err := app.resolve(st, name)
	if err != nil {
		return err
	}
	app.exports[fmt.Sprint(key)] = exported{st, member(out, "Value")}
	return nil
}

type exported struct {
	from  *stack
	value any
}

// OfType returns the resources of a type, "AWS::SQS::Queue", in the App's order.
func (app *App) OfType(kind string) []*Resource {
	var list []*Resource
	for _, r := range app.Resources {
		if r.Type == kind {
			list = append(list, r)
		}
	}
	return list
}

// Find returns the resource of the name or ARN and, where kind is not "", of the type; nil when there is none.
func (app *App) Find(kind, nameOrARN string) *Resource {
	for _, r := range app.Resources {
		if (kind == "" || r.Type == kind) && nameOrARN != "" && (r.ARN == nameOrARN || r.Name == nameOrARN) {
			return r
		}
	}
	return nil
}

func decodeFile(path string, into any) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// member returns the value of a key of an object, nil where there is none.
func member(v any, key string) any {
	m, _ := v.(map[string]any)
	return m[key]
}
