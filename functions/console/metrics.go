package main

import (
	"context"
	"net/http"
	"time"

	"liuke/shared/api"
	"liuke/shared/survey/rollup"
	"liuke/shared/survey/tally"
)

// metrics shows what a survey's answers come to. It reads counts, and of the answers those alone that are too new to be
// counted: of the last minutes, as a rule. Whole hours are counted, those that from and to lie in as well.
func (h *Handler) metrics(ctx context.Context, r *api.Request) (api.Response, error) {
	s, err := h.oneSurvey(ctx, pathParameter(r, "survey"))
	if err != nil {
		return api.Response{}, err
	}
	from, to, err := h.span(r)
	if err != nil {
		return api.Response{}, err
	}
	sums, err := tally.NewSums(s, tally.Options{By: tally.By(r.QueryStringParameters["by"]), Zone: h.business.Zone, Now: h.now()})
	if err != nil {
		return api.Response{}, err
	}
	from, to = from.Truncate(time.Hour), to.Add(time.Hour-1).Truncate(time.Hour)
	waiting, err := rollup.Read(ctx, h.store, s.ID, from, to, h.now(), sums.Add)
	if err != nil {
		return api.Response{}, err
	}
	return api.JSON(http.StatusOK, metricsView{sums.Result(), waiting}), nil
}

type metricsView struct {
	tally.Result
	// HoursToCount is how many hours, as after an import of old answers, are still to be counted in the background; what was
	// answered in them is missing.
	HoursToCount int `json:"hours_to_count"`
}
