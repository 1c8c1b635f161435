package main

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"liuke/shared/api"
	"liuke/shared/consent"
	"liuke/shared/customer"
)

// Consents are the records of what customers said of consent.
type Consents interface {
	// Consents returns at most limit records under an id, the latest first, from behind a place on; and the place of each.
	Consents(ctx context.Context, id customer.ID, limit int, before string) ([]consent.Record, []string, error)
}

// consents shows what a customer said of consent, under all of its ids, with the proof of it. Places sort as times do, so that
// one tells where the page ends under each id.
func (h *Handler) consents(ctx context.Context, r *api.Request) (api.Response, error) {
	rec, all, err := h.person(ctx, r)
	if err != nil {
		return api.Response{}, err
	}
	n, err := limit(r, 50, 200)
	if err != nil {
		return api.Response{}, err
	}
	cursor, err := openCursor(r, "consents", string(rec.ID))
	if err != nil {
		return api.Response{}, err
	}
	type placed struct {
		consent.Record
		place string
	}
	found, err := under(all, func(id customer.ID) (some []placed, err error) {
		records, places, err := h.store.Consents(ctx, id, n+1, cursor)
		for i := range records {
			some = append(some, placed{records[i], places[i]})
		}
		return some, err
	})
	if err != nil {
		return api.Response{}, err
	}
	slices.SortStableFunc(found, func(a, b placed) int { return strings.Compare(b.place, a.place) })
	out := struct {
		Consents   []consent.Record `json:"consents"`
		NextCursor string           `json:"next_cursor,omitempty"`
	}{Consents: []consent.Record{}}
	if len(found) > n {
		found = found[:n]
		out.NextCursor = sealCursor(found[n-1].place, "consents", string(rec.ID))
	}
	for _, f := range found {
		out.Consents = append(out.Consents, f.Record)
	}
	return api.JSON(http.StatusOK, out), nil
}
