package browser

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"

	"liuke/infra/local/project"
)

// Screenshot writes a picture of the whole page, also of what one must scroll to, and returns its path: NAME.png in a
// folder of the test's name under LIUKE_ARTIFACTS (from the checkout's top, if relative), or, where that is not set, in the test's folder for artifacts, which go
// test keeps with -artifacts.
func (p *Page) Screenshot(name string) string {
	p.t.Helper()
	evaluate[bool](p, `() => liuke.settle()`)
	size := call(p, page.GetLayoutMetrics, cdp.Empty{}).CSSContentSize
	yes := true
	shot := call(p, page.CaptureScreenshot, page.CaptureScreenshotParams{
		CaptureBeyondViewport: &yes,
		Clip:                  &page.Viewport{Width: size.Width, Height: size.Height, Scale: 1},
	})
	dir := p.t.ArtifactDir()
	if kept := os.Getenv("LIUKE_ARTIFACTS"); kept != "" {
		if !filepath.IsAbs(kept) {
			root, err := project.Root()
			if err != nil {
				p.t.Fatal(err)
			}
			kept = filepath.Join(root, kept)
		}
		dir = filepath.Join(kept, fileName(p.t.Name()))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			p.t.Fatalf("make a folder for artifacts: %v", err)
		}
	}
	path := filepath.Join(dir, fileName(name)+".png")
	if err := os.WriteFile(path, shot.Data, 0o644); err != nil {
		p.t.Fatalf("write a picture of the page: %v", err)
	}
	p.t.Logf("picture: %s", path)
	return path
}

// fileName keeps of a name what any file system takes.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|' `, r) {
			return '_'
		}
		return r
	}, name)
}
