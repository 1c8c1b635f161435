package main

import (
	"context"

	"liuke/shared/budget"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/money"
	"liuke/shared/outreach"
	"liuke/shared/scene"
)

// Budgets keeps what is spent.
type Budgets interface {
	Reserve(ctx context.Context, r *budget.Reserve) (budget.Step, error)
	AddSpent(ctx context.Context, changes []budget.Change) error
}

// textParts is how many segments are set aside for a text: how many it has is known once it is made, and settled then.
const textParts = 3

// afford sets aside what a candidate's message may cost, where a limit in money bears on it. It returns why the message is
// held, "" for none. What is set aside is the entry's to keep: whoever does not write it gives it back.
func (h *Handler) afford(ctx context.Context, c *scene.Candidate, entry string) (r budget.Reservation, why string, err error) {
	settings, currency := h.money()
	limits := settings.LimitsOf(c.Scene, currency)
	accounts := limits.Accounts(c.Scene.ID, budget.Day(c.Now, h.business))
	if len(accounts) == 0 {
		return r, "", nil
	}
	channel, parts := c.Channel(), 1
	if channel == message.SMS {
		parts = textParts
	}
	cost, err := settings.CostOf(channel, parts)
	switch {
	case fault.CodeOf(err) == fault.NotFound:
		return r, budget.ReasonUnpriced, nil
	case err != nil || cost == 0:
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

// money is what the settings say of it; nothing before they were read.
func (h *Handler) money() (outreach.Settings, money.Currency) {
	if h.stand == nil {
		return outreach.Settings{}, ""
	}
	return h.stand.Settings, h.stand.Currency
}

// giveBack returns what was set aside for an entry that was not written. What cannot be given back is lost to the limit, and
// never spent twice.
func (h *Handler) giveBack(ctx context.Context, r budget.Reservation) {
	if changes := r.Release(); len(changes) > 0 && h.Store.AddSpent(ctx, changes) != nil {
		h.Count.Count("BudgetNotGivenBack", 1)
	}
}
