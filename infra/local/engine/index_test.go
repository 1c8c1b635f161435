package engine

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheIndexOfTestsIsTheTemplates(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "stack", "testdata", "Data.template.json"))
	if err != nil {
		t.Fatal(err)
	}
	type index struct {
		IndexName  string
		KeySchema  []struct{ AttributeName, KeyType string }
		Projection struct {
			NonKeyAttributes []string
			ProjectionType   string
		}
	}
	var template struct {
		Resources map[string]struct {
			Properties struct{ GlobalSecondaryIndexes []index }
		}
	}
	if err := json.Unmarshal(raw, &template); err != nil {
		t.Fatal(err)
	}
	var provisioned []index
	for _, r := range template.Resources {
		provisioned = append(provisioned, r.Properties.GlobalSecondaryIndexes...)
	}
	ours, err := json.Marshal([]any{byTime})
	if err != nil {
		t.Fatal(err)
	}
	var made []index
	if err := json.Unmarshal(ours, &made); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(provisioned, made); d != "" {
		t.Errorf("-template +tests:\n%s", d)
	}
}
