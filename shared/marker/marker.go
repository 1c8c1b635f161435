// Package marker marks hours in which there is something new to count, once each as long as a process lives: what comes to be
// counted by the hour would otherwise write a mark for each thing that it counts.
package marker

import (
	"context"
	"maps"
	"sync"
	"time"

	"liuke/shared/clock"
)

// Hour is an hour of something that is counted.
type Hour interface {
	comparable
	// Open reports whether more may come in it.
	Open(now time.Time) bool
}

// Marker marks hours once they have something new. An hour that is still open keeps its mark, so that a process marks it but
// once. It is safe for concurrent use.
type Marker[H Hour] struct {
	mark   func(ctx context.Context, now time.Time, hours ...H) error
	now    clock.Now
	mu     sync.Mutex
	marked map[H]bool
}

// New returns a marker that marks by mark.
func New[H Hour](mark func(ctx context.Context, now time.Time, hours ...H) error, now clock.Now) *Marker[H] {
	return &Marker[H]{mark: mark, now: now, marked: map[H]bool{}}
}

// Mark marks the hours, unless they are marked.
func (m *Marker[H]) Mark(ctx context.Context, hours ...H) error {
	if len(hours) == 0 {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	var fresh []H
	seen := map[H]bool{}
	for _, h := range hours {
		if !seen[h] && !(m.marked[h] && h.Open(now)) {
			seen[h] = true
			fresh = append(fresh, h)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := m.mark(ctx, now, fresh...); err != nil {
		return err
	}
	maps.DeleteFunc(m.marked, func(h H, _ bool) bool { return !h.Open(now) })
	for _, h := range fresh {
		if h.Open(now) {
			m.marked[h] = true
		}
	}
	return nil
}
