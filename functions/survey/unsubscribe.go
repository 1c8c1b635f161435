package main

import (
	"context"
	"net/http"
	"slices"

	"liuke/shared/api"
	"liuke/shared/consent"
	"liuke/shared/customer"
	"liuke/shared/fold"
	"liuke/shared/message"
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
	return u, slower(h.links.Take("unsubscribe\x00"+string(u.Customer)+"\x00"+u.Channel+"\x00"+u.Topic, h.Now()))
}

// stop is what the link stops, in words of a locale, and the way to choose in its place.
func (h *Handler) stop(ctx context.Context, u token.Unsubscribe, locale string) page.Stop {
	s := page.Stop{Channel: u.Channel}
	if u.Topic != "" {
		topic := consent.TopicsNamed([]string{u.Topic}, nil, nil)[0]
		for _, t := range h.topics.Peek() { // which may have been read for another page: no table is asked
			if t.ID == u.Topic {
				topic = t
			}
		}
		s.Topic = topic.Label(locale, survey.Fallback)
	}
	keys, err := token.Load(ctx, h.Secret)
	if err != nil {
		return s
	}
	if sealed, err := keys.Seal(token.PurposePreferences, token.Preferences{Customer: u.Customer}); err == nil {
		s.More = "../p/" + sealed
	}
	return s
}

// unsubscribe asks whether to stop; it stops nothing, because what scans mail follows links.
func (h *Handler) unsubscribe(ctx context.Context, r *api.Request) api.Response {
	u, err := h.openUnsubscribe(ctx, r)
	if err != nil {
		return h.problem(ctx, r, nil, err)
	}
	v := h.viewOf(ctx, r, u.Customer)
	return show(http.StatusOK, h.pages.Unsubscribe(v, h.stop(ctx, u, v.Locale)))
}

// unsubscribed stops a channel, or a topic. The link alone decides: mail providers post List-Unsubscribe=One-Click without
// a person (RFC 8058), the page's own button posts the same and which page it was, and whoever posts anything else means no
// other thing. No table is asked before that is done, so that it works whatever else does not: the event of an erased customer
// is dropped by profile. Then the message that the link stands in is noted as the one that was too much.
func (h *Handler) unsubscribed(ctx context.Context, r *api.Request) api.Response {
	u, err := h.openUnsubscribe(ctx, r)
	if err != nil {
		return h.problem(ctx, r, nil, err)
	}
	body, err := api.Body(r, MaxBodyBytes)
	if err != nil {
		body = nil // it would say which page's button it was, and nothing else
	}
	e, err := survey.Unsubscribed(u, r.PathParameters["token"], h.proof(ctx, r, u, body), h.Now())
	if err == nil {
		err = h.send(ctx, e, 0)
	}
	if err != nil {
		return h.problem(ctx, r, nil, err)
	}
	h.Count.Count("Unsubscriptions", 1)
	h.tooMuch(ctx, u)
	if !readsPages(r) {
		said := map[string]any{"unsubscribed": true, "channel": u.Channel}
		if u.Topic != "" {
			said["topic"] = u.Topic
		}
		return api.JSON(http.StatusOK, said)
	}
	v := h.viewOf(ctx, r, u.Customer)
	return show(http.StatusOK, h.pages.Unsubscribed(v, h.stop(ctx, u, v.Locale)))
}

// proof tells the page's button, which was read beside a text, from a mail program's.
func (h *Handler) proof(ctx context.Context, r *api.Request, u token.Unsubscribe, body []byte) customer.Proof {
	form, err := survey.Decode(api.Header(r, "content-type"), body)
	locale := one(form.Fields, page.FieldPage)
	if err != nil || !slices.Contains(h.pages.Locales(), locale) {
		return customer.Proof{Source: customer.ByOneClick}
	}
	text := h.pages.UnsubscribeText(locale, h.stop(ctx, u, locale))
	return customer.Proof{Source: customer.ByUnsubscribeLink, Version: text.Version, Hash: text.Hash}
}

// plain is the view of a page of no survey, with the brand where that was read for another page before: no table is asked.
func (h *Handler) plain(r *api.Request) page.View {
	return page.View{Locale: h.locale(r, nil), Brand: h.brand.Peek()}
}

// viewOf is the view of a customer's page of unsubscribing, with the brand and, where the request names no language that there is,
// in the customer's own. What cannot be read soon is left out: nobody's way out waits for it.
func (h *Handler) viewOf(ctx context.Context, r *api.Request, id customer.ID) page.View {
	ctx, cancel := context.WithTimeout(ctx, clickPatience)
	defer cancel()
	v := h.plain(r)
	brand, err := h.brand.Get(ctx)
	if err != nil {
		h.note(ctx, r, err)
	}
	v.Brand = brand
	if _, ok := h.languageOf(r); ok {
		return v
	}
	states, errs := h.People.Load(ctx, []fold.Want{{Customer: id, Profile: true}})
	if errs[0] != nil {
		h.note(ctx, r, errs[0])
		return v
	}
	v.Locale = h.localeOf(r, states[0].Profile.Locale())
	return v
}

// tooMuch notes on a message that its own link was the one to unsubscribe by, once. Whoever unsubscribes waits no longer for that
// than for a click to be counted, and is told of nothing that goes wrong.
func (h *Handler) tooMuch(ctx context.Context, u token.Unsubscribe) {
	if u.Entry == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, clickPatience)
	defer cancel()
	now := h.Now()
	changed, err := h.onEntry(ctx, token.Entry{Customer: u.Customer, Entry: u.Entry}, func(e message.Entry) (message.Entry, bool) { return e.Unsubscribe(now) })
	switch {
	case err != nil:
		h.Count.Count("UnsubscriptionsNotNoted", 1)
	case changed != nil:
		h.Count.Count("UnsubscriptionsNoted", 1)
	}
}
