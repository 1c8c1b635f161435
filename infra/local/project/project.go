// Package project finds the checkout that the local commands and tests work on.
package project

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
