package main

import (
	"context"
	"encoding/json"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/queue"
	"liuke/shared/scene"
)

const (
	// decisionTries is how often a decision is made anew, on what is stored then, when something moved meanwhile.
	decisionTries = 5
	// tasksAtOnce is how many tasks of a customer share one read, each with two entries at most.
	tasksAtOnce = 25
)

// customer decides on one customer's tasks in turn, so that each counts against the caps of the next.
func (h *Handler) customer(ctx context.Context, id customer.ID, tasks []task, out *result) {
	for len(tasks) > 0 {
		n := min(len(tasks), tasksAtOnce)
		h.decideAll(ctx, id, tasks[:n], out)
		tasks = tasks[n:]
	}
}

func (h *Handler) decideAll(ctx context.Context, id customer.ID, tasks []task, out *result) {
	d, err := h.dossier(ctx, id, tasks)
	for _, t := range tasks {
		for try := 1; err == nil; try++ {
			if err = h.decide(ctx, &d, t, out); fault.CodeOf(err) != fault.Conflict || try == decisionTries {
				break
			}
			d, err = h.dossier(ctx, id, tasks)
		}
		if err != nil {
			out.fail(t.signal, err)
			d, err = h.dossier(ctx, id, tasks) // the next task starts from what is stored
		}
	}
}

func (h *Handler) dossier(ctx context.Context, id customer.ID, tasks []task) (message.Dossier, error) {
	w := message.Wanted{Customer: id}
	for _, t := range tasks {
		w.Entries = append(w.Entries, t.entry)
		if t.first != "" {
			w.Entries = append(w.Entries, t.first)
		}
	}
	return h.Store.Dossier(ctx, w)
}

// decide makes one decision on what the dossier says, and updates the dossier with it; there is none to make on who was
// erased. It returns Conflict where the dossier is out of date.
func (h *Handler) decide(ctx context.Context, d *message.Dossier, t task, out *result) error {
	if d.Erased {
		out.drop(t.signal)
		return nil
	}
	e, ok := d.Entries[t.entry]
	if !ok {
		e = message.New(t.scene.ID, t.sig.Step, t.scene.Named(t.sig.Step), t.sig)
	}
	if e.State == message.Claimed {
		return h.enqueue(t, out)
	}
	if !e.Open() {
		return nil
	}
	c, err := h.candidate(ctx, d, t)
	if err != nil {
		return err
	}
	if c.Step > 0 && d.Entries[t.first].Claimed.IsZero() {
		out.count("RemindersOfNothing") // its invitation was put on file and then not claimed
		return nil
	}
	next, err := h.follow(ctx, e, c, d, t)
	if err != nil {
		return err
	}
	d.Entries[t.entry] = next
	switch next.State {
	case message.Claimed:
		out.count("Claimed")
		return h.enqueue(t, out)
	case message.Deferred:
		out.count("Deferred")
	case message.Done:
		out.count("TasksMade")
	default:
		out.count("Held_" + next.Gate)
	}
	return nil
}

// follow writes what the gates say of a candidate.
func (h *Handler) follow(ctx context.Context, e message.Entry, c scene.Candidate, d *message.Dossier, t task) (message.Entry, error) {
	v := h.rules.Decide(c)
	switch v.Outcome {
	case scene.Hold:
		next, err := e.Hold(v.Gate, v.Reason, c.Now)
		if err != nil {
			return e, err
		}
		return h.Store.WriteEntry(ctx, next)
	case scene.Defer:
		if e.State == message.Deferred && e.Due.Equal(v.Until) {
			return e, nil // filed already
		}
		next, err := e.Defer(v.Gate, v.Reason, v.Until, c.Now)
		if err != nil {
			return e, err
		}
		// The due item first: an entry that waits is always on file. One on file without its entry is asked again.
		due := t.sig
		due.Scene = t.scene.ID
		if err := h.Store.PutDue(ctx, v.Until, e.ID, due); err != nil {
			return e, err
		}
		return h.Store.WriteEntry(ctx, next)
	default:
		if c.Scene.Named(c.Step) == message.Task {
			return h.makeTask(ctx, e, c, d)
		}
		return h.claim(ctx, e, c, d, t)
	}
}

// claim writes the claim that all gates have let pass, with the contact record that counts it. A reminder that is to follow
// is put on file before: it is asked for then whether anybody was invited.
func (h *Handler) claim(ctx context.Context, e message.Entry, c scene.Candidate, d *message.Dossier, t task) (message.Entry, error) {
	next, err := e.Claim(c.Now)
	if err != nil {
		return e, err
	}
	contact, err := d.Contact.Add(c.Stamp())
	if err != nil {
		return e, err
	}
	if c.Ask.Survey != "" {
		if c.Step == 0 {
			contact = contact.Ask(c.Ask.Survey, c.Now)
		}
		next.Invitation = invitation(&c, d.Entries[t.first])
		if err := h.remindOf(ctx, &c, t); err != nil {
			return e, err
		}
	}
	if err := h.Store.Claim(ctx, d.Person, next, contact); err != nil {
		return e, err
	}
	d.Contact = contact
	next.Revision++
	return next, nil
}

func (h *Handler) enqueue(t task, out *result) error {
	body, err := json.Marshal(message.Job{Customer: t.sig.Customer, Entry: t.entry})
	if err != nil {
		return err
	}
	out.queue(t.signal, queue.Message{Body: string(body)})
	return nil
}
