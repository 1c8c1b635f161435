package fold_test

import (
	"testing"

	"liuke/shared/fault"
	"liuke/shared/fold"
)

func TestHistoryIsRebuiltFromTheOrderRecords(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	ctx := t.Context()
	foldAll(t, f, ctx, placed("p1", "c", "o1", "10.00"), placed("p2", "c", "o2", "5.00"), track("a", "c", "Checked In", nil))
	if changed, err := f.Rebuild(ctx, "c"); changed || err != nil {
		t.Errorf("rebuilding what is right: %v, %v", changed, err)
	}
	rec := load(t, f, "c")
	rec.History.Adjust(20_000, 1, 7) // as a damaged restore might leave it
	rec.Version++
	if err := f.Store.Write(ctx, &fold.Write{Customer: &rec}); err != nil {
		t.Fatal(err)
	}
	want := fold.Audit{Orders: 2, Net: 1500, HistoryCount: 3, HistoryNet: 1507}
	if a, err := f.Audit(ctx, "c"); err != nil || a != want {
		t.Errorf("audit %+v, %v, want %+v", a, err, want)
	}
	if changed, err := f.Rebuild(ctx, "c"); !changed || err != nil {
		t.Errorf("rebuild: %v, %v", changed, err)
	}
	want = fold.Audit{Orders: 2, Net: 1500, HistoryCount: 2, HistoryNet: 1500, Agrees: true}
	if a, err := f.Audit(ctx, "c"); err != nil || a != want {
		t.Errorf("audit after the rebuild %+v, %v", a, err)
	}
	if rec := load(t, f, "c"); rec.Activity.Total() != 1 || rec.IDs.Len() != 1 {
		t.Errorf("the rebuild changed more than the history: %+v", rec)
	}
	if _, err := f.Audit(ctx, "nobody"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("audit of nobody: %v", err)
	}
	if _, err := f.Rebuild(ctx, "nobody"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("rebuild of nobody: %v", err)
	}
}
