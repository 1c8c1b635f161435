package main

import (
	"context"
	"net/http"

	"liuke/shared/api"
	"liuke/shared/customer"
	"liuke/shared/survey"
	"liuke/shared/survey/page"
	"liuke/shared/token"
)

// openUnsubscribe reads the link of a request; such a link never expires.
func (h *Handler) openUnsubscribe(ctx context.Context, r *api.Request) (u token.Unsubscribe, err error) {
	keys, err := token.Load(ctx, h.Secret)
	if err != nil {
		return u, err
	}
	if err := keys.Open(token.PurposeUnsubscribe, r.PathParameters["token"], &u); err != nil {
		return u, err
	}
	return u, slower(h.links.Take("unsubscribe\x00"+string(u.Customer)+"\x00"+u.Channel, h.Now()))
}

// unsubscribe asks whether to stop; it stops nothing, because what scans mail follows links.
func (h *Handler) unsubscribe(ctx context.Context, r *api.Request) api.Response {
	u, err := h.openUnsubscribe(ctx, r)
	if err != nil {
		return h.problem(ctx, r, nil, err)
	}
	return show(http.StatusOK, h.pages.Unsubscribe(h.plain(r), u.Channel))
}

// unsubscribed stops a channel. The link alone decides: mail providers post List-Unsubscribe=One-Click without a
// person (RFC 8058), the page's own button posts the same, and whoever posts anything else means no other thing. No
// table is asked, so that it works whatever else does not: the event of an erased customer is dropped by profile.
func (h *Handler) unsubscribed(ctx context.Context, r *api.Request) api.Response {
	u, err := h.openUnsubscribe(ctx, r)
	if err != nil {
		return h.problem(ctx, r, nil, err)
	}
	if _, err := api.Body(r, MaxBodyBytes); err != nil {
		return h.problem(ctx, r, nil, err)
	}
	e, err := survey.Unsubscribed(u, r.PathParameters["token"], customer.Proof{Source: customer.ByOneClick}, h.Now())
	if err == nil {
		err = h.send(ctx, e, 0)
	}
	if err != nil {
		return h.problem(ctx, r, nil, err)
	}
	h.Count.Count("Unsubscriptions", 1)
	if !readsPages(r) {
		return api.JSON(http.StatusOK, map[string]any{"unsubscribed": true, "channel": u.Channel})
	}
	return show(http.StatusOK, h.pages.Unsubscribed(h.plain(r), u.Channel))
}

// plain is the view of a page of no survey, with the brand where that was read for another page before: no table is asked.
func (h *Handler) plain(r *api.Request) page.View {
	return page.View{Locale: h.locale(r, nil), Brand: h.brand.Peek()}
}
