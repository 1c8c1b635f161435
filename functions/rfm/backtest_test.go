package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/backtest"
	"liuke/shared/churn"
	"liuke/shared/clv"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/recalc"
	"liuke/shared/rfm"
	"liuke/shared/trial"
)

const grid = `"window_days":[90,365,0],"bins":[3,5],"weights":[[1,0,0],[1,1,0],[2,1,1],[0,0,1]]`

// ask plans a backtest.
func (w *world) ask(request string) *trial.Record {
	w.t.Helper()
	r, err := trial.ParseRequest([]byte(request))
	if err != nil {
		w.t.Fatal(err)
	}
	p := trial.Planner{Store: w.store, Queue: w.phases, Now: func() time.Time { return w.now }}
	record, err := p.Plan(w.t.Context(), r)
	if err != nil {
		w.t.Fatal(err)
	}
	return record
}

// reported returns the object of a backtest, which must be done.
func (w *world) reported(id string) (raw string, report *trial.Report) {
	w.t.Helper()
	record, err := w.store.Backtest(w.t.Context(), id)
	if err != nil || record.State != recalc.Done || record.Step != record.Steps || record.Finished.IsZero() {
		w.t.Fatalf("the backtest is %+v, %v", record, err)
	}
	object, err := w.lake.Get(w.t.Context(), trial.ReportKey(record))
	if err != nil {
		w.t.Fatal(err)
	}
	report = &trial.Report{}
	if err := json.Unmarshal(object, report); err != nil {
		w.t.Fatal(err)
	}
	return string(object), report
}

// plainBacktest compares the settings in memory, without parts, messages or state.
func plainBacktest(t *testing.T, terms *backtest.Terms, histories map[customer.ID]*customer.History) *backtest.Result {
	t.Helper()
	counts, tally := backtest.NewCounts(terms), backtest.NewTally(terms)
	var orders clv.Counts
	var rhythms churn.RhythmCounts
	for _, h := range histories {
		counts.Add(terms, h)
		if x, _, ok := clv.Of(h, terms.AsOf); ok {
			orders.Add(x, clv.Spend{})
			p, _ := churn.PatternOf(h, terms.AsOf, 0)
			rhythms.Add(p)
		}
	}
	mbg, err := clv.FitMBGNBD(&orders)
	if err != nil {
		t.Fatal(err)
	}
	bg, err := clv.FitBGNBD(&orders)
	if err != nil {
		t.Fatal(err)
	}
	prior, err := churn.FitRhythm(&rhythms)
	if err != nil {
		t.Fatal(err)
	}
	scorer := backtest.NewScorer(terms, counts.Cuts(terms))
	risk := churn.NewScorer(churn.Default(), &prior, terms.AsOf)
	forecaster := clv.NewForecaster(&bg, nil, float64(terms.HoldoutDays), clv.Horizon{})
	var alive, some, staying, money backtest.Ranking
	for _, h := range histories {
		tally.Add(scorer, h)
		x, _, ok := clv.Of(h, terms.AsOf)
		if !ok {
			continue
		}
		ordered, _ := terms.Outcome(h)
		weeks := func(days int32) float64 { return float64(days) / 7 }
		alive.Add(mbg.Alive(float64(x.X), weeks(x.TX), weeks(x.T)), ordered)
		forecast := forecaster.Of(x, clv.Spend{}, 1)
		some.Add(forecast.Some, ordered)
		staying.Add(-risk.Of(&churn.Evidence{Alive: forecast.Alive, History: h}).Risk.Value, ordered)
		v, _ := rfm.Window{AsOf: terms.AsOf}.Of(h)
		money.Add(float64(v.Monetary), ordered)
	}
	return tally.Result(terms, backtest.Comparator{Name: "P(alive) by MBG/NBD", Ranking: &alive},
		backtest.Comparator{Name: "chance of an order by BG/NBD", Ranking: &some},
		backtest.Comparator{Name: "churn risk", Ranking: &staying}, backtest.Comparator{Name: "money alone", Ranking: &money})
}

func TestABacktestEqualsThePlainOneOverTheSameCustomers(t *testing.T) {
	for _, c := range []struct {
		name    string
		counted int64
		part    int
		applied bool
		request string
	}{
		{"one part, the default grid", 1, 0, true, `{}`},
		{"many parts of four slices, a day of the past", 200_000, 15, true, `{"as_of":"2025-08-31","holdout_days":120,` + grid + `}`},
		{"a run that was not applied, as of a day of the past", 200_000, 15, false, `{"run_id":"RUN",` + grid + `}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.paged.counted, w.paged.rows = c.counted, 9
			w.handler = w.newHandler(Props{PartRows: c.part})
			histories := shop(7, 260)
			w.put(histories)
			request := `{"apply":true}`
			if !c.applied {
				request = `{"as_of":"2025-12-31","apply":false}`
			}
			run := w.run(request)
			w.told()
			record := w.ask(strings.ReplaceAll(c.request, "RUN", run.ID))
			w.drain()
			_, report := w.reported(record.ID)
			want := plainBacktest(t, &record.Terms.Test, histories)
			if diff := cmp.Diff(want, report.Result); diff != "" {
				t.Error(diff)
			}
			if want.Ordered < 20 || want.Ordered == want.Customers || report.Sample.Size != report.Sample.Of || report.Sample.Customers != len(histories) {
				t.Errorf("%d of %d ordered, sample %+v: the test shows little", want.Ordered, want.Customers, report.Sample)
			}
			if told := w.told(); len(told) != 0 {
				t.Errorf("a backtest tells outreach %v", told)
			}
		})
	}
}

func TestABacktestWhoseWorkersDieAtAnyCallIsTheSame(t *testing.T) {
	for _, c := range []struct {
		name      string
		committed func(int) bool
	}{
		{"before the call has its effect", func(int) bool { return false }},
		{"after it had, before the answer", func(int) bool { return true }},
		{"now before, now after", func(n int) bool { return n%2 == 0 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.paged.counted, w.paged.rows = 100_000, 20
			looks := 0
			w.handler = w.newHandler(Props{PartRows: 20})
			w.put(shop(11, 100))
			w.run(`{}`)
			undisturbed := w.ask(`{` + grid + `}`)
			w.drain()
			want, _ := w.reported(undisturbed.ID)

			w.handler.Left = func(context.Context) time.Duration { // enough for three parts
				if looks++; looks%3 == 0 {
					return 0
				}
				return time.Hour
			}
			w.now = w.now.Add(time.Second)
			record := w.ask(`{` + grid + `}`)
			deaths := w.stubborn(c.committed, true)
			if got, _ := w.reported(record.ID); got != want {
				t.Errorf("the report is\n%s\nwant\n%s", got, want)
			}
			if deaths < 20 {
				t.Errorf("%d workers died: the test shows little", deaths)
			}
			t.Logf("%d workers died", deaths)
		})
	}
}

func TestABacktestThatRunsOutOfTimeGoesOnWhereItWas(t *testing.T) {
	w := newWorld(t)
	w.paged.rows = 20
	w.handler = w.newHandler(Props{PartRows: 20})
	histories := shop(5, 150)
	w.put(histories)
	w.run(`{}`)
	out := false
	w.handler.Left = func(context.Context) time.Duration {
		if out {
			return 0
		}
		return time.Hour
	}
	record := w.ask(`{` + grid + `}`)
	out = true // one part an invocation
	var bodies []string
	for {
		body, ok := w.phases.take()
		if !ok {
			break
		}
		for _, body := range append(bodies, body) { // those before come once more, and are late
			if !w.deliver(body) {
				t.Fatalf("not acknowledged: %s", body)
			}
		}
		bodies = append(bodies, body)
		at, err := w.store.Backtest(t.Context(), record.ID)
		if err != nil || at.Step != len(bodies) || at.Steps != 16 {
			t.Fatalf("after %d messages: %+v, %v", len(bodies), at, err)
		}
	}
	if len(bodies) != 16 { // 8 parts, twice
		t.Errorf("%d messages", len(bodies))
	}
	_, report := w.reported(record.ID)
	if diff := cmp.Diff(plainBacktest(t, &record.Terms.Test, histories), report.Result); diff != "" {
		t.Error(diff)
	}
}

func TestASampleIsOfWholePartsAndSaysSo(t *testing.T) {
	w := newWorld(t)
	w.paged.counted, w.paged.rows = 200_000, 9
	w.handler = w.newHandler(Props{PartRows: 9})
	w.put(shop(5, 300))
	w.run(`{}`)
	record := w.ask(`{"customers":100,` + grid + `}`)
	w.drain()
	_, report := w.reported(record.ID)
	s := report.Sample
	if s.Customers > 100 || s.Customers < 80 || s.Of.Customers != 300 || s.Parts >= s.Of.Parts || !strings.Contains(strings.Join(report.Notes, "\n"), fmt.Sprintf("%d of 300 customers", s.Customers)) {
		t.Errorf("%+v, %v", s, report.Notes)
	}
	if report.Result.Customers > int64(s.Customers) || report.Result.Customers < 60 {
		t.Errorf("%d customers", report.Result.Customers)
	}
}

func TestABacktestNeedsNoNamesAndSaysWhereTheSnapshotIsGone(t *testing.T) {
	w := newWorld(t)
	w.handler = w.newHandler(Props{PartRows: 50})
	w.put(shop(5, 150))
	run := w.run(`{}`)
	slice, err := w.store.Slice(t.Context(), run.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range slice.Parts { // as after 28 days
		if err := w.lake.Delete(t.Context(), recalc.NamesKey(run.ID, p)); err != nil {
			t.Fatal(err)
		}
	}
	first := w.ask(`{` + grid + `}`)
	w.drain()
	w.reported(first.ID)

	gone := recalc.PartKey(run.ID, slice.Parts[0])
	expect := func(reason string) {
		t.Helper()
		w.now = w.now.Add(time.Second)
		record := w.ask(`{` + grid + `}`)
		w.drain()
		record, err = w.store.Backtest(t.Context(), record.ID)
		if err != nil || record.State != recalc.Failed || !strings.Contains(record.Reason, reason) || record.Finished.IsZero() {
			t.Errorf("%+v, %v", record, err)
		}
	}
	if err := w.lake.Put(t.Context(), gone, parquetType, []byte("PAR1")); err != nil {
		t.Fatal(err)
	}
	expect("damaged")
	if err := w.lake.Delete(t.Context(), gone); err != nil { // as after 400
		t.Fatal(err)
	}
	expect("no longer kept")
}

func TestABacktestOfNobodyAndOfAFewIsDoneAndWarns(t *testing.T) {
	for _, n := range []int{0, 1, 8} {
		t.Run(fmt.Sprintf("%d customers", n), func(t *testing.T) {
			w := newWorld(t)
			w.put(shop(5, n))
			w.run(`{}`)
			record := w.ask(`{` + grid + `}`)
			w.drain()
			_, report := w.reported(record.ID)
			if len(report.Result.Warnings) == 0 || !strings.Contains(strings.Join(report.Notes, "\n"), "MBG/NBD is not fitted: ") {
				t.Errorf("%v, %v", report.Result.Warnings, report.Notes)
			}
			for _, o := range report.Result.Others {
				if strings.HasPrefix(o.Name, "P(alive)") || math.IsNaN(o.AUC.AUC) {
					t.Errorf("%+v", o)
				}
			}
			if text, heat := report.Text(), report.Result.HeatMap(); !strings.Contains(text, "basis: ") || !strings.HasPrefix(heat, "<svg") {
				t.Error(text, heat)
			}
		})
	}
}

func TestBacktestsThatCannotBeAreRefused(t *testing.T) {
	w := newWorld(t)
	w.put(shop(5, 40))
	p := trial.Planner{Store: w.store, Queue: w.phases, Now: func() time.Time { return w.now }}
	if _, err := p.Plan(t.Context(), trial.Request{}); fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "no run stands yet") {
		t.Errorf("before any run: %v", err)
	}
	running := w.plan(`{}`)
	if _, err := p.Plan(t.Context(), trial.Request{RunID: running}); fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "the run is running") {
		t.Errorf("over a run under way: %v", err)
	}
	w.drain()
	if _, err := p.Plan(t.Context(), trial.Request{RunID: "none"}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("over no run: %v", err)
	}
	w.network.revive(3, false) // the run, the record, and the queue, which does not answer
	_, err := p.Plan(t.Context(), trial.Request{RunID: running})
	w.network.revive(0, false)
	if fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("without a queue: %v", err)
	}
	w.network.stumbles = true
	w.now = w.now.Add(time.Second)
	w.network.revive(3, false)
	_, err = p.Plan(t.Context(), trial.Request{RunID: running})
	w.network.revive(0, false)
	all, listErr := w.store.Backtests(t.Context(), 5)
	if err == nil || listErr != nil || len(all) != 2 || all[0].State != recalc.Failed || all[0].Reason != "it could not be started" {
		t.Errorf("where the queue alone does not answer: %v, %+v, %v", err, all, listErr)
	}
	// The other's process died: nobody works on it, and so it shows as failed after a while.
	if v := all[1].View(w.now, nil); v.State != recalc.Running || v.PartsToRead != 0 {
		t.Errorf("%+v", v)
	}
	if v := all[1].View(w.now.Add(recalc.JobLost), nil); v.State != recalc.Failed || !strings.Contains(v.Reason, "no progress") {
		t.Errorf("%+v", v)
	}
}

func TestSampleEventOfABacktest(t *testing.T) {
	w := newWorld(t)
	w.put(shop(5, 60))
	raw, err := os.ReadFile("../../events/rfm/backtest.json")
	if err != nil {
		t.Fatal(err)
	}
	send := func() string {
		t.Helper()
		out, err := w.handler.Handle(t.Context(), raw)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := json.Marshal(out)
		return string(answer)
	}
	if got := send(); !strings.Contains(got, "itemIdentifier") {
		t.Errorf("of no backtest: %s", got)
	}
	if run := w.run(`{}`); run.ID != "20260301T030000.000Z" {
		t.Fatal(run.ID)
	}
	w.now = w.now.Add(time.Second)
	record := w.ask(`{}`)
	if got := send(); strings.Contains(got, "itemIdentifier") {
		t.Error(got)
	}
	w.reported(record.ID)
}
