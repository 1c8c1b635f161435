package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"liuke/shared/churn"
	"liuke/shared/clv"
	"liuke/shared/customer"
	"liuke/shared/document"
	"liuke/shared/recalc"
	"liuke/shared/rfm"
)

// done is a run as recalculated made it.
type done struct {
	run      *recalc.Run
	options  *recalc.Options
	lines    map[customer.ID]recalc.Line
	analysis *recalc.Analysis
}

// fixed are the cuts of the tests' runs.
func fixed() *rfm.Cuts {
	cut := func(values ...int64) (cuts []rfm.Cut) {
		for _, v := range values {
			cuts = append(cuts, rfm.Cut{Num: v, Den: 1})
		}
		return cuts
	}
	return &rfm.Cuts{Recency: cut(10, 20, 30, 40), Frequency: cut(1, 2, 3, 4), Monetary: cut(1000, 2000, 3000, 4000)}
}

// recalculated recalculates the customers who are stored, with a crowd beside them whose items are the run's alone, and
// publishes the run as the function rfm does.
func (b *testBundle) recalculated(t *testing.T, id string, at time.Time, crowd int, settings ...document.Document) done {
	t.Helper()
	ctx := t.Context()
	run := &recalc.Run{
		ID: id, State: recalc.Running, Started: at, Deadline: at.Add(recalc.Lease), Slices: 1, Documents: settings,
		Terms: recalc.Terms{AsOf: customer.DayOf(at, business.Zone), WindowDays: 365, Binning: recalc.Fixed, Cuts: fixed(), Apply: true, Currency: "CNY", Model: clv.ModelBGNBD, GroupedBy: recalc.ByChannel},
	}
	options, err := recalc.OptionsOf(settings, run.Terms.Currency)
	must(t, err)
	must(t, b.store.BeginRun(ctx, run, "", nil))
	var stands *recalc.Run
	if current, err := b.store.CurrentRun(ctx); err != nil {
		t.Fatal(err)
	} else if current != "" {
		stands, err = b.store.Run(ctx, current)
		must(t, err)
	}
	rows, _, err := b.store.ScanCustomers(ctx, 0, 1, "")
	must(t, err)
	stored := len(rows)
	for _, rec := range crowded(crowd, run.Terms.AsOf) {
		rows = append(rows, recalc.RowOf(&rec))
	}
	var summary recalc.Summary
	for i := range rows {
		must(t, summary.Summarize(&run.Terms, &rows[i]))
	}
	fit, err := recalc.FitOf(&run.Terms, options, &summary, stands)
	must(t, err)
	run, err = b.store.SaveFit(ctx, id, fit, run.Deadline)
	must(t, err)
	scorer := recalc.NewScorer(run, options, business.Zone)
	var lines []recalc.Line
	var result recalc.Result
	out := done{options: options, lines: map[customer.ID]recalc.Line{}}
	for i := range rows {
		line, err := scorer.Score(&rows[i])
		must(t, err)
		scorer.Add(&result, &line)
		lines = append(lines, line)
		out.lines[line.ID] = line
		if i < stored && line.Differs() {
			_, err := b.store.WriteScores(ctx, line.ID, line.Scores)
			must(t, err)
		}
	}
	out.analysis, err = recalc.AnalysisOf(run, options, &result)
	must(t, err)
	index := options.IndexOf()
	index.Add(0, 0, &result)
	put := func(key string, v any) {
		raw, err := json.Marshal(v)
		must(t, err)
		must(t, b.lake.Put(ctx, key, "application/json", raw))
	}
	put(recalc.IndexKey(id), index)
	put(recalc.AnalysisKey(id), out.analysis)
	table := options.Table(lines, run.Terms.Currency)
	must(t, b.lake.Put(ctx, recalc.TableKey(id, 0, 0), "text/csv", table))
	must(t, b.lake.Put(ctx, recalc.ScoresKey(id), "text/csv", append(options.Header(), table...)))
	must(t, b.store.FinishRun(ctx, run, recalc.ReportOf(run, &result, []*recalc.Slice{{Read: 1.5, Write: 4}}), at.Add(time.Minute)))
	out.run, err = b.store.Run(ctx, id)
	must(t, err)
	return out
}

// crowded are customers as the models have them: rates of purchase, chances to leave and worths that differ.
func crowded(n int, asOf customer.Day) []customer.Record {
	r := rand.New(rand.NewPCG(7, 7))
	gamma := func(shape int) (sum float64) {
		for range shape {
			sum += r.ExpFloat64()
		}
		return sum
	}
	crowd := make([]customer.Record, n)
	for i := range crowd {
		rec := &crowd[i]
		*rec = customer.Record{ID: customer.ID(fmt.Sprint("crowd-", i)), Version: 1}
		rate, leave, worth := gamma(1)/40, 1-math.Pow(r.Float64(), 1./4), 9000/gamma(4)
		for day := float64(asOf) - 700*r.Float64(); day <= float64(asOf); day += r.ExpFloat64() / rate {
			rec.History.Add(customer.Day(day), int64(100+worth*gamma(2)))
			rec.Activity.Add(customer.MonthOf(customer.Day(day)), 3)
			if r.Float64() < leave {
				break
			}
		}
		rec.Signs.Touched(customer.Touch{Channel: []string{"ads", "friends"}[i%2], Time: 1})
	}
	return crowd
}

// publish stores three customers at risk and the run that stands.
func (b *testBundle) publish(t *testing.T, settings ...document.Document) done {
	t.Helper()
	for _, id := range []customer.ID{"=cmd", "c3", "顾客,2"} {
		if rec, err := b.store.Customer(t.Context(), id); err != nil || rec.Version > 0 {
			continue
		}
		rec := customer.Record{ID: id, Version: 1}
		for month := time.April; month <= time.July; month++ {
			rec.History.Add(customer.Date(2025, month, 10), 900)
		}
		rec.Touch(started.AddDate(0, -11, 0).Unix())
		must(t, b.store.Commit(t.Context(), &rec, nil))
	}
	return b.recalculated(t, applied, started, 400, settings...)
}

func TestTheCrowdIsOneThatModelsFit(t *testing.T) {
	d := setup(t).publish(t)
	m := d.run.Fit.Models
	if m.Orders.BGNBD == nil || m.Spend == nil || m.Rhythm == nil || m.Groups == nil || d.analysis.Calibration == nil {
		t.Fatalf("%+v, %+v", m, d.analysis.Calibration)
	}
	if d.analysis.Models[0].Segments == nil || d.run.Report.Risk[churn.Low] == 0 || d.run.Report.Risk[churn.High] == 0 {
		t.Errorf("%+v", d.run.Report)
	}
}
