package main

import (
	"context"
	"encoding/json"
	"time"

	"liuke/shared/fault"
	"liuke/shared/recalc"
	"liuke/shared/snapshot"
	"liuke/shared/trial"
)

// Backtests keeps the records of backtests. See package dynamo for each.
type Backtests interface {
	Backtest(ctx context.Context, id string) (*trial.Record, error)
	AdvanceBacktest(ctx context.Context, id string, step, steps int, at time.Time) error
	FinishBacktest(ctx context.Context, id string, steps int, at time.Time) error
	FailBacktest(ctx context.Context, id, reason string, at time.Time) error
}

// backtest goes on with a backtest from where its message says. An invocation that runs out of time keeps its state under
// the number of parts that are read, sends the message that goes on from there, and notes that last: so a message of fewer
// parts than are noted is late, since another has been sent, and any other finds the state that it names.
func (h *Handler) backtest(ctx context.Context, m *recalc.Message) error {
	record, err := h.Store.Backtest(ctx, m.Backtest)
	if fault.CodeOf(err) == fault.NotFound {
		return fault.As(err, fault.Invalid, "the message is of no backtest")
	}
	if err != nil {
		return err
	}
	if record.Late(m.Step) {
		return nil
	}
	work, err := h.workOn(ctx, record, m.Step)
	if err != nil {
		return h.lost(ctx, record, err)
	}
	var keys []string
	for _, p := range work.Ahead() {
		keys = append(keys, recalc.PartKey(record.Run, p))
	}
	for raw, err := range h.fetch(ctx, keys) {
		if err != nil {
			return h.lost(ctx, record, err)
		}
		histories, err := snapshot.Histories(raw)
		if err != nil {
			return h.failBacktest(ctx, record, "a part of the run's snapshot is damaged", err)
		}
		if err := work.Add(histories); err != nil {
			return err
		}
		if h.Left(ctx) < margin && work.Step() < work.Steps() {
			return h.pause(ctx, record, work)
		}
	}
	return h.report(ctx, record, work)
}

// workOn returns the work of a backtest after so many parts.
func (h *Handler) workOn(ctx context.Context, record *trial.Record, step int) (*trial.Work, error) {
	run, err := h.Store.Run(ctx, record.Run)
	if err != nil {
		return nil, err
	}
	options, err := h.optionsOf(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	basis := trial.Basis{Terms: &record.Terms.Test, Model: run.Terms.Model, Risk: options.Risk}
	if step > 0 {
		raw, err := h.Lake.Get(ctx, trial.StateKey(record, step))
		if err != nil {
			return nil, err
		}
		return trial.Resume(basis, raw)
	}
	progress, err := h.slices(ctx, run)
	if err != nil {
		return nil, err
	}
	var parts []recalc.Part
	for _, s := range progress {
		parts = append(parts, s.Parts...)
	}
	return trial.Begin(basis, parts, record.Terms.Customers)
}

// pause leaves the work to the next invocation.
func (h *Handler) pause(ctx context.Context, record *trial.Record, work *trial.Work) error {
	raw, err := work.Keep()
	if err != nil {
		return err
	}
	if err := h.Lake.Put(ctx, trial.StateKey(record, work.Step()), "application/json", raw); err != nil {
		return err
	}
	if err := h.Phases.SendPhases(ctx, record.Message(work.Step())); err != nil {
		return err
	}
	return h.Store.AdvanceBacktest(ctx, record.ID, work.Step(), work.Steps(), h.Now())
}

// report keeps what a backtest came to, and notes then that it is done.
func (h *Handler) report(ctx context.Context, record *trial.Record, work *trial.Work) error {
	report, err := work.Report()
	if err != nil {
		return err
	}
	raw, err := json.Marshal(report)
	if err != nil {
		return fault.As(err, fault.Internal, "the report cannot be encoded")
	}
	if err := h.Lake.Put(ctx, trial.ReportKey(record), "application/json", raw); err != nil {
		return err
	}
	if err := h.Store.FinishBacktest(ctx, record.ID, work.Steps(), h.Now()); err != nil {
		return err
	}
	h.Log.InfoContext(ctx, "backtest done", "backtest", record.ID, "run", record.Run, "customers", report.Result.Customers)
	h.Counter.Count("BacktestsDone", 1)
	return nil
}

// lost fails a backtest whose run, or an object of it, is no longer there; any other error it returns.
func (h *Handler) lost(ctx context.Context, record *trial.Record, err error) error {
	if fault.CodeOf(err) != fault.NotFound {
		return err
	}
	return h.failBacktest(ctx, record, "the run's snapshot is no longer kept: name a later run", err)
}

func (h *Handler) failBacktest(ctx context.Context, record *trial.Record, reason string, cause error) error {
	if err := h.Store.FailBacktest(ctx, record.ID, reason, h.Now()); err != nil {
		return err
	}
	h.Log.ErrorContext(ctx, "backtest failed", "backtest", record.ID, "run", record.Run, "error", cause.Error())
	h.Counter.Count("BacktestsFailed", 1)
	return nil
}
