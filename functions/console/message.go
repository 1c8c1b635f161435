package main

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"liuke/shared/api"
	"liuke/shared/customer"
)

type messageView struct {
	ID           string     `json:"id"`
	Scene        string     `json:"scene"`
	Step         int        `json:"step"`
	Channel      string     `json:"channel"`
	Occasion     string     `json:"occasion"` // id of the signal that set it off
	State        string     `json:"state"`
	Gate         string     `json:"gate,omitempty"`   // which gate held or deferred it
	Reason       string     `json:"reason,omitempty"` // why it was held, deferred, refused or lost
	Locale       string     `json:"locale,omitempty"`
	CausedAt     *time.Time `json:"caused_at"`
	DecidedAt    *time.Time `json:"decided_at"`
	DueAt        *time.Time `json:"due_at"`
	SentAt       *time.Time `json:"sent_at"`
	DeliveredAt  *time.Time `json:"delivered_at"`
	BouncedAt    *time.Time `json:"bounced_at"`
	ComplainedAt *time.Time `json:"complained_at"`
}

// messages shows what a customer was sent or not, and why.
func (h *Handler) messages(ctx context.Context, r *api.Request) (api.Response, error) {
	id, err := customer.ParseID(pathParameter(r, "id"))
	if err != nil {
		return api.Response{}, err
	}
	n, err := limit(r, 50, 200)
	if err != nil {
		return api.Response{}, err
	}
	cursor, err := openCursor(r, "messages", string(id))
	if err != nil {
		return api.Response{}, err
	}
	entries, next, err := h.store.Messages(ctx, id, n, cursor)
	if err != nil {
		return api.Response{}, err
	}
	out := struct {
		Messages   []messageView `json:"messages"`
		NextCursor string        `json:"next_cursor,omitempty"`
	}{make([]messageView, len(entries)), sealCursor(next, "messages", string(id))}
	for i, e := range entries {
		out.Messages[i] = messageView{
			ID: e.ID, Scene: e.Scene, Step: e.Step, Channel: string(e.Channel), Occasion: e.Occasion, State: string(e.State),
			Gate: e.Gate, Reason: e.Reason, Locale: e.Locale, CausedAt: timeOf(e.Caused), DecidedAt: timeOf(e.Decided),
			DueAt: timeOf(e.Due), SentAt: timeOf(e.Sent), DeliveredAt: timeOf(e.Delivered), BouncedAt: timeOf(e.Bounced),
			ComplainedAt: timeOf(e.Complained),
		}
	}
	slices.SortStableFunc(out.Messages, latestFirst)
	return api.JSON(http.StatusOK, out), nil
}

func latestFirst(a, b messageView) int {
	at := func(m messageView) int64 {
		if m.DecidedAt == nil {
			return 0
		}
		return m.DecidedAt.UnixNano()
	}
	return cmp.Compare(at(b), at(a))
}
