package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"liuke/shared/api"
	"liuke/shared/campaign"
	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/outreach"
	"liuke/shared/recalc"
	"liuke/shared/scene"
	"liuke/shared/signal"
)

// Campaigns keeps the records of runs of scenes over all customers.
type Campaigns interface {
	campaign.Store
	// CancelCampaign returns a Conflict where the run has failed or was cancelled, or there is none.
	CancelCampaign(ctx context.Context, scene, id string, at time.Time) (*campaign.Record, error)
}

func (h *Handler) campaignRoutes() map[string]route {
	return map[string]route{
		"POST /v1/scenes/{id}/runs":              {serve: h.startCampaign},
		"GET /v1/scenes/{id}/runs":               {serve: h.campaigns, parameters: []string{"limit"}},
		"GET /v1/scenes/{id}/runs/{run}":         {serve: h.campaign},
		"POST /v1/scenes/{id}/runs/{run}/cancel": {serve: h.cancelCampaign},
		"POST /v1/scenes/{id}/simulate":          {serve: h.simulate},
	}
}

// campaignView is a run of a scene over all customers.
type campaignView struct {
	ID            string           `json:"run_id"`
	Scene         string           `json:"scene"`
	Simulated     bool             `json:"simulated"`
	Scheduled     bool             `json:"scheduled"` // started by the scene's schedule
	State         recalc.State     `json:"state"`
	Reason        string           `json:"reason,omitempty"`
	At            time.Time        `json:"at"`            // when it starts; of a simulation, where its clock stands
	Recalculation string           `json:"recalculation"` // over whose customers it goes; "" before it has started
	Limit         int              `json:"limit"`         // customers told of at most, or the sample of a simulation; 0 for all
	PerSecond     int              `json:"per_second"`
	Seed          uint64           `json:"seed"`
	RequestedAt   time.Time        `json:"requested_at"`
	FinishedAt    *time.Time       `json:"finished_at"`
	Customers     int              `json:"customers"` // in the snapshot; 0 while that is not known
	Counts        campaignCounts   `json:"counts"`
	Result        *campaign.Report `json:"result,omitempty"` // of a simulation that is done
	Rows          string           `json:"rows,omitempty"`   // address of the CSV of all its rows, for a few minutes
}

type campaignCounts struct {
	Seen      int64 `json:"seen"`
	Gone      int64 `json:"gone"`
	Audience  int64 `json:"in_audience"`
	Unjudged  int64 `json:"unjudged"`
	Signalled int64 `json:"signalled"`
}

func (h *Handler) viewOfCampaign(r *campaign.Record) campaignView {
	v := campaignView{
		ID: r.ID, Scene: r.Scene, Simulated: r.Terms.Simulated, Scheduled: r.Terms.Due, At: r.Terms.At.UTC(), Recalculation: r.Run,
		Limit: r.Terms.Customers, PerSecond: r.Terms.PerSecond, Seed: r.Terms.Seed, RequestedAt: r.Started.UTC(), FinishedAt: timeOf(r.Finished), Customers: r.Steps,
		Counts: campaignCounts{r.Counts.Seen, r.Counts.Gone, r.Counts.Audience, r.Counts.Unjudged, r.Counts.Signalled},
	}
	v.State, v.Reason = r.Shown(h.now())
	if n := r.Counts.Unjudged; n > 0 && v.Reason == "" {
		v.Reason = fmt.Sprintf("the audience could not be judged for %d of %d customers, who are not in it: look at what it divides by", n, r.Counts.Seen-r.Counts.Gone)
	}
	return v
}

// inEffect is how long after an edit every process that reaches out goes by it: package kept's MaxAge, with something to spare for
// clocks that differ.
const inEffect = 70 * time.Second

// known is when all that reaches out goes by a scene as it stands: by what was edited of it, of what its text may refer to, and of
// the settings; zero for long since.
func (h *Handler) known(ctx context.Context, stand *outreach.Stand, id string) (at time.Time, err error) {
	settings, err := h.store.Document(ctx, outreach.Document)
	if err != nil {
		return at, err
	}
	for _, d := range append(stand.Documents[:len(stand.Documents):len(stand.Documents)], settings) {
		if kind, name, ok := outreach.KindOf(d.Name); ok && kind == outreach.Scene && name != id {
			continue
		}
		if d.Edited.After(at) {
			at = d.Edited
		}
	}
	if at.IsZero() {
		return at, nil
	}
	return at.Add(inEffect), nil
}

// sceneNamed returns the scene that the path names, as it stands now.
func (h *Handler) sceneNamed(ctx context.Context, r *api.Request) (string, *scene.Scene, error) {
	id, stand, err := h.standNamed(ctx, r)
	if err != nil {
		return "", nil, err
	}
	return id, stand.Scenes.Scene(id), nil
}

func (h *Handler) standNamed(ctx context.Context, r *api.Request) (id string, stand *outreach.Stand, err error) {
	if id = pathParameter(r, "id"); !outreach.NameOK(id) {
		return "", nil, fault.New(fault.NotFound, "there is no such scene")
	}
	stand, err = h.library.Fresh(ctx)
	return id, stand, err
}

// startCampaign starts a campaign, or puts it on file: one of a scene that was edited just now until the edit is in effect.
func (h *Handler) startCampaign(ctx context.Context, r *api.Request) (api.Response, error) {
	id, stand, err := h.standNamed(ctx, r)
	if err != nil {
		return api.Response{}, err
	}
	body, err := api.Body(r, maxRequestBytes)
	if err != nil {
		return api.Response{}, err
	}
	sc := stand.Scenes.Scene(id)
	terms, err := campaign.ParseRun(body, h.now())
	switch {
	case err != nil:
		return api.Response{}, err
	case sc == nil:
		return api.Response{}, fault.New(fault.NotFound, "there is no such scene")
	case sc.On.Signal != signal.Campaign && sc.On.Signal != signal.Schedule:
		return api.Response{}, fault.New(fault.Conflict, "the scene is set off by %s: one that is run by hand is on {signal: campaign}", sc.On.Signal)
	case !sc.Enabled:
		return api.Response{}, fault.New(fault.Conflict, "the scene is switched off: enable it before it is run")
	}
	terms.Key = api.Header(r, "idempotency-key")
	if err := campaign.CheckKey(terms.Key); err != nil {
		return api.Response{}, err
	}
	known, err := h.known(ctx, stand, id)
	if err != nil {
		return api.Response{}, err
	}
	if now := h.now(); known.After(terms.At) {
		if !terms.At.After(now) { // to be started now, it is refused now where it can't be
			if err := h.campaigner().Ready(ctx); err != nil {
				return api.Response{}, err
			}
		}
		terms.At = known
	}
	return h.planCampaign(ctx, id, terms)
}

// simulate starts a simulation of a scene as it stands, or of a text.
func (h *Handler) simulate(ctx context.Context, r *api.Request) (api.Response, error) {
	id, sc, err := h.sceneNamed(ctx, r)
	if err != nil {
		return api.Response{}, err
	}
	body, err := api.Body(r, campaign.MaxTextBytes+maxRequestBytes)
	if err != nil {
		return api.Response{}, err
	}
	terms, err := campaign.ParseSimulate(body, h.now())
	if err != nil {
		return api.Response{}, err
	}
	if terms.Text != "" {
		documents, err := h.store.SceneDocuments(ctx)
		if err != nil {
			return api.Response{}, err
		}
		if err := outreach.Check(documents, document.Document{Name: outreach.DocumentName(outreach.Scene, id), Body: terms.Text}, h.compilers); err != nil {
			return api.Response{}, err
		}
	} else if sc == nil {
		return api.Response{}, fault.New(fault.NotFound, "there is no such scene: simulate a text to try one")
	}
	return h.planCampaign(ctx, id, terms)
}

func (h *Handler) campaigner() *campaign.Planner {
	return &campaign.Planner{Store: h.store, Queue: h.planner.Queue, Now: h.now}
}

func (h *Handler) planCampaign(ctx context.Context, scene string, terms campaign.Terms) (api.Response, error) {
	record, err := h.campaigner().Plan(ctx, scene, terms)
	if err != nil {
		return api.Response{}, err
	}
	out := api.JSON(http.StatusAccepted, map[string]any{"run_id": record.ID, "state": record.State, "at": record.Terms.At.UTC()})
	out.Headers["location"] = "/v1/scenes/" + scene + "/runs/" + record.ID
	return out, nil
}

// campaigns lists the latest runs of a scene, newest first, without what simulations came to.
func (h *Handler) campaigns(ctx context.Context, r *api.Request) (api.Response, error) {
	n, err := limit(r, 10, 50)
	if err != nil {
		return api.Response{}, err
	}
	id, sc, err := h.sceneNamed(ctx, r)
	if err != nil {
		return api.Response{}, err
	}
	all, err := h.store.Campaigns(ctx, id, n)
	switch {
	case err != nil:
		return api.Response{}, err
	case sc == nil && len(all) == 0: // one that was taken back, or was only tried, has had runs
		return api.Response{}, fault.New(fault.NotFound, "there is no such scene")
	}
	views := make([]campaignView, len(all))
	for i, record := range all {
		views[i] = h.viewOfCampaign(record)
	}
	return api.JSON(http.StatusOK, map[string]any{"runs": views}), nil
}

// findCampaign returns the run that the path names.
func (h *Handler) findCampaign(ctx context.Context, r *api.Request) (*campaign.Record, error) {
	scene, id := pathParameter(r, "id"), pathParameter(r, "run")
	if !outreach.NameOK(scene) || !recalc.IsJobID(id) {
		return nil, fault.New(fault.NotFound, "there is no such run of the scene, or not any more")
	}
	return h.store.Campaign(ctx, scene, id)
}

// campaign shows one run, and of a simulation that is done what it came to.
func (h *Handler) campaign(ctx context.Context, r *api.Request) (api.Response, error) {
	record, err := h.findCampaign(ctx, r)
	if err != nil {
		return api.Response{}, err
	}
	v := h.viewOfCampaign(record)
	if record.Terms.Simulated && record.State == recalc.Done {
		if err := h.simulated(ctx, record, &v); err != nil {
			return api.Response{}, err
		}
	}
	return api.JSON(http.StatusOK, v), nil
}

// simulated reads what a simulation came to: with examples and rows, which name customers, as long as those are kept.
func (h *Handler) simulated(ctx context.Context, record *campaign.Record, v *campaignView) error {
	key := campaign.ExamplesKey(record)
	expired := h.now().After(record.Finished.Add(recalc.ScoresKept))
	if expired {
		key = campaign.ReportKey(record)
	}
	raw, err := h.lake.Get(ctx, key)
	if fault.CodeOf(err) == fault.NotFound {
		return fault.As(err, fault.Gone, "what the simulation came to is no longer kept: start another")
	}
	if err != nil {
		return err
	}
	v.Result = &campaign.Report{}
	if err := json.Unmarshal(raw, v.Result); err != nil {
		return fault.As(err, fault.Internal, "the report of the simulation is damaged")
	}
	if !expired {
		v.Rows, err = h.lake.PresignGet(ctx, campaign.RowsKey(record), presigned)
	}
	return err
}

// cancelCampaign stops a run: it tells outreach no more, and of what it has told nothing more goes out that waits, for its turn by
// the pace, for the morning or for a further step. What dispatch has already is sent.
func (h *Handler) cancelCampaign(ctx context.Context, r *api.Request) (api.Response, error) {
	if err := noBody(r); err != nil {
		return api.Response{}, err
	}
	record, err := h.findCampaign(ctx, r)
	if err != nil {
		return api.Response{}, err
	}
	if record.Terms.Simulated && record.State == recalc.Done {
		return api.Response{}, fault.New(fault.Conflict, "the simulation is done already")
	}
	cancelled, err := h.store.CancelCampaign(ctx, record.Scene, record.ID, h.now())
	if fault.CodeOf(err) == fault.Conflict {
		return api.Response{}, fault.As(err, fault.Conflict, "the run has failed, or was cancelled already")
	}
	if err != nil {
		return api.Response{}, err
	}
	return api.JSON(http.StatusOK, h.viewOfCampaign(cancelled)), nil
}
