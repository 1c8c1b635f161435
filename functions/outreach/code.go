package main

import (
	"context"
	"errors"
	"time"

	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/offer"
	"liuke/shared/outreach"
	"liuke/shared/scene"
)

// Offers keeps pools of coupon codes. A code is given by Claim, with the entry that has it.
type Offers interface {
	Pools(ctx context.Context) (map[string]*offer.Pool, error)
	FindCode(ctx context.Context, pool string, c *offer.Claim) (offer.Step, error)
}

// emptyFor is how long a pool that had no code is taken to have none.
const emptyFor = time.Minute

// means is what a claim needs beside the customer: money and a code.
type means struct {
	pool  string
	claim *offer.Claim // nil where the message has no code to get
}

// means sets aside what a message may cost and finds a code for it, where it is to have one of a pool: a webhook is asked by who
// sends the message. The verdict, nil for none, says what
// it lacks; then nothing is set aside.
func (h *Handler) means(ctx context.Context, c *scene.Candidate, next *message.Entry, first message.Entry) (means, *scene.Verdict, error) {
	var m means
	why, err := "", error(nil)
	if next.Reserved, why, err = h.afford(ctx, c, next.ID); err != nil || why != "" {
		return m, lack(scene.GateBudget, why), err
	}
	if c.Step > 0 { // what follows carries the code of the first
		next.Code = first.Code.Carried()
	}
	if !outreach.Takes(c.Scene, next.Code.Code != "") {
		return m, nil, nil
	}
	if why, err = h.open(ctx, c, next, &m); err == nil && why == "" {
		why, err = h.code(ctx, c, next, &m)
	}
	if err != nil || why != "" {
		h.giveBack(ctx, next.Reserved)
	}
	return m, lack(scene.GateOffer, why), err
}

func lack(gate, why string) *scene.Verdict {
	if why == "" {
		return nil
	}
	return &scene.Verdict{Outcome: scene.Hold, Gate: gate, Reason: why}
}

// open begins to look for a code of the scene's pool, unless that gives none.
func (h *Handler) open(ctx context.Context, c *scene.Candidate, next *message.Entry, m *means) (why string, err error) {
	pools, err := h.Pools(ctx)
	if err != nil {
		return "", err
	}
	m.pool = c.Scene.Offer.Pool
	pool := pools[m.pool]
	if why := pool.Refuses(c.Scene.ID, c.Now); why != "" {
		return why, nil
	}
	if h.empty.Has(m.pool, c.Now) {
		return offer.ReasonEmpty, nil
	}
	m.claim = offer.NewClaim(pool, next.ID)
	return "", nil
}

// code puts the next code that may be free on the entry.
func (h *Handler) code(ctx context.Context, c *scene.Candidate, next *message.Entry, m *means) (why string, err error) {
	step, err := h.Store.FindCode(ctx, m.pool, m.claim)
	switch {
	case err != nil:
		return "", err
	case step.Action == offer.Empty:
		h.empty.Note(m.pool, c.Now)
		return offer.ReasonEmpty, nil
	case step.Action != offer.Give:
		return "", fault.New(fault.Unavailable, "too many others are claiming codes of the pool")
	}
	next.Code = m.claim.Given(step)
	return "", nil
}

// write writes a claim with its means: a code that went to another meanwhile is replaced by the next, and what was set aside
// for a claim that was certainly not written is given back.
func (h *Handler) write(ctx context.Context, c *scene.Candidate, next *message.Entry, m means, claim func() error) (*scene.Verdict, error) {
	for {
		err, why := claim(), ""
		if errors.Is(err, offer.ErrTaken) {
			m.claim.Taken()
			if why, err = h.code(ctx, c, next, &m); err == nil && why == "" {
				continue
			}
		}
		if why != "" || fault.CodeOf(err) == fault.Conflict {
			h.giveBack(ctx, next.Reserved)
		}
		return lack(scene.GateOffer, why), err
	}
}
