// Package pace spreads what is done over time, so that a rate is kept without a burst: each takes the next free moment, or
// is told that there is none before it has to be done. It is pure: whoever takes a moment waits for it.
package pace

import (
	"sync"
	"time"
)

// Pace is one rate's moments. The zero value is ready. It is safe for concurrent use.
type Pace struct {
	mu   sync.Mutex
	next time.Time // the first free moment
}

// Take takes the next free moment from now on, 1/perSecond behind the one before it, and returns how long it is until then.
// Where that is longer than the room, none is taken and ok is false. A rate of 0 or less is no limit.
//
// A clock that was set back does not leave the pace waiting for what was the future: moments further off than any that could
// have been taken are forgotten.
func (p *Pace) Take(now time.Time, perSecond float64, room time.Duration) (wait time.Duration, ok bool) {
	if perSecond <= 0 {
		return 0, true
	}
	apart := time.Duration(float64(time.Second) / perSecond)
	p.mu.Lock()
	defer p.mu.Unlock()
	if ahead := p.next.Sub(now); ahead < 0 || ahead > farthest+apart {
		p.next = now
	}
	wait = p.next.Sub(now)
	if wait > room || wait > farthest {
		return wait, false
	}
	p.next = p.next.Add(apart)
	return wait, true
}

// farthest is the longest wait that is taken: longer than functions live.
const farthest = 15 * time.Minute
