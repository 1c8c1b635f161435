package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// moduleRoot returns the folder of go.mod, at or above the working directory.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod at or above the working directory: run this inside the repository")
		}
		dir = parent
	}
}

// contextWithoutCLI returns the context of cdk.json where no CLI hands it over, so that a run by hand makes the same
// templates.
func contextWithoutCLI(root string) (*map[string]any, error) {
	if os.Getenv("CDK_CONTEXT_JSON") != "" {
		return nil, nil
	}
	raw, err := os.ReadFile(filepath.Join(root, "cdk.json"))
	if err != nil {
		return nil, err
	}
	var file struct {
		Context map[string]any `json:"context"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, fmt.Errorf("cdk.json: %w", err)
	}
	return &file.Context, nil
}

// buildTags leave out what no function uses: the RPC of older runtimes, and HTTP/2, of which net/http carries a copy of
// 0.4 MB. The services that the functions call all speak HTTP/1.1. infra/local/build has the same tags.
const buildTags = "lambda.norpc,nethttpomithttp2"

// buildFunctions builds the functions of the names for Lambda into .build/<function>/bootstrap below root, and returns
// the folder of each. With placeholders it builds none and gives each a folder whose bootstrap says so.
func buildFunctions(root string, names []string, placeholders bool) (func(function string) string, error) {
	build := filepath.Join(root, ".build")
	if placeholders {
		dir := filepath.Join(build, "placeholder")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
		script := []byte("#!/bin/sh\necho 'synthesized without building: run cdk deploy without LIUKE_SKIP_BUILD' >&2\nexit 1\n")
		return func(string) string { return dir }, os.WriteFile(filepath.Join(dir, "bootstrap"), script, 0o755)
	}

	start := time.Now()
	fmt.Fprintln(os.Stderr, "building the functions for arm64 …")
	flat := filepath.Join(build, "arm64") + string(filepath.Separator)
	if err := os.MkdirAll(flat, 0o755); err != nil {
		return nil, err
	}
	cmd := exec.Command("go", "build", "-tags", buildTags, "-trimpath", "-ldflags", "-s -w", "-o", flat, "./functions/...")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("building the functions: %w", err)
	}
	for _, name := range names {
		dir := filepath.Join(build, name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
		target := filepath.Join(dir, "bootstrap")
		if err := os.Remove(target); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		if err := os.Link(filepath.Join(flat, name), target); err != nil {
			return nil, fmt.Errorf("functions/%s has no main package: %w", name, err)
		}
	}
	fmt.Fprintf(os.Stderr, "built %d functions in %s\n", len(names), time.Since(start).Round(100*time.Millisecond))
	return func(function string) string { return filepath.Join(build, function) }, nil
}
