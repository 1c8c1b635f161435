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
	var results, tables []string
	var index []recalc.IndexedPart
	for _, s := range progress {
		for part := range s.Parts {
			results = append(results, recalc.ResultKey(run.ID, s.Number, part))
			tables = append(tables, recalc.TableKey(run.ID, s.Number, part))
			index = append(index, recalc.IndexedPart{Slice: s.Number, Part: part})
		}
	}
	whole, err := h.merge(ctx, results, index)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(index)
	if err != nil {
		return fault.As(err, fault.Internal, "the index cannot be encoded")
	}
	err = all(
		func() error {
			return h.Lake.PutStream(ctx, recalc.ScoresKey(run.ID), "text/csv; charset=utf-8", withHeader(h.fetch(ctx, tables)))
		},
		func() error { return h.Lake.Put(ctx, recalc.IndexKey(run.ID), "application/json", raw) },
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

// merge merges the parts' results and notes in the index who is where.
func (h *Handler) merge(ctx context.Context, keys []string, index []recalc.IndexedPart) (*recalc.Result, error) {
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
		whole.Merge(&r)
		index[part].Segments = make(map[string]int64, len(r.Segments))
		for label, totals := range r.Segments {
			index[part].Segments[label] = totals.Customers
		}
		part++
	}
	return whole, nil
}

func withHeader(chunks iter.Seq2[[]byte, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if !yield(recalc.Header(), nil) {
			return
		}
		for chunk, err := range chunks {
			if !yield(chunk, err) {
				return
			}
		}
	}
}
