package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"liuke/shared/api"
	"liuke/shared/customer"
	"liuke/shared/fold"
	"liuke/shared/money"
	"liuke/shared/recalc"
)

// Ledger accounts for a customer's money.
type Ledger interface {
	// Audit compares a customer's history with the orders that it is the sum of; NotFound where nothing is known of the
	// customer, Conflict where its orders keep moving.
	Audit(ctx context.Context, id customer.ID) (fold.Audit, error)
	// Rebuild computes a customer's history from the orders, and reports whether it had to be written.
	Rebuild(ctx context.Context, id customer.ID) (changed bool, err error)
}

// ledger returns the accounts that a store keeps. What other currencies are worth is fixed with each order: no table of
// rates is needed to add them up.
func ledger(store fold.Store, business recalc.Settings) Ledger {
	return &fold.Folder{
		Settings: fold.Settings{Zone: business.Zone, Money: money.Only(business.Currency)},
		Store:    store,
		Sleep:    sleep,
		Jitter:   rand.Float64,
	}
}

// sleep waits, and returns early with the context's error.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

type auditView struct {
	Agrees   bool     `json:"agrees"` // day by day, or by month where days are merged
	Currency string   `json:"currency"`
	Orders   sumsView `json:"orders"`  // by the order records
	History  sumsView `json:"history"` // by the customer's item, which all else is computed from
}

type sumsView struct {
	Count   int64  `json:"count"`
	Revenue string `json:"revenue"` // net of refunds
}

// audit shows whether a customer's history is the sum of the orders.
func (h *Handler) audit(ctx context.Context, r *api.Request) (api.Response, error) {
	id, err := customer.ParseID(pathParameter(r, "id"))
	if err != nil {
		return api.Response{}, err
	}
	a, err := h.ledger.Audit(ctx, id)
	if err != nil {
		return api.Response{}, err
	}
	sums := func(count, net int64) sumsView {
		return sumsView{count, h.business.Currency.Format(money.Amount(net))}
	}
	return api.JSON(http.StatusOK, auditView{
		Agrees: a.Agrees, Currency: string(h.business.Currency),
		Orders: sums(a.Orders, a.Net), History: sums(a.HistoryCount, a.HistoryNet),
	}), nil
}

// rebuild computes a customer's history from the orders. It may be asked for at any time, events under way or not.
func (h *Handler) rebuild(ctx context.Context, r *api.Request) (api.Response, error) {
	id, err := customer.ParseID(pathParameter(r, "id"))
	if err != nil {
		return api.Response{}, err
	}
	if err := noBody(r); err != nil {
		return api.Response{}, err
	}
	changed, err := h.ledger.Rebuild(ctx, id)
	if err != nil {
		return api.Response{}, err
	}
	return api.JSON(http.StatusOK, map[string]bool{"changed": changed}), nil
}
