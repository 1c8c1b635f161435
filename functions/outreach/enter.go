package main

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/outreach"
	"liuke/shared/scene"
	"liuke/shared/signal"
)

// enters reports whether a customer enters the scene with the verdict on its first step, and the contact record is to say so:
// whoever passes or waits; who is held out for comparison, or turned away behind that, where the scene is measured, for those
// are compared as if nothing had kept the others; and who could not be reached by this step where others follow.
func enters(c *scene.Candidate, v *scene.Verdict) bool {
	if c.Step > 0 || !c.Scene.Remembered() {
		return false
	}
	if v.Outcome != scene.Hold {
		return true
	}
	switch v.Gate {
	case scene.GateAnswered, scene.GateGoal, scene.GateAudience, scene.GateCondition, scene.GateEntry:
		return false
	case scene.GateConsent, scene.GateSuppression:
		return len(c.Scene.Steps) > 1
	case scene.GateHoldout:
		return c.Scene.Measured()
	}
	return c.Scene.Measured() || len(c.Scene.Steps) > 1
}

// enter is the one place where a customer enters a scene. It returns the contact record that says so, for whoever writes it
// with a claim; that of one who has entered by the entry already is as it was.
func (h *Handler) enter(ctx context.Context, c *scene.Candidate, v *scene.Verdict, e *message.Entry, d *message.Dossier, contact message.Contact) (message.Contact, error) {
	if err := h.enrol(ctx, c, v, e, d); err != nil {
		return contact, err
	}
	next := contact.Enter(c.Scene.ID, e.ID, e.EnteredAt()) // of one that waited, as it was: others may have displaced it since
	if !c.Scene.Enter.Once || slices.Equal(next.Entered, contact.Entered) {
		return next, nil
	}
	return next, h.enterOnce(ctx, c, e)
}

// enterAlone enters a customer whose entry is not claimed, so that nothing else writes the contact record.
func (h *Handler) enterAlone(ctx context.Context, c *scene.Candidate, v *scene.Verdict, e *message.Entry, d *message.Dossier) error {
	contact, err := h.enter(ctx, c, v, e, d, d.Contact)
	if err != nil || slices.Equal(contact.Entered, d.Contact.Entered) {
		return err
	}
	contact.Version++
	if err := h.Store.WriteContact(ctx, d.Person, contact); err != nil {
		return err
	}
	d.Contact = contact
	return nil
}

// enterOnce says in the ledger that the customer enters by an entry. It returns Conflict where another has been before: of two
// occasions at once, one finds the other's word there.
func (h *Handler) enterOnce(ctx context.Context, c *scene.Candidate, e *message.Entry) error {
	by, err := json.Marshal(message.Ref{Customer: e.Customer, Entry: e.ID})
	if err != nil {
		return err
	}
	once, err := message.New(c.Scene.ID, 0, c.Scene.Named(0), signal.Signal{
		ID: outreach.OccasionOnce, Kind: c.Signal.Kind, Customer: c.Person, Time: c.Signal.Time, Data: by,
	}).Branch(c.Now)
	if err != nil {
		return err
	}
	_, err = h.Store.WriteEntry(ctx, once)
	if fault.CodeOf(err) != fault.Conflict {
		return err
	}
	stored, readErr := h.Store.Entries(ctx, []message.Ref{{Customer: once.Customer, Entry: once.ID}})
	if readErr == nil && string(stored[message.Ref{Customer: once.Customer, Entry: once.ID}].Data) == string(by) {
		return nil // written by an earlier try
	}
	return err
}

// enteredBefore is when the customer entered the scene last by another entry than this one; zero for never. It matters where
// the scene isn't entered on each occasion.
func (h *Handler) enteredBefore(ctx context.Context, d *message.Dossier, sc *scene.Scene, e *message.Entry) (last time.Time, err error) {
	if sc.Enter == (scene.Enter{}) {
		return last, nil
	}
	for _, before := range d.Contact.EnteredOf(sc.ID) {
		if before.Entry == e.ID {
			return time.Time{}, nil // it has entered: nothing since bears on that
		}
		last = before.At
	}
	if !sc.Enter.Once || !last.IsZero() {
		return last, nil
	}
	var refs []message.Ref
	for _, id := range slices.Compact([]customer.ID{d.Person, e.Customer}) {
		refs = append(refs, message.Ref{Customer: id, Entry: sc.EntryID(id, outreach.OccasionOnce, 0)})
	}
	once, err := h.Store.Entries(ctx, refs)
	if err != nil {
		return last, err
	}
	for _, before := range once {
		var by message.Ref
		if json.Unmarshal(before.Data, &by) != nil || by.Entry != e.ID {
			last = before.Decided
		}
	}
	return last, nil
}
