package main

import (
	"context"
	"maps"

	"liuke/shared/budget"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/money"
	"liuke/shared/scene"
)

// Budgets keeps what is spent.
type Budgets interface {
	Reserve(ctx context.Context, r *budget.Reserve) (budget.Step, error)
	AddSpent(ctx context.Context, changes []budget.Change) error
}

const (
	// textParts is how many segments are set aside for a text: how many it has is known once it is made, and settled then.
	textParts = 3
	// dearestParts is how many of the dearest parts a message costs at most where nothing is said of that.
	dearestParts = 10
)

// afford sets aside what a candidate's message may cost, where a limit in money bears on it. It returns why the message is
// held, "" for none. What is set aside is the entry's to keep: whoever does not write it gives it back.
func (h *Handler) afford(ctx context.Context, c *scene.Candidate, entry string) (r budget.Reservation, why string, err error) {
	limits, prices := h.limits(c.Scene)
	accounts := limits.Accounts(c.Scene.ID, budget.Day(c.Now, h.business))
	if len(accounts) == 0 {
		return r, "", nil
	}
	channel, parts := c.Channel(), 1
	if channel == message.SMS {
		parts = textParts
	}
	cost, err := prices.Cost(string(channel), "", parts)
	switch {
	case fault.CodeOf(err) == fault.NotFound && (channel == message.Task || channel == message.Webhook):
		return r, "", nil // one's own systems and people cost nothing unless it is said
	case fault.CodeOf(err) == fault.NotFound:
		return r, budget.ReasonUnpriced, nil
	case err != nil:
		return r, "", err
	}
	reserve := limits.NewReserve(accounts, entry, cost, 1)
	end, err := h.Store.Reserve(ctx, reserve)
	switch {
	case err != nil:
		return r, "", err
	case end.Action == budget.Spent:
		return r, budget.ReasonSpent, nil
	case end.Action == budget.Dear:
		return r, budget.ReasonDear, nil
	}
	return reserve.Reservation(), "", nil
}

// limits are those of the settings, and the scene's own where they are narrower.
func (h *Handler) limits(sc *scene.Scene) (budget.Limits, budget.Prices) {
	var l budget.Limits
	var prices budget.Prices
	var currency money.Currency
	if h.stand != nil {
		l, prices, currency = h.stand.Settings.Limits, h.stand.Settings.Prices, h.stand.Currency
	}
	if own := sc.Budget; own != nil {
		l.SceneDay, l.Scene = maps.Clone(l.SceneDay), maps.Clone(l.Scene)
		narrow(&l.SceneDay, sc.ID, own.Day, currency)
		narrow(&l.Scene, sc.ID, own.InAll, currency)
	}
	if l.Dearest == 0 {
		for _, p := range prices {
			l.Dearest = max(l.Dearest, p.Each*dearestParts, 1)
		}
	}
	return l, prices
}

// narrow puts a scene's own limit among the others, unless a narrower one is there.
func narrow(limits *map[string]budget.Micro, sceneID string, own *money.Amount, currency money.Currency) {
	if own == nil {
		return
	}
	most, ok := budget.MicroOf(*own, currency)
	if !ok {
		return // more than anything costs
	}
	if standing, limited := (*limits)[sceneID]; limited && standing <= most {
		return
	}
	if *limits == nil {
		*limits = map[string]budget.Micro{}
	}
	(*limits)[sceneID] = most
}

// giveBack returns what was set aside for an entry that was not written. What cannot be given back is lost to the limit, and
// never spent twice.
func (h *Handler) giveBack(ctx context.Context, r budget.Reservation) {
	if changes := r.Release(); len(changes) > 0 && h.Store.AddSpent(ctx, changes) != nil {
		h.Count.Count("BudgetNotGivenBack", 1)
	}
}
