package main

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"liuke/shared/api"
	"liuke/shared/fault"
	"liuke/shared/pattern"
	"liuke/shared/recalc"
)

// maxRequestBytes is the most that a request for a recalculation may take.
const maxRequestBytes = 16 << 10

// startRun plans a recalculation.
func (h *Handler) startRun(ctx context.Context, r *api.Request) (api.Response, error) {
	body, err := api.Body(r, maxRequestBytes)
	if err != nil {
		return api.Response{}, err
	}
	request, err := recalc.ParseRequest(body)
	if err != nil {
		return api.Response{}, err
	}
	id, err := h.planner.Plan(ctx, request)
	if running, busy := recalc.Busy(err); busy {
		return busyWith(running, err), nil
	}
	if err != nil {
		return api.Response{}, err
	}
	out := api.JSON(http.StatusAccepted, map[string]string{"run_id": id})
	out.Headers["location"] = "runs/" + id // beside the address that was posted to
	return out, nil
}

// busyWith answers that a run is under way, with its id.
func busyWith(run string, err error) api.Response {
	out := api.Error(err)
	if body, err := json.Marshal(struct {
		api.Problem
		RunID string `json:"run_id"`
	}{api.ProblemOf(err), run}); err == nil {
		out.Body = string(body)
	}
	return out
}

// runs lists the latest runs, newest first, as each is shown by itself.
func (h *Handler) runs(ctx context.Context, r *api.Request) (api.Response, error) {
	n, err := limit(r, 10, 50)
	if err != nil {
		return api.Response{}, err
	}
	runs, err := h.store.Runs(ctx, n)
	if err != nil {
		return api.Response{}, err
	}
	views := make([]recalc.View, len(runs))
	for i, run := range runs {
		views[i] = run.View()
	}
	return api.JSON(http.StatusOK, map[string]any{"runs": views}), nil
}

var runID = pattern.New(`^[A-Za-z0-9.:_-]{1,64}$`)

// find returns the run that the path names.
func (h *Handler) find(ctx context.Context, r *api.Request) (*recalc.Run, error) {
	id := pathParameter(r, "id")
	if !runID().MatchString(id) {
		return nil, fault.New(fault.NotFound, "there is no such run")
	}
	return h.store.Run(ctx, id)
}

// run shows one run.
func (h *Handler) run(ctx context.Context, r *api.Request) (api.Response, error) {
	run, err := h.find(ctx, r)
	if err != nil {
		return api.Response{}, err
	}
	return api.JSON(http.StatusOK, run.View()), nil
}

// presigned is how long the address of a download holds.
const presigned = 5 * time.Minute

// scores sends the client to the scores of a run that is done.
func (h *Handler) scores(ctx context.Context, r *api.Request) (api.Response, error) {
	run, err := h.find(ctx, r)
	if err != nil {
		return api.Response{}, err
	}
	if run.State != recalc.Done {
		return api.Response{}, fault.New(fault.Conflict, "the run is %s: scores are there once it is done", run.State)
	}
	if err := h.expired(run); err != nil {
		return api.Response{}, err
	}
	to, err := h.lake.PresignGet(ctx, recalc.ScoresKey(run.ID), presigned)
	if err != nil {
		return api.Response{}, err
	}
	return api.Redirect(to), nil
}

// expired returns Gone where a run's scores, which name customers, have expired.
func (h *Handler) expired(run *recalc.Run) error {
	if !run.Finished.IsZero() && h.now().After(run.Finished.Add(recalc.ScoresKept)) {
		return fault.New(fault.Gone, "a run's scores are kept for %d days: start another run as of the same day", recalc.ScoresKept/(24*time.Hour))
	}
	return nil
}
