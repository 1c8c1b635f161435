package message

import "time"

// Evidence is what a provider says became of a message.
type Evidence string

// The kinds of evidence. All but Rejection, Delay and Opening show that the provider sent the message; an opening shows that
// something loaded the message's image, which mail programs do unseen, and nothing is concluded from it.
const (
	Acceptance Evidence = "acceptance" // the provider took it and will try
	Delivery   Evidence = "delivery"   // the recipient's server took it
	Bounce     Evidence = "bounce"     // the recipient's server refused it for good
	SoftBounce Evidence = "soft_bounce"
	Complaint  Evidence = "complaint"
	Delay      Evidence = "delay"     // it is still being tried
	Rejection  Evidence = "rejection" // the provider will not send it
	Opening    Evidence = "opening"   // the message was shown, as far as an image or a link that was loaded tells
)

// Receipt is one piece of evidence and when it came about.
type Receipt struct {
	Evidence Evidence
	Provider string // the provider's id of the message
	Time     time.Time
}

// Apply adds what a receipt tells to the entry and reports whether that changed anything. Receipts may come in any
// order and any number of times: the result is the same, but for Sent, which is when it was first known. Of several
// times of one kind the earliest stays.
//
// Acceptance alone leaves an entry that is sending as it is, because the sender is about to write the same; the caller
// asks Premature first and comes back later.
func (e Entry) Apply(r Receipt) (Entry, bool) {
	changed := false
	mark := func(at *time.Time) {
		if at.IsZero() || r.Time.Before(*at) {
			*at, changed = r.Time, true
		}
	}
	switch r.Evidence {
	case Delivery:
		mark(&e.Delivered)
	case Bounce:
		mark(&e.Bounced)
	case Complaint:
		mark(&e.Complained)
	case Rejection:
		mark(&e.Rejected)
	case Opening:
		mark(&e.Opened)
		return e, changed
	}
	if e.State == Held || e.State == Deferred || e.State == Done {
		return e, changed // never handed to a provider: not this entry's receipt
	}
	if e.Provider == "" && r.Provider != "" {
		e.Provider, changed = r.Provider, true
	}
	if e.settle(r) {
		changed = true
	}
	return e, changed
}

// Premature reports whether a receipt only says what the sender is about to write itself: it is worth waiting until
// the sender has, or cannot any more.
func (e Entry) Premature(r Receipt, now time.Time) bool {
	return r.Evidence == Acceptance && e.State == Sending && now.Sub(e.Attempted) < SendingHorizon
}

// SendingHorizon is how long an entry can be sending while its sender lives: longer than dispatch's function timeout,
// which its template sets to at most a minute. Past it, nobody can tell any more.
const SendingHorizon = 2 * time.Minute

// Patience is how long a claimed message may wait to be sent, while the provider says later, nobody gives its code or nobody is there.
// Past it the moment has gone.
const Patience = 24 * time.Hour

// settle moves the state to what the evidence shows. What has been delivered, bounced or complained of was sent,
// whatever else was said.
func (e *Entry) settle(r Receipt) bool {
	was := e.State
	shown := !e.Delivered.IsZero() || !e.Bounced.IsZero() || !e.Complained.IsZero()
	switch {
	case shown:
		e.State = Sent
	case !e.Rejected.IsZero():
		e.State = Failed
	case r.Evidence == Acceptance || r.Evidence == SoftBounce || r.Evidence == Delay:
		if e.State == Sending || e.State == Unknown || e.State == Claimed {
			e.State = Sent
		}
	}
	if e.State == was {
		return false
	}
	switch e.State {
	case Sent:
		e.Reason = ""
		if e.Sent.IsZero() {
			e.Sent = r.Time
		}
	case Failed:
		e.Reason = ReasonRejected
		*e = e.release()
	}
	return true
}

// ReasonRejected is why an entry failed that the provider took and then would not send.
const ReasonRejected = "rejected"
