package outreach

import (
	"time"

	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/scene"
)

// OccasionOnce is the occasion of the entry that says, for longer than contact records remember, that the customer has entered
// a scene which is entered once for good. It is of no message.
const OccasionOnce = "once"

// Standing is where a journey stands: at the first step on its way that isn't decided for good, or scene.Exit where it has
// ended; and when the step before that was decided. The entries are those of the occasion's steps, by id.
func Standing(sc *scene.Scene, c customer.ID, occasion string, entries map[string]message.Entry) (step int, since time.Time) {
	for step != scene.Exit && step < len(sc.Steps) {
		e, ok := entries[sc.EntryID(c, occasion, step)]
		if !ok || e.Open() {
			return step, since
		}
		step, since = Onward(sc, &e), Ended(&e)
	}
	return scene.Exit, since
}

// Ended is when a step was decided for good.
func Ended(e *message.Entry) time.Time {
	if !e.Claimed.IsZero() {
		return e.Claimed
	}
	return e.Decided
}

// Onward is the step behind one that was decided for good, or scene.Exit.
func Onward(sc *scene.Scene, e *message.Entry) int {
	if e.State != message.Held {
		return sc.Onward(e.Step, "")
	}
	return sc.Onward(e.Step, e.Gate)
}

// Follow tells a candidate for a further step what became of the first, by its entry.
func Follow(c *scene.Candidate, first *message.Entry) {
	c.Variant, c.GoalMet = first.Variant, first.Met()
	c.First = scene.First{
		Sent: first.State == message.Sent, Delivered: !first.Delivered.IsZero(), Opened: !first.Opened.IsZero(), Clicked: !first.Clicked.IsZero(),
	}
}
