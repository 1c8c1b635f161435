package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"

	"liuke/shared/api"
	"liuke/shared/customer"
	"liuke/shared/message"
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
	ClickedAt    *time.Time `json:"clicked_at,omitempty"`
	PrefetchedAt *time.Time `json:"prefetched_at,omitempty"`
}

// messages shows what a customer was sent or not, under all of its ids, and why.
func (h *Handler) messages(ctx context.Context, r *api.Request) (api.Response, error) {
	rec, all, err := h.person(ctx, r)
	if err != nil {
		return api.Response{}, err
	}
	n, err := limit(r, 50, 200)
	if err != nil {
		return api.Response{}, err
	}
	cursor, err := openCursor(r, "messages", string(rec.ID))
	if err != nil {
		return api.Response{}, err
	}
	entries, next, err := h.entries(ctx, all, n, cursor)
	if err != nil {
		return api.Response{}, err
	}
	out := struct {
		Messages   []messageView `json:"messages"`
		NextCursor string        `json:"next_cursor,omitempty"`
	}{make([]messageView, len(entries)), sealCursor(next, "messages", string(rec.ID))}
	for i, e := range entries {
		out.Messages[i] = viewOfMessage(&e)
	}
	slices.SortStableFunc(out.Messages, latestFirst)
	return api.JSON(http.StatusOK, out), nil
}

func viewOfMessage(e *message.Entry) messageView {
	return messageView{
		ID: e.ID, Scene: e.Scene, Step: e.Step, Channel: string(e.Channel), Occasion: e.Occasion, State: string(e.State),
		Gate: e.Gate, Reason: e.Reason, Locale: e.Locale, CausedAt: timeOf(e.Caused), DecidedAt: timeOf(e.Decided),
		DueAt: timeOf(e.Due), SentAt: timeOf(e.Sent), DeliveredAt: timeOf(e.Delivered), BouncedAt: timeOf(e.Bounced),
		ComplainedAt: timeOf(e.Complained), ClickedAt: timeOf(e.Clicked), PrefetchedAt: timeOf(e.Prefetched),
	}
}

// idsAPage is how many of a customer's ids one page looks under at most; a page may be short, even empty, for that.
const idsAPage = 25

// entries reads a page of the ledger under all of a customer's ids: the survivor's, which is the first of them and has most, and
// then in the order of the ids' hashes, so that the place where a page ends names no id and stays what it is when another id is
// added.
func (h *Handler) entries(ctx context.Context, all []customer.ID, limit int, cursor string) (list []message.Entry, next string, err error) {
	type place struct {
		id   customer.ID
		hash string
	}
	var places []place
	for i, id := range all {
		sum := sha256.Sum256([]byte(id))
		p := place{id, hex.EncodeToString(sum[:8])}
		if i == 0 {
			p.hash = ""
		}
		places = append(places, p)
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.hash, b.hash) })
	from, entry, _ := strings.Cut(cursor, "/")
	places = slices.DeleteFunc(places, func(p place) bool { return p.hash < from })
	for i, p := range places {
		if i == idsAPage || len(list) == limit {
			return list, p.hash + "/", nil
		}
		if p.hash != from {
			entry = ""
		}
		some, more, err := h.store.Messages(ctx, p.id, limit-len(list), entry)
		if err != nil {
			return nil, "", err
		}
		list = append(list, some...)
		if more != "" {
			return list, p.hash + "/" + more, nil
		}
	}
	return list, "", nil
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
