package main

import (
	"context"

	"liuke/shared/api"
	"liuke/shared/fault"
	"liuke/shared/survey"
	"liuke/shared/token"
)

// opened returns who was invited by the link of a request. It returns Unauthorized for one that was not made here, Gone for
// one that has expired, and Throttled for one that is used too often: before any table is touched.
func (h *Handler) opened(ctx context.Context, r *api.Request) (to token.Survey, err error) {
	keys, err := token.Load(ctx, h.Secret)
	if err != nil {
		return to, err
	}
	if err := keys.Open(token.PurposeSurvey, r.PathParameters["token"], &to); err != nil {
		return to, err
	}
	now := h.Now()
	if !now.Before(to.Expires) {
		return to, fault.New(fault.Gone, "this link has expired: ask whoever sent it for a new one")
	}
	return to, slower(h.links.Take(paceOf(to), now))
}

// paceOf is what the pace of an invitation goes by.
func paceOf(to token.Survey) string {
	return to.Survey + " " + to.Invitation + " " + string(to.Customer)
}

// invited returns the sitting of who was invited. It returns NotFound for a survey that there is no more.
func (h *Handler) invited(ctx context.Context, r *api.Request, to token.Survey) (*sitting, error) {
	all, err := h.catalogue.Get(ctx)
	if err != nil {
		return nil, err
	}
	s, err := all.Find(to.Survey)
	if err != nil {
		return nil, err
	}
	return &sitting{survey: s, to: to, locale: h.locale(r, s)}, nil
}

// link shows the form of an invitation.
func (h *Handler) link(ctx context.Context, r *api.Request) api.Response {
	to, err := h.opened(ctx, r)
	if err != nil {
		return h.problem(ctx, r, nil, err)
	}
	sit, err := h.invited(ctx, r, to)
	if err != nil {
		return h.problem(ctx, r, nil, err)
	}
	return h.shown(ctx, r, sit)
}

// linkSent takes the answer to an invitation, or its correction.
func (h *Handler) linkSent(ctx context.Context, r *api.Request) api.Response {
	to, err := h.opened(ctx, r)
	var typed survey.Form
	if err == nil {
		typed, err = decode(r)
	}
	if err != nil {
		return h.problem(ctx, r, nil, err)
	}
	sit, err := h.invited(ctx, r, to)
	if err != nil {
		return h.problem(ctx, r, nil, err)
	}
	return h.take(ctx, r, sit, typed)
}
