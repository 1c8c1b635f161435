package message

import (
	"cmp"
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"liuke/shared/fault"
)

// Limits of a contact record, so that it stays within 1 KB and costs one write unit.
const (
	// MaxWindow is the longest sliding window that a cap may have: what is older is forgotten.
	MaxWindow = 31 * 24 * time.Hour
	// MaxStamps is how many messages the record can hold. It is over any cap; a record that is full of messages
	// within MaxWindow holds whatever comes next.
	MaxStamps = 72
	// MaxNameBytes is the longest name of a scene.
	MaxNameBytes = 32
	// MaxAsked is how many surveys the record remembers to have asked to. Of more, those asked to last stay.
	MaxAsked = 14
	// MaxAskedAge is how long it remembers that: the longest that a survey waits before it is asked again.
	MaxAskedAge = 400 * 24 * time.Hour
	// MaxEntered is how many enterings of scenes the record remembers, of each scene the last two at most. Of more, the last of
	// each scene stay, and of those the latest.
	MaxEntered = 12
	// MaxEnteredAge is how long it remembers that.
	MaxEnteredAge = 400 * 24 * time.Hour
)

// Stamp is one message that a customer was claimed for.
type Stamp struct {
	Time    time.Time // to the second
	Scene   SceneMark
	Channel Channel
	Service bool // a transactional message: counts against its own scene's caps alone
}

// Contact is what a customer was sent lately: the record that frequency caps are decided on. The claim of a message
// writes it on condition that the version has not moved, so that two signals at once cannot both pass a cap. What is claimed and
// then not sent is taken off it again; see Uncount.
type Contact struct {
	Version int64                    // +1 with each write; 0 for a record that is not stored yet
	Stamps  []Stamp                  // oldest first
	Asked   map[SurveyMark]time.Time // when the customer was last invited to a survey, to the minute; nil for never
	Entered []Entering               // the scenes that the customer entered, oldest first; see Scene.Remembered in package scene
}

// SurveyMark stands for a survey's id in a contact record, where room is scarce. Two surveys of one mark count as one;
// among 20 surveys, any two have one with a chance of 1 in 20 million.
type SurveyMark uint32

// MarkOf returns the mark of a survey: the 32-bit FNV-1a hash of its id.
func MarkOf(survey string) SurveyMark { return SurveyMark(mark(survey)) }

func mark(name string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(name))
	return h.Sum32()
}

// Empty reports whether the record says nothing.
func (c Contact) Empty() bool { return len(c.Stamps) == 0 && len(c.Asked) == 0 && len(c.Entered) == 0 }

// AskedWithin reports whether the customer was invited to the survey in (now − per, now], or, for "", to any. As with
// stamps, an invitation of the future counts.
func (c Contact) AskedWithin(now time.Time, per time.Duration, survey string) bool {
	for mark, at := range c.Asked {
		if now.Sub(at) < per && (survey == "" || mark == MarkOf(survey)) {
			return true
		}
	}
	return false
}

// Ask returns the record with the invitation to a survey noted; the version stays. An earlier moment than what is noted
// already changes nothing.
func (c Contact) Ask(survey string, at time.Time) Contact {
	at = at.UTC().Truncate(time.Minute)
	c.Asked = join(c.Asked, map[SurveyMark]time.Time{MarkOf(survey): at})
	maps.DeleteFunc(c.Asked, func(_ SurveyMark, old time.Time) bool { return at.Sub(old) >= MaxAskedAge })
	return c
}

// join returns the invitations of both, of each survey the last, and of too many surveys the last MaxAsked.
func join(a, b map[SurveyMark]time.Time) map[SurveyMark]time.Time {
	all := map[SurveyMark]time.Time{}
	for _, each := range []map[SurveyMark]time.Time{a, b} {
		for mark, at := range each {
			if known, ok := all[mark]; !ok || at.After(known) {
				all[mark] = at
			}
		}
	}
	for _, mark := range inOrder(all)[:max(0, len(all)-MaxAsked)] {
		delete(all, mark)
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// inOrder returns the surveys by when they were asked to, and by mark where at once.
func inOrder(asked map[SurveyMark]time.Time) []SurveyMark {
	return slices.SortedFunc(maps.Keys(asked), func(a, b SurveyMark) int {
		return cmp.Or(asked[a].Compare(asked[b]), cmp.Compare(a, b))
	})
}

// Count returns how many stamps that match lie in the window (now − per, now]: one exactly as old as the window is
// counts no more. A stamp of the future counts, so that a clock set back opens nothing.
func (c Contact) Count(now time.Time, per time.Duration, match func(Stamp) bool) int {
	n := 0
	for _, s := range c.Stamps {
		if now.Sub(s.Time) < per && match(s) {
			n++
		}
	}
	return n
}

// Full reports whether the record has no room for another stamp at now.
func (c Contact) Full(now time.Time) bool {
	return c.Count(now, MaxWindow, func(Stamp) bool { return true }) >= MaxStamps
}

// Add returns the record with one stamp more, without those that left MaxWindow, and with the next version. It
// returns a Conflict error where the record is full.
func (c Contact) Add(s Stamp) (Contact, error) {
	if c.Full(s.Time) {
		return c, fault.New(fault.Conflict, "the contact record is full")
	}
	next := Contact{Version: c.Version + 1, Stamps: make([]Stamp, 0, len(c.Stamps)+1), Asked: c.Asked, Entered: c.Entered}
	for _, old := range c.Stamps {
		if s.Time.Sub(old.Time) < MaxWindow {
			next.Stamps = append(next.Stamps, old)
		}
	}
	s.Time = s.Time.Truncate(time.Second)
	next.Stamps = append(next.Stamps, s)
	slices.SortStableFunc(next.Stamps, func(a, b Stamp) int { return a.Time.Compare(b.Time) })
	return next, nil
}

// Join returns the record of one who was two: the messages of both, of too many the latest, of each survey the last
// invitation, the scenes that either entered, and the next version.
func (c Contact) Join(o Contact) Contact {
	joined := Contact{
		Version: c.Version + 1, Stamps: append(slices.Clone(c.Stamps), o.Stamps...), Asked: join(c.Asked, o.Asked),
		Entered: enterings(append(slices.Clone(c.Entered), o.Entered...)),
	}
	slices.SortStableFunc(joined.Stamps, func(a, b Stamp) int { return a.Time.Compare(b.Time) })
	joined.Stamps = joined.Stamps[max(0, len(joined.Stamps)-MaxStamps):]
	return joined
}
