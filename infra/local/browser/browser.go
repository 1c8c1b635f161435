// Package browser lets tests look at the project's pages as people do: in a real Chromium, by keyboard and by touch, on a
// phone's screen, with scripts off. Open and Render open a page in a browser that the test process shares and in a context
// that is the page's own; the page fails its test when it asks for anything that was not allowed, when it writes an error
// to its console and when it breaks its content security policy. Violations, Overflow, SmallTargets, Enlarged and
// HiddenFocus look for what keeps people out; Check asks them all.
//
// Nothing here reaches beyond the machine: names other than the machine's own do not resolve. What the checks need runs in
// a world of its own beside the page's scripts, and so works where the page's scripts are off.
package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/chromedp/chromedp"

	"liuke/infra/local/project"
)

// shared starts the browser of this test process, once, and returns the context that pages are opened from. The browser
// ends with the process.
var shared = sync.OnceValues(func() (context.Context, error) {
	ctx := context.Background()
	root, err := project.Root()
	if err != nil {
		return nil, err
	}
	path, err := Find(ctx)
	if err != nil {
		return nil, err
	}
	environment, err := fonts(ctx, root)
	if err != nil {
		return nil, err
	}
	profile, err := newProfile(root)
	if err != nil {
		return nil, err
	}
	return launch(ctx, path, profile, environment)
})

// launch starts a browser.
func launch(ctx context.Context, path, profile string, environment []string) (context.Context, error) {
	said := &tail{}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.Env(environment...), chromedp.CombinedOutput(said),
		chromedp.DisableGPU,
		chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("font-render-hinting", "none"),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE [::1]"),
	)
	if os.Geteuid() == 0 { // its sandbox refuses to run as root
		options = append(options, chromedp.NoSandbox)
	}
	ctx, _ = chromedp.NewExecAllocator(ctx, options...)
	ctx, _ = chromedp.NewContext(ctx)
	if err := chromedp.Do(ctx); err != nil {
		return nil, fmt.Errorf("start %s: %w; it said: %s", path, err, said)
	}
	return ctx, nil
}

// newProfile returns an empty folder that no other process uses, for the browser's profile. Folders are used again.
func newProfile(root string) (string, error) {
	for i := 1; ; i++ {
		dir := filepath.Join(root, ".build", "browser", "profile-"+strconv.Itoa(i))
		_, err := project.TryLock(dir + ".lock") // ends with the process
		if errors.Is(err, project.ErrLocked) {
			continue
		}
		if err == nil {
			err = os.RemoveAll(dir)
		}
		if err == nil {
			err = os.Mkdir(dir, 0o700)
		}
		if err != nil {
			return "", fmt.Errorf("make a profile for the browser: %w", err)
		}
		return dir, nil
	}
}

// tail keeps the last of what the browser wrote.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

const keptTail = 4 << 10

func (o *tail) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept = append(o.kept, p...)
	o.kept = o.kept[max(0, len(o.kept)-keptTail):]
	return len(p), nil
}

func (o *tail) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.kept)
}
