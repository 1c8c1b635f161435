package main

import (
	"context"
	"time"

	"liuke/shared/customer"
	"liuke/shared/measure"
	"liuke/shared/measure/recount"
	"liuke/shared/message"
	"liuke/shared/scene"
)

// Measures keeps who was enrolled in what is measured, and what they have come to.
type Measures interface {
	recount.EnrolmentStore
	recount.Store
}

// beforeHoldout are the gates of a first step that are asked before the holdout's.
var beforeHoldout = map[string]bool{
	scene.GateAnswered: true, scene.GateAudience: true, scene.GateConsent: true, scene.GateSuppression: true, scene.GateGoal: true, scene.GateCondition: true, scene.GateEntry: true,
}

// draw is the variant that a candidate of a scene's first step is drawn for; "" of a scene without.
func (h *Handler) draw(c *scene.Candidate) string {
	if c.Scene.Experiment == nil {
		return ""
	}
	terms := measure.Of(c.Scene, &h.rules.Policy)
	return terms.Draw(c.Person)
}

// enrol enrols whoever comes to the holdout's gate of a measured scene, be it to pass it, or to be held by it or behind it: no
// verdict before depends on the variant. It is done before the verdict is written: one that is there without its enrolment
// would never get it, and an enrolment without its verdict is counted as one of which nothing has come yet. The time is that of
// the first decision, so that whoever repeats it enrols in the same hour.
func (h *Handler) enrol(ctx context.Context, c *scene.Candidate, v *scene.Verdict, e *message.Entry, d *message.Dossier) error {
	if c.Step > 0 || !c.Scene.Measured() || v.Outcome == scene.Hold && beforeHoldout[v.Gate] {
		return nil
	}
	terms := measure.Of(c.Scene, &h.rules.Policy)
	who := terms.Enrolment(c.Person, e.Decided)
	if who.Held = v.Gate == scene.GateHoldout; who.Held {
		who.Variant = ""
	}
	who.Entries = []message.Ref{{Customer: e.Customer, Entry: e.ID}}
	spent := measure.SpentBefore(&d.History, customer.DayOf(who.At, h.business))
	who.Before = &spent
	_, err := h.enroller.Enrol(ctx, who)
	return err
}

// tallyReserve is how much of the function's time a count of hours leaves unused.
const tallyReserve = 10 * time.Second

// tally counts the hours of what is measured that are due, as far as the time goes; what is left waits for the next schedule.
func (h *Handler) tally(ctx context.Context) error {
	if err := h.refresh(ctx); err != nil {
		return err
	}
	c := recount.Counter{Store: h.Store, Now: h.Now, Steps: h.furtherSteps, More: func() bool {
		deadline, ok := ctx.Deadline()
		return !ok || time.Until(deadline) > tallyReserve // the machine's time, whatever the suite's clock says
	}}
	counted, left, err := c.Count(ctx)
	h.Count.Count("TrialHoursCounted", counted)
	h.Count.Count("TrialHoursToCount", left)
	return err
}

// furtherSteps names the entries that follow the one of a scene's first step.
func (h *Handler) furtherSteps(first *message.Entry) (refs []message.Ref) {
	sc := h.scenes.Scene(first.Scene)
	if sc == nil {
		return nil
	}
	for step := 1; step < len(sc.Steps); step++ {
		refs = append(refs, message.Ref{Customer: first.Customer, Entry: sc.EntryID(first.Customer, first.Occasion, step)})
	}
	return refs
}
