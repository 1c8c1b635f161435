package trial

import (
	"context"
	"errors"
	"fmt"
	"time"

	"liuke/shared/clock"
	"liuke/shared/fault"
	"liuke/shared/recalc"
)

// Store keeps the records that planning needs.
type Store interface {
	// Run reads a run's record; NotFound where there is none.
	Run(ctx context.Context, id string) (*recalc.Run, error)
	// CurrentRun names the run that stands, "" for none.
	CurrentRun(ctx context.Context) (id string, err error)
	// BeginBacktest writes a record. It returns a Conflict where there is one of that id.
	BeginBacktest(ctx context.Context, r *Record) error
	// FailBacktest marks a backtest that is under way as failed and lets any other be.
	FailBacktest(ctx context.Context, id, reason string, at time.Time) error
}

// Planner starts backtests.
type Planner struct {
	Store Store
	Queue recalc.Queue
	Now   clock.Now
}

// Plan starts a backtest and returns its record. It returns an Invalid error where the request is wrong, and a Conflict
// where there is no run to go over yet.
func (p *Planner) Plan(ctx context.Context, r Request) (*Record, error) {
	run, err := p.run(ctx, r.RunID)
	if err != nil {
		return nil, err
	}
	terms, err := r.Terms(run)
	if err != nil {
		return nil, err
	}
	now := p.Now().UTC().Truncate(time.Millisecond) // as the record keeps it
	record := &Record{Job: recalc.Job{ID: recalc.JobID(now), Run: run.ID, State: recalc.Running, Started: now, Updated: now}, Terms: terms}
	if err := p.Store.BeginBacktest(ctx, record); err != nil {
		return nil, err
	}
	if err := p.Queue.SendPhases(ctx, record.Message(0)); err != nil {
		return nil, errors.Join(err, p.Store.FailBacktest(ctx, record.ID, "it could not be started", now))
	}
	return record, nil
}

// run returns the run that is named, or the one that stands; it is done.
func (p *Planner) run(ctx context.Context, id string) (run *recalc.Run, err error) {
	named := id != ""
	if !named {
		if id, err = p.Store.CurrentRun(ctx); err != nil {
			return nil, err
		}
		if id == "" {
			return nil, fault.New(fault.Conflict, "no run stands yet: start one, or name one that is done as run_id")
		}
	}
	run, err = p.Store.Run(ctx, id)
	switch {
	case fault.CodeOf(err) == fault.NotFound && named:
		return nil, noRun()
	case err != nil:
		return nil, err
	case run.State != recalc.Done:
		return nil, fault.New(fault.Conflict, "the run is %s: a backtest goes over one that is done", run.State)
	}
	return run, nil
}

// Message is what goes on with a backtest after so many parts.
func (r *Record) Message(step int) recalc.Message {
	return recalc.Message{Phase: recalc.PhaseBacktest, Run: r.Run, Backtest: r.ID, Step: step}
}

func stepName(step int) string { return fmt.Sprintf("state-%06d", step) }
