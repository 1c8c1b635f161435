package message

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"liuke/shared/signal"
)

// Uncount returns the record without what the claim of an entry has put on it, and with the next version: one stamp of its
// scene and channel and of the second of the claim, and the invitation of its minute. Not ok where there is neither. It is for
// an entry that was claimed and then definitely not sent, in the step that says so, which happens once.
//
// A claim of the same scene by the same channel in the same second leaves the same stamp, so that either takes off either. What
// was noted of an earlier invitation is gone with the claim; it was older than any wait. One that was sent whenever the customer
// had been asked before stays noted for that reason. That the customer entered the scene stays as well.
func (c Contact) Uncount(e Entry) (Contact, bool) {
	next := c
	next.Version++
	i := slices.IndexFunc(c.Stamps, func(s Stamp) bool {
		return s.Time.Equal(e.Claimed.Truncate(time.Second)) && s.Scene == SceneMarkOf(e.Scene) && s.Channel == e.Channel
	})
	if i >= 0 {
		next.Stamps = slices.Delete(slices.Clone(c.Stamps), i, i+1)
	}
	mark := MarkOf(e.Invitation.Survey)
	at, asked := c.Asked[mark]
	asked = asked && e.Invitation.Survey != "" && e.Step == 0 && !e.again() && at.Equal(e.Claimed.Truncate(time.Minute))
	if asked {
		if next.Asked = maps.Clone(c.Asked); len(next.Asked) == 1 {
			next.Asked = nil
		}
		delete(next.Asked, mark)
	}
	return next, i >= 0 || asked
}

// again reports whether the entry invites whenever the customer was asked before.
func (e *Entry) again() bool {
	var d signal.RequestData
	return e.Kind == signal.Requested && json.Unmarshal(e.Data, &d) == nil && d.Again
}
