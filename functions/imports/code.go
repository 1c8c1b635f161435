package main

import (
	"context"

	"liuke/shared/importfile"
	"liuke/shared/offer"
)

// Codes keeps pools of coupon codes.
type Codes interface {
	Pools(ctx context.Context) (map[string]*offer.Pool, error)
	PutPool(ctx context.Context, p *offer.Pool) error
	PutCodes(ctx context.Context, p *offer.Pool, codes []string) error
	ResetOffers(ctx context.Context, pool string) error
}

// findPool is the pool that the import's codes go into: as the request describes it, or else as it stands.
func (w *worker) findPool(ctx context.Context) (*offer.Pool, error) {
	asked := w.standing.Request.Pool
	w.pool = asked.Offer()
	if !asked.Bare() {
		return w.pool, nil
	}
	pools, err := w.Store.Pools(ctx)
	if standing := pools[asked.ID]; standing != nil {
		w.pool = standing
	}
	return w.pool, err
}

// putCodes puts a step's codes into their pool, which is described first.
func (w *worker) putCodes(ctx context.Context, codes []string) error {
	if len(codes) == 0 {
		return nil
	}
	if w.standing.Progress.Accepted == 0 {
		if err := w.Store.PutPool(ctx, w.pool); err != nil {
			return err
		}
	}
	return w.Store.PutCodes(ctx, w.pool, codes)
}

// showCodes has claims find the codes of an import that is about to end, however it does.
func (w *worker) showCodes(ctx context.Context) error {
	r := &w.standing.Request
	if r.Kind != importfile.Codes || r.DryRun {
		return nil
	}
	return w.Store.ResetOffers(ctx, r.Pool.ID)
}
