package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/customer"
	"liuke/shared/recalc"
)

// plain computes a run in memory, without tables, parts or messages.
type plain struct {
	fit    *recalc.Fit
	lines  map[customer.ID]recalc.Line
	result recalc.Result
}

func compute(t *testing.T, run *recalc.Run, histories map[customer.ID]*customer.History, standing map[customer.ID]customer.Scores) plain {
	t.Helper()
	var summary recalc.Summary
	rows := make(map[customer.ID]*recalc.Row)
	for id, h := range histories {
		raw, _ := h.MarshalBinary()
		rows[id] = &recalc.Row{ID: id, History: raw, Standing: standing[id]}
		if err := summary.Summarize(&run.Terms, rows[id]); err != nil {
			t.Fatal(err)
		}
	}
	fit, err := recalc.FitOf(&run.Terms, &summary)
	if err != nil {
		t.Fatal(err)
	}
	out := plain{fit: fit, lines: make(map[customer.ID]recalc.Line)}
	mine := *run
	mine.Fit = fit
	scorer := recalc.NewScorer(&mine)
	for id, row := range rows {
		line, err := scorer.Score(row)
		if err != nil {
			t.Fatal(err)
		}
		out.lines[id] = line
		out.result.Add(&line)
	}
	return out
}

// expect compares a run that was applied with the plain computation: the fit, the report, the CSV, the scores that stand,
// the segments' members and the signals.
func (w *world) expect(run *recalc.Run, want plain, told map[customer.ID]string) {
	w.t.Helper()
	if diff := cmp.Diff(want.fit, run.Fit); diff != "" {
		w.t.Error("fit: " + diff)
	}
	if run.Report.Customers != want.result.Customers || run.Report.Differing != want.result.Differing {
		w.t.Errorf("%d customers and %d differing, want %d and %d", run.Report.Customers, run.Report.Differing, want.result.Customers, want.result.Differing)
	}
	for _, s := range run.Report.Segments {
		if diff := cmp.Diff(want.result.Segments[s.Name], s.Totals); diff != "" {
			w.t.Errorf("%s: %s", s.Name, diff)
		}
	}
	var lines []recalc.Line
	members := make(map[string][]customer.ID)
	moves := make(map[customer.ID]string)
	for _, id := range slices.Sorted(maps.Keys(want.lines)) {
		line := want.lines[id]
		lines = append(lines, line)
		members[line.Scores.Segment] = append(members[line.Scores.Segment], id)
		if line.Moved() {
			moves[id] = fmt.Sprintf("segment:%s:rfm10 %s → %s", run.ID, line.From.Segment, line.Scores.Segment)
		}
		got := w.record(id).Scores
		if line.Differs() && got != line.Scores || !line.Differs() && got != line.From {
			w.t.Errorf("%s stands at %+v, want %+v (stood at %+v)", id, got, line.Scores, line.From)
		}
	}
	if diff := cmp.Diff(moves, told); diff != "" {
		w.t.Error("signals: " + diff)
	}
	raw, err := w.lake.Get(w.t.Context(), recalc.ScoresKey(run.ID))
	if err != nil {
		w.t.Fatal(err)
	}
	got := strings.SplitAfter(string(raw), "\r\n")
	slices.Sort(got[1:])
	wantCSV := strings.SplitAfter(string(recalc.Header())+string(recalc.Table(lines, run.Terms.Currency)), "\r\n")
	slices.Sort(wantCSV[1:])
	if diff := cmp.Diff(wantCSV, got); diff != "" {
		w.t.Error("scores.csv: " + diff)
	}
	delete(members, "")
	for label, want := range members {
		got := w.members(run.ID, label, 7)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			w.t.Errorf("members of %s: %s", label, diff)
		}
	}
	if current, err := w.store.CurrentRun(w.t.Context()); err != nil || current != run.ID {
		w.t.Errorf("the current run is %q, %v", current, err)
	}
	if holder, err := w.store.LeaseHolder(w.t.Context()); err != nil || holder != "" {
		w.t.Errorf("the lease is %q's, %v", holder, err)
	}
}

func (w *world) members(run, label string, limit int) (all []customer.ID) {
	w.t.Helper()
	for cursor := ""; ; {
		page, err := recalc.SegmentMembers(w.t.Context(), w.lake, run, label, cursor, limit)
		if err != nil || len(page.Customers) > limit {
			w.t.Fatalf("a page of %d members: %v", len(page.Customers), err)
		}
		all = append(all, page.Customers...)
		if cursor = page.Next; cursor == "" {
			return all
		}
	}
}
