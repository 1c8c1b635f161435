package main

import (
	"context"
	"encoding/json"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/recalc"
	"liuke/shared/rfm"
	"liuke/shared/snapshot"
)

// tiling is how far the fit of a run by ntile has come: where a border of tiles parts customers of equal value, it takes
// another look at all of them to tell who is on which side. An invocation that runs out of time leaves its tiling behind
// for the next.
type tiling struct {
	Fit  *recalc.Fit `json:"fit"`
	Ties []byte      `json:"ties"` // of the plan in the fit, from the parts before Next
	Next int         `json:"next"`
}

// tiling reads what an invocation before left behind.
func (h *Handler) tiling(ctx context.Context, run *recalc.Run) (*tiling, error) {
	raw, err := h.Lake.Get(ctx, recalc.TilingKey(run.ID))
	if err != nil {
		return nil, err
	}
	t := &tiling{}
	if err := json.Unmarshal(raw, t); err != nil {
		return nil, fault.As(err, fault.Internal, "the tiling is damaged")
	}
	return t, nil
}

// settle looks at all customers until the fit's tiles are whole. It is not done where the time ran out; the rest is then
// queued.
func (h *Handler) settle(ctx context.Context, run *recalc.Run, progress []*recalc.Slice, t *tiling) (done bool, err error) {
	if t.Fit.Tiles == nil {
		return true, nil
	}
	var parts []recalc.Part
	for _, s := range progress {
		parts = append(parts, s.Parts...)
	}
	for len(t.Fit.Tiles.Splits) > 0 {
		done, err := h.look(ctx, run, parts, t)
		if err != nil {
			return false, err
		}
		if !done {
			raw, err := json.Marshal(t)
			if err != nil {
				return false, fault.As(err, fault.Internal, "the tiling cannot be encoded")
			}
			if err := h.Lake.Put(ctx, recalc.TilingKey(run.ID), "application/json", raw); err != nil {
				return false, err
			}
			return false, h.Phases.SendPhases(ctx, recalc.Message{Phase: recalc.PhaseFit, Run: run.ID, Resumed: true})
		}
	}
	t.Fit.Cuts = t.Fit.Tiles.Tiles.Cuts()
	return true, nil
}

// look goes through the parts from t.Next on and settles the splits that they settle. It is not done where the time ran
// out.
func (h *Handler) look(ctx context.Context, run *recalc.Run, parts []recalc.Part, t *tiling) (done bool, err error) {
	ties := t.Fit.Tiles.Ties()
	if len(t.Ties) > 0 {
		if _, err := ties.Decode(t.Ties); err != nil {
			return false, err
		}
	}
	var keys []string
	for _, p := range parts[t.Next:] {
		keys = append(keys, recalc.PartKey(run.ID, p), recalc.NamesKey(run.ID, p))
	}
	var file []byte
	for raw, err := range h.fetch(ctx, keys) {
		if err != nil {
			return false, err
		}
		if file == nil {
			file = raw
			continue
		}
		if err := lookAt(run, t.Fit.Tiles, ties, file, raw); err != nil {
			return false, err
		}
		file = nil
		if t.Next++; h.Left(ctx) < margin && t.Next < len(parts) {
			t.Ties, err = ties.AppendBinary(nil)
			return false, err
		}
	}
	t.Fit.Tiles, err = t.Fit.Tiles.Settle(ties)
	t.Next, t.Ties = 0, nil
	return true, err
}

func lookAt(run *recalc.Run, plan *rfm.TilePlan, ties *rfm.Ties, file, names []byte) error {
	rows, err := snapshot.Decode(file, names)
	if err != nil {
		return err
	}
	window := rfm.Window{AsOf: run.Terms.AsOf, Days: run.Terms.WindowDays}
	for i := range rows {
		var history customer.History
		if history.UnmarshalBinary(rows[i].History) != nil {
			continue // counted and logged by the snapshot, and in no summary
		}
		if v, ok := window.Of(&history); ok {
			ties.Add(plan, v, rfm.Tie(rows[i].ID))
		}
	}
	return nil
}
