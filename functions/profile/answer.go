package main

import (
	"context"
	"encoding/json"
	"time"

	"liuke/shared/clock"
	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/survey"
	"liuke/shared/survey/rollup"
)

// Answers keeps the answers to surveys, and which of their hours are to be counted anew.
type Answers interface {
	// Answer returns nil where there is none.
	Answer(ctx context.Context, c customer.ID, survey, invitation string) (*survey.Answer, error)
	rollup.MarkStore
}

// pointerFor is for how long the answer that a pointer names may still be on its way: far longer than the function that
// stores it runs.
const pointerFor = 10 * time.Minute

// resolver turns the pointers of a batch into the events that the stored answers are. A pointer is sent before its answer
// is stored: one whose answer is not there yet waits, and one whose answer never came is dropped, for whoever gave it
// was told that it was not taken. What is folded is the answer as it stands, which may be a later revision; its event
// has that revision's id and is folded once, by however many pointers.
//
// Before an answer is acknowledged its hour is marked, so that it is counted (see package rollup).
type resolver struct {
	answers Answers
	marker  *rollup.Marker
	now     clock.Now
}

// resolve returns the events to fold and where in the batch each stands. Those that are not among them are done, or have
// their error in errs.
func (r *resolver) resolve(ctx context.Context, batch []event.Event, errs []error) (events []event.Event, at []int) {
	stored := map[int]bool{}
	var hours []survey.Hour
	for i := range batch {
		e := batch[i]
		if e.Name == event.AnswerStored && e.Source == event.SourceSurvey {
			a, err := r.answer(ctx, &e)
			if err != nil {
				errs[i] = err
				continue
			}
			if a == nil {
				continue
			}
			stored[i] = true
			hours = append(hours, survey.HourOf(a))
			if a.Customer == "" {
				continue // nobody's: it is counted, and there is nobody to fold it into
			}
			if e, err = a.Event(); err != nil {
				errs[i] = err
				continue
			}
		}
		events, at = append(events, e), append(at, i)
	}
	if err := r.marker.Mark(ctx, hours...); err != nil {
		for i := range stored {
			errs[i] = fault.As(err, fault.CodeOf(err), "the answer's hour was not marked")
		}
		events, at = without(events, at, stored)
	}
	return events, at
}

// answer reads the answer that a pointer names; nil where it never came.
func (r *resolver) answer(ctx context.Context, e *event.Event) (*survey.Answer, error) {
	var p struct {
		Survey     string `json:"survey"`
		Invitation string `json:"invitation"`
		Revision   int    `json:"revision"`
	}
	if err := json.Unmarshal(e.Properties, &p); err != nil || p.Survey == "" || p.Invitation == "" {
		return nil, fault.At("/properties", "a pointer to an answer needs survey, invitation and revision")
	}
	a, err := r.answers.Answer(ctx, customer.ID(e.User), p.Survey, p.Invitation)
	switch {
	case err != nil:
		return nil, err
	case a != nil && a.Revision >= p.Revision:
		return a, nil
	case r.now().Sub(e.Received) < pointerFor:
		return nil, fault.New(fault.Unavailable, "the answer is not there yet")
	}
	return nil, nil
}

// without takes out the events of the batch that are in the map.
func without(events []event.Event, at []int, out map[int]bool) ([]event.Event, []int) {
	n := 0
	for i := range events {
		if !out[at[i]] {
			events[n], at[n] = events[i], at[i]
			n++
		}
	}
	return events[:n], at[:n]
}
