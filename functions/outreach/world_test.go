package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/measure"
	"liuke/shared/message"
	"liuke/shared/queue"
	"liuke/shared/signal"
	"liuke/shared/survey"
)

// do runs one call to a service: it may fail before, fail after, or the process may be killed before or after.
func (w *world) do(call func() error) error {
	fate := w.rnd.IntN(24)
	if w.quiet || w.calm {
		fate = 23
	}
	switch fate {
	case 0:
		w.faults++
		return fault.New(fault.Unavailable, "before")
	case 1:
		w.kills++
		panic(killed{})
	}
	err := call()
	switch fate {
	case 2:
		w.faults++
		return fault.New(fault.Throttled, "after")
	case 3:
		w.kills++
		panic(killed{})
	}
	return err
}

func (w *world) Surveys(context.Context) (all survey.Catalogue, err error) {
	return w.surveys, w.do(func() error { return nil })
}

func (w *world) Dossier(_ context.Context, wanted message.Wanted) (d message.Dossier, err error) {
	err = w.do(func() error {
		d = message.Dossier{Person: "c", Profile: w.profile, Entries: map[string]message.Entry{}}
		if err := d.Contact.UnmarshalBinary(w.contact); err != nil {
			return err
		}
		d.Contact.Version = w.version
		for _, id := range wanted.Entries {
			if e, ok := w.entries[id]; ok {
				d.Entries[id] = e
			}
		}
		return nil
	})
	return d, err
}

func (w *world) Suppressed(context.Context, message.Channel, string) (bool, error) {
	return false, w.do(func() error { return nil })
}

func (w *world) Answer(_ context.Context, _ customer.ID, _, invitation string) (a *survey.Answer, err error) {
	err = w.do(func() error {
		if _, ok := w.answers[invitation]; ok {
			a = &survey.Answer{}
		}
		return nil
	})
	return a, err
}

func (w *world) WriteEntry(_ context.Context, e message.Entry) (message.Entry, error) {
	err := w.do(func() error { return w.write(&e) })
	return e, err
}

func (w *world) write(e *message.Entry) error {
	if e.Revision != w.entries[e.ID].Revision {
		return fault.New(fault.Conflict, "moved")
	}
	e.Revision++
	w.entries[e.ID] = *e
	return nil
}

func (w *world) Claim(_ context.Context, _ customer.ID, e message.Entry, c message.Contact) error {
	return w.do(func() error {
		if c.Version != w.version+1 {
			return fault.New(fault.Conflict, "moved")
		}
		if err := w.write(&e); err != nil {
			return err
		}
		w.version = c.Version
		w.contact, _ = c.MarshalBinary()
		w.check(e)
		return nil
	})
}

// check fails the test where a claim should not have been made.
func (w *world) check(e message.Entry) {
	first := w.entries[message.ID(e.Customer, e.Scene, e.Occasion, 0, e.Channel)]
	_, answered := w.answers[first.Invitation.ID]
	switch {
	case w.claimed[e.ID]:
		w.t.Errorf("%s is claimed twice", e.ID)
	case e.Step > 0 && (first.State != message.Sent || answered || e.Invitation != first.Invitation || e.Step > 1):
		w.t.Errorf("step %d, of an invitation that is %s and answered or not: %v", e.Step, first.State, answered)
	case e.Step == 0 && (e.Invitation.Survey != "csat_ticket" || e.Invitation.ID != e.ID):
		w.t.Errorf("%+v", e.Invitation)
	case e.Step == 0 && slices.ContainsFunc(w.invited, func(at time.Time) bool { return w.now.Sub(at.Truncate(time.Minute)) < 5*24*time.Hour }):
		w.t.Errorf("invited at %s, and before at %v", w.now, w.invited)
	}
	w.claimed[e.ID] = true
	if e.Step == 0 {
		w.invited = append(w.invited, w.now)
	}
}

func (w *world) PutDue(_ context.Context, minute time.Time, id string, sig signal.Signal) error {
	return w.do(func() error {
		w.due[dynamo.DueKey(0, minute, id)] = sig
		return nil
	})
}

// Due has all in one shard.
func (w *world) Due(_ context.Context, _ int, now time.Time) (list []dynamo.DueItem, err error) {
	err = w.do(func() error {
		for k, sig := range w.due {
			if k.SK <= dynamo.DueKey(0, now, "~").SK {
				list = append(list, dynamo.DueItem{Key: k, Signal: sig})
			}
		}
		slices.SortFunc(list, func(a, b dynamo.DueItem) int { return strings.Compare(a.Key.SK, b.Key.SK) })
		return nil
	})
	return list, err
}

func (w *world) DeleteDue(_ context.Context, k dynamo.Key) error {
	return w.do(func() error { delete(w.due, k); return nil })
}

// Enrolments have their own test of what crashes do; here they only stand.

func (w *world) Enrolments(_ context.Context, person customer.ID, scene string) (all []measure.Enrolment, err error) {
	for _, e := range w.drawn {
		if e.Person == person && e.Scene == scene {
			all = append(all, *e)
		}
	}
	return all, nil
}

func (w *world) Enrol(_ context.Context, e *measure.Enrolment) error {
	w.drawn[string(e.Person)+" "+e.Scene+" "+e.Trial] = e
	return nil
}

func (w *world) EnrolAgain(_ context.Context, e *measure.Enrolment, ref message.Ref) error {
	stored := w.drawn[string(e.Person)+" "+e.Scene+" "+e.Trial]
	stored.Entries = append(stored.Entries, ref)
	return nil
}

func (w *world) MarkTrials(context.Context, time.Time, ...measure.Hour) error { return nil }

// signals is the world's signals queue, and jobs its messages queue.
type (
	signals world
	jobs    world
)

func (s *signals) Send(_ context.Context, messages ...queue.Message) error {
	return (*world)(s).do(func() error {
		for _, m := range messages {
			s.queue = append(s.queue, m.Body)
		}
		return nil
	})
}

func (j *jobs) Send(_ context.Context, messages ...queue.Message) error {
	return (*world)(j).do(func() error {
		for _, m := range messages {
			j.jobs = append(j.jobs, m.Body)
		}
		return nil
	})
}

func (w *world) Entries(_ context.Context, refs []message.Ref) (all map[message.Ref]message.Entry, err error) {
	err = w.do(func() error {
		all = map[message.Ref]message.Entry{}
		for _, ref := range refs {
			if e, ok := w.entries[ref.Entry]; ok && e.Customer == ref.Customer {
				all[ref] = e
			}
		}
		return nil
	})
	return all, err
}

func (w *world) WriteContact(_ context.Context, _ customer.ID, c message.Contact) error {
	return w.do(func() error {
		if c.Version != w.version+1 {
			return fault.New(fault.Conflict, "moved")
		}
		w.version = c.Version
		w.contact, _ = c.MarshalBinary()
		return nil
	})
}

func (w *world) Absorbed(context.Context, customer.ID) ([]customer.ID, error) {
	return nil, w.do(func() error { return nil })
}
