package message

import (
	"slices"
	"strings"
	"time"
)

// MaxGoals is how many signals that met a scene's goal an entry keeps, so that each counts once, and as it stands now. Of more,
// the first count.
const MaxGoals = 16

// Goal is what met a scene's goal, as it stands now: an order may be edited, given back in part or whole, or cancelled later.
type Goal struct {
	ID      string    // of the signal; of an order, of the one that it was placed
	At      time.Time // when it happened; of an order, when it was placed
	Worth   int64     // of an order: in minor units of the business's currency; 0 of what is none
	Version int64     // of an order: the higher, the later this was known; 0 of what never changes
	Void    bool      // of an order: it was cancelled or given back whole, and neither meets the goal any more nor is worth anything
}

// EnteredAt is when the customer entered the scene with this entry of step 0: when it was first decided on, whatever was, so that
// those who wait for an open hour and those who are held out for comparison are given the same time to meet the goal.
func (e *Entry) EnteredAt() time.Time { return e.Decided }

// Met reports whether the scene's goal has been met since the customer entered with this entry of step 0. What met it may have
// been taken back meanwhile: the journey has come to its end all the same.
func (e *Entry) Met() bool { return len(e.Goals) > 0 }

// goal returns where among the goals one stands, or belongs.
func (e *Entry) goal(id string) (i int, known bool) {
	return slices.BinarySearchFunc(e.Goals, id, func(g Goal, id string) int { return strings.Compare(g.ID, id) })
}

// Booked reports whether a goal is booked on the entry.
func (e *Entry) Booked(id string) bool {
	_, known := e.goal(id)
	return known
}

// Convert books what met the scene's goal on the entry of step 0, or what has become of it since, and reports whether that
// changed anything: each counts once, as its highest version has it, and beyond MaxGoals none does. Goals and their versions may
// come in any order and any number of times: the result is the same.
func (e Entry) Convert(g Goal) (Entry, bool) {
	i, known := e.goal(g.ID)
	switch {
	case known && g.Version <= e.Goals[i].Version || !known && len(e.Goals) >= MaxGoals:
		return e, false
	case g.Void:
		g.Worth = 0
	}
	e.Goals = slices.Clone(e.Goals)
	if known {
		e.Goals[i] = g
	} else {
		e.Goals = slices.Insert(e.Goals, i, g)
	}
	e.Worth, e.Converted = 0, time.Time{}
	for _, g := range e.Goals {
		e.Worth += g.Worth
		if !g.Void && (e.Converted.IsZero() || g.At.Before(e.Converted)) {
			e.Converted = g.At
		}
	}
	return e, true
}
