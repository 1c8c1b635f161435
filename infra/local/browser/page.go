package browser

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Options say on what a page is looked at. The zero value is a desktop's screen without scripts.
type Options struct {
	Width, Height int     // of the viewport in CSS pixels; 1280 × 800 where 0
	Scale         float64 // device pixels per CSS pixel; 1 where 0
	Mobile        bool    // a phone: its viewport follows the page's viewport tag, and it has a touch screen
	Locale        string  // the first language that the browser asks for, e.g. "zh-CN"; the browser's own where ""
	JavaScript    bool    // whether the page's scripts run
	Dark          bool    // prefers-color-scheme: dark
	LessMotion    bool    // prefers-reduced-motion: reduce
	MoreContrast  bool    // prefers-contrast: more
	ForcedColors  bool    // forced-colors: active

	// Allow are beginnings of URLs that the page may ask for beside documents of the origin that it is opened at, e.g.
	// "https://shop.example/". Names do not resolve, so nothing is loaded from other machines.
	Allow []string
}

// Phone is a small phone with few pixels, as many people still have one: 360 × 640.
var Phone = Options{Width: 360, Height: 640, Scale: 2, Mobile: true}

// Page is a page that is open in a browser, in a context of its own: it shares no cookies and no storage with others. It is
// used by one goroutine. Its methods end the test when the browser does not do as asked.
type Page struct {
	t       testing.TB
	ctx     context.Context
	options Options

	mu       sync.Mutex
	changed  chan struct{} // closed with each load and each awaited click, and made anew
	loads    int
	clicks   int // that tellClick told of
	origin   string
	requests []Request
	faults   []string // what the page did that fails its test and was not told yet
	world    runtime.ExecutionContextID
	worldOf  int // the load that world belongs to
}

// patience bounds how long anything may take. Nothing waits for it but a test that fails.
const patience = 30 * time.Second

// Open opens a URL of this machine and waits until the document is loaded. The page closes with the test.
func Open(t testing.TB, url string, options Options) *Page {
	t.Helper()
	p := newPage(t, options)
	p.origin = originOf(url)
	p.awaitLoad("open "+url, func() {
		if got := call(p, page.Navigate, page.NavigateParams{URL: url}); got.ErrorText != "" {
			t.Fatalf("open %s: %s", url, got.ErrorText)
		}
	})
	return p
}

// Render opens a document that is nowhere, such as an e-mail's HTML. It may ask for nothing but what options allow.
func Render(t testing.TB, html string, options Options) *Page {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, html) // a browser that goes away says so itself
	}))
	t.Cleanup(server.Close)
	return Open(t, server.URL+"/", options)
}

func newPage(t testing.TB, options Options) *Page {
	t.Helper()
	parent, err := shared()
	if err != nil {
		t.Fatalf("a browser for tests: %v", err)
	}
	if options.Width == 0 {
		options.Width = 1280
	}
	if options.Height == 0 {
		options.Height = 800
	}
	if options.Scale == 0 {
		options.Scale = 1
	}
	p := &Page{t: t, options: options, changed: make(chan struct{})}
	ctx, cancel := chromedp.NewContext(parent, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.listen))
	p.ctx = ctx
	t.Cleanup(func() {
		p.tell()
		cancel()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a page: %v", err)
	}
	p.emulate()
	return p
}

// emulate makes the page see what the options say.
func (p *Page) emulate() {
	p.t.Helper()
	o := p.options
	call(p, network.Enable, network.EnableParams{})
	call(p, runtime.AddBinding, runtime.AddBindingParams{Name: clicked, ExecutionContextName: worldName})
	call(p, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}) // however many pages are open
	call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: int64(o.Width), Height: int64(o.Height), DeviceScaleFactor: o.Scale, Mobile: o.Mobile,
	})
	if o.Mobile {
		call(p, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true, MaxTouchPoints: 5})
	}
	if o.Locale != "" {
		version, err := chromedp.CallBrowser(p.ctx, browser.GetVersion, cdp.Empty{})
		if err != nil {
			p.t.Fatalf("ask the browser for its version: %v", err)
		}
		call(p, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: version.UserAgent, AcceptLanguage: o.Locale})
		call(p, emulation.SetLocaleOverride, emulation.SetLocaleOverrideParams{Locale: strings.ReplaceAll(o.Locale, "-", "_")})
	}
	var features []*emulation.MediaFeature
	for _, f := range []struct {
		wanted      bool
		name, value string
	}{
		{o.Dark, "prefers-color-scheme", "dark"},
		{!o.Dark, "prefers-color-scheme", "light"},
		{o.LessMotion, "prefers-reduced-motion", "reduce"},
		{o.MoreContrast, "prefers-contrast", "more"},
		{o.ForcedColors, "forced-colors", "active"},
	} {
		if f.wanted {
			features = append(features, &emulation.MediaFeature{Name: f.name, Value: f.value})
		}
	}
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
	p.scripts(o.JavaScript)
}

func (p *Page) scripts(on bool) {
	p.t.Helper()
	call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
}

// Follow does what leads to another document, such as pressing Enter on a link, and waits until that is loaded.
func (p *Page) Follow(act func()) {
	p.t.Helper()
	p.awaitLoad("follow to another document", act)
}

// awaitLoad acts and waits for the load of a document that the act leads to.
func (p *Page) awaitLoad(what string, act func()) {
	p.t.Helper()
	before := p.count(&p.loads)
	act()
	p.await(what, "no document was loaded", func() bool { return p.loads > before })
	p.tell()
}

func (p *Page) count(counter *int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return *counter
}

// await returns when an event made the condition true, which it asks under p.mu.
func (p *Page) await(what, otherwise string, condition func() bool) {
	p.t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		p.mu.Lock()
		met, changed := condition(), p.changed
		p.mu.Unlock()
		if met {
			return
		}
		select {
		case <-changed:
		case <-p.ctx.Done():
			p.t.Fatalf("%s: the browser ended", what)
		case <-late.C:
			p.tell()
			p.t.Fatalf("%s: %s", what, otherwise)
		}
	}
}

// call sends a command of the devtools protocol and returns its result.
func call[P, R any](p *Page, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	if err != nil {
		p.t.Fatalf("%s: %v", command.Method, err)
	}
	return result
}

func (p *Page) frame() cdp.FrameID {
	p.t.Helper()
	return call(p, page.GetFrameTree, cdp.Empty{}).FrameTree.Frame.ID
}

// evaluate calls a JavaScript function in the page's document, in a world beside that of the page's scripts, and returns
// what it or its promise returns.
func evaluate[T any](p *Page, function string, arguments ...any) T {
	p.t.Helper()
	world := p.isolated()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	yes := true
	result, err := chromedp.Run(ctx, chromedp.CallFunctionOn[T](function, func(params *runtime.CallFunctionOnParams) {
		params.ExecutionContextID = world
		params.AwaitPromise = &yes
	}, arguments...))
	if err != nil {
		p.t.Fatalf("look at the page: %v\n%s", err, abridged(function))
	}
	return result
}

// worldName is the name of the world that the checks run in; clicked is a binding that it has.
const (
	worldName = "liuke"
	clicked   = "liukeClicked"
)

//go:embed look.js
var look string

// isolated returns the world of this document, which it makes on first use.
func (p *Page) isolated() runtime.ExecutionContextID {
	p.t.Helper()
	p.mu.Lock()
	world, loads := p.world, p.loads
	current := world != 0 && p.worldOf == loads
	p.mu.Unlock()
	if current {
		return world
	}
	made := call(p, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: p.frame(), WorldName: worldName})
	p.mu.Lock()
	p.world, p.worldOf = made.ExecutionContextID, loads
	p.mu.Unlock()
	evaluate[bool](p, look)
	return made.ExecutionContextID
}

func abridged(function string) string {
	if len(function) > 200 {
		return function[:200] + " …"
	}
	return function
}

// tell fails the test for what the page did since it was last asked.
func (p *Page) tell() {
	p.t.Helper()
	p.mu.Lock()
	faults := p.faults
	p.faults = nil
	p.mu.Unlock()
	for _, fault := range faults {
		p.t.Errorf("the page %s", fault)
	}
}

func (p *Page) String() string { return fmt.Sprintf("page at %s", p.URL()) }
