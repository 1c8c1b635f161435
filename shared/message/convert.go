package message

import (
	"slices"
	"time"
)

// MaxGoals is how many signals that met a scene's goal an entry keeps by id, so that each counts once. Of more, the first
// count.
const MaxGoals = 16

// EnteredAt is when the customer entered the scene with this entry of step 0: when it was first decided on, whatever was, so that
// those who wait for an open hour and those who are held out for comparison are given the same time to meet the goal.
func (e *Entry) EnteredAt() time.Time { return e.Decided }

// Convert books a signal that met the scene's goal, by its id, on the entry of step 0, and reports whether that changed
// anything: a signal counts once, and beyond MaxGoals none does. Signals may come in any order: the result is the same. At is
// when the goal was met; worth is that of the order, in minor units of the business's currency, 0 for what is no order.
func (e Entry) Convert(goal string, at time.Time, worth int64) (Entry, bool) {
	i, known := slices.BinarySearch(e.Goals, goal)
	if known || len(e.Goals) >= MaxGoals {
		return e, false
	}
	e.Goals = slices.Insert(slices.Clone(e.Goals), i, goal)
	e.Worth += worth
	if e.Converted.IsZero() || at.Before(e.Converted) {
		e.Converted = at
	}
	return e, true
}
