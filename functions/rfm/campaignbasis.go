package main

import (
	"context"
	"encoding/json"

	"liuke/shared/brand"
	"liuke/shared/campaign"
	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/outreach"
	"liuke/shared/quiet"
	"liuke/shared/scene"
	"liuke/shared/scene/audience"
	"liuke/shared/scene/content"
)

// situation is what a simulation goes by, as it stood when that began: what operators had written, and what was left of money and
// codes.
type situation struct {
	Documents []document.Document `json:"documents"`
	Settings  document.Document   `json:"settings"`
	Brand     document.Document   `json:"brand"`
	Means     *outreach.Means     `json:"means"`
}

// basis is what a run goes by: what operators have written by now, and of a simulation all as it stood when it began.
func (h *Handler) basis(ctx context.Context, record *campaign.Record) (*campaign.Basis, error) {
	all, err := h.situation(ctx, record)
	if err != nil {
		return nil, err
	}
	kept := all
	if text := record.Terms.Text; text != "" {
		all.Documents = append(all.Documents, document.Document{Name: outreach.DocumentName(outreach.Scene, record.Scene), Version: 1, Body: text})
	}
	currency := h.Settings.Currency
	stand, err := outreach.Read(all.Documents, all.Settings, all.Brand, scene.Compilers{Audience: audience.Compile, Content: content.Compiler(), Currency: currency})
	if err != nil {
		return nil, err
	}
	sc := stand.Scenes.Scene(record.Scene)
	if sc == nil {
		return nil, fault.New(fault.NotFound, "there is no scene %s any more", record.Scene)
	}
	surveys, err := h.Store.Surveys(ctx)
	if err != nil {
		return nil, err
	}
	basis := &campaign.Basis{
		Scene: sc, Rules: &scene.Rules{Policy: stand.Scenes.Policy, Atlas: quiet.NewAtlas(h.Settings.Zone)}, Surveys: surveys,
		Settings: stand.Settings, Look: stand.Look, Currency: currency, Zone: h.Settings.Zone,
		Ways: h.Ways, Segments: h.Segments, BaseURL: h.BaseURL,
	}
	if !record.Terms.Simulated {
		return basis, nil
	}
	if kept.Means == nil {
		if kept.Means, err = h.means(ctx, record, basis); err != nil {
			return nil, err
		}
		raw, err := json.Marshal(kept)
		if err != nil {
			return nil, fault.As(err, fault.Internal, "what the simulation goes by cannot be encoded")
		}
		if err := h.Lake.Put(ctx, campaign.BasisKey(record), "application/json", raw); err != nil {
			return nil, err
		}
	}
	basis.Before = *kept.Means
	return basis, nil
}

// means is what was spent of the budgets that bear on a simulation's scene, and what is left in its pool of codes.
func (h *Handler) means(ctx context.Context, record *campaign.Record, basis *campaign.Basis) (m *outreach.Means, err error) {
	m = &outreach.Means{}
	if m.Spent, err = h.Store.Counters(ctx, basis.Accounts(record, h.Now())...); err != nil || !outreach.Takes(basis.Scene, false) {
		return m, err
	}
	pools, err := h.Store.Pools(ctx)
	if err != nil {
		return nil, err
	}
	if m.Pool = pools[basis.Scene.Offer.Pool]; m.Pool == nil {
		return m, nil
	}
	codes, given, err := h.Store.OfferStock(ctx, m.Pool.ID)
	m.Codes = codes - given
	return m, err
}

func (h *Handler) situation(ctx context.Context, record *campaign.Record) (all situation, err error) {
	if record.Terms.Simulated {
		raw, err := h.Lake.Get(ctx, campaign.BasisKey(record))
		if err == nil {
			return all, fault.As(json.Unmarshal(raw, &all), fault.Internal, "what the simulation goes by is damaged")
		}
		if fault.CodeOf(err) != fault.NotFound {
			return all, err
		}
	}
	_, beside, err := h.Store.SceneEdits(ctx, outreach.Document, brand.Document)
	if err != nil {
		return all, err
	}
	all.Settings, all.Brand = beside[0], beside[1]
	all.Documents, err = h.Store.SceneDocuments(ctx)
	return all, err
}
