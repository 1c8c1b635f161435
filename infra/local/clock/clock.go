// Package clock keeps the suite's one clock: the machine's, plus an offset that stands in a file, where the functions
// read it too (LIUKE_CLOCK_FILE, see package liuke/shared/clock). It only goes forward on its own; it can be set to any
// time.
package clock

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"liuke/shared/clock"
)

// Clock is the suite's clock. It is safe for concurrent use.
type Clock struct {
	path string
	read clock.Now
	mu   sync.Mutex
}

// Open returns the clock whose offset stands in the file; without the file it shows the machine's time.
func Open(path string) (*Clock, error) {
	read, err := clock.ForStage("local", path)
	if err != nil {
		return nil, err
	}
	return &Clock{path: path, read: read}, nil
}

// Path returns the file of the offset.
func (c *Clock) Path() string { return c.path }

// Now returns the time that the suite shows, in UTC.
func (c *Clock) Now() time.Time { return c.read() }

// Set makes the clock show a time, from which it goes on.
func (c *Clock) Set(to time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.write(to.Sub(clock.System()))
}

// Advance moves the clock by a duration, which may be negative.
func (c *Clock) Advance(by time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.write(c.read().Add(by).Sub(clock.System()))
}

// write replaces the file as a whole: a function never reads half an offset.
func (c *Clock) write(offset time.Duration) error {
	temporary, err := os.CreateTemp(filepath.Dir(c.path), ".clock-*")
	if err != nil {
		return fmt.Errorf("set the clock: %w", err)
	}
	defer os.Remove(temporary.Name()) // gone already once renamed
	if _, err := temporary.WriteString(strconv.FormatInt(int64(offset), 10)); err != nil {
		temporary.Close()
		return fmt.Errorf("set the clock: %w", err)
	}
	if err := temporary.Close(); err != nil {
		return fmt.Errorf("set the clock: %w", err)
	}
	if err := os.Rename(temporary.Name(), c.path); err != nil {
		return fmt.Errorf("set the clock: %w", err)
	}
	return nil
}
