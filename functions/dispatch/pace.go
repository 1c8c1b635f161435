package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"liuke/shared/channel/ses"
	"liuke/shared/clock"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/pace"
)

// quotaAge is how long the account's quota is used without asking again, whether SES told it or not.
const quotaAge = time.Minute

// quotaRest is how long a message waits in the queue when the quota of 24 hours is used up: it frees bit by bit.
const quotaRest = 10 * time.Minute

// staleAfter is the longest wait for a moment after which what was read of the customer still holds.
const staleAfter = time.Second

// Quoter tells what SES lets the account send; it is asked once a minute and instance.
type Quoter interface {
	Quota(ctx context.Context) (ses.Quota, error)
}

// putOff is why a message is not sent now, and how long it waits in its queue.
type putOff struct {
	error
	after time.Duration
}

// Unwrap returns the error itself.
func (p *putOff) Unwrap() error { return p.error }

// pacer gives each message of an instance the moment at which it may be handed to its provider: the account's rate is
// shared by all instances alike.
type pacer struct {
	quoter  Quoter // nil where mail does not go through SES
	text    float64
	sharers float64 // how many instances there are at most
	now     clock.Now

	mails, texts pace.Pace

	mu    sync.Mutex
	quota ses.Quota
	asked time.Time // when the quota was asked for last; zero for never
	known bool      // SES has told it
	sent  float64   // mails by this instance since then
}

func newPacer(quoter Quoter, textsPerSecond float64, sharers int, now clock.Now) *pacer {
	return &pacer{quoter: quoter, text: textsPerSecond, sharers: float64(max(sharers, 1)), now: now}
}

// turn returns how long a message of the channel is to wait before it is sent, which is at most the room that is left. It
// returns a putOff where there is no moment for it in that time, or no quota.
func (p *pacer) turn(ctx context.Context, ch message.Channel, room func() time.Duration) (time.Duration, error) {
	switch ch {
	case message.Email:
		return p.mail(ctx, room)
	case message.SMS:
		return p.take(&p.texts, p.text/p.sharers, room())
	}
	return 0, nil
}

func (p *pacer) mail(ctx context.Context, room func() time.Duration) (time.Duration, error) {
	if p.quoter == nil {
		return 0, nil
	}
	rate, left := p.allowance(ctx)
	if !left {
		return 0, &putOff{fault.New(fault.Throttled, "SES's quota of 24 hours is used up"), quotaRest}
	}
	wait, err := p.take(&p.mails, rate/p.sharers, room())
	if err == nil {
		p.mu.Lock()
		p.sent++
		p.mu.Unlock()
	}
	return wait, err
}

func (p *pacer) take(moments *pace.Pace, perSecond float64, room time.Duration) (time.Duration, error) {
	wait, ok := moments.Take(p.now(), perSecond, room)
	if !ok {
		return 0, &putOff{error: fault.New(fault.Throttled, "the provider's rate leaves no moment for the message in this batch")}
	}
	return wait, nil
}

// allowance returns how many mails a second the account may send, 0 for as many as SES takes where it has never told, and
// whether the quota of 24 hours leaves any: what the others have sent since it was told is taken to be what this instance
// has.
func (p *pacer) allowance(ctx context.Context) (perSecond float64, left bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if age := p.now().Sub(p.asked); p.asked.IsZero() || age < 0 || age >= quotaAge {
		p.asked = p.now()
		if quota, err := p.quoter.Quota(ctx); err == nil {
			p.quota, p.known, p.sent = quota, true, 0
		}
	}
	if !p.known {
		return 0, true
	}
	return p.quota.PerSecond, p.quota.PerDay < 0 || p.quota.Sent+p.sent*p.sharers < p.quota.PerDay
}

// wait waits for a message's moment, for which there is all the room but the spare. It reports whether that took so long that what
// was read before is to be read again.
func (h *Handler) wait(ctx context.Context, ch message.Channel, spare time.Duration) (again bool, err error) {
	wait, err := h.pacer.turn(ctx, ch, func() time.Duration { return h.room(ctx) - spare })
	if err != nil {
		if late, ok := err.(*putOff); ok && late.after == quotaRest {
			h.Count.Count("QuotaUsedUp", 1)
		} else {
			h.Count.Count("Paced", 1)
		}
		return false, err
	}
	if wait <= 0 {
		return false, nil
	}
	if err := h.Sleep(ctx, wait); err != nil {
		return false, fault.As(err, fault.Unavailable, "wait for a moment to send")
	}
	return wait > staleAfter, nil
}

// unhurried is how long a message may wait where nothing says when the function ends.
const unhurried = time.Minute

// room is how long a message may wait and still be sent in time.
func (h *Handler) room(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return unhurried
	}
	return time.Until(deadline) - sendReserve
}

// sleep waits, or returns an error where the context ends before.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait %s: %w", d, ctx.Err())
	}
}
