package scene

import "liuke/shared/message"

// frequency keeps to the most messages that a customer may get in a sliding window: the scene's own limits, and for marketing
// the policy's.
func (r *Rules) frequency(c *Candidate) Verdict {
	if c.Contact.Full(c.Now) {
		return hold("contact_full")
	}
	caps, channel := c.Scene.Caps, c.Channel()
	if c.Scene.Kind == Marketing {
		caps = append(caps[:len(caps):len(caps)], r.Policy.Caps...)
	}
	for _, limit := range caps {
		if c.Contact.Count(c.Now, limit.Per, limit.counts(c.Scene, channel)) >= limit.Max {
			return hold("cap_" + string(limit.Scope))
		}
	}
	return Verdict{}
}

// counts returns which stamps a cap counts when it is asked for a scene.
func (limit Cap) counts(s *Scene, by message.Channel) func(message.Stamp) bool {
	return func(stamp message.Stamp) bool {
		switch limit.Scope {
		case ScopeScene:
			return stamp.Scene == message.SceneMarkOf(s.ID)
		case ScopeChannel:
			return !stamp.Service && stamp.Channel == limit.Channel && by == limit.Channel
		default:
			return !stamp.Service
		}
	}
}
