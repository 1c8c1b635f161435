package browser

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheBrowserThatIsNamedIsUsed(t *testing.T) {
	named := filepath.Join(t.TempDir(), "browser")
	if err := os.WriteFile(named, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("LIUKE_CHROMIUM", named)
	if path, err := Find(t.Context()); path != named || err != nil {
		t.Errorf("got %q, %v; want %q", path, err, named)
	}
	t.Setenv("LIUKE_CHROMIUM", named+"-missing")
	if path, err := Find(t.Context()); err == nil || !strings.Contains(err.Error(), "LIUKE_CHROMIUM names no browser") {
		t.Errorf("got %q, %v; want that LIUKE_CHROMIUM names none", path, err)
	}
}

func TestABrowserThatIsInstalledIsFound(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"google-chrome", "chromium-browser"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("LIUKE_CHROMIUM", "")
	t.Setenv("PATH", dir)
	if path, err := Find(t.Context()); path != filepath.Join(dir, "chromium-browser") || err != nil {
		t.Errorf("got %q, %v; want chromium-browser before google-chrome", path, err)
	}
}
