package message

import (
	"time"

	"liuke/shared/budget"
)

// release takes back what is set aside for a message that is not sent.
func (e Entry) release() Entry {
	e.Changes = e.Reserved.Release()
	e.Reserved = budget.Reservation{}
	return e
}

// Settle is an entry that was just sent with what the message did cost: what was set aside beyond that is taken back, and
// what it lacks is added. It changes nothing of an entry that is not sent, or that was settled.
func (e Entry) Settle(cost budget.Micro) Entry {
	if e.State != Sent || len(e.Reserved.Counters) == 0 && e.Reserved.Cost != 0 {
		return e
	}
	e.Changes = e.Reserved.Settle(cost)
	e.Reserved = budget.Reservation{Cost: cost}
	return e
}

// Unsubscribe adds that the customer unsubscribed by the message's own link, the first time that is told, and reports whether
// that changed anything.
func (e Entry) Unsubscribe(at time.Time) (Entry, bool) {
	if !e.Unsubscribed.IsZero() {
		return e, false
	}
	e.Unsubscribed = at
	return e, true
}
