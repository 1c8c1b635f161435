package project

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
)

func TestOneAtATimeHasALock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder", "lock")
	unlock, err := TryLock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := TryLock(path); !errors.Is(err, ErrLocked) {
		t.Errorf("the second was given %v, want ErrLocked", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := Lock(ctx, path, cancel); !errors.Is(err, context.Canceled) { // it is told that it waits, and gives up
		t.Errorf("the one that waits was given %v", err)
	}
	unlock()
	unlock, err = Lock(t.Context(), path, func() { t.Error("it waits for a lock that nobody has") })
	if err != nil {
		t.Fatal(err)
	}
	unlock()
}

func TestTheRootIsWhereGoModIs(t *testing.T) {
	root, err := Root()
	if err != nil || filepath.Base(filepath.Dir(filepath.Dir(filepath.Dir(filepath.Join(root, "infra/local/project"))))) != filepath.Base(root) {
		t.Errorf("root is %q, %v", root, err)
	}
	t.Chdir(t.TempDir())
	if _, err := Root(); err == nil {
		t.Error("a folder outside any module has a root")
	}
}
