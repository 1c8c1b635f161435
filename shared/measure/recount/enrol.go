package recount

import (
	"context"
	"time"

	"liuke/shared/clock"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/marker"
	"liuke/shared/measure"
	"liuke/shared/message"
)

// EnrolmentStore keeps enrolments and marks. See package dynamo for each.
type EnrolmentStore interface {
	Enrolments(ctx context.Context, person customer.ID, scene string) ([]measure.Enrolment, error)
	Enrol(ctx context.Context, e *measure.Enrolment) error
	EnrolAgain(ctx context.Context, e *measure.Enrolment, ref message.Ref) error
	MarkTrials(ctx context.Context, now time.Time, hours ...measure.Hour) error
}

// Enroller enrols customers, each once a trial. It is safe for concurrent use.
type Enroller struct {
	store  EnrolmentStore
	marker *marker.Marker[measure.Hour]
}

// NewEnroller returns an enroller.
func NewEnroller(store EnrolmentStore, now clock.Now) *Enroller {
	mark := func(ctx context.Context, now time.Time, hours ...measure.Hour) error {
		return store.MarkTrials(ctx, now, hours...)
	}
	return &Enroller{store, marker.New(mark, now)}
}

// Enrol enrols a customer with one entry, and returns the enrolment that stands: this one, or the one of before, to which the
// entry is added as long as it is in the window. The hour is marked before, so that no enrolment is in an hour that nobody
// counts. What the customer had spent before is that of the first trial of the scene that the customer was in. It takes a read
// unit as a rule, the first time 2 write units and a share of one for the mark, and then one for each further entry within the
// window. It may be repeated.
func (r *Enroller) Enrol(ctx context.Context, e measure.Enrolment) (stands *measure.Enrolment, err error) {
	ref := e.Entries[0]
	var conflict error
	for range 2 {
		all, err := r.store.Enrolments(ctx, e.Person, e.Scene)
		if err != nil {
			return nil, err
		}
		if stands = settle(&e, all); stands != nil {
			if !stands.Lacks(ref, e.At) {
				return stands, nil
			}
			return stands, r.store.EnrolAgain(ctx, stands, ref)
		}
		if err := r.marker.Mark(ctx, e.Hour); err != nil {
			return nil, err
		}
		if conflict = r.store.Enrol(ctx, &e); fault.CodeOf(conflict) != fault.Conflict {
			return &e, conflict
		}
	}
	return nil, conflict
}

// settle returns the enrolment among all of the scene that is of the same trial, nil where there is none: then e has what was
// spent before from the first of them.
func settle(e *measure.Enrolment, all []measure.Enrolment) (stands *measure.Enrolment) {
	first := e
	for i := range all {
		if all[i].Trial == e.Trial {
			return &all[i]
		}
		if all[i].At.Before(first.At) {
			first = &all[i]
		}
	}
	e.Before = first.Before
	return nil
}
