package snapshot_test

import (
	"bytes"
	"testing"

	"liuke/shared/fault"
	"liuke/shared/snapshot"
)

func TestHistoriesAreReadAloneInTheOrderOfTheRows(t *testing.T) {
	for _, n := range []int{0, 1, 5000} {
		in := rows(n)
		file, names := encoded(t, in)
		got, err := snapshot.Histories(file)
		if err != nil || len(got) != n {
			t.Fatalf("%d of %d rows, %v", len(got), n, err)
		}
		for i := range in {
			if !bytes.Equal(got[i], in[i].History) {
				t.Fatalf("row %d of %d has another's history", i, n)
			}
		}
		if _, err := snapshot.Histories(file[:len(file)/2]); fault.CodeOf(err) != fault.Internal {
			t.Errorf("cut short: %v", err)
		}
		if n > 0 {
			if got, err := snapshot.Histories(names); err == nil && len(got[0]) > 0 {
				t.Error("the file of names has histories")
			}
		}
	}
}
