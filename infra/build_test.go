package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPlaceholdersStandInForFunctionsThatNeedNoBuilding(t *testing.T) {
	root := t.TempDir()
	folder, err := buildFunctions(root, []string{"ingest"}, true)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(folder("ingest"), "bootstrap"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm()&0o100 == 0 {
		t.Errorf("the placeholder cannot be executed: %s", info.Mode())
	}
}

func TestAFunctionIsBuiltForLambda(t *testing.T) {
	root := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module shop\n\ngo 1.26\n")
	write("functions/hello/main.go", "package main\n\nfunc main() {}\n")
	for range 2 { // a second build replaces the first
		folder, err := buildFunctions(root, []string{"hello"}, false)
		if err != nil {
			t.Fatal(err)
		}
		executable, err := os.ReadFile(filepath.Join(folder("hello"), "bootstrap"))
		if err != nil {
			t.Fatal(err)
		}
		const machine, arm64 = 18, 0xb7 // of the ELF header
		if string(executable[:4]) != "\x7fELF" || executable[machine] != arm64 {
			t.Errorf("the executable is not ELF for arm64: % x", executable[:20])
		}
	}
}

func TestAFunctionThatDoesNotCompileStopsTheSynthesis(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "functions", "broken"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"go.mod": "module shop\n", "functions/broken/main.go": "package main\n"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := buildFunctions(root, []string{"broken"}, false); err == nil {
		t.Error("a package without a main function was built")
	}
}

func TestAFunctionWithoutCodeIsNamed(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "functions"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"go.mod": "module shop\n", "functions/doc.go": "package functions\n"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := buildFunctions(root, []string{"ghost"}, false); err == nil || !strings.Contains(err.Error(), "functions/ghost") {
		t.Errorf("got %v", err)
	}
}
