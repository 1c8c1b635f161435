package task

import (
	"slices"
	"time"

	"liuke/shared/fault"
)

// Change is what an operator changes of a task; nil leaves a thing as it is.
type Change struct {
	Owner   *string
	State   *State
	Outcome *Outcome
	Note    *string
	Due     *time.Time
}

// MinDue is how far away a due time must be at least when it is set: the time is filed before the task says so, and
// must not have passed by then.
const MinDue = 2 * time.Minute

// Apply returns the task with the change. One that changes nothing returns the task as it is, so that it may be repeated
// whatever became of the first. It returns Invalid, with the pointer to the member of a request, where the change makes no
// sense, and Conflict where the task has ended and does not go on.
func (t Task) Apply(c *Change, now time.Time) (Task, error) {
	next := t
	if err := next.move(c, now); err != nil {
		return t, err
	}
	if err := next.assign(c); err != nil {
		return t, err
	}
	if err := next.postpone(c, now); err != nil {
		return t, err
	}
	if c.Note != nil {
		note := clean(*c.Note)
		if len(note) > MaxNoteBytes {
			return t, fault.At("/note", "a note has %d bytes at most, and this one has %d", MaxNoteBytes, len(note))
		}
		next.Note = note
	}
	return next, nil
}

// move changes the state and the outcome.
func (t *Task) move(c *Change, now time.Time) error {
	to := t.State
	if c.State != nil {
		to = *c.State
	}
	switch {
	case !slices.Contains([]State{Open, InProgress, Done, Cancelled}, to):
		return fault.At("/state", "state is one of %s, %s, %s and %s", Open, InProgress, Done, Cancelled)
	case to != t.State && t.State.Closed():
		return fault.New(fault.Conflict, "the task is %s, and stays so", t.State)
	case c.Outcome != nil && !slices.Contains(Outcomes(), *c.Outcome):
		return fault.At("/outcome", "outcome is one of %v", Outcomes())
	case c.Outcome != nil && to != Done:
		return fault.At("/outcome", "an outcome is of a task that is done: send it with the state %q", Done)
	case c.Outcome == nil && to == Done && t.Outcome == "":
		return fault.At("/outcome", "a task that is done needs its outcome, one of %v", Outcomes())
	}
	if c.Outcome != nil {
		t.Outcome = *c.Outcome
	}
	if to == t.State {
		return nil
	}
	t.State = to
	switch {
	case to == InProgress:
		t.Started = now
	case to.Closed():
		t.Closed, t.Alarm = now, time.Time{}
	}
	return nil
}

// assign changes the owner.
func (t *Task) assign(c *Change) error {
	if c.Owner == nil {
		return nil
	}
	owner, err := parseOwner("/owner", *c.Owner)
	if err != nil || owner == t.Owner {
		return err
	}
	if t.State.Closed() {
		return fault.New(fault.Conflict, "the task is %s: nobody is to do it any more", t.State)
	}
	t.Owner = owner
	return nil
}

// postpone changes the due time. From then on the task escalates again, as often as its policy leaves it.
func (t *Task) postpone(c *Change, now time.Time) error {
	if c.Due == nil {
		return nil
	}
	due := minute(*c.Due)
	switch {
	case due.Equal(t.Due):
		return nil
	case t.State.Closed():
		return fault.New(fault.Conflict, "the task is %s: it is not due any more", t.State)
	case due.Before(now.Add(MinDue)) || due.After(now.Add(MaxDue)):
		return fault.At("/due", "a due time is %v to %d days from now", MinDue, MaxDue/(24*time.Hour))
	}
	t.Due, t.Alarm = due, due
	return nil
}

func parseOwner(at, owner string) (string, error) {
	if owner = line(owner); len(owner) > MaxOwnerBytes {
		return "", fault.At(at, "an owner's name has %d bytes at most", MaxOwnerBytes)
	}
	return owner, nil
}

// Escalate is the step when the task's alarm has come: it is a level higher, belongs to whom the policy escalates to, and
// while levels are left has its next alarm. at is the time that has come for certain, by the clock or by the signal. It is
// not ok where there is nothing to escalate: the task has ended, or its alarm is another by now; a signal that comes late
// or twice changes nothing.
func (t Task) Escalate(p *Policy, at time.Time) (next Task, ok bool) {
	if t.State.Closed() || t.Alarm.IsZero() || at.Before(t.Alarm) {
		return t, false
	}
	next = t
	next.Alarm = time.Time{}
	if t.Level() >= p.Levels {
		return next, true // the policy leaves it fewer levels than it did
	}
	if p.EscalateTo != "" {
		next.Owner = p.EscalateTo
	}
	next.Escalations = append(slices.Clone(t.Escalations), Escalation{At: at, From: t.Owner, To: next.Owner})
	if next.Level() < p.Levels {
		// From the alarm, so that whoever repeats the step comes to the same, unless that has passed as well.
		next.Alarm = minute(t.Alarm.Add(p.Again))
		if next.Alarm.Before(at.Add(MinDue)) {
			next.Alarm = minute(at.Add(p.Again))
		}
	}
	return next, true
}
