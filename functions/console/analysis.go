package main

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"liuke/shared/api"
	"liuke/shared/cohort"
	"liuke/shared/economics"
	"liuke/shared/fault"
	"liuke/shared/money"
	"liuke/shared/recalc"
)

// format returns the query's format, which is one of these, the first where there is none.
func format(r *api.Request, known ...string) (string, error) {
	given, ok := r.QueryStringParameters["format"]
	if !ok {
		return known[0], nil
	}
	if !slices.Contains(known, given) {
		return "", fault.At("/format", "format is one of %s", strings.Join(known, ", "))
	}
	return given, nil
}

// text answers with a text of any type.
func text(contentType, body string) api.Response {
	out := api.JSON(http.StatusOK, nil)
	out.Headers["content-type"] = contentType
	out.Body = body
	return out
}

const (
	plainText = "text/plain; charset=utf-8"
	svgImage  = "image/svg+xml"
)

// maxInline is how large an answer may be: a function's answer has 6 MB at most, as JSON text within JSON.
const maxInline = 3 << 20

// runAnalysis shows all that the customers of a run that is done come to together.
func (h *Handler) runAnalysis(ctx context.Context, r *api.Request) (api.Response, error) {
	run, err := h.find(ctx, r)
	if err != nil {
		return api.Response{}, err
	}
	if run.State != recalc.Done {
		return api.Response{}, fault.New(fault.Conflict, "the run is %s: its analysis is there once it is done", run.State)
	}
	raw, err := h.analysisJSON(ctx, run.ID)
	if err != nil {
		return api.Response{}, err
	}
	if len(raw) > maxInline {
		to, err := h.lake.PresignGet(ctx, recalc.AnalysisKey(run.ID), presigned)
		if err != nil {
			return api.Response{}, err
		}
		return api.Redirect(to), nil
	}
	return text("application/json", string(raw)), nil
}

// standingAnalysis returns the run that stands and its analysis; NotFound before the first.
func (h *Handler) standingAnalysis(ctx context.Context) (*recalc.Run, *recalc.Analysis, error) {
	stands, err := h.standing(ctx)
	if err != nil {
		return nil, nil, err
	}
	if stands == nil {
		return nil, nil, fault.New(fault.NotFound, "no recalculation was applied yet: start one")
	}
	a, err := h.analysis(ctx, stands.run.ID)
	return stands.run, a, err
}

type cohortsView struct {
	RunID    string         `json:"run_id"`
	Currency money.Currency `json:"currency"`
	*cohort.Report
}

// cohorts shows who came when, who stayed and who left, as the run has it that stands.
func (h *Handler) cohorts(ctx context.Context, r *api.Request) (api.Response, error) {
	form, err := format(r, "json", "text")
	if err != nil {
		return api.Response{}, err
	}
	run, a, err := h.standingAnalysis(ctx)
	if err != nil {
		return api.Response{}, err
	}
	if form == "text" {
		return text(plainText, a.Cohorts.Text()), nil
	}
	return api.JSON(http.StatusOK, cohortsView{run.ID, run.Terms.Currency, a.Cohorts}), nil
}

type economicsView struct {
	RunID string `json:"run_id"`
	*economics.Report
}

// economics shows what customers cost and bring, as the run has it that stands.
func (h *Handler) economics(ctx context.Context, r *api.Request) (api.Response, error) {
	form, err := format(r, "json", "text", "svg")
	if err != nil {
		return api.Response{}, err
	}
	run, a, err := h.standingAnalysis(ctx)
	if err != nil {
		return api.Response{}, err
	}
	report := a.Economics
	if report.Reason != "" { // the run knew of no costs; by now there may be some
		d, err := h.store.Document(ctx, recalc.EconomicsDocument)
		if err != nil {
			return api.Response{}, err
		}
		if d.Body != "" {
			report.Reason = "the settings economics were edited since this run: recalculate, and they take effect"
		}
	}
	switch form {
	case "text":
		return text(plainText, report.Text()), nil
	case "svg":
		if report.Curve == nil {
			return api.Response{}, fault.New(fault.NotFound, "there is no curve of retention: %s", report.NoCurve+report.Reason)
		}
		out := text(svgImage, report.Curve.SVG(report.Currency))
		out.Headers["content-security-policy"] = "default-src 'none'; style-src 'unsafe-inline'"
		return out, nil
	}
	return api.JSON(http.StatusOK, economicsView{run.ID, report}), nil
}
