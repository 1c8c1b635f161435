package main

import (
	"context"

	"liuke/shared/budget"
	"liuke/shared/money"
	"liuke/shared/outreach"
	"liuke/shared/scene"
)

// Budgets keeps what is spent.
type Budgets interface {
	Reserve(ctx context.Context, r *budget.Reserve) (budget.Step, error)
	AddSpent(ctx context.Context, changes []budget.Change) error
}

// afford sets aside what a candidate's message may cost, where a limit in money bears on it. It returns why the message is
// held, "" for none. What is set aside is the entry's to keep: whoever does not write it gives it back.
func (h *Handler) afford(ctx context.Context, c *scene.Candidate, entry string) (r budget.Reservation, why string, err error) {
	settings, currency := h.money()
	fare, why, err := settings.FareOf(c, currency, h.business)
	reserve := fare.Reserve(entry)
	if err != nil || why != "" || reserve == nil {
		return r, why, err
	}
	end, err := h.Store.Reserve(ctx, reserve)
	if err != nil || end.Action != budget.Reserved {
		return r, end.Reason(), err
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
