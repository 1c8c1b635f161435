package main

import (
	"context"
	"encoding/json"
	"net/http"

	"liuke/shared/api"
	"liuke/shared/fault"
	"liuke/shared/recalc"
	"liuke/shared/trial"
)

// Backtests keeps the records of backtests.
type Backtests interface {
	trial.Store
	// Backtest returns NotFound where there is none of the id.
	Backtest(ctx context.Context, id string) (*trial.Record, error)
	// Backtests returns the latest backtests, newest first.
	Backtests(ctx context.Context, limit int) ([]*trial.Record, error)
}

// startBacktest has the settings of a grid compared over the snapshot of a run.
func (h *Handler) startBacktest(ctx context.Context, r *api.Request) (api.Response, error) {
	body, err := api.Body(r, maxRequestBytes)
	if err != nil {
		return api.Response{}, err
	}
	request, err := trial.ParseRequest(body)
	if err != nil {
		return api.Response{}, err
	}
	planner := trial.Planner{Store: h.store, Queue: h.planner.Queue, Now: h.now}
	record, err := planner.Plan(ctx, request)
	if err != nil {
		return api.Response{}, err
	}
	out := api.JSON(http.StatusAccepted, map[string]string{"backtest_id": record.ID})
	out.Headers["location"] = "backtests/" + record.ID // beside the address that was posted to
	return out, nil
}

// backtests lists the latest backtests, newest first, without what they came to.
func (h *Handler) backtests(ctx context.Context, r *api.Request) (api.Response, error) {
	n, err := limit(r, 10, 50)
	if err != nil {
		return api.Response{}, err
	}
	all, err := h.store.Backtests(ctx, n)
	if err != nil {
		return api.Response{}, err
	}
	views := make([]trial.View, len(all))
	for i, record := range all {
		views[i] = record.View(h.now(), nil)
	}
	return api.JSON(http.StatusOK, map[string]any{"backtests": views}), nil
}

// backtest shows how far a backtest is and, where it is done, what it came to: as JSON, as a table or as a heat map.
func (h *Handler) backtest(ctx context.Context, r *api.Request) (api.Response, error) {
	form, err := format(r, "json", "text", "svg")
	if err != nil {
		return api.Response{}, err
	}
	id := pathParameter(r, "id")
	if !recalc.IsJobID(id) {
		return api.Response{}, fault.New(fault.NotFound, "there is no such backtest, or not any more")
	}
	record, err := h.store.Backtest(ctx, id)
	if err != nil {
		return api.Response{}, err
	}
	report, err := h.reportOf(ctx, record)
	if err != nil {
		return api.Response{}, err
	}
	view := record.View(h.now(), report)
	switch {
	case form == "json":
		return api.JSON(http.StatusOK, view), nil
	case report == nil:
		return api.Response{}, fault.New(fault.Conflict, "the backtest is %s: there is a table and a heat map once it is done", view.State)
	case form == "text":
		return text(plainText, report.Text()), nil
	}
	out := text(svgImage, report.Result.HeatMap())
	out.Headers["content-security-policy"] = "default-src 'none'; style-src 'unsafe-inline'"
	return out, nil
}

// reportOf reads what a backtest came to, nil where it is not done.
func (h *Handler) reportOf(ctx context.Context, record *trial.Record) (*trial.Report, error) {
	if record.State != recalc.Done {
		return nil, nil
	}
	raw, err := h.lake.Get(ctx, trial.ReportKey(record))
	if fault.CodeOf(err) == fault.NotFound {
		return nil, fault.As(err, fault.Gone, "what the backtest came to is no longer kept: start another")
	}
	if err != nil {
		return nil, err
	}
	report := &trial.Report{}
	if err := json.Unmarshal(raw, report); err != nil || report.Result == nil {
		return nil, fault.New(fault.Internal, "the report of the backtest is damaged")
	}
	return report, nil
}
