// Package lately remembers, in one process and for a while, of which names something was found: that a pool was empty, say, or
// that a destination did not answer. What is forgotten is looked at anew.
package lately

import (
	"maps"
	"sync"
	"time"
)

// Names are those that were noted lately. They are safe for concurrent use.
type Names struct {
	kept time.Duration
	mu   sync.Mutex
	last map[string]time.Time
}

// NewNames returns a memory that keeps a name for so long.
func NewNames(kept time.Duration) *Names {
	return &Names{kept: kept, last: map[string]time.Time{}}
}

// Has reports whether a name was noted less than so long before now, or after it, as where clocks are set back by less.
func (n *Names) Has(name string, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	at, ok := n.last[name]
	return ok && now.Sub(at).Abs() < n.kept
}

// Note notes a name, and forgets those that are no longer kept.
func (n *Names) Note(name string, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	maps.DeleteFunc(n.last, func(_ string, at time.Time) bool { return now.Sub(at).Abs() >= n.kept })
	n.last[name] = now
}
