package recalc_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/churn"
	"liuke/shared/clv"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/occasion"
	"liuke/shared/recalc"
	"liuke/shared/rfm"
	"liuke/shared/segment"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func asFault(err error, f **fault.Error) bool { return errors.As(err, f) }

func cuts(values ...int64) (out []rfm.Cut) {
	for _, v := range values {
		out = append(out, rfm.Cut{Num: v, Den: 1})
	}
	return out
}

func doneRun() *recalc.Run {
	return &recalc.Run{
		ID: "20260302T040000.000Z", State: recalc.Done,
		Started: time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC), Finished: time.Date(2026, 3, 2, 4, 1, 30, 0, time.UTC),
		Terms: recalc.Terms{AsOf: customer.Date(2026, time.March, 2), WindowDays: 365, Binning: recalc.Quantile, Apply: true, Currency: "CNY", Model: clv.ModelBGNBD, GroupedBy: recalc.Ungrouped},
		Fit: &recalc.Fit{Customers: 3, Cuts: rfm.Cuts{Recency: cuts(10, 20, 30, 40), Frequency: cuts(1, 2, 3, 4), Monetary: []rfm.Cut{{Num: 100, Den: 1}, {Num: 1001, Den: 5}, {Num: 300, Den: 1}, {Num: 400, Den: 1}}, Above: true},
			Drift: &rfm.Drift{Recency: rfm.ValueDrift{Shifts: []float64{0, .1, .3, 0}, PSI: .01, Noise: .02, Drifted: true}, Drifted: true},
			Models: recalc.Models{Customers: 3, Orders: clv.OrdersFit{BGNBD: &clv.BGNBD{R: .24, Alpha: 4.41, A: .79, B: 2.43, LogLikelihood: -9582.4}}, SpendRefused: "too few",
				Rhythm: &churn.Prior{Shape: 1.05, Rate: .014, Days: 74.8, Customers: 1159}}},
		Report: &recalc.Report{Customers: 3, Differing: 2, Warnings: 1, Read: 4.5, Write: 2,
			Risk: map[string]int64{churn.High: 1, churn.Low: 2}, Occasions: map[occasion.Kind]int64{occasion.Birthday: 1},
			Segments: []segment.LabelTotals{{Name: "Champions", Totals: segment.Totals{Customers: 2, Orders: 9, Revenue: 123456}}, {Name: "Lost", Totals: segment.Totals{Customers: 1, Orders: 1, Revenue: -5}}},
			Moves:    []segment.Move{{From: "Champions", To: "At Risk", Customers: 1}}},
	}
}

func TestViews(t *testing.T) {
	begun := &recalc.Run{ID: "20260302T040000.000Z", State: recalc.Running, Started: doneRun().Started, Terms: doneRun().Terms}
	failed := *begun
	failed.State, failed.Reason = recalc.Failed, "it made no progress until its deadline"
	for name, run := range map[string]*recalc.Run{"done": doneRun(), "begun": begun, "failed": &failed} {
		got, err := json.MarshalIndent(run.View(), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", "view_"+name+".json")
		if *update {
			if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func options(t testing.TB) *recalc.Options {
	t.Helper()
	o, err := recalc.DefaultOptions()
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestBandsOfRiskFollowSilence(t *testing.T) {
	var h customer.History
	last := customer.Date(2026, time.March, 2)
	for k := range 8 { // an order a week
		h.Add(last-customer.Day(7*k), 1000)
	}
	run := doneRun()
	var bands []string
	var overdue []float64 // the silence in usual gaps when each begins
	alive, o := 1.0, options(t)
	for silence := range 400 {
		run.Terms.AsOf = last + customer.Day(silence)
		raw, _ := h.MarshalBinary()
		stood := ""
		if len(bands) > 0 {
			stood = bands[len(bands)-1]
		}
		line, err := recalc.NewScorer(run, o, time.UTC).Score(&recalc.Row{ID: "c", History: raw, Standing: customer.Scores{Risk: stood}})
		if err != nil || line.Forecast.Alive > alive {
			t.Fatalf("P(alive) rises from %v to %v in silence: %v", alive, line.Forecast.Alive, err)
		}
		alive = line.Forecast.Alive
		if stood != line.Scores.Risk {
			bands, overdue = append(bands, line.Scores.Risk), append(overdue, line.Churn.Overdue)
		}
	}
	if !slices.Equal(bands, []string{"low", "medium", "high"}) {
		t.Fatalf("the bands that a silent customer goes through are %v", bands)
	}
	if overdue[1] < 2 || overdue[1] > 5 || overdue[2] < overdue[1]+1 || overdue[2] > 8 {
		t.Errorf("whoever bought every week is %v after %.1f usual gaps of silence; want medium after some, and high within eight", bands, overdue)
	}
}

// objects are a run's objects in memory.
type objects map[string][]byte

func (o objects) Get(_ context.Context, key string) ([]byte, error) {
	if body, ok := o[key]; ok {
		return body, nil
	}
	return nil, fault.New(fault.NotFound, "the object does not exist")
}

func TestPagesOfMembers(t *testing.T) {
	o := objects{}
	opts := options(t)
	index := opts.IndexOf()
	var want []customer.ID
	labels := func(rfm10 string) segment.Labels {
		l, err := segment.ParseLabels("abc\tA\nrfm10\t" + rfm10)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	for part, n := range []int{3, 0, 5, 1, 0, 2} {
		var lines []recalc.Line
		result := recalc.Result{Labels: *opts.Models.NewTally()}
		for i := range n {
			id := customer.ID(string(rune('a'+part)) + `, "` + string(rune('0'+i)))
			lines = append(lines, recalc.Line{ID: id, In: true, Labels: labels("Lost")}, recalc.Line{ID: "x" + id, In: true, Labels: labels("Champions")})
			want = append(want, id)
			result.Labels.Add(segment.Labels{}, labels("Lost"), 1, 1)
			result.Labels.Add(segment.Labels{}, labels("Champions"), 1, 1)
		}
		o[recalc.TableKey("r", 0, part)] = opts.Table(lines, "CNY")
		index.Add(0, part, &result)
	}
	o[recalc.IndexKey("r")], _ = json.Marshal(index)
	for limit := 1; limit < 14; limit++ {
		var got []customer.ID
		pages := 0
		for cursor := ""; ; pages++ {
			page, err := recalc.SegmentMembers(t.Context(), o, "r", "rfm10", "Lost", cursor, limit)
			if err != nil || len(page.Customers) == 0 || len(page.Customers) > limit {
				t.Fatalf("limit %d, page %d: %d members, %v", limit, pages, len(page.Customers), err)
			}
			got = append(got, page.Customers...)
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("limit %d: %s", limit, diff)
		}
	}
	if page, err := recalc.SegmentMembers(t.Context(), o, "r", "rfm10", "At Risk", "", 5); err != nil || len(page.Customers) != 0 || page.Next != "" {
		t.Errorf("members of an empty segment: %v, %v", page, err)
	}
	if page, err := recalc.SegmentMembers(t.Context(), o, "r", "abc", "A", "", 100); err != nil || len(page.Customers) != 2*len(want) {
		t.Errorf("members of another model: %v, %v", page, err)
	}
	if _, err := recalc.SegmentMembers(t.Context(), o, "r", "nosuch", "A", "", 5); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("members of a model that the run did not know: %v", err)
	}
	for _, cursor := range []string{"x", "1", "1-", "-1-0", "1-x", "99999999999999999999-0"} {
		if _, err := recalc.SegmentMembers(t.Context(), o, "r", "rfm10", "Lost", cursor, 5); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
	whole := o[recalc.TableKey("r", 0, 2)]
	o[recalc.TableKey("r", 0, 2)] = nil
	if _, err := recalc.SegmentMembers(t.Context(), o, "r", "rfm10", "Lost", "2-1", 5); fault.CodeOf(err) != fault.Internal {
		t.Errorf("a table that lacks members: %v", err)
	}
	o[recalc.TableKey("r", 0, 2)] = whole
	if page, err := recalc.SegmentMembers(t.Context(), o, "r", "rfm10", "Lost", "2-77", 5); err != nil || len(page.Customers) != 3 {
		t.Errorf("a cursor beyond its part goes on with the next: %v, %v", page, err)
	}
}

func TestSummariesRefuseDamage(t *testing.T) {
	var s recalc.Summary
	var h customer.History
	h.Add(100, 5)
	raw, _ := h.MarshalBinary()
	terms := recalc.Terms{AsOf: 200}
	if err := s.Summarize(&terms, &recalc.Row{ID: "c", History: raw}); err != nil {
		t.Fatal(err)
	}
	if err := s.Summarize(&terms, &recalc.Row{ID: "c", History: []byte("?")}); fault.CodeOf(err) != fault.Internal {
		t.Errorf("a damaged history: %v", err)
	}
	good, _ := s.MarshalBinary()
	for n := range good {
		var back recalc.Summary
		if err := back.UnmarshalBinary(good[:n]); fault.CodeOf(err) != fault.Internal {
			t.Errorf("%d of %d bytes: %v", n, len(good), err)
		}
	}
	var back recalc.Summary
	if err := back.UnmarshalBinary(append(good, 0)); fault.CodeOf(err) != fault.Internal {
		t.Errorf("a byte too many: %v", err)
	}
	if err := back.UnmarshalBinary(good); err != nil || back.Customers != 1 {
		t.Errorf("%d customers, %v", back.Customers, err)
	}
}
