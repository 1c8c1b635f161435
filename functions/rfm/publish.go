package main

import (
	"context"
	"encoding/json"
	"iter"

	"liuke/shared/fault"
	"liuke/shared/recalc"
)

// publish merges the parts' results and tables, keeps the report, names the run as the current one where it was applied,
// and gives the lease back. The record says done last, so that whoever sees that finds everything else.
func (h *Handler) publish(ctx context.Context, run *recalc.Run) error {
	if !run.Complete(run.Scored) {
		return fault.New(fault.Invalid, "the run is not scored yet")
	}
	progress, err := h.slices(ctx, run)
	if err != nil {
		return err
	}
	options, err := h.optionsOf(ctx, run.ID)
	if err != nil {
		return err
	}
	var results, tables []string
	var parts []partOf
	for _, s := range progress {
		for part := range s.Parts {
			results = append(results, recalc.ResultKey(run.ID, s.Number, part))
			tables = append(tables, recalc.TableKey(run.ID, s.Number, part))
			parts = append(parts, partOf{s.Number, part})
		}
	}
	index := options.IndexOf()
	whole, err := h.merge(ctx, results, parts, index)
	if err != nil {
		return err
	}
	analysis, err := recalc.AnalysisOf(run, options, whole)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(index)
	if err != nil {
		return fault.As(err, fault.Internal, "the index cannot be encoded")
	}
	told, err := json.Marshal(analysis)
	if err != nil {
		return fault.As(err, fault.Internal, "the analysis cannot be encoded")
	}
	err = all(
		func() error {
			return h.Lake.PutStream(ctx, recalc.ScoresKey(run.ID), "text/csv; charset=utf-8", withHeader(options.Header(), h.fetch(ctx, tables)))
		},
		func() error { return h.Lake.Put(ctx, recalc.IndexKey(run.ID), "application/json", raw) },
		func() error { return h.Lake.Put(ctx, recalc.AnalysisKey(run.ID), "application/json", told) },
	)
	if err != nil {
		return err
	}
	report := recalc.ReportOf(run, whole, progress)
	if err := h.Store.FinishRun(ctx, run, report, h.Now()); err != nil {
		if fault.CodeOf(err) != fault.Conflict {
			return err
		}
		after, readErr := h.Store.Run(ctx, run.ID)
		if readErr != nil || after.State == recalc.Running { // two publications at once: look again later
			return err
		}
		return nil
	}
	h.Log.InfoContext(ctx, "run done", "run", run.ID, "customers", report.Customers, "differing", report.Differing)
	h.Counter.Count("RunsDone", 1)
	return nil
}

// partOf is a part of a slice.
type partOf struct{ slice, part int }

// merge merges the parts' results and notes in the index who is where.
func (h *Handler) merge(ctx context.Context, keys []string, parts []partOf, index *recalc.Index) (*recalc.Result, error) {
	whole := &recalc.Result{}
	part := 0
	for raw, err := range h.fetch(ctx, keys) {
		if err != nil {
			return nil, err
		}
		var r recalc.Result
		if err := json.Unmarshal(raw, &r); err != nil {
			return nil, fault.As(err, fault.Internal, "a part's result is damaged")
		}
		if err := whole.Merge(&r); err != nil {
			return nil, err
		}
		index.Add(parts[part].slice, parts[part].part, &r)
		part++
	}
	return whole, nil
}

func withHeader(header []byte, chunks iter.Seq2[[]byte, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if !yield(header, nil) {
			return
		}
		for chunk, err := range chunks {
			if !yield(chunk, err) {
				return
			}
		}
	}
}
