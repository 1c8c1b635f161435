package dynamo_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/infra/local/engine"
	"liuke/shared/document"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
)

func TestTheEditsOfScenesAreCountedApartFromThoseOfSettings(t *testing.T) {
	customers, records := engine.NewTables(t)
	store, ctx := dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records), t.Context()
	check := func(name string, wantEdits int64, wantBeside document.Document, want ...document.Document) {
		t.Helper()
		edits, beside, err := store.SceneEdits(ctx, "brand", "outreach")
		if err != nil || edits != wantEdits {
			t.Fatalf("%s: %d edits, %v", name, edits, err)
		}
		if d := cmp.Diff([]document.Document{{Name: "brand"}, wantBeside}, beside); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		all, err := store.SceneDocuments(ctx)
		if d := cmp.Diff(want, all); d != "" || err != nil || document.Edits(all) != edits {
			t.Errorf("%s: %v\n%s", name, err, d)
		}
	}
	check("before anything is written", 0, document.Document{Name: "outreach"})
	at := time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)
	settings := document.Document{Name: "outreach", Version: 1, Body: "{}", Edited: at}
	scene := document.Document{Name: "scene/win_back", Version: 1, Body: "id: win_back\n", Edited: at}
	block := document.Document{Name: "block/footer", Version: 1, Body: "en: {}\n", Edited: at}
	asks := func(names ...string) {
		t.Helper()
		got, err := store.SceneEvents(ctx)
		want := map[string]bool{}
		for _, name := range names {
			want[name] = true
		}
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%v\n%s", err, d)
		}
	}
	asks()
	for name, err := range map[string]error{
		"settings": store.PutDocument(ctx, &settings, 0), "a scene": store.PutSceneDocument(ctx, &scene, 0, []string{"Review Posted", "Moon Rose"}), "a block": store.PutSceneDocument(ctx, &block, 1, []string{"Moon Rose"}),
	} {
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	check("of both", 2, settings, block, scene)
	asks("Moon Rose")
	late := document.Document{Name: "scene/thanks", Version: 1, Edited: at}
	if err := store.PutSceneDocument(ctx, &late, 1, nil); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("an edit by who does not know of the block: %v", err)
	}
	gone := document.Document{Name: scene.Name, Version: 2, Edited: at}
	if err := store.PutSceneDocument(ctx, &gone, 2, nil); err != nil {
		t.Fatal(err)
	}
	check("taken back, its version stays", 3, settings, block, gone)
	asks()
}
