package message

import (
	"cmp"
	"slices"
	"time"
)

// SceneMark stands for a scene's id in a contact record, where room is scarce. Two scenes of one mark count as one; among 100
// scenes, any two have one with a chance of 1 in 800,000.
type SceneMark uint32

// SceneMarkOf returns the mark of a scene: the 32-bit FNV-1a hash of its id.
func SceneMarkOf(scene string) SceneMark { return SceneMark(mark(scene)) }

// Entering is one entering of a scene: the customer's journey in it began, whether its first message was claimed, was held by
// a gate that doesn't end the journey, or is withheld for comparison.
type Entering struct {
	Scene SceneMark
	At    time.Time // to the minute
	Entry string    // the id of the entry of step 0, which stands under the customer whom its signal named
}

// Enter returns the record with an entering of a scene noted; the version stays. One that is noted already, by its entry,
// changes nothing. What is older than MaxEnteredAge at that time goes.
func (c Contact) Enter(scene, entry string, at time.Time) Contact {
	at = at.UTC().Truncate(time.Minute)
	if slices.ContainsFunc(c.Entered, func(e Entering) bool { return e.Entry == entry }) {
		return c
	}
	all := append(slices.Clone(c.Entered), Entering{SceneMarkOf(scene), at, entry})
	c.Entered = enterings(slices.DeleteFunc(all, func(e Entering) bool { return at.Sub(e.At) >= MaxEnteredAge }))
	return c
}

// EnteredLast returns the last entering of a scene; not ok where there is none.
func (c Contact) EnteredLast(scene string) (last Entering, ok bool) {
	mark := SceneMarkOf(scene)
	for _, e := range c.Entered {
		if e.Scene == mark {
			last, ok = e, true
		}
	}
	return last, ok
}

// EnteredOf returns the enterings of a scene, oldest first.
func (c Contact) EnteredOf(scene string) (all []Entering) {
	mark := SceneMarkOf(scene)
	for _, e := range c.Entered {
		if e.Scene == mark {
			all = append(all, e)
		}
	}
	return all
}

// Forgets reports whether the record may have had more enterings of a scene than it remembers.
func (c Contact) Forgets(scene string) bool {
	return len(c.Entered) >= MaxEntered || len(c.EnteredOf(scene)) >= perScene
}

// perScene is how many enterings of one scene are remembered: an order that comes late may belong to the one before the last.
const perScene = 2

// enterings puts enterings in order and drops what there is no room for: of each scene all but the last two; then, oldest
// first, those that are not the last of their scene; then the oldest.
func enterings(all []Entering) []Entering {
	slices.SortFunc(all, func(a, b Entering) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Scene, b.Scene), cmp.Compare(a.Entry, b.Entry))
	})
	all = slices.CompactFunc(all, func(a, b Entering) bool { return a == b })
	behind := make([]int, len(all)) // how many of the same scene come later
	later := map[SceneMark]int{}
	for i, e := range slices.Backward(all) {
		behind[i] = later[e.Scene]
		later[e.Scene]++
	}
	excess := len(all) - MaxEntered
	kept := make([]Entering, 0, min(len(all), MaxEntered))
	for i := range all {
		if behind[i] >= perScene {
			excess--
		}
	}
	for i, e := range all {
		switch {
		case behind[i] >= perScene:
		case behind[i] > 0 && excess > 0:
			excess--
		default:
			kept = append(kept, e)
		}
	}
	if kept = kept[max(0, len(kept)-MaxEntered):]; len(kept) == 0 {
		return nil
	}
	return kept
}
