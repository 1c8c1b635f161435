package budget

import "strconv"

// Name is the counter's: no two counters share it.
func (c Counter) Name() string { return c.Account + "#" + strconv.Itoa(c.Shard) }

// Counters are what counters hold, by their names; those that it lacks hold nothing. It is for whoever asks what would come of a
// reservation, and keeps none.
type Counters map[string]Micro

// Reserve sets aside what a reservation asks for, as whoever keeps counters does, and returns how it ends: with Reserved, Spent
// or Dear.
func (c Counters) Reserve(r *Reserve) Step {
	for {
		switch step := r.Next(); step.Action {
		case Add:
			if c[step.Name()] > step.AtMost {
				r.Full()
				continue
			}
			c[step.Name()] += step.Delta
			r.Added()
		case Undo:
			c[step.Name()] += step.Delta
			r.Undone()
		default:
			return step
		}
	}
}

// Change makes changes, without condition.
func (c Counters) Change(all []Change) {
	for _, each := range all {
		c[each.Name()] += each.Delta
	}
}

// Reason is why a message is held for which reserving ended with the step; "" where it is not.
func (s Step) Reason() string {
	switch s.Action {
	case Spent:
		return ReasonSpent
	case Dear:
		return ReasonDear
	}
	return ""
}
