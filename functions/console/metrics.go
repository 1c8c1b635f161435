package main

import (
	"context"
	"net/http"
	"time"

	"liuke/shared/api"
	"liuke/shared/survey"
	"liuke/shared/survey/rollup"
	"liuke/shared/survey/tally"
)

// metrics shows what a survey's answers come to. It reads counts, and of the answers those alone that are too new to be
// counted: of the last minutes, as a rule.
func (h *Handler) metrics(ctx context.Context, r *api.Request) (api.Response, error) {
	s, err := h.oneSurvey(ctx, pathParameter(r, "survey"))
	if err != nil {
		return api.Response{}, err
	}
	by, err := tally.ParseBy(r.QueryStringParameters["by"])
	if err != nil {
		return api.Response{}, err
	}
	from, to, err := h.span(r)
	if err != nil {
		return api.Response{}, err
	}
	from, to = from.Truncate(time.Hour), to.Add(time.Hour-1).Truncate(time.Hour)
	rollups, waiting, err := rollup.Read(ctx, h.store, s.ID, from, to, h.now())
	if err != nil {
		return api.Response{}, err
	}
	out := metricsView{Survey: s.ID, Version: s.Version, Kind: s.Kind(), HoursToCount: waiting}
	out.Result = tally.Metrics(s, rollups, tally.Options{By: by, Zone: h.business.Zone, Now: h.now()})
	return api.JSON(http.StatusOK, out), nil
}

type metricsView struct {
	Survey  string      `json:"survey"`
	Version int         `json:"version"`
	Kind    survey.Kind `json:"kind,omitempty"` // what the survey measures
	// HoursToCount is how many hours, as after an import of old answers, are still to be counted in the background; what was
	// answered in them is missing, or as it was before.
	HoursToCount int `json:"hours_to_count"`
	tally.Result
}
