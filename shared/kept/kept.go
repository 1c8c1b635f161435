// Package kept keeps a value that is read seldom and used often, such as the surveys that there are: read again a minute
// later, so that an operator's edit is seen soon, and used longer only while it cannot be read.
package kept

import (
	"context"
	"sync"
	"time"

	"liuke/shared/clock"
	"liuke/shared/fault"
)

// How long what was read is used without reading it again, and for how long while it cannot be read.
const (
	MaxAge   = time.Minute
	MaxStale = time.Hour
)

// Value is a value that is kept. It is safe for concurrent use.
type Value[T any] struct {
	read func(ctx context.Context) (T, error)
	now  clock.Now

	mu    sync.Mutex
	value T
	at    time.Time // when it was read; zero for never
}

// New returns a value that is read by read. Nothing is read before it is asked for.
func New[T any](read func(ctx context.Context) (T, error), now clock.Now) *Value[T] {
	return &Value[T]{read: read, now: now}
}

// Get returns the value, at most MaxAge old, or at most MaxStale where it cannot be read now; else the error of reading it.
// The caller must not change it.
func (k *Value[T]) Get(ctx context.Context) (T, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	age := now.Sub(k.at)
	if age >= 0 && age < MaxAge {
		return k.value, nil
	}
	value, err := k.read(ctx)
	if err != nil {
		if age >= 0 && age < MaxStale && fault.Retryable(err) {
			return k.value, nil
		}
		return value, err
	}
	k.value, k.at = value, now
	return value, nil
}

// Peek returns the value as it was read last, which may be never.
func (k *Value[T]) Peek() T {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.value
}
