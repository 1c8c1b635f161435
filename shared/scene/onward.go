package scene

// Onward is the step behind one that was decided for good: that passed, where the gate is "", or was held by it. It is Exit where
// the journey ends: whoever is none of those whom the scene is for never begins one, and whoever has done what it was for, or
// is held out, is done with it. Who could not be reached by one step may be by the next.
func (s *Scene) Onward(step int, gate string) int {
	st := s.Step(step)
	switch gate {
	case GateGoal, GateHoldout, GateAnswered:
		return Exit
	case GateAudience, GateEntry:
		if step == 0 {
			return Exit
		}
	case GateCondition:
		return st.Otherwise
	}
	return st.Next
}

// Audience asks the gate of the audience alone, of a candidate for the scene's own message.
func (r *Rules) Audience(c Candidate) Verdict {
	v := r.audience(&c)
	if v.Outcome != Pass {
		v.Gate = GateAudience
	}
	return v
}
