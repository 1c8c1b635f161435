package stack

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// assetHash is where the content of a function's archive shows in a template.
var assetHash = regexp.MustCompile(`[0-9a-f]{64}\.zip`)

func TestTemplatesAreWhatWasReviewed(t *testing.T) {
	of := map[string]suite{"Data": synthesize(t), "App": synthesize(t), "Edge": synthesizeWhole(t)}
	for _, name := range []string{"Data", "App", "Edge"} {
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(of[name].directory, "cdk.out", "Liuke-test-"+name+".template.json"))
			if err != nil {
				t.Fatal(err)
			}
			var indented bytes.Buffer
			if err := json.Indent(&indented, assetHash.ReplaceAll(raw, []byte("asset.zip")), "", " "); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name+".template.json")
			if *update {
				if err := os.WriteFile(golden, indented.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatalf("%v; go test ./infra/stack -update writes it", err)
			}
			var got, reviewed any
			if err := json.Unmarshal(indented.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(want, &reviewed); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(reviewed, got); diff != "" {
				t.Errorf("the template has changed (-reviewed +now); if it is meant, go test ./infra/stack -update and look at the difference:\n%s", diff)
			}
		})
	}
}
