package campaign

import (
	"strings"
	"time"

	"liuke/shared/fault"
	"liuke/shared/request"
)

// Bounds of what may be asked.
const (
	MaxCustomers = 100_000_000
	MaxAhead     = 366 * 24 * time.Hour
	MaxTextBytes = 64 << 10
	MaxKey       = 64 // characters of a key

	DefaultPerSecond = 50
	MaxPerSecond     = 10_000
)

// RunRequest asks for a campaign.
type RunRequest struct {
	At        *time.Time `json:"at"`         // when it is to start; now
	Limit     *int       `json:"limit"`      // how many customers of the audience are told of at most; all
	PerSecond *int       `json:"per_second"` // signals a second; as the settings have it, or DefaultPerSecond
}

// SimulateRequest asks for a simulation.
type SimulateRequest struct {
	At        *time.Time `json:"at"`         // the moment at which the clock stands; now
	Seed      uint64     `json:"seed"`       // of the sample and the examples
	Sample    *int       `json:"sample"`     // how many customers are looked at, about; all
	PerSecond *int       `json:"per_second"` // as for a campaign
	Text      string     `json:"text"`       // of the scene, as YAML, in the place of what is stored; "" for that
}

// ParseRun reads the request for a campaign: a JSON object, {} for the defaults. It returns an Invalid error with the pointer
// to the member at fault.
func ParseRun(body []byte, now time.Time) (Terms, error) {
	var r RunRequest
	if err := request.Parse(body, &r); err != nil {
		return Terms{}, err
	}
	t := Terms{At: now}
	if r.At != nil {
		if t.At = r.At.UTC(); t.At.Sub(now) > MaxAhead || now.Sub(t.At) > time.Minute {
			return Terms{}, fault.At("/at", "at is a moment of the coming year; leave it out to start now")
		}
		if t.At.Before(now) {
			t.At = now
		}
	}
	var err error
	if t.Customers, err = within("/limit", r.Limit, 0, MaxCustomers); err != nil {
		return Terms{}, err
	}
	t.PerSecond, err = within("/per_second", r.PerSecond, DefaultPerSecond, MaxPerSecond)
	return t, err
}

// CheckKey returns an Invalid error where a request's key is not of up to MaxKey visible ASCII characters; "" is none.
func CheckKey(key string) error {
	if len(key) > MaxKey || strings.ContainsFunc(key, func(r rune) bool { return r < '!' || r > '~' }) {
		return fault.New(fault.Invalid, "the header Idempotency-Key has 1 to %d visible ASCII characters, without spaces", MaxKey)
	}
	return nil
}

// ParseSimulate reads the request for a simulation, as ParseRun does.
func ParseSimulate(body []byte, now time.Time) (t Terms, err error) {
	var r SimulateRequest
	if err := request.Parse(body, &r); err != nil {
		return Terms{}, err
	}
	t = Terms{Simulated: true, At: now, Seed: r.Seed, Text: r.Text}
	if r.At != nil {
		if t.At = r.At.UTC(); t.At.Sub(now).Abs() > MaxAhead {
			return Terms{}, fault.At("/at", "at is a moment of the past or the coming year; leave it out for now")
		}
	}
	if len(r.Text) > MaxTextBytes {
		return Terms{}, fault.At("/text", "a scene has at most %d KB", MaxTextBytes>>10)
	}
	if t.Customers, err = within("/sample", r.Sample, 0, MaxCustomers); err != nil {
		return Terms{}, err
	}
	t.PerSecond, err = within("/per_second", r.PerSecond, DefaultPerSecond, MaxPerSecond)
	return t, err
}

func within(pointer string, n *int, fallback, most int) (int, error) {
	switch {
	case n == nil:
		return fallback, nil
	case *n < 1 || *n > most:
		return 0, fault.At(pointer, "it is a whole number from 1 to %d; leave it out for the default", most)
	}
	return *n, nil
}
