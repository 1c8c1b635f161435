package main

import (
	"context"
	"time"

	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/outreach"
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
			case t.scene != nil && t.sig.Step > 0 && t.reminder() && t.ask.Survey == "":
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
func (h *Handler) candidate(ctx context.Context, d *message.Dossier, t task, e *message.Entry) (c scene.Candidate, err error) {
	c = outreach.Candidate(d, t.scene, t.sig, t.ask, t.survey, h.Now())
	c.Ways, c.GoalMet, c.Came = h.Ways, e.Met(), e.Came != ""
	switch first := d.Entries[t.first()]; {
	case c.Step == 0:
		if c.Entered, err = h.enteredBefore(ctx, d, t.scene, e); err != nil {
			return c, err
		}
	case t.reminder():
		if c.Invited = first.State == message.Sent; c.Invited {
			answer, err := h.Store.Answer(ctx, first.Customer, first.Invitation.Survey, first.Invitation.ID)
			if err != nil {
				return c, err
			}
			c.Answered = answer != nil
		}
	default:
		outreach.Follow(&c, &first)
		if !t.speaks() {
			return c, nil
		}
	}
	return c, outreach.Suppressed(ctx, &c, h.Store.Suppressed)
}

// invitation is what a message that asks carries: the first its own, with what is known of the customer now, and a reminder
// that of the first.
func invitation(c *scene.Candidate, first message.Entry) message.Invitation {
	if c.Step > 0 {
		return first.Invitation
	}
	cell := survey.Cell{Segment: c.Scores.Segment, Tier: tierOf(c.Scores, segment.Tiers), Node: c.Ask.Node, Channel: string(c.Channel())}
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
	id := t.scene.EntryID(next.Customer, next.ID, next.Step)
	return h.Store.PutDue(ctx, c.Now.Add(after).Truncate(time.Minute), id, next)
}
