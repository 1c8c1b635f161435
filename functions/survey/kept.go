package main

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
	maxStale = time.Hour
)

// kept is a value that is read from a table and kept by the instance. It is safe for concurrent use.
type kept[T any] struct {
	read func(ctx context.Context) (T, error)
	now  clock.Now

	mu    sync.Mutex
	value T
	at    time.Time // when it was read; zero for never
}

// get returns the value, at most MaxAge old, or at most maxStale where it cannot be read now.
func (k *kept[T]) get(ctx context.Context) (T, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	age := now.Sub(k.at)
	if age >= 0 && age < MaxAge {
		return k.value, nil
	}
	value, err := k.read(ctx)
	if err != nil {
		if age >= 0 && age < maxStale && fault.Retryable(err) {
			return k.value, nil
		}
		return value, err
	}
	k.value, k.at = value, now
	return value, nil
}

// peek returns the value as it was read last, which may be never.
func (k *kept[T]) peek() T {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.value
}
