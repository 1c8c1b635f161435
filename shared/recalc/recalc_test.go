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

	"liuke/shared/clv"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/recalc"
	"liuke/shared/rfm"
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
		Terms: recalc.Terms{AsOf: customer.Date(2026, time.March, 2), WindowDays: 365, Binning: recalc.Quantile, Apply: true, Currency: "CNY"},
		Fit: &recalc.Fit{Customers: 3, Cuts: rfm.Cuts{Recency: cuts(10, 20, 30, 40), Frequency: cuts(1, 2, 3, 4), Monetary: []rfm.Cut{{Num: 100, Den: 1}, {Num: 1001, Den: 5}, {Num: 300, Den: 1}, {Num: 400, Den: 1}}, Above: true},
			Models: recalc.Models{BGNBD: &clv.BGNBD{R: .24, Alpha: 4.41, A: .79, B: 2.43, LogLikelihood: -9582.4}, GammaGammaRefused: "too few"}},
		Report: &recalc.Report{Customers: 3, Differing: 2, Read: 4.5, Write: 2,
			Segments: []recalc.SegmentTotals{{Name: "Champions", Totals: recalc.Totals{Customers: 2, Orders: 9, Revenue: 123456}}, {Name: "Lost", Totals: recalc.Totals{Customers: 1, Orders: 1, Revenue: -5}}},
			Moves:    []recalc.Move{{From: "Champions", To: "At Risk", Customers: 1}}},
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

// standing scores one customer against a fit, given the bands that stand, and returns the new ones.
func standing(t *testing.T, h *customer.History, risk, value string) (string, string) {
	t.Helper()
	run := doneRun()
	run.Fit.Terciles = rfm.Cuts{Monetary: cuts(10_000, 20_000), Above: true}
	raw, _ := h.MarshalBinary()
	line, err := recalc.NewScorer(run).Score(&recalc.Row{ID: "c", History: raw, Standing: customer.Scores{Risk: risk, Value: value, Segment: "Lost"}})
	if err != nil {
		t.Fatal(err)
	}
	return line.Scores.Risk, line.Scores.Value
}

func TestBandsOfValueAreLeftByAMarginAlone(t *testing.T) {
	for _, c := range []struct {
		name  string
		spent int64
		stood string
		want  string
	}{
		{"at the bound, nothing stood", 10_000, "", "potential"},
		{"above the bound, nothing stood", 10_001, "", "mid"},
		{"just above the bound, potential stays", 10_400, "potential", "potential"},
		{"clearly above it, potential rises", 10_501, "potential", "mid"},
		{"just below the bound, mid stays", 9_600, "mid", "mid"},
		{"clearly below it, mid falls", 9_500, "mid", "potential"},
		{"two bands at once", 30_000, "potential", "high"},
		{"and back", 0, "high", "potential"},
		{"just below the upper bound, high stays", 19_500, "high", "high"},
		{"an unknown band is none", 10_400, "gold", "mid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var h customer.History
			h.Add(customer.Date(2026, time.February, 1), c.spent)
			risk, got := standing(t, &h, "", c.stood)
			if got != c.want {
				t.Errorf("value is %s, want %s", got, c.want)
			}
			if risk != recalc.Unknown {
				t.Errorf("risk of whoever ordered once is %s, want unknown", risk)
			}
		})
	}
}

func TestBandsOfRiskFollowSilence(t *testing.T) {
	var h customer.History
	last := customer.Date(2026, time.March, 2)
	for k := range 8 { // an order a week
		h.Add(last-customer.Day(7*k), 1000)
	}
	run := doneRun()
	var bands []string
	alive := 1.0
	for silence := range 150 {
		run.Terms.AsOf = last + customer.Day(silence)
		raw, _ := h.MarshalBinary()
		stood := ""
		if len(bands) > 0 {
			stood = bands[len(bands)-1]
		}
		line, err := recalc.NewScorer(run).Score(&recalc.Row{ID: "c", History: raw, Standing: customer.Scores{Risk: stood}})
		if err != nil || line.Forecast.Alive > alive {
			t.Fatalf("P(alive) rises from %v to %v in silence: %v", alive, line.Forecast.Alive, err)
		}
		alive = line.Forecast.Alive
		if stood != line.Scores.Risk {
			bands = append(bands, line.Scores.Risk)
		}
	}
	if !slices.Equal(bands, []string{"low", "medium", "high"}) {
		t.Errorf("the bands that a silent customer goes through are %v", bands)
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
	var index []recalc.IndexedPart
	var want []customer.ID
	for part, n := range []int{3, 0, 5, 1, 0, 2} {
		var lines []recalc.Line
		segments := map[string]int64{}
		for i := range n {
			id := customer.ID(string(rune('a'+part)) + `, "` + string(rune('0'+i)))
			lines = append(lines, recalc.Line{ID: id, In: true, Scores: customer.Scores{Segment: "Lost"}}, recalc.Line{ID: "x" + id, In: true, Scores: customer.Scores{Segment: "Champions"}})
			want = append(want, id)
			segments["Lost"]++
			segments["Champions"]++
		}
		o[recalc.TableKey("r", 0, part)] = recalc.Table(lines, "CNY")
		index = append(index, recalc.IndexedPart{Part: part, Segments: segments})
	}
	o[recalc.IndexKey("r")], _ = json.Marshal(index)
	for limit := 1; limit < 14; limit++ {
		var got []customer.ID
		pages := 0
		for cursor := ""; ; pages++ {
			page, err := recalc.SegmentMembers(t.Context(), o, "r", "Lost", cursor, limit)
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
	if page, err := recalc.SegmentMembers(t.Context(), o, "r", "At Risk", "", 5); err != nil || len(page.Customers) != 0 || page.Next != "" {
		t.Errorf("members of an empty segment: %v, %v", page, err)
	}
	for _, cursor := range []string{"x", "1", "1-", "-1-0", "1-x", "99999999999999999999-0"} {
		if _, err := recalc.SegmentMembers(t.Context(), o, "r", "Lost", cursor, 5); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
	if page, err := recalc.SegmentMembers(t.Context(), o, "r", "Lost", "2-77", 5); err != nil || len(page.Customers) != 3 {
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
