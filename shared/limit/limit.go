// Package limit holds callers to a pace, by token buckets in this process's memory. It is best effort: each instance
// of a function counts for itself and forgets with its end, so that what all of them let through together is a multiple
// of the rate. What has to hold across instances is the gateway's throttle, or a WAF rule.
package limit

import (
	"crypto/sha256"
	"sync"
	"time"
)

// Burst is how many seconds' worth of its rate a caller may send at once after a pause.
const Burst = 2

// Limiter lets each key have a rate of events. It is safe for concurrent use. Keys are kept as hashes, and for good:
// give it only keys that have been found valid, of which there are few.
type Limiter struct {
	rate    float64 // events a second; 0 for no limit
	mu      sync.Mutex
	buckets map[[sha256.Size]byte]bucket
}

// bucket holds what a key may still send; less than nothing after a batch larger than what was left.
type bucket struct {
	tokens float64
	at     time.Time
}

// New returns a limiter of so many events a second for each key; 0 or less is no limit.
func New(rate int) *Limiter {
	return &Limiter{rate: float64(max(rate, 0)), buckets: make(map[[sha256.Size]byte]bucket)}
}

// Take takes n events out of a key's bucket and returns 0, or returns after how long the same may be tried again and
// takes nothing. More events at once than a full bucket holds pass when it is full, and the key pays for them
// afterwards. A nil Limiter lets everything pass.
func (l *Limiter) Take(key string, n int, now time.Time) (wait time.Duration) {
	if l == nil || l.rate == 0 || n <= 0 {
		return 0
	}
	hash, full := sha256.Sum256([]byte(key)), l.rate*Burst
	l.mu.Lock()
	defer l.mu.Unlock()
	b, known := l.buckets[hash]
	if !known {
		b = bucket{tokens: full, at: now}
	}
	if passed := now.Sub(b.at); passed > 0 { // a clock that was set back gives nothing and takes nothing
		b.tokens = min(full, b.tokens+passed.Seconds()*l.rate)
		b.at = now
	}
	if missing := min(float64(n), full) - b.tokens; missing > 0 {
		wait = time.Duration(missing / l.rate * float64(time.Second))
		wait = max(wait, time.Nanosecond)
	} else {
		b.tokens -= float64(n)
	}
	l.buckets[hash] = b
	return wait
}
