package main

import (
	"context"
	"slices"

	"liuke/shared/fault"
	"liuke/shared/recalc"
)

// fit fits the run's cuts and models on the summaries of all parts, keeps them, and queues the scoring of every part that
// is not scored yet.
func (h *Handler) fit(ctx context.Context, run *recalc.Run) error {
	progress, err := h.slices(ctx, run)
	if err != nil {
		return err
	}
	if run.Fit == nil {
		if run, err = h.fitOf(ctx, run, progress); err != nil || run == nil {
			return err
		}
	}
	var messages []recalc.Message
	for _, s := range progress {
		if len(s.Parts) == 0 {
			if run, err = h.Store.ScoreSlice(ctx, run.ID, s.Number, h.lease()); err != nil {
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
			if run, err = h.Store.ScoreSlice(ctx, run.ID, s.Number, h.lease()); err != nil {
				return ended(err)
			}
		}
	}
	return h.Phases.SendPhases(ctx, recalc.Message{Phase: recalc.PhasePublish, Run: run.ID})
}

// fitOf fits and keeps; it returns the run as it is then, nil where it is no longer under way.
func (h *Handler) fitOf(ctx context.Context, run *recalc.Run, progress []*recalc.Slice) (*recalc.Run, error) {
	if !run.Complete(run.Landed) {
		return nil, fault.New(fault.Internal, "the fit comes before the last slice")
	}
	var keys []string
	for _, s := range progress {
		for _, p := range s.Parts {
			keys = append(keys, recalc.SummaryKey(run.ID, p))
		}
	}
	var whole recalc.Summary
	for raw, err := range h.fetch(ctx, keys) {
		if err != nil {
			return nil, err
		}
		var s recalc.Summary
		if err := s.UnmarshalBinary(raw); err != nil {
			return nil, err
		}
		whole.Merge(&s)
	}
	fit, err := recalc.FitOf(&run.Terms, &whole)
	if err != nil {
		return nil, err
	}
	fitted, err := h.Store.SaveFit(ctx, run.ID, fit, h.lease())
	if fault.CodeOf(err) != fault.Conflict {
		return fitted, err
	}
	fitted, err = h.Store.Run(ctx, run.ID) // another worker kept the same fit, or the run has ended
	if err != nil || fitted.State != recalc.Running {
		return nil, err
	}
	return fitted, nil
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
