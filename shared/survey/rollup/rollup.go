// Package rollup keeps what the answers to surveys come to up to date, without a counter that could go wrong.
//
// What an hour comes to is a pure function of the answers, and invitations, that are stored (package tally): counting it again
// gives the same, however often and after whatever crash. Whoever stores an answer, changes or deletes it sees to it that the
// answer's hour is marked, at a time when nothing more of it is under way: after it was stored, or before by less than
// Settled. Marked hours are counted every few minutes, and a mark goes only when the hour is over, was counted after all that
// it was set for had settled, and nobody has set it again. So an hour without a mark is counted right; one with a mark is
// right up to the time through which it was counted but for changes of the last minutes, and what came later is read.
//
// An answer costs a write unit for itself, one for the index that lists it, and a share of one for the mark.
package rollup

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"liuke/shared/clock"
	"liuke/shared/marker"
	"liuke/shared/survey"
	"liuke/shared/survey/tally"
)

const (
	// Landed is how long after the time that it bears an answer, or an invitation, is stored at the latest: what stores them
	// runs no longer than a minute. Hours are counted no further than that.
	Landed = time.Minute
	// Settled is how long after a mark was set all that it was set for is stored or deleted, and listed by the index. What
	// deletes answers marks first, and runs two minutes at most.
	Settled = 5 * time.Minute
	// atOnce is how many hours are read side by side.
	atOnce = 8
)

// Store lists what is counted, and keeps counts and marks. See package dynamo for each.
type Store interface {
	Marks(ctx context.Context, survey string) ([]survey.Mark, error)
	Unmark(ctx context.Context, m survey.Mark) error
	AnswersOfHour(ctx context.Context, survey string, hour, after time.Time) ([]survey.Answer, error)
	AskedOfHour(ctx context.Context, survey string, hour, after time.Time) ([]tally.Asked, error)
	PutRollup(ctx context.Context, r *tally.Rollup) error
	Rollups(ctx context.Context, survey string, from, before time.Time, add func(*tally.Rollup)) error
}

// MarkStore keeps marks.
type MarkStore interface {
	MarkHours(ctx context.Context, now time.Time, hours ...survey.Hour) error
}

// Marker marks hours once they have something new. What they are marked for must be stored by then.
type Marker = marker.Marker[survey.Hour]

// NewMarker returns a marker. The store is not looked at before there is something to mark: whoever marks nothing may have none.
func NewMarker(store MarkStore, now clock.Now) *Marker {
	return marker.New(func(ctx context.Context, now time.Time, hours ...survey.Hour) error {
		return store.MarkHours(ctx, now, hours...)
	}, now)
}

// Count counts the marked hours anew, as long as more reports that there is time, and returns how many it has counted and
// how many are left.
func Count(ctx context.Context, s Store, now clock.Now, more func() bool) (counted, left int, err error) {
	marks, err := s.Marks(ctx, "")
	if err != nil {
		return 0, 0, err
	}
	errs := make([]error, len(marks))
	var done atomic.Int64
	each(len(marks), func(i int) {
		if !more() {
			return
		}
		if errs[i] = countHour(ctx, s, marks[i], now()); errs[i] == nil {
			done.Add(1)
		}
	})
	return int(done.Load()), len(marks) - int(done.Load()), errors.Join(errs...)
}

func countHour(ctx context.Context, s Store, m survey.Mark, now time.Time) error {
	through := now.Add(-Landed)
	if through.Before(m.Begin) {
		return nil
	}
	r, err := hour(ctx, s, m.Hour, time.Time{}, through)
	if err != nil {
		return err
	}
	if err := s.PutRollup(ctx, &r); err != nil {
		return err
	}
	if m.Open(through) || now.Sub(m.At) < Settled {
		return nil
	}
	return s.Unmark(ctx, m)
}

// each calls do for 0 to n−1, some of them side by side.
func each(n int, do func(i int)) {
	var g errgroup.Group
	g.SetLimit(atOnce)
	for i := range n {
		g.Go(func() error {
			do(i)
			return nil
		})
	}
	_ = g.Wait() // what goes wrong is told by do itself
}

// hour counts what is stored of an hour after a time (zero for all) through another.
func hour(ctx context.Context, s Store, h survey.Hour, after, through time.Time) (tally.Rollup, error) {
	answers, err := s.AnswersOfHour(ctx, h.Survey, h.Begin, after)
	if err != nil {
		return tally.Rollup{}, err
	}
	asked, err := s.AskedOfHour(ctx, h.Survey, h.Begin, after)
	if err != nil {
		return tally.Rollup{}, err
	}
	return tally.Count(h.Survey, h.Begin, through, answers, asked), nil
}

// live is in how many hours, the latest, answers are read that are not counted yet.
const live = 48

// Read hands to add, one after the other, what the hours of a survey come to that begin from a time on and before another:
// as they were counted, and then what came in since. Waiting is how many hours are left that are to be counted first, as
// after an import of old answers: what has come in there is missing.
func Read(ctx context.Context, s Store, surveyID string, from, before, now time.Time, add func(*tally.Rollup)) (waiting int, err error) {
	// The marks first: a mark that goes meanwhile leaves its count behind.
	marks, err := s.Marks(ctx, surveyID)
	if err != nil {
		return 0, err
	}
	var open []survey.Mark
	for _, m := range marks {
		if !m.Begin.Before(from) && m.Begin.Before(before) {
			open = append(open, m)
		}
	}
	through := map[time.Time]time.Time{}
	for _, m := range open {
		through[m.Begin] = time.Time{}
	}
	err = s.Rollups(ctx, surveyID, from, before, func(r *tally.Rollup) {
		if _, ok := through[r.Hour]; ok {
			through[r.Hour] = r.Through
		}
		add(r)
	})
	if err != nil {
		return 0, err
	}
	// An hour that is over and was counted since its mark was set has nothing new: its mark only waits until it has settled.
	open = slices.DeleteFunc(open, func(m survey.Mark) bool { return !m.Open(now) && through[m.Begin].After(m.At) })
	waiting = max(0, len(open)-live)
	open = open[waiting:]
	fresh, errs := make([]tally.Rollup, len(open)), make([]error, len(open))
	each(len(open), func(i int) {
		fresh[i], errs[i] = hour(ctx, s, open[i].Hour, through[open[i].Begin], now)
	})
	if err := errors.Join(errs...); err != nil {
		return 0, err
	}
	for i := range fresh {
		add(&fresh[i])
	}
	return waiting, nil
}
