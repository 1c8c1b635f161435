package main

import (
	"context"
	"time"

	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/scene"
	"liuke/shared/segment"
	"liuke/shared/survey"
)

// find gives the tasks that ask to a survey that survey. Where the surveys cannot be read, those tasks' signals come back.
func (h *Handler) find(ctx context.Context, tasks map[customer.ID][]task, out *result) {
	var surveys survey.Catalogue
	var err error
	for id, all := range tasks {
		kept := all[:0]
		for _, t := range all {
			if t.ask.Survey != "" && surveys == nil && err == nil {
				surveys, err = h.Surveys(ctx)
			}
			switch {
			case t.ask.Survey == "" && t.sig.Step > 0:
				continue // the scene asks no more: there is nothing to remind of
			case t.ask.Survey != "" && err != nil:
				out.fail(t.signal, err)
				continue
			}
			t.survey = surveys[t.ask.Survey]
			kept = append(kept, t)
		}
		tasks[id] = kept
	}
}

// candidate is what the gates are asked about: the customer, as far as the dossier says, and what only a read of its own
// tells, where that matters.
func (h *Handler) candidate(ctx context.Context, d *message.Dossier, t task) (scene.Candidate, error) {
	c := scene.Candidate{
		Scene: t.scene, Signal: t.sig, Person: d.Person, Profile: d.Profile, Scores: d.Scores, Contact: d.Contact, Now: h.Now(),
		Ask: t.ask, Survey: t.survey, Step: t.sig.Step,
	}
	if c.Step > 0 {
		first := d.Entries[t.first]
		if c.Invited = first.State == message.Sent; c.Invited {
			answer, err := h.Store.Answer(ctx, first.Customer, first.Invitation.Survey, first.Invitation.ID)
			if err != nil {
				return c, err
			}
			c.Answered = answer != nil
		}
	}
	if address := scene.Address(t.scene.Channel, d.Profile); address != "" && d.Profile.Consents(string(t.scene.Channel)) {
		var err error
		if c.Suppressed, err = h.Store.Suppressed(ctx, t.scene.Channel, address); err != nil {
			return c, err
		}
	}
	return c, nil
}

// invitation is what a message that asks carries: the first its own, with what is known of the customer now, and a reminder
// that of the first.
func invitation(c *scene.Candidate, first message.Entry) message.Invitation {
	if c.Step > 0 {
		return first.Invitation
	}
	cell := survey.Cell{Segment: c.Scores.Segment, Tier: tierOf(c.Scores, segment.Tiers), Node: c.Ask.Node, Channel: string(c.Scene.Channel)}
	if cell.Node == "" {
		cell.Node = c.Survey.Node
	}
	return message.Invitation{Survey: c.Ask.Survey, ID: c.Ask.Invitation, Cell: cell}
}

// remindOf puts the next reminder on file under its minute, if there is to be one. A claim that is tried again puts the same
// there again, or another beside it: the ledger lets one have its effect.
func (h *Handler) remindOf(ctx context.Context, c *scene.Candidate, t task) error {
	after, ok := c.Reminder()
	if !ok {
		return nil
	}
	next := t.sig
	next.Scene, next.Step = t.scene.ID, c.Step+1
	id := message.ID(next.Customer, t.scene.ID, next.ID, next.Step, t.scene.Channel)
	return h.Store.PutDue(ctx, c.Now.Add(after).Truncate(time.Minute), id, next)
}
