package stack

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/cxapi"
	"github.com/aws/jsii-runtime-go"

	"liuke/infra/construct"
)

// jsii is one process that serves one caller at a time: no test here runs in parallel, and the suite is synthesized once.

var update = flag.Bool("update", false, "rewrite the golden templates")

const (
	account = "111111111111"
	region  = "eu-central-1"
)

// scratch is where the suite was synthesized, if it was.
var scratch []string

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	jsii.Close()
	for _, dir := range scratch {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// template is what the tests read of a synthesized template.
type template struct {
	Resources map[string]resource
	Outputs   map[string]struct{ Value any }
}

type resource struct {
	Type                                string
	Properties                          map[string]any
	Metadata                            map[string]any
	DeletionPolicy, UpdateReplacePolicy string
}

// suite is the data stack's template, the app stack's and, if there is one, the edge stack's, and what the rules found.
type suite struct {
	data, app, edge template
	findings        []string
	directory       string
}

// all are the suite's templates.
func (s suite) all() []template { return []template{s.data, s.app, s.edge} }

var (
	// bare is the suite without anything that is optional, and whole with all of it.
	bare = sync.OnceValues(func() (suite, error) { return newSuite(func(*AppProps) {}, Channels{}, false) })

	whole = sync.OnceValues(func() (suite, error) {
		return newSuite(func(p *AppProps) {
			p.BaseURL = "https://go.shop.example"
			p.Rates = `{"USD":{"2026-01-01":"7.1"}}`
			p.WebOrigins = []string{"https://shop.example", "http://localhost:3000"}
			p.EventBus, p.EventSources = "orders", []string{"shop.orders", "shop.returns"}
		}, Channels{
			SMS:     &SMS{Origination: "pool/pool-1", Transactional: "sender-id/SHOP/DE", MaxPrice: "0.10", TimeToLive: 4 * time.Hour, PerSecond: 5},
			Push:    &Push{Applications: []string{"APNS/shop", "GCM/shop"}},
			Webhook: true, Opens: true,
		}, true)
	})

	// ownMail is the suite whose mail goes through a server of its operator's own.
	ownMail = sync.OnceValues(func() (suite, error) {
		return newSuite(func(*AppProps) {}, Channels{SMTP: &SMTP{Host: "mail.shop.example", Security: "starttls", Login: true}}, false)
	})
)

// newSuite synthesizes the suite with the channels, with the edge or without it.
func newSuite(change func(*AppProps), channels Channels, edge bool) (suite, error) {
	dir, err := os.MkdirTemp("", "liuke-infra-test")
	if err != nil {
		return suite{}, err
	}
	scratch = append(scratch, dir)
	code := filepath.Join(dir, "code")
	if err := os.Mkdir(code, 0o755); err != nil {
		return suite{}, err
	}
	if err := os.WriteFile(filepath.Join(code, "bootstrap"), []byte("not run\n"), 0o755); err != nil {
		return suite{}, err
	}
	app, err := newTestApp(dir)
	if err != nil {
		return suite{}, err
	}
	props := AppProps{
		Stage: "test", Account: account, Region: region,
		Data:     NewData(app, DataProps{Stage: "test", Account: account, Region: region, SenderDomain: "mail.shop.example", Channels: channels}),
		Code:     func(string) awslambda.Code { return awslambda.Code_FromAsset(jsii.String(code), nil) },
		TimeZone: "Asia/Shanghai",
		Currency: "CNY",
		Sender:   `"Shop" <hello@mail.shop.example>`, SenderAddress: "hello@mail.shop.example",
		AlarmAddress:    "operators@shop.example",
		RecalculateHour: 4, RecalculateMinute: 30, LogRetentionDays: 30, KeyRate: 2000,
		Channels: channels,
	}
	change(&props)
	works := NewApp(app, props)
	if edge {
		NewEdge(app, EdgeProps{Stage: "test", Account: account, App: works, Host: "go.shop.example", LogRetentionDays: 30})
	}
	construct.CheckRules(app)
	assembly := app.Synth(nil)
	s := suite{findings: construct.Findings(app), directory: dir}
	if err := readTemplate(assembly, "Liuke-test-Data", &s.data); err != nil {
		return suite{}, err
	}
	if err := readTemplate(assembly, "Liuke-test-App", &s.app); err != nil || !edge {
		return s, err
	}
	return s, readTemplate(assembly, "Liuke-test-Edge", &s.edge)
}

// newTestApp returns an app with the feature flags of cdk.json.
func newTestApp(dir string) (awscdk.App, error) {
	raw, err := os.ReadFile("../../cdk.json")
	if err != nil {
		return nil, err
	}
	var file struct{ Context map[string]any }
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, err
	}
	return awscdk.NewApp(&awscdk.AppProps{
		Context: &file.Context, AnalyticsReporting: jsii.Bool(false), Outdir: jsii.String(filepath.Join(dir, "cdk.out")),
	}), nil
}

func readTemplate(assembly cxapi.CloudAssembly, name string, into *template) error {
	raw, err := os.ReadFile(*assembly.GetStackByName(jsii.String(name)).TemplateFullPath())
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// synthesize returns the suite without anything that is optional.
func synthesize(t *testing.T) suite { return once(t, bare) }

// synthesizeWhole returns the suite with all that is optional.
func synthesizeWhole(t *testing.T) suite { return once(t, whole) }

// both returns both.
func both(t *testing.T) []suite { return []suite{synthesize(t), synthesizeWhole(t)} }

// synthesizeOwnMail returns the suite whose mail goes through a server of its operator's own.
func synthesizeOwnMail(t *testing.T) suite { return once(t, ownMail) }

func once(t *testing.T, of func() (suite, error)) suite {
	t.Helper()
	s, err := of()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// of returns the resources of a type by logical id.
func (tm template) of(kind string) map[string]resource {
	found := map[string]resource{}
	for id, r := range tm.Resources {
		if r.Type == kind {
			found[id] = r
		}
	}
	return found
}

// names of the template's functions, by logical id.
func (tm template) functions() map[string]string {
	names := map[string]string{}
	for id, r := range tm.of("AWS::Lambda::Function") {
		names[id] = strings.TrimPrefix(fmt.Sprint(r.Metadata[construct.PackageMetadata]), "./functions/")
	}
	return names
}

// alarmed tells whether an alarm with an action watches the metric of what stands under the dimension.
func (tm template) alarmed(metric, dimension, id string) bool {
	for _, a := range tm.of("AWS::CloudWatch::Alarm") {
		if a.Properties["MetricName"] != metric || len(list(a.Properties["AlarmActions"])) == 0 {
			continue
		}
		for _, d := range list(a.Properties["Dimensions"]) {
			if at(d, "Name") == dimension && target(at(d, "Value")) == id {
				return true
			}
		}
	}
	return false
}

// at follows keys into nested objects; nil where there is nothing.
func at(v any, keys ...string) any {
	for _, key := range keys {
		object, _ := v.(map[string]any)
		v = object[key]
	}
	return v
}

// list returns a list as it is and anything else but nil as a list of one.
func list(v any) []any {
	if v == nil {
		return nil
	}
	if l, ok := v.([]any); ok {
		return l
	}
	return []any{v}
}

// target is the logical id that a Ref or Fn::GetAtt names; "" for anything else.
func target(v any) string {
	if id, ok := at(v, "Ref").(string); ok {
		return id
	}
	if parts := list(at(v, "Fn::GetAtt")); len(parts) == 2 {
		return parts[0].(string)
	}
	return ""
}

// text renders a value with intrinsics in a form to search in: "${Lake.Arn}/runs/*".
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case map[string]any:
		if parts := list(v["Fn::Join"]); len(parts) == 2 {
			var whole []string
			for _, p := range list(parts[1]) {
				whole = append(whole, text(p))
			}
			return strings.Join(whole, text(parts[0]))
		}
		if id := target(v); id != "" {
			return "${" + id + "}"
		}
		if name, ok := v["Fn::ImportValue"].(string); ok {
			return "${" + name + "}"
		}
	}
	return fmt.Sprint(v)
}

// texts renders a list.
func texts(v any) []string {
	var all []string
	for _, e := range list(v) {
		all = append(all, text(e))
	}
	slices.Sort(all)
	return all
}
