package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"liuke/shared/customer"
	"liuke/shared/recalc"
	"liuke/shared/rfm"
	"liuke/shared/segment"
)

// plain computes a run in memory, without tables, parts or messages.
type plain struct {
	fit      *recalc.Fit
	lines    map[customer.ID]recalc.Line
	result   recalc.Result
	options  *recalc.Options
	analysis *recalc.Analysis
	told     map[customer.ID][]string // signals
}

// stood is what stood before a run: every customer's scores, and the run that was applied last, nil for none.
type stood struct {
	scores map[customer.ID]customer.Scores
	run    *recalc.Run
}

func (w *world) compute(run *recalc.Run, histories map[customer.ID]*customer.History, before stood) plain {
	w.t.Helper()
	documents, err := w.store.RunDocuments(w.t.Context(), run.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	options, err := recalc.OptionsOf(documents, run.Terms.Currency)
	if err != nil {
		w.t.Fatal(err)
	}
	var summary recalc.Summary
	rows := make(map[customer.ID]*recalc.Row)
	for id, h := range histories {
		raw, _ := h.MarshalBinary()
		rows[id] = &recalc.Row{ID: id, History: raw, Seen: stockedAt, Last: stockedAt, Standing: before.scores[id]}
		if err := summary.Summarize(&run.Terms, rows[id]); err != nil {
			w.t.Fatal(err)
		}
	}
	fit, err := recalc.FitOf(&run.Terms, options, &summary, before.run)
	if err != nil {
		w.t.Fatal(err)
	}
	for fit.Tiles != nil && len(fit.Tiles.Splits) > 0 {
		ties := fit.Tiles.Ties()
		for id, h := range histories {
			if v, ok := (rfm.Window{AsOf: run.Terms.AsOf, Days: run.Terms.WindowDays}).Of(h); ok {
				ties.Add(fit.Tiles, v, rfm.Tie(id))
			}
		}
		if fit.Tiles, err = fit.Tiles.Settle(ties); err != nil {
			w.t.Fatal(err)
		}
		fit.Cuts = fit.Tiles.Tiles.Cuts()
	}
	out := plain{fit: fit, options: options, lines: make(map[customer.ID]recalc.Line), told: make(map[customer.ID][]string)}
	mine := *run
	mine.Fit = fit
	scorer := recalc.NewScorer(&mine, options, w.settings.Zone)
	for id, row := range rows {
		line, err := scorer.Score(row)
		if err != nil {
			w.t.Fatal(err)
		}
		out.lines[id] = line
		scorer.Add(&out.result, &line)
		signals, err := scorer.Signals(&line)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, s := range signals {
			out.told[id] = append(out.told[id], s.ID+" "+string(s.Data))
		}
	}
	if out.analysis, err = recalc.AnalysisOf(&mine, options, &out.result); err != nil {
		w.t.Fatal(err)
	}
	return out
}

// expect compares a run that was applied with the plain computation: the fit, the report, the CSV, the scores that stand,
// the segments' members and the signals.
func (w *world) expect(run *recalc.Run, want plain, told map[customer.ID][]string) {
	w.t.Helper()
	if diff := cmp.Diff(want.fit, run.Fit); diff != "" {
		w.t.Error("fit: " + diff)
	}
	if run.Report.Customers != want.result.Customers || run.Report.Differing != want.result.Differing {
		w.t.Errorf("%d customers and %d differing, want %d and %d", run.Report.Customers, run.Report.Differing, want.result.Customers, want.result.Differing)
	}
	if diff := cmp.Diff(recalc.ReportOf(run, &want.result, nil), run.Report, cmpopts.IgnoreFields(recalc.Report{}, "Read", "Write"), cmpopts.EquateEmpty()); diff != "" {
		w.t.Error("report: " + diff)
	}
	w.expectAnalysis(run, want.analysis)
	var lines []recalc.Line
	members := make(map[string]map[segment.Label][]customer.ID)
	for _, id := range slices.Sorted(maps.Keys(want.lines)) {
		line := want.lines[id]
		lines = append(lines, line)
		for model, label := range line.Labels.All() {
			if members[model] == nil {
				members[model] = make(map[segment.Label][]customer.ID)
			}
			members[model][label] = append(members[model][label], id)
		}
		got := w.record(id).Scores
		if line.Differs() && got != line.Scores || !line.Differs() && got != line.From {
			w.t.Errorf("%s stands at %+v, want %+v (stood at %+v)", id, got, line.Scores, line.From)
		}
	}
	if diff := cmp.Diff(want.told, told); diff != "" {
		w.t.Error("signals: " + diff)
	}
	raw, err := w.lake.Get(w.t.Context(), recalc.ScoresKey(run.ID))
	if err != nil {
		w.t.Fatal(err)
	}
	got := strings.SplitAfter(string(raw), "\r\n")
	slices.Sort(got[1:])
	wantCSV := strings.SplitAfter(string(want.options.Header())+string(want.options.Table(lines, run.Terms.Currency)), "\r\n")
	slices.Sort(wantCSV[1:])
	if diff := cmp.Diff(wantCSV, got); diff != "" {
		w.t.Error("scores.csv: " + diff)
	}
	for model, labels := range members {
		for label, want := range labels {
			got := w.members(run.ID, model, label, 1000)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				w.t.Errorf("members of %s in %s: %s", label, model, diff)
			}
		}
	}
	if current, err := w.store.CurrentRun(w.t.Context()); err != nil || current != run.ID {
		w.t.Errorf("the current run is %q, %v", current, err)
	}
	if holder, err := w.store.LeaseHolder(w.t.Context()); err != nil || holder != "" {
		w.t.Errorf("the lease is %q's, %v", holder, err)
	}
}

// expectAnalysis compares what a run published of its customers together.
func (w *world) expectAnalysis(run *recalc.Run, want *recalc.Analysis) {
	w.t.Helper()
	raw, err := w.lake.Get(w.t.Context(), recalc.AnalysisKey(run.ID))
	if err != nil {
		w.t.Fatal(err)
	}
	wanted, err := json.Marshal(want)
	if err != nil {
		w.t.Fatal(err)
	}
	if diff := cmp.Diff(string(wanted), string(raw)); diff != "" {
		w.t.Error("analysis: " + diff)
	}
}

func (w *world) members(run, model string, label segment.Label, limit int) (all []customer.ID) {
	w.t.Helper()
	for cursor := ""; ; {
		page, err := recalc.SegmentMembers(w.t.Context(), w.lake, run, model, label, cursor, limit)
		if err != nil || len(page.Customers) > limit {
			w.t.Fatalf("a page of %d members: %v", len(page.Customers), err)
		}
		all = append(all, page.Customers...)
		if cursor = page.Next; cursor == "" {
			return all
		}
	}
}
