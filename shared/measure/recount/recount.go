// Package recount counts the hours of trials anew, as long as anything may still become of their customers: see package measure. On
// the way it finds who has become one person since (see unite), for half a read unit a customer.
package recount

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"liuke/shared/clock"
	"liuke/shared/measure"
	"liuke/shared/message"
)

// Store lists what is counted, and keeps tallies and marks. See package dynamo for each.
type Store interface {
	TrialMarks(ctx context.Context, scene, trial string) ([]measure.Mark, error)
	MarkCounted(ctx context.Context, m measure.Mark) error
	UnmarkTrial(ctx context.Context, h measure.Hour) error
	Uniter
	EnrolledOfHour(ctx context.Context, h measure.Hour, shard int, take func([]measure.Enrolment) error) error
	Entries(ctx context.Context, refs []message.Ref) (map[message.Ref]message.Entry, error)
	TalliesOfHour(ctx context.Context, h measure.Hour) (map[int]string, error)
	PutTally(ctx context.Context, h measure.Hour, shard int, t *measure.Tally) error
}

// Counter counts hours.
type Counter struct {
	Store Store
	Now   clock.Now
	// Steps names the entries of the scene's further steps by that of the first; nil where no scene has any.
	Steps func(first *message.Entry) []message.Ref
	// More reports whether there is time to count on.
	More func() bool
}

const hoursAtOnce = 4

// Count counts the hours that are due, as long as there is time, and returns how many it has counted and how many are left. An
// hour that it has begun goes on where it stopped.
func (c *Counter) Count(ctx context.Context) (counted, left int, err error) {
	marks, err := c.Store.TrialMarks(ctx, "", "")
	if err != nil {
		return 0, 0, err
	}
	now := c.Now()
	var due []measure.Mark
	for _, m := range marks {
		if m.Over() {
			if err := c.Store.UnmarkTrial(ctx, m.Hour); err != nil {
				return 0, 0, err
			}
		} else if m.Due(now) {
			due = append(due, m)
		}
	}
	errs, done := make([]error, len(due)), make([]bool, len(due))
	var g errgroup.Group
	g.SetLimit(hoursAtOnce)
	for i := range due {
		g.Go(func() error {
			if c.More() {
				done[i], errs[i] = c.hour(ctx, due[i], now)
			}
			return nil
		})
	}
	_ = g.Wait() // what goes wrong stands in errs
	for _, d := range done {
		if d {
			counted++
		}
	}
	return counted, len(due) - counted, errors.Join(errs...)
}

// hour counts the shards of an hour that are left, and reports whether it has come to the last.
func (c *Counter) hour(ctx context.Context, m measure.Mark, now time.Time) (done bool, err error) {
	stood, err := c.Store.TalliesOfHour(ctx, m.Hour)
	if err != nil {
		return false, err
	}
	if m.Part == 0 {
		m.Begun = now
	}
	for m.Part < measure.Shards && (c.More() || m.Part == 0) {
		t, err := c.shard(ctx, m.Hour, m.Part)
		if err != nil {
			return false, err
		}
		text, err := t.Encode()
		if err != nil {
			return false, err
		}
		if was, ok := stood[m.Part]; was != text && (ok || !t.Empty()) {
			if err := c.Store.PutTally(ctx, m.Hour, m.Part, t); err != nil {
				return false, err
			}
		}
		m.Part++
	}
	if m.Part == measure.Shards {
		m.Counted, m.Part, done = m.Begun, 0, true
	}
	return done, c.Store.MarkCounted(ctx, m)
}

// shard counts one shard of an hour.
func (c *Counter) shard(ctx context.Context, h measure.Hour, shard int) (*measure.Tally, error) {
	t := &measure.Tally{}
	err := c.Store.EnrolledOfHour(ctx, h, shard, func(all []measure.Enrolment) error {
		if err := c.unite(ctx, all); err != nil {
			return err
		}
		entries, err := c.entries(ctx, all)
		if err != nil {
			return err
		}
		for i := range all {
			if !all[i].Superseded {
				t.Add(&all[i], entries[i])
			}
		}
		return nil
	})
	return t, err
}

// entries reads the entries of each customer: first those of the first step, then those of the further steps that they lead to.
func (c *Counter) entries(ctx context.Context, all []measure.Enrolment) ([][]message.Entry, error) {
	out := make([][]message.Entry, len(all))
	var refs []message.Ref
	var whose []int
	for i := range all {
		for _, ref := range all[i].Entries {
			refs, whose = append(refs, ref), append(whose, i)
		}
	}
	if err := c.read(ctx, refs, whose, out); err != nil || c.Steps == nil {
		return out, err
	}
	refs, whose = nil, nil
	for i := range out {
		for k := range out[i] {
			for _, ref := range c.Steps(&out[i][k]) {
				refs, whose = append(refs, ref), append(whose, i)
			}
		}
	}
	return out, c.read(ctx, refs, whose, out)
}

func (c *Counter) read(ctx context.Context, refs []message.Ref, whose []int, out [][]message.Entry) error {
	if len(refs) == 0 {
		return nil
	}
	found, err := c.Store.Entries(ctx, refs)
	if err != nil {
		return err
	}
	for i, ref := range refs {
		if e, ok := found[ref]; ok {
			out[whose[i]] = append(out[whose[i]], e)
		}
	}
	return nil
}
