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

// module writes a module with one function, of the content, and returns its root.
func module(t *testing.T, function, content string) string {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, "functions", function)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "go.mod"), []byte("module shop\n\ngo 1.26\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n"+content), 0o644); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestAFunctionIsBuiltForLambda(t *testing.T) {
	root := module(t, "hello", "func main() {}\n")
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
	if _, err := buildFunctions(module(t, "broken", ""), []string{"broken"}, false); err == nil {
		t.Error("a package without a main function was built")
	}
}

func TestAFunctionWithoutCodeIsNamed(t *testing.T) {
	root := module(t, "hello", "func main() {}\n")
	if _, err := buildFunctions(root, []string{"hello", "ghost"}, false); err == nil || !strings.Contains(err.Error(), "functions/ghost") {
		t.Errorf("got %v", err)
	}
}
