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
	// entriesAtOnce is how many entries are read with a customer's dossier; a task needs at most one for each step.
	entriesAtOnce = 90
)

// customer decides on one customer's tasks in turn, so that each counts against the caps of the next.
func (h *Handler) customer(ctx context.Context, id customer.ID, tasks []task, out *result) {
	for len(tasks) > 0 {
		n, entries := 0, 0
		for n < len(tasks) && entries+len(tasks[n].wanted()) <= entriesAtOnce {
			entries += len(tasks[n].wanted())
			n++
		}
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
		w.Entries = append(w.Entries, t.wanted()...)
	}
	d, err := h.Store.Dossier(ctx, w)
	if err == nil && d.Entries == nil {
		d.Entries = map[string]message.Entry{}
	}
	return d, err
}

// decide makes one decision on what the dossier says, and updates the dossier with it; there is none to make on who was
// erased. It returns Conflict where the dossier is out of date.
func (h *Handler) decide(ctx context.Context, d *message.Dossier, t task, out *result) error {
	if d.Erased {
		out.drop(t.signal)
		return nil
	}
	if t.off != "" {
		return h.close(ctx, d, t, out)
	}
	if t.scene == nil {
		return h.hear(ctx, d, t, out)
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
	if idle := t.idle(d, h.Now()); idle != "" {
		out.count(idle)
		return nil
	}
	if e.Came == "" && e.State == "" {
		e.Came = t.sig.Came
	}
	c, err := h.candidate(ctx, d, t, &e)
	if err != nil {
		return err
	}
	if c.Step == 0 {
		c.Variant = h.draw(&c)
	} else {
		c.Variant = d.Entries[t.first()].Variant
	}
	e.Variant = c.Variant
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
		if next.Channel == message.Task && t.speaks() {
			out.count("TasksMade")
		}
	default:
		out.count("Held_" + next.Gate)
		if scene.Unjudged(next.Reason) {
			out.count("ExpressionsFailed")
		}
	}
	return nil
}

// follow writes what the gates say of a candidate.
func (h *Handler) follow(ctx context.Context, e message.Entry, c scene.Candidate, d *message.Dossier, t task) (message.Entry, error) {
	v := h.rules.Decide(c)
	switch {
	case v.Outcome == scene.Hold:
		return h.hold(ctx, e, &c, &v, d, t)
	case v.Outcome == scene.Defer:
		return h.wait(ctx, e, &c, &v, d, t)
	case !t.speaks():
		return h.branch(ctx, e, &c, t)
	case c.Scene.Named(c.Step) == message.Task:
		return h.makeTask(ctx, e, c, &v, d, t)
	}
	return h.claim(ctx, e, &c, &v, d, t)
}

// hold writes that a gate holds the message. The step that follows in spite of that is put on file before.
func (h *Handler) hold(ctx context.Context, e message.Entry, c *scene.Candidate, v *scene.Verdict, d *message.Dossier, t task) (message.Entry, error) {
	next, err := e.Hold(v.Gate, v.Reason, c.Now)
	if err != nil {
		return e, err
	}
	if err := h.goOn(ctx, c, t, &next); err != nil {
		return e, err
	}
	if enters(c, v) {
		if err := h.enterAlone(ctx, c, v, &next, d); err != nil {
			return e, err
		}
	}
	return h.Store.WriteEntry(ctx, next)
}

// wait puts a message on file that a gate lets pass later.
func (h *Handler) wait(ctx context.Context, e message.Entry, c *scene.Candidate, v *scene.Verdict, d *message.Dossier, t task) (message.Entry, error) {
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
	if enters(c, v) {
		if err := h.enterAlone(ctx, c, v, &next, d); err != nil {
			return e, err
		}
	}
	return h.Store.WriteEntry(ctx, next)
}

// branch writes that a step which says nothing is passed. The one that follows is put on file before.
func (h *Handler) branch(ctx context.Context, e message.Entry, c *scene.Candidate, t task) (message.Entry, error) {
	next, err := e.Branch(c.Now)
	if err != nil {
		return e, err
	}
	if err := h.goOn(ctx, c, t, &next); err != nil {
		return e, err
	}
	return h.Store.WriteEntry(ctx, next)
}

// claim writes the claim that all gates have let pass, with the contact record that counts it. What follows is put on file
// before, a reminder or a further step: it is asked for then whether this one was claimed.
func (h *Handler) claim(ctx context.Context, e message.Entry, c *scene.Candidate, v *scene.Verdict, d *message.Dossier, t task) (message.Entry, error) {
	next, err := e.Claim(c.Now)
	if err != nil {
		return e, err
	}
	next.Channel = c.Channel()
	means, verdict, err := h.means(ctx, c, &next, d.Entries[t.first()])
	if err != nil {
		return e, err
	}
	if verdict != nil {
		return h.hold(ctx, e, c, verdict, d, t)
	}
	contact, err := d.Contact.Add(c.Stamp())
	if err != nil {
		return e, err
	}
	if c.Ask.Survey != "" {
		if c.Step == 0 {
			contact = contact.Ask(c.Ask.Survey, c.Now)
		}
		next.Invitation = invitation(c, d.Entries[t.first()])
		if err := h.remindOf(ctx, c, t); err != nil {
			return e, err
		}
	}
	if err := h.goOn(ctx, c, t, &next); err != nil {
		return e, err
	}
	if enters(c, v) {
		if contact, err = h.enter(ctx, c, v, &next, d, contact); err != nil {
			return e, err
		}
	}
	if verdict, err = h.write(ctx, c, &next, means, func() error { return h.Store.Claim(ctx, d.Person, next, contact) }); err != nil {
		return e, err
	}
	if verdict != nil {
		return h.hold(ctx, e, c, verdict, d, t)
	}
	d.Contact = contact
	next.Revision++
	return next, nil
}

func (h *Handler) enqueue(t task, out *result) error {
	job := message.Job{Customer: t.sig.Customer, Entry: t.entry}
	body, err := json.Marshal(job)
	if err != nil {
		return err
	}
	out.queue(t.signal, job, queue.Message{Body: string(body)})
	return nil
}
