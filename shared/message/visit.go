package message

import "time"

// Visit is one request for a link of a message, by a person or a program.
type Visit struct {
	Time    time.Time
	Link    string // tells the links of one message apart; never SeveralLinks
	Program bool   // it says itself that it is none of a person's: a HEAD request, a prefetch, a known scanner
}

// BurstWindow is within how long of each other nobody follows two links of one message: scanners of mail do.
const BurstWindow = 2 * time.Second

// SeveralLinks is the Link of an entry of which several were followed at once.
const SeveralLinks = "*"

// soonest is how long after a message was handed over a person can have followed its link. Mail passes servers, which is
// when it is scanned; what an app shows is on the screen at once.
func (c Channel) soonest() time.Duration {
	if c == "push" {
		return time.Second
	}
	return 5 * time.Second
}

// Visit adds a request for a link to the entry and reports whether that changed anything. The first click of a person stays
// as Clicked. A program's request is noted in Prefetched, the last to a second. What a program does is known by its word, by
// when it comes, and by several links within BurstWindow: then the click before is taken back, for it was the first of
// them. Counting a person too few is better than counting a program as one.
func (e Entry) Visit(v Visit) (Entry, bool) {
	last := e.Clicked
	if e.Prefetched.After(last) {
		last = e.Prefetched
	}
	burst := !last.IsZero() && v.Link != e.Link && v.Time.Sub(last).Abs() < BurstWindow
	was := e
	switch {
	case burst:
		if v.Time.Sub(e.Clicked).Abs() < BurstWindow {
			e.Clicked = time.Time{}
		}
		e.Link = SeveralLinks
		e.prefetch(v, was)
	case v.Program || e.early(v.Time):
		if e.Prefetched.IsZero() || v.Time.Sub(e.Prefetched) >= BurstWindow {
			e.Link = v.Link
		}
		e.prefetch(v, was)
	case e.Clicked.IsZero():
		e.Clicked, e.Link = v.Time, v.Link
	default:
		return e, false
	}
	return e, e.Clicked != was.Clicked || e.Prefetched != was.Prefetched || e.Link != was.Link
}

// prefetch notes when a program came last, no oftener than half the window, so that a scanner of many links costs few
// writes.
func (e *Entry) prefetch(v Visit, was Entry) {
	if was.Prefetched.IsZero() || v.Time.Sub(was.Prefetched) >= BurstWindow/2 || e.Clicked != was.Clicked {
		e.Prefetched = v.Time
	}
}

// early reports whether a moment is too soon after the sending, or even before its end, for a person.
func (e *Entry) early(at time.Time) bool {
	sent := e.Sent
	if sent.IsZero() {
		sent = e.Attempted
	}
	return sent.IsZero() || at.Sub(sent) < e.Channel.soonest()
}
