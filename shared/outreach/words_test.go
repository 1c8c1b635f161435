package outreach_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"liuke/shared/outreach"
)

// TestEveryReasonOfTheGatesIsPutIntoWords reads the reasons out of the source of package scene.
func TestEveryReasonOfTheGatesIsPutIntoWords(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "scene", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	found := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, m := range regexp.MustCompile(`(?:hold\(|Reason: )"([a-z_]+)"\)?`).FindAllStringSubmatch(string(raw), -1) {
			reasons := []string{m[1]}
			if m[1] == "cap_" {
				reasons = []string{"cap_scene", "cap_channel", "cap_all"}
			}
			for _, reason := range reasons {
				if found++; outreach.Says(reason) == "" {
					t.Errorf("%s: nothing says what %s means", file, reason)
				}
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d reasons were found", found)
	}
	if got := outreach.Says("missing_variable:order.id"); got != "the variable order.id has no value" {
		t.Error(got)
	}
}
