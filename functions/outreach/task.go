package main

import (
	"context"
	"encoding/json"
	"time"

	"liuke/shared/batch"
	"liuke/shared/customer"
	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/scene"
	"liuke/shared/segment"
	"liuke/shared/signal"
	todo "liuke/shared/task"
)

// Tasks keeps what people are asked to do. Writes return Conflict where something has moved.
type Tasks interface {
	Document(ctx context.Context, name string) (document.Document, error)
	MakeTask(ctx context.Context, person customer.ID, e message.Entry, t todo.Task, c *message.Contact) error
	Task(ctx context.Context, c customer.ID, entry string) (todo.Task, error)
	WriteTask(ctx context.Context, t todo.Task) (todo.Task, error)
}

// makeTask gives a person something to do about a candidate. The alarm is filed first: a task that is there is always on
// file, and one on file that is not there is passed over when its minute comes.
func (h *Handler) makeTask(ctx context.Context, e message.Entry, c scene.Candidate, v *scene.Verdict, d *message.Dossier, t task) (message.Entry, error) {
	next, err := e.Finish(c.Now)
	if err != nil {
		return e, err
	}
	policy, err := h.policy(ctx)
	if err != nil {
		return e, err
	}
	brief := todo.Brief{}
	if brief.Title, brief.Text, err = c.Scene.Brief(c.Profile, next); err != nil {
		// What there is to do is not lost for want of a word: the scene's name says what it is.
		brief = todo.Brief{}
		h.Count.Count("TasksWithoutText", 1)
	}
	made := todo.New(&next, brief, tierOf(c.Scores, policy.TierModel), &policy, c.Now)
	if err := h.goOn(ctx, &c, t, &next); err != nil {
		return e, err
	}
	counted, err := h.countTask(ctx, &next, &c, v, d)
	if err != nil {
		return e, err
	}
	if err := h.file(ctx, &made); err != nil {
		return e, err
	}
	if err := h.Store.MakeTask(ctx, d.Person, next, made, counted); err != nil {
		return e, err
	}
	if counted != nil {
		d.Contact = *counted
	}
	next.Revision++
	return next, nil
}

// countTask returns the contact record that is written with a task, because it counts it or says that the customer has entered
// the scene; nil where it says nothing new.
func (h *Handler) countTask(ctx context.Context, e *message.Entry, c *scene.Candidate, v *scene.Verdict, d *message.Dossier) (*message.Contact, error) {
	contact, err := d.Contact, error(nil)
	switch {
	case len(c.Scene.Caps) > 0:
		contact, err = contact.Add(c.Stamp())
	case enters(c, v):
		contact.Version++
	default:
		return nil, nil
	}
	if err == nil && enters(c, v) {
		contact, err = h.enter(ctx, c, v, e, d, contact)
	}
	return &contact, err
}

// file files a task under the minute of its alarm, if it has one.
func (h *Handler) file(ctx context.Context, t *todo.Task) error {
	if t.Alarm.IsZero() {
		return nil
	}
	due, err := t.DueSignal()
	if err != nil {
		return err
	}
	return h.Store.PutDue(ctx, t.Alarm, t.DueID(), due)
}

// policy reads what operators have set for tasks. What cannot be read, as the suite is another since it was written, is
// counted and as good as not set: nobody is to be forgotten for that.
func (h *Handler) policy(ctx context.Context) (todo.Policy, error) {
	d, err := h.Store.Document(ctx, todo.Document)
	if err != nil || d.Body == "" {
		return todo.Defaults(), err
	}
	p, err := todo.ParsePolicy([]byte(d.Body))
	if err != nil {
		h.Count.Count("TaskSettingsUnreadable", 1)
		return todo.Defaults(), nil
	}
	return p, nil
}

// tierOf is a customer's label in the model of tiers; "" where there is none, or none that can be read.
func tierOf(s customer.Scores, model string) string {
	labels, err := segment.ParseLabels(s.Labels)
	if err != nil {
		return ""
	}
	return string(labels.Tier(model))
}

// alarms looks after the tasks whose time has come.
func (h *Handler) alarms(ctx context.Context, signals []signal.Signal, due []int, out *result) {
	batch.Each(len(due), customersAtOnce, func(i int) {
		var err error
		for range decisionTries {
			if err = h.alarm(ctx, &signals[due[i]], out); fault.CodeOf(err) != fault.Conflict {
				break
			}
		}
		if err != nil {
			out.fail(due[i], err)
		}
	})
}

// alarm escalates a task that was not done in time. The next alarm is filed before the task says so; one on file of which
// the task does not know is passed over.
func (h *Handler) alarm(ctx context.Context, sig *signal.Signal, out *result) error {
	var data signal.TaskData
	if err := json.Unmarshal(sig.Data, &data); err != nil {
		return fault.New(fault.Invalid, "the signal names no task")
	}
	id, entry, err := todo.ID(data.Task).Parse()
	if err != nil || id != sig.Customer {
		return fault.New(fault.Invalid, "the signal names no task of its customer")
	}
	t, err := h.Store.Task(ctx, id, entry)
	if fault.CodeOf(err) == fault.NotFound {
		out.count("AlarmsWithoutTask") // it was never made, or its customer was erased
		return nil
	}
	if err != nil {
		return err
	}
	policy, err := h.policy(ctx)
	if err != nil {
		return err
	}
	next, ok := t.Escalate(&policy, later(h.Now(), sig.Time))
	if !ok {
		return nil
	}
	if err := h.file(ctx, &next); err != nil {
		return err
	}
	if _, err := h.Store.WriteTask(ctx, next); err != nil {
		return err
	}
	if next.Level() > t.Level() {
		out.count("TasksEscalated")
	}
	return nil
}

// later returns the later of two moments: a signal that came due says that its minute has come, whatever this clock says.
func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
