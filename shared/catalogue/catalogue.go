// Package catalogue keeps the surveys that there are at hand, so that whoever asks for them with each batch reads them
// seldom. An operator's edit is seen within a minute.
package catalogue

import (
	"context"
	"sync"
	"time"

	"liuke/shared/clock"
	"liuke/shared/survey"
)

// MaxAge is how long surveys are used without reading them again.
const MaxAge = time.Minute

// Source is where the surveys are read.
type Source interface {
	Surveys(ctx context.Context) (survey.Catalogue, error)
}

// Cache is a Source that keeps what another has said. It is safe for concurrent use.
type Cache struct {
	source Source
	now    clock.Now

	mu      sync.Mutex
	surveys survey.Catalogue // nil for none yet
	read    time.Time
}

// New returns a cache. Nothing is read before it is asked for.
func New(source Source, now clock.Now) *Cache { return &Cache{source: source, now: now} }

// Surveys returns the surveys as they stood MaxAge ago at the earliest. The caller must not change them. Where they are to
// be read again and cannot, it returns the source's error: what is older than MaxAge is not used.
func (c *Cache) Surveys(ctx context.Context) (survey.Catalogue, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if age := now.Sub(c.read); c.surveys != nil && age >= 0 && age < MaxAge {
		return c.surveys, nil
	}
	surveys, err := c.source.Surveys(ctx)
	if err != nil {
		return nil, err
	}
	c.surveys, c.read = surveys, now
	return surveys, nil
}
