package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"liuke/shared/api"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/link"
	"liuke/shared/message"
	"liuke/shared/token"
)

// Ledger keeps the entries that clicks are counted on. WriteEntry returns Conflict where the entry has moved.
type Ledger interface {
	Entry(ctx context.Context, id customer.ID, entry string) (message.Entry, error)
	WriteEntry(ctx context.Context, e message.Entry) (message.Entry, error)
}

const (
	// clickPatience is how long a customer waits for the click to be counted.
	clickPatience = time.Second
	// clickTries is how often a click is counted anew where the entry moved meanwhile.
	clickTries = 4
)

// click counts that a link of a message was followed, and leads to where the link's token says: to nowhere else, and whatever
// becomes of the count.
func (h *Handler) click(ctx context.Context, r *api.Request, method string) api.Response {
	keys, err := token.Load(ctx, h.Secret)
	var to token.Click
	if err == nil {
		err = keys.Open(token.PurposeClick, r.PathParameters["token"], &to) // which looks at the address again
	}
	if err != nil {
		return h.problem(ctx, r, nil, err)
	}
	h.visited(ctx, r, method, to)
	out := api.Redirect(to.URL)
	out.Headers["referrer-policy"] = "no-referrer"
	out.Headers["x-robots-tag"] = "noindex, nofollow"
	return out
}

// visited counts a request for a link on the message's entry, a program's apart: one write, and none where it is known
// already.
func (h *Handler) visited(ctx context.Context, r *api.Request, method string, to token.Click) {
	if h.links.Take("click\x00"+string(to.Customer)+"\x00"+to.Entry.Entry, h.Now()) > 0 {
		h.Count.Count("ClicksNotCounted", 1)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, clickPatience)
	defer cancel()
	visit := message.Visit{
		Time: h.Now().UTC().Truncate(time.Millisecond), Link: mark(to.URL),
		Program: link.Program(method, func(name string) string { return api.Header(r, name) }),
	}
	metric, err := h.book(ctx, to.Entry, visit)
	if err != nil {
		h.Count.Count("ClicksNotCounted", 1)
		h.note(ctx, r, err)
	} else if metric != "" {
		h.Count.Count(metric, 1)
	}
}

// book writes a visit on its entry. It returns what is to be counted: nothing where nothing changes.
func (h *Handler) book(ctx context.Context, of token.Entry, v message.Visit) (metric string, err error) {
	written, err := h.onEntry(ctx, of, func(e message.Entry) (message.Entry, bool) { return e.Visit(v) })
	switch {
	case err != nil || written == nil:
		return "", err
	case written.Clicked.Equal(v.Time):
		return "Clicks", nil
	}
	return "Prefetches", nil
}

// onEntry writes a change on an entry, and returns what was written: nil where nothing changes, or the entry is gone because its
// customer was erased.
func (h *Handler) onEntry(ctx context.Context, of token.Entry, change func(message.Entry) (message.Entry, bool)) (*message.Entry, error) {
	for try := 1; ; try++ {
		e, err := h.Ledger.Entry(ctx, of.Customer, of.Entry)
		if fault.CodeOf(err) == fault.NotFound {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		next, changed := change(e)
		if !changed {
			return nil, nil
		}
		if _, err = h.Ledger.WriteEntry(ctx, next); err == nil {
			return &next, nil
		}
		if try == clickTries || fault.CodeOf(err) != fault.Conflict {
			return nil, err
		}
	}
}

// mark tells the links of one message apart: by 64 bits of the address's hash, so that the ledger holds no address.
func mark(address string) string {
	sum := sha256.Sum256([]byte(address))
	return hex.EncodeToString(sum[:8])
}
