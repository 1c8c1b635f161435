// Package project finds the checkout that the local commands and tests work on, and keeps them from working on the same
// thing at once.
package project

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Root returns the folder of the go.mod that holds the working directory, as an absolute path.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the project: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		} else if !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("find the project: %w", err)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod here or above: run this from Liuke's checkout")
		}
		dir = parent
	}
}

// Lock takes the lock of a file, which it creates, waiting for it until the context ends, and returns what lets it go.
// The lock ends with the process, however that ends. waiting is called, once, if another process has the lock; it may be
// nil.
func Lock(ctx context.Context, path string, waiting func()) (unlock func(), err error) {
	unlock, err = TryLock(path)
	if waiting != nil && errors.Is(err, ErrLocked) {
		waiting()
	}
	for errors.Is(err, ErrLocked) {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
		unlock, err = TryLock(path)
	}
	return unlock, err
}

// ErrLocked is returned by TryLock for a file that another process has locked.
var ErrLocked = errors.New("another process has it locked")

// TryLock is Lock for those who will not wait: it returns ErrLocked at once.
func TryLock(path string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return func() { f.Close() }, nil
	}
	f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, ErrLocked
	}
	return nil, fmt.Errorf("lock %s: %w", path, err)
}
