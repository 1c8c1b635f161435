package main

import (
	"context"

	"liuke/shared/campaign"
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
