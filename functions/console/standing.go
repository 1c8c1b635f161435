package main

import (
	"context"
	"encoding/json"
	"sync"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/recalc"
)

// judged is a run that is done, with what operators had set when it was planned. It never changes, and is kept as long as
// its scores stand: reading a run again for every customer would take more read units than all the rest.
type judged struct {
	run     *recalc.Run
	options *recalc.Options

	mu     sync.Mutex
	scorer *recalc.Scorer // guarded by mu
}

// cache keeps the run that stands.
type cache struct {
	mu  sync.Mutex
	run *judged
}

// standing returns the run that the standing scores are from, nil where none was applied yet or it is not to be had.
func (h *Handler) standing(ctx context.Context) (*judged, error) {
	id, err := h.store.CurrentRun(ctx)
	if err != nil || id == "" {
		return nil, err
	}
	j, err := h.judged(ctx, id)
	if fault.CodeOf(err) == fault.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	h.stands.mu.Lock()
	defer h.stands.mu.Unlock()
	h.stands.run = j
	return j, nil
}

// judged returns a run that is done; NotFound where there is none.
func (h *Handler) judged(ctx context.Context, id string) (*judged, error) {
	h.stands.mu.Lock()
	kept := h.stands.run
	h.stands.mu.Unlock()
	if kept != nil && kept.run.ID == id {
		return kept, nil
	}
	run, err := h.store.Run(ctx, id)
	if err != nil {
		return nil, err
	}
	if run.State != recalc.Done || run.Fit == nil {
		return nil, fault.New(fault.NotFound, "there is no such run that is done")
	}
	documents, err := h.store.RunDocuments(ctx, id)
	if err != nil {
		return nil, err
	}
	options, err := recalc.OptionsOf(documents, run.Terms.Currency)
	if err != nil { // the run could read them
		return nil, fault.As(err, fault.Internal, "the documents of run %s: %s", id, err.Error())
	}
	return &judged{run: run, options: options}, nil
}

// score returns the run's verdict on a customer, as the item is now, with its reasons; it is ok where the customer is one
// whom the run would judge. By construction it is what the run itself comes to for the same item.
func (j *judged) score(h *Handler, rec *customer.Record) (recalc.Line, recalc.Explained, bool, error) {
	row := recalc.RowOf(rec)
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.scorer == nil {
		j.scorer = recalc.NewScorer(j.run, j.options, h.business.Zone)
	}
	line, err := j.scorer.Score(&row)
	if err != nil {
		return recalc.Line{}, recalc.Explained{}, false, err
	}
	why, ok := j.scorer.Explain(&line)
	return line, why, ok, nil
}

// analysis reads what the customers of a run come to together. It returns NotFound for a run of which that is not kept.
func (h *Handler) analysis(ctx context.Context, run string) (*recalc.Analysis, error) {
	raw, err := h.analysisJSON(ctx, run)
	if err != nil {
		return nil, err
	}
	var a recalc.Analysis
	if err := json.Unmarshal(raw, &a); err != nil {
		return nil, fault.As(err, fault.Internal, "the run's analysis is damaged")
	}
	return &a, nil
}

func (h *Handler) analysisJSON(ctx context.Context, run string) ([]byte, error) {
	raw, err := h.lake.Get(ctx, recalc.AnalysisKey(run))
	if fault.CodeOf(err) == fault.NotFound {
		return nil, fault.New(fault.NotFound, "no analysis is kept of this run: start another as of the same day")
	}
	return raw, err
}
