package main

import (
	"context"
	"slices"

	"liuke/shared/fault"
	"liuke/shared/recalc"
)

// fit fits the run's cuts and models on the summaries of all parts, keeps them, and queues the scoring of every part that
// is not scored yet.
func (h *Handler) fit(ctx context.Context, run *recalc.Run, resumed bool) error {
	progress, err := h.slices(ctx, run)
	if err != nil {
		return err
	}
	if run.Fit == nil {
		if run, err = h.fitOf(ctx, run, progress, resumed); err != nil || run == nil {
			return err
		}
	}
	var messages []recalc.Message
	for _, s := range progress {
		if len(s.Parts) == 0 {
			if run, err = h.Store.ScoreSlice(ctx, run.ID, s.Number, h.lease(run)); err != nil {
				return ended(err)
			}
		}
		for part := range s.Parts {
			if !slices.Contains(s.Scored, part) {
				messages = append(messages, recalc.Message{Phase: recalc.PhaseScore, Run: run.ID, Slice: s.Number, Part: part})
			}
		}
	}
	if len(messages) == 0 { // nobody to score, or all of it done: publish, unless that is for a slice's last part to do
		return h.conclude(ctx, run, progress)
	}
	return h.Phases.SendPhases(ctx, messages...)
}

// conclude notes the slices whose parts are all scored and queues the publication.
func (h *Handler) conclude(ctx context.Context, run *recalc.Run, progress []*recalc.Slice) (err error) {
	for _, s := range progress {
		if !slices.Contains(run.Scored, s.Number) {
			if run, err = h.Store.ScoreSlice(ctx, run.ID, s.Number, h.lease(run)); err != nil {
				return ended(err)
			}
		}
	}
	return h.Phases.SendPhases(ctx, recalc.Message{Phase: recalc.PhasePublish, Run: run.ID})
}

// fitOf fits and keeps; it returns the run as it is then, nil where it is no longer under way.
func (h *Handler) fitOf(ctx context.Context, run *recalc.Run, progress []*recalc.Slice, resumed bool) (*recalc.Run, error) {
	if !run.Complete(run.Landed) {
		return nil, fault.New(fault.Internal, "the fit comes before the last slice")
	}
	var t *tiling
	var err error
	if resumed {
		t, err = h.tiling(ctx, run)
	} else {
		t = &tiling{}
		t.Fit, err = h.fitPopulation(ctx, run, progress)
	}
	if err != nil {
		return nil, err
	}
	if done, err := h.settle(ctx, run, progress, t); err != nil || !done {
		return nil, err
	}
	fit := t.Fit
	if fit.Drift != nil && fit.Drift.Drifted {
		h.Log.WarnContext(ctx, "cut points have drifted", "run", run.ID)
		h.Counter.Count("CutsDrifted", 1)
	}
	fitted, err := h.Store.SaveFit(ctx, run.ID, fit, h.lease(run))
	if fault.CodeOf(err) != fault.Conflict {
		return fitted, err
	}
	fitted, err = h.Store.Run(ctx, run.ID) // another worker kept the same fit, or the run has ended
	if err != nil || fitted.State != recalc.Running {
		return nil, err
	}
	return fitted, nil
}

// fitPopulation fits all parts' summaries, and compares with the run that stands.
func (h *Handler) fitPopulation(ctx context.Context, run *recalc.Run, progress []*recalc.Slice) (*recalc.Fit, error) {
	options, err := h.optionsOf(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	stands, err := h.standing(ctx)
	if err != nil {
		return nil, err
	}
	var keys []string
	customers := 0
	for _, s := range progress {
		for _, p := range s.Parts {
			keys = append(keys, recalc.SummaryKey(run.ID, p))
			customers += p.Rows
		}
	}
	all := recalc.NewPopulation(&run.Terms, options, stands, customers)
	for again := true; again; again = all.Again() {
		for raw, err := range h.fetch(ctx, keys) {
			if err != nil {
				return nil, err
			}
			var s recalc.Summary
			if err := s.UnmarshalBinary(raw); err != nil {
				return nil, err
			}
			all.Add(&s)
		}
	}
	return all.Fit()
}

// standing returns the run that was applied last, nil where there is none.
func (h *Handler) standing(ctx context.Context) (*recalc.Run, error) {
	id, err := h.Store.CurrentRun(ctx)
	if err != nil || id == "" {
		return nil, err
	}
	run, err := h.Store.Run(ctx, id)
	if fault.CodeOf(err) == fault.NotFound {
		return nil, nil
	}
	return run, err
}

// slices reads the progress of all slices.
func (h *Handler) slices(ctx context.Context, run *recalc.Run) ([]*recalc.Slice, error) {
	out := make([]*recalc.Slice, run.Slices)
	for n := range out {
		s, err := h.Store.Slice(ctx, run.ID, n)
		if err != nil {
			return nil, err
		}
		out[n] = s
	}
	return out, nil
}
