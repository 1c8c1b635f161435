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

func TestADocumentIsEditedByOneAtATime(t *testing.T) {
	customers, records := engine.NewTables(t)
	store, ctx := dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records), t.Context()
	first, err := store.Document(ctx, "risk")
	if d := cmp.Diff(document.Document{Name: "risk"}, first); d != "" || err != nil {
		t.Fatalf("before it is there: %v\n%s", err, d)
	}
	want := document.Document{Name: "risk", Version: 1, Body: `{"a":1}`, Edited: time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)}
	if err := store.PutDocument(ctx, &want, 0); err != nil {
		t.Fatal(err)
	}
	if err := store.PutDocument(ctx, &want, 1); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a second edit of the same version: %v", err)
	}
	other := document.Document{Name: "models/abc", Version: 1, Edited: want.Edited}
	if err := store.PutDocument(ctx, &other, 0); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("an edit by who does not know of the one before: %v", err)
	}
	if err := store.PutDocument(ctx, &other, 1); err != nil {
		t.Fatal(err)
	}
	want.Version, want.Body = 2, `{"a":2}`
	if err := store.PutDocument(ctx, &want, 2); err != nil {
		t.Fatal(err)
	}
	all, err := store.Documents(ctx)
	if d := cmp.Diff([]document.Document{other, want}, all); d != "" || err != nil || document.Edits(all) != 3 {
		t.Errorf("%v\n%s", err, d)
	}
}
