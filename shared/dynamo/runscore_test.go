package dynamo_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/customer"
	"liuke/shared/recalc"
)

func TestARecalculationReadsSignsAndWritesLabels(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), foldStore(t)
	rec, _ := sample("c")
	if err := s.Commit(ctx, &rec, nil); err != nil {
		t.Fatal(err)
	}
	plain := customer.Record{ID: "plain", Version: 1}
	if err := s.Commit(ctx, &plain, nil); err != nil {
		t.Fatal(err)
	}
	scan := func() map[customer.ID]recalc.Row {
		t.Helper()
		rows, next, err := s.ScanCustomers(ctx, 0, 1, "")
		if err != nil || next != "" {
			t.Fatal(next, err)
		}
		byID := map[customer.ID]recalc.Row{}
		for _, r := range rows {
			byID[r.ID] = r
		}
		return byID
	}
	full := customer.Scores{R: 5, F: 2, M: 3, Segment: "Lost", Risk: "high", Labels: "abc=C,four=forgotten", Run: 1}
	later := full
	later.Run, later.Labels = 3, "abc=A"
	for _, scores := range []customer.Scores{full, {Run: 2}, later, {Run: 4}} {
		if written, err := s.WriteScores(ctx, "c", scores); err != nil || !written {
			t.Fatal(written, err)
		}
		got, err := s.Customer(ctx, "c")
		if row := scan()["c"]; err != nil || got.Scores != scores || row.Standing != scores {
			t.Errorf("written %+v, read %+v and scanned %+v, %v", scores, got.Scores, row.Standing, err)
		}
		if !got.Signs.Equal(&rec.Signs) {
			t.Errorf("a write of scores left signs %+v", got.Signs)
		}
	}
	want, _ := rec.Signs.MarshalBinary()
	rows := scan()
	if diff := cmp.Diff(want, rows["c"].Signs); diff != "" || rows["plain"].Signs != nil {
		t.Errorf("scanned signs (-want +got):\n%s", diff)
	}
}
