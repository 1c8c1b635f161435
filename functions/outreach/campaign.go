package main

import (
	"context"
	"encoding/json"
	"time"

	"liuke/shared/campaign"
	"liuke/shared/fault"
	"liuke/shared/signal"
)

// startCampaigns starts the runs over all customers whose time has come: those that operators have put on file, and those of
// scenes that recur by the clock. It costs a query a minute, half a read unit, and another where there are such scenes.
func (h *Handler) startCampaigns(ctx context.Context) error {
	if h.Campaigns == nil {
		return nil
	}
	if err := h.refresh(ctx); err != nil {
		return err
	}
	var scheduled []campaign.Scheduled
	for _, sc := range h.scenes.All() {
		if sc.On.Signal == signal.Schedule {
			scheduled = append(scheduled, campaign.Scheduled{Scene: sc.ID, Cron: sc.On.Cron, FreshFor: sc.FreshFor, Enabled: sc.Enabled})
		}
	}
	clock := campaign.Clock{Files: h.Campaigns, Queue: h.Runs, Now: h.Now, Zone: h.business}
	started, err := clock.Tick(ctx, scheduled)
	h.Count.Count("CampaignsStarted", started)
	return err
}

// reasonCancelled is why a message of a campaign that waited is held.
const reasonCancelled = "run_cancelled"

// runKnown is how long it is taken for granted whether a run was cancelled, before its record is read again: one read unit.
const runKnown = 20 * time.Second

// cancelled reports whether a signal is of a campaign's run that was cancelled since, and of which scene that is. A run whose record
// is no longer kept was not.
func (h *Handler) cancelled(ctx context.Context, sig signal.Signal, now time.Time) (scene string, ok bool, err error) {
	var d signal.CampaignData
	if sig.Kind != signal.Campaign || h.Campaigns == nil || json.Unmarshal(sig.Data, &d) != nil || d.Scene == "" || d.Run == "" {
		return "", false, nil
	}
	name := d.Scene + "/" + d.Run
	switch {
	case h.going.Has(name, now):
		return "", false, nil
	case h.gone.Has(name, now):
		return d.Scene, true, nil
	}
	record, err := h.Campaigns.Campaign(ctx, d.Scene, d.Run)
	if err != nil && fault.CodeOf(err) != fault.NotFound {
		return "", false, err
	}
	if err == nil && record.State == campaign.Cancelled {
		h.gone.Note(name, now)
		return d.Scene, true, nil
	}
	h.going.Note(name, now)
	return "", false, nil
}

// sceneKnown is how long a scene that is named may be unknown: it may have been written since the scenes were read last.
const sceneKnown = 5 * time.Minute

// unknown returns Unavailable for the signal of a run of a scene that is not known here yet, so that it comes back; one that has
// come back for long enough is counted, and sets nothing off.
func (h *Handler) unknown(sig signal.Signal, now time.Time, out *result) error {
	var d signal.CampaignData
	if sig.Kind != signal.Campaign || json.Unmarshal(sig.Data, &d) != nil || d.Scene == "" || h.scenes.Scene(d.Scene) != nil {
		return nil
	}
	if now.Sub(sig.Time) < sceneKnown {
		return fault.New(fault.Unavailable, "the scene of the run is not known yet")
	}
	out.count("SignalsOfUnknownScenes")
	return nil
}
