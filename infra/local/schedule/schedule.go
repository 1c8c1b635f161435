package schedule

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Schedule is one schedule and what it sets off.
type Schedule struct {
	Name       string
	Expression Expression
	// Input is the payload; "<aws.scheduler.scheduled-time>" in it is replaced by the time that the schedule was due.
	Input string
	// Fire runs the target on the payload and returns when it has ended. It does its own retries.
	Fire func(ctx context.Context, payload []byte) error
}

const scheduledTime = "<aws.scheduler.scheduled-time>"

// Payload is the schedule's payload for the time that it was due.
func (s *Schedule) Payload(at time.Time) []byte {
	return []byte(strings.ReplaceAll(s.Input, scheduledTime, at.UTC().Format("2006-01-02T15:04:05Z")))
}

// Runner fires schedules as the clock reaches their times. A clock that jumps over several times of a schedule fires it
// once, with the last of them; one that is set back waits for the next.
type Runner struct {
	Schedules []*Schedule
	Now       func() time.Time

	paused atomic.Bool
}

// Pause stops schedules from firing by themselves, or lets them again; what came due meanwhile is left out.
func (r *Runner) Pause(paused bool) { r.paused.Store(paused) }

const look = 50 * time.Millisecond // between looks at the clock, which others may set

// Run fires schedules until the context ends, and returns when what was fired has ended. A schedule that is due again
// while it is being worked on fires again at once, as in an account.
func (r *Runner) Run(ctx context.Context) {
	var working sync.WaitGroup
	defer working.Wait()
	seen := r.Now()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := r.Now()
		if r.paused.Load() {
			seen = now
			continue
		}
		for _, s := range r.Schedules {
			if at := s.lastDue(seen, now); !at.IsZero() {
				working.Go(func() { s.Fire(ctx, s.Payload(at)) }) // what fails is reported by the target
			}
		}
		seen = now
	}
}

// lastDue returns the last time in (after, until] that the schedule is due at; the zero time when there is none.
func (s *Schedule) lastDue(after, until time.Time) time.Time {
	if !until.After(after) {
		return time.Time{}
	}
	at := s.Expression.Next(after)
	if at.IsZero() || at.After(until) {
		return time.Time{}
	}
	// Near the end first: a jump over years holds many times, and only the last one counts.
	for back := time.Minute; ; back *= 8 {
		from := until.Add(-back)
		if !from.After(after) {
			from = after
		}
		next := s.Expression.Next(from)
		if next.IsZero() || next.After(until) {
			continue
		}
		for !next.IsZero() && !next.After(until) {
			at, next = next, s.Expression.Next(next)
		}
		return at
	}
}
