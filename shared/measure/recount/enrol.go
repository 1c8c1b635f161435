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
	Enrolment(ctx context.Context, person customer.ID, scene, trial string) (*measure.Enrolment, error)
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
// counts. It takes a read unit, the first time 2 write units and a share of one for the mark, and then one for each further
// entry within the window. It may be repeated.
func (r *Enroller) Enrol(ctx context.Context, e measure.Enrolment) (stands *measure.Enrolment, err error) {
	ref := e.Entries[0]
	for range 2 {
		stands, err = r.store.Enrolment(ctx, e.Person, e.Scene, e.Trial)
		if err != nil {
			return nil, err
		}
		if stands != nil {
			if !stands.Lacks(ref, e.At) {
				return stands, nil
			}
			return stands, r.store.EnrolAgain(ctx, stands, ref)
		}
		if err := r.marker.Mark(ctx, e.Hour); err != nil {
			return nil, err
		}
		if err = r.store.Enrol(ctx, &e); fault.CodeOf(err) != fault.Conflict {
			return &e, err
		}
	}
	return nil, err
}
