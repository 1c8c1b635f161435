package recalc

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestASampleIsSpreadEvenlyAndNeverTooLarge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var parts []Part
		total := 0
		for i, rows := range rapid.SliceOfN(rapid.IntRange(1, 9), 1, 200).Draw(t, "rows") {
			parts = append(parts, Part{Name: fmt.Sprint(i), Rows: rows})
			total += rows
		}
		customers := rapid.IntRange(1, 2*total).Draw(t, "customers")
		sample := Sample(parts, customers)
		type size struct{ Parts, Customers int }
		of := size{Parts: len(sample)}
		for _, p := range sample {
			of.Customers += p.Rows
		}
		switch {
		case customers >= total && len(sample) != len(parts):
			t.Fatalf("%d of %d parts, and all are asked for", len(sample), len(parts))
		case of.Parts > 1 && of.Customers > customers, of.Parts < 1, customers < total && of.Customers < customers-9:
			t.Fatalf("%+v of %d, asked for %d", of, total, customers)
		}
		next, seen, taken := 0, 0, 0
		for _, p := range parts { // at every place as many as of the whole, to a part
			seen += p.Rows
			if next < len(sample) && sample[next] == p {
				next++
				taken += p.Rows
			}
			if fair := float64(min(customers, total)) * float64(seen) / float64(total); of.Parts > 1 && (float64(taken) > fair+1e-9 || float64(taken) < fair-9) {
				t.Fatalf("%d of the first %d rows, fair are %.1f", taken, seen, fair)
			}
		}
		if next != len(sample) {
			t.Fatal("the sample has parts that there are not, or in another order")
		}
	})
}

func TestAJobThatMakesNoProgressCountsAsFailed(t *testing.T) {
	at := time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)
	j := Job{ID: JobID(at), State: Running, Started: at, Updated: at}
	if state, _ := j.Shown(at.Add(JobLost)); state != Running || !IsJobID(j.ID) || IsJobID("20260301") || JobID(at.Add(time.Millisecond)) <= j.ID {
		t.Errorf("%s is %s", j.ID, state)
	}
	if state, reason := j.Shown(at.Add(JobLost + 1)); state != Failed || reason == "" {
		t.Errorf("it is %s: %s", state, reason)
	}
	j.Step = 3
	if !j.Late(2) || j.Late(3) || j.Late(4) {
		t.Error("a message of fewer steps than are done is late, and no other")
	}
	if j.State = Done; !j.Late(4) {
		t.Error("every message of a job that has ended is late")
	}
}
