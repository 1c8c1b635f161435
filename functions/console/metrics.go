package main

import (
	"context"
	"fmt"
	"math"
	"net/http"

	"liuke/shared/api"
	"liuke/shared/stats"
	"liuke/shared/survey"
)

type metricsView struct {
	Survey         string       `json:"survey"`
	Kind           survey.Kind  `json:"kind"`
	Answers        int64        `json:"answers"`
	Scores         []scoreCount `json:"scores"` // one for each of the scale
	Promoters      int64        `json:"promoters"`
	Passives       int64        `json:"passives"`
	Detractors     int64        `json:"detractors"`
	NPS            *float64     `json:"nps"`            // −100..100; null without an answer
	StandardError  *float64     `json:"standard_error"` // points; null where there are too few answers
	Margin         *float64     `json:"margin"`         // half of the 95 % interval, points; null where there are too few
	MinimumAnswers int64        `json:"minimum_answers"`
	Note           string       `json:"note,omitempty"`
}

type scoreCount struct {
	Score   int   `json:"score"`
	Answers int64 `json:"answers"`
}

// metrics shows what a survey's answers come to. It reads counters, never answers.
func (h *Handler) metrics(ctx context.Context, r *api.Request) (api.Response, error) {
	s, err := h.surveys.Find(pathParameter(r, "survey"))
	if err != nil {
		return api.Response{}, err
	}
	counts, err := h.store.Counts(ctx, s.ID)
	if err != nil {
		return api.Response{}, err
	}
	v := metricsView{Survey: s.ID, Kind: s.Kind, MinimumAnswers: stats.MinimumAnswers}
	for score, n := range counts {
		v.Scores = append(v.Scores, scoreCount{score, n})
	}
	v.Promoters, v.Passives, v.Detractors = counts.Split()
	nps := counts.NPS()
	v.Answers = nps.N
	if nps.N > 0 {
		v.NPS = points(nps.Score)
	}
	if nps.TooFew {
		v.Note = fmt.Sprintf("too few answers to say: %d of the %d that a margin of error needs", nps.N, stats.MinimumAnswers)
	} else {
		v.StandardError, v.Margin = points(nps.Stderr), points(nps.Margin)
	}
	return api.JSON(http.StatusOK, v), nil
}

// points returns a share in hundredths, rounded to four decimals.
func points(share float64) *float64 {
	p := math.Round(share*1e6) / 1e4
	return &p
}
