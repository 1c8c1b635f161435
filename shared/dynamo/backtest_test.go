package dynamo_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/infra/local/engine"
	"liuke/shared/backtest"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/recalc"
	"liuke/shared/trial"
)

func TestABacktestsRecordOnlyMovesForwardAndEndsOnce(t *testing.T) {
	t.Parallel()
	customers, records := engine.NewTables(t)
	s := dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records)
	ctx, at := t.Context(), time.Date(2026, 3, 5, 1, 2, 3, 4_000_000, time.UTC)
	begin := func(at time.Time) *trial.Record {
		t.Helper()
		r := &trial.Record{
			Job:   recalc.Job{ID: recalc.JobID(at), Run: "run", State: recalc.Running, Started: at, Updated: at},
			Terms: trial.Terms{Test: backtest.Terms{AsOf: 20000, HoldoutDays: 90, Grid: backtest.DefaultGrid()}, Customers: 7},
		}
		if err := s.BeginBacktest(ctx, r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	expect := func(want *trial.Record) {
		t.Helper()
		got, err := s.Backtest(ctx, want.ID)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Fatal(err, diff)
		}
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Backtest(ctx, "none"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("what is not there reads as %v", err)
	}
	first := begin(at)
	expect(first)
	if err := s.BeginBacktest(ctx, first); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a second of one id: %v, want Conflict", err)
	}
	later := at.Add(time.Minute)
	do(s.AdvanceBacktest(ctx, first.ID, 5, 12, later))
	do(s.AdvanceBacktest(ctx, first.ID, 3, 12, later.Add(time.Minute))) // a slower worker
	first.Step, first.Steps, first.Updated = 5, 12, later
	expect(first)
	do(s.FinishBacktest(ctx, first.ID, 12, later))
	first.Step, first.State, first.Finished = 12, recalc.Done, later
	expect(first)
	do(s.FailBacktest(ctx, first.ID, "too late", later.Add(time.Hour)))
	do(s.FinishBacktest(ctx, first.ID, 12, later.Add(time.Hour)))
	do(s.AdvanceBacktest(ctx, first.ID, 13, 14, later.Add(time.Hour)))
	expect(first)

	second := begin(at.Add(time.Second))
	do(s.FailBacktest(ctx, second.ID, "the reason", later))
	second.State, second.Reason, second.Finished = recalc.Failed, "the reason", later
	expect(second)
	for limit, want := range map[int][]*trial.Record{1: {second}, 5: {second, first}} {
		got, err := s.Backtests(ctx, limit)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Error(limit, err, diff)
		}
	}
	do(s.AdvanceBacktest(ctx, "none", 1, 2, later)) // makes no record
	if _, err := s.Backtest(ctx, "none"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("what was never begun reads as %v", err)
	}
}
