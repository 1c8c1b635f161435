package main

import (
	"context"
	"net/http"
	"time"

	"liuke/shared/api"
	"liuke/shared/fault"
	"liuke/shared/offer"
)

// Offers reads what is left in pools of coupon codes.
type Offers interface {
	Pools(ctx context.Context) (map[string]*offer.Pool, error)
	// OfferStock counts a pool's codes, and those of them that were given.
	OfferStock(ctx context.Context, pool string) (codes, given int64, err error)
}

type poolView struct {
	ID             string     `json:"id"`
	Scenes         []string   `json:"scenes"`
	Mask           string     `json:"mask,omitempty"`
	Expires        *time.Time `json:"expires"`
	LeastValidDays int        `json:"least_valid_days"`
	Codes          int64      `json:"codes"`
	Given          int64      `json:"given"`
	Left           int64      `json:"left"`
	Refuses        string     `json:"refuses,omitempty"` // why it gives none now, whatever is left
}

// pool shows a pool of codes, and how many of them are left.
func (h *Handler) pool(ctx context.Context, r *api.Request) (api.Response, error) {
	pools, err := h.store.Pools(ctx)
	if err != nil {
		return api.Response{}, err
	}
	p := pools[pathParameter(r, "pool")]
	if p == nil {
		return api.Response{}, fault.New(fault.NotFound, "there is no such pool: import its codes, and there is")
	}
	v := poolView{ID: p.ID, Scenes: p.Scenes, Mask: p.Mask, Expires: timeOf(p.Expires), LeastValidDays: int(p.LeastValid / (24 * time.Hour))}
	if v.Scenes == nil {
		v.Scenes = []string{}
	}
	scene := ""
	if len(p.Scenes) > 0 {
		scene = p.Scenes[0]
	}
	v.Refuses = p.Refuses(scene, h.now())
	if v.Codes, v.Given, err = h.store.OfferStock(ctx, p.ID); err != nil {
		return api.Response{}, err
	}
	v.Left = v.Codes - v.Given
	return api.JSON(http.StatusOK, v), nil
}
