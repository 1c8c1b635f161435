package campaign

import "time"

// Bounds of the pace. A message waits in the queue for 15 minutes at most; what is due beyond Ahead waits with the run.
const (
	// PackSignals is how many signals one message to outreach holds, and Chunk how many customers are looked at at once.
	PackSignals = 25
	Chunk       = 500
	// Ahead is how far ahead of the clock signals are handed to the queue. A chunk at the slowest pace is 500 seconds more.
	Ahead = 5 * time.Minute
)

// pacer says when signals are heard.
type pacer struct {
	perSecond int
	next      time.Time // when the next may be heard
}

// take returns when the next n signals are heard, which stand in one message: not before now.
func (p *pacer) take(n int, now time.Time) time.Time {
	at := p.next
	if at.Before(now) {
		at = now
	}
	p.next = at
	if p.perSecond > 0 {
		p.next = at.Add(time.Duration(n) * time.Second / time.Duration(p.perSecond))
	}
	return at
}

// wait returns how long a run waits before it hands more to the queue.
func (p *pacer) wait(now time.Time) time.Duration {
	return max(p.next.Sub(now)-Ahead, 0)
}
