package dynamo_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/infra/local/engine"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/importfile"
)

func TestAnImportGoesOnStepByStep(t *testing.T) {
	customers, records := engine.NewTables(t)
	store, ctx := dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records), t.Context()
	created := time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)
	id := strings.Repeat("a", 26)
	want := importfile.Import{
		ID: id, State: importfile.Waiting, Created: created,
		Request: importfile.Request{Kind: importfile.Orders, Bytes: 7, Columns: map[string]string{"customer_id": "id"}, AsOf: created},
	}
	if _, err := store.Import(ctx, id); fault.CodeOf(err) != fault.NotFound {
		t.Fatalf("before it is there: %v", err)
	}
	if err := store.CreateImport(ctx, &want); err != nil {
		t.Fatal(err)
	}
	if err := store.CreateImport(ctx, &want); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a second of the id: %v", err)
	}
	before, err := store.Import(ctx, id)
	if d := cmp.Diff(&want, before); d != "" || err != nil {
		t.Fatalf("%v\n%s", err, d)
	}

	var listed []importfile.Refused
	for n := range 600 {
		listed = append(listed, importfile.Refused{Number: n + 2, Column: "amount", Reason: "the amount is too large"})
	}
	step := importfile.Step{
		State: importfile.Reading, Tag: "tag", Worker: "w1", At: created.Add(time.Second), Found: map[string]string{"date": "day"},
		Progress: importfile.Progress{Rows: 1000, Accepted: 400, Refused: 600, Bytes: 5}, Listed: listed,
		Taken: []importfile.Taken{{Survey: "nps", Type: "enps", Rows: 7}},
	}
	after, err := store.AdvanceImport(ctx, before, step)
	if err != nil {
		t.Fatal(err)
	}
	want.State, want.Progress, want.Taken, want.Tag, want.Worker, want.Found, want.Started = step.State, step.Progress, step.Taken, "tag", "w1", step.Found, step.At
	if d := cmp.Diff(&want, after); d != "" {
		t.Errorf("after a step:\n%s", d)
	}
	if _, err := store.AdvanceImport(ctx, before, step); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("the same step again: %v", err)
	}

	more := importfile.Refused{Number: 1002, Reason: "the row is longer than 128 KB"}
	step.State, step.Progress.Rows, step.Progress.Refused, step.At = importfile.Done, 1001, 601, created.Add(time.Minute)
	step.Listed = []importfile.Refused{more}
	if after, err = store.AdvanceImport(ctx, after, step); err != nil || !after.Finished.Equal(step.At) || !after.Started.Equal(want.Started) {
		t.Errorf("the last step: %+v, %v", after, err)
	}
	got, err := store.ImportRefused(ctx, id)
	if d := cmp.Diff(append(listed, more), got); d != "" || err != nil {
		t.Errorf("refused rows: %v\n%s", err, d)
	}

	second := importfile.Import{ID: strings.Repeat("b", 26), State: importfile.Waiting, Created: created.Add(time.Hour), Request: want.Request}
	if err := store.CreateImport(ctx, &second); err != nil {
		t.Fatal(err)
	}
	all, err := store.Imports(ctx, 10)
	if err != nil || len(all) != 2 || all[0].ID != second.ID || all[1].State != importfile.Done {
		t.Errorf("the list: %v, %v", all, err)
	}
	if all, err = store.Imports(ctx, 1); err != nil || len(all) != 1 {
		t.Errorf("a short list: %d, %v", len(all), err)
	}
}
