package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"liuke/shared/api"
	"liuke/shared/experiment"
	"liuke/shared/fault"
	"liuke/shared/measure"
	"liuke/shared/scene"
)

// Results reads what scenes have brought about.
type Results interface {
	// TrialMarks reads how far the hours of a trial are counted.
	TrialMarks(ctx context.Context, scene, trial string) ([]measure.Mark, error)
	// Tallied adds up the hours of a trial that begin from a time on and before another.
	Tallied(ctx context.Context, scene, trial string, from, before time.Time) (*measure.Tally, error)
}

type resultView struct {
	experiment.Result
	Trial      string    `json:"trial"` // changes where customers are drawn and counted anew
	WindowDays float64   `json:"window_days"`
	From       time.Time `json:"from"` // of enrolments that are counted; whole hours
	To         time.Time `json:"to"`
	Complete   time.Time `json:"complete_to"` // see measure.Complete
}

// results shows what a scene brings about: of the customers who were enrolled in a span of time, what has become of them, and up to
// when that is counted.
func (h *Handler) results(ctx context.Context, r *api.Request) (api.Response, error) {
	form, err := format(r, preferred(r)...)
	if err != nil {
		return api.Response{}, err
	}
	from, to, err := h.span(r)
	if err != nil {
		return api.Response{}, err
	}
	sc, policy, err := h.measuredScene(ctx, pathParameter(r, "id"))
	if err != nil {
		return api.Response{}, err
	}
	terms := measure.Of(sc, policy)
	now := h.now()
	marks, err := h.store.TrialMarks(ctx, sc.ID, terms.ID)
	if err != nil {
		return api.Response{}, err
	}
	complete := measure.Complete(marks, from, to, now).UTC()
	sum, err := h.store.Tallied(ctx, sc.ID, terms.ID, from, to)
	if err != nil {
		return api.Response{}, err
	}
	result, err := terms.Experiment.Analyse(sum.Observed(&terms, h.business.Currency))
	if err != nil {
		return api.Response{}, fault.As(err, fault.Internal, "the scene's results cannot be analysed")
	}
	if form == "text" {
		const layout = "2006-01-02 15:04 MST"
		span := "of all customers until now"
		if until := to.UTC(); until.Before(now) {
			span = "of customers who came before " + until.Format(layout)
		}
		if from.After(time.UnixMilli(0)) {
			span += ", from " + from.UTC().Format(layout) + " on"
		}
		span = fmt.Sprintf("\n%s; complete up to %s: of what came later not all is counted yet\n", span, complete.Format(layout))
		return text(plainText, result.Text()+span), nil
	}
	return api.JSON(http.StatusOK, resultView{result, terms.ID, terms.Window.Hours() / 24, from, to, complete}), nil
}

// measuredScene is the scene of an id, with the policy that it stands under.
func (h *Handler) measuredScene(ctx context.Context, id string) (*scene.Scene, *scene.Policy, error) {
	set, err := h.library.Set(ctx)
	if err != nil {
		return nil, nil, err
	}
	sc := set.Scene(id)
	switch {
	case sc == nil:
		return nil, nil, fault.New(fault.NotFound, "there is no such scene")
	case !sc.Measured():
		return nil, nil, fault.New(fault.Conflict, "nothing of this scene is measured: give it variants, a holdout or a goal")
	}
	return sc, &set.Policy, nil
}

// preferred are the formats, the one first that the request's header asks for: text for whoever takes plain text and no JSON.
func preferred(r *api.Request) []string {
	accept := r.Headers["accept"]
	if strings.Contains(accept, "text/plain") && !strings.Contains(accept, "json") {
		return []string{"text", "json"}
	}
	return []string{"json", "text"}
}
