package scene

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"liuke/shared/fault"
	"liuke/shared/holdout"
	"liuke/shared/message"
	"liuke/shared/pattern"
)

// localeForm is the part of BCP 47 that content is written for: language, script, region.
var localeForm = pattern.New(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$`)

// capped are the channels that reach customers.
var capped = []message.Channel{message.Email, message.SMS, message.Push, message.Webhook}

// MaxCaps is how many limits a scene has at most, and how many all scenes have together.
const MaxCaps = 16

// caps checks limits whose scope must be one of those given.
func (d *document) caps(files []capFile, scopes ...Scope) (out []Cap) {
	if len(files) > MaxCaps {
		d.mistake(at("limits"), "there are at most %d limits", MaxCaps)
		return nil
	}
	for i, c := range files {
		out = append(out, d.cap(at("limits", i), c, scopes...))
	}
	return out
}

// cap checks a cap whose scope must be one of those given; a single one need not be named.
func (d *document) cap(where []any, f capFile, scopes ...Scope) Cap {
	c := Cap{Scope: Scope(f.Scope), Channel: message.Channel(f.Channel), Max: int(f.Max)}
	if f.Scope == "" && len(scopes) == 1 {
		c.Scope = scopes[0]
	}
	if !slices.Contains(scopes, c.Scope) {
		d.mistake(append(where, "scope"), "scope must be one of %v", scopes)
	}
	switch {
	case c.Scope == ScopeChannel && !slices.Contains(capped, c.Channel):
		d.mistake(append(where, "channel"), "a cap of a channel must name one: %s", wordsOf(capped))
	case c.Scope != ScopeChannel && c.Channel != "":
		d.mistake(append(where, "channel"), "channel belongs to the scope %s", ScopeChannel)
	}
	if c.Max < 1 || c.Max > message.MaxStamps/2 {
		d.mistake(append(where, "max"), "max must be between 1 and %d", message.MaxStamps/2)
	}
	var err error
	if c.Per, err = parseDuration(f.Per); err != nil {
		d.mistake(append(where, "per"), "per: %s", err)
	} else if c.Per > message.MaxWindow {
		d.mistake(append(where, "per"), "per is at most %d days", message.MaxWindow/(24*time.Hour))
	}
	return c
}

// holdout reads a share such as 5%; none is 0.
func (d *document) holdout(share string) float64 {
	if share == "" {
		return 0
	}
	out, err := holdout.ParseShare(share)
	if err != nil {
		d.mistake(at("holdout"), "holdout: %s", err)
	}
	return out
}

func (d *document) audience(where []any, source string) Audience {
	if d.compilers.Audience == nil {
		return unread{}
	}
	if d.compilers.Lazy {
		return laterAudience{whenNeeded(func() (Audience, []Flaw) { return d.compilers.Audience(source) })}
	}
	a, flaws := d.compilers.Audience(source)
	for _, f := range flaws {
		d.mistakeIn(where, f.Line, "%v: %s", where[len(where)-1], f.Text)
	}
	return a
}

// judged notes which of a scene's expressions cannot be judged on the samples, where all else of it could be read: there were so
// many mistakes before it.
func (d *document) judged(s *Scene, before int) {
	if d.compilers.Sample == nil || len(d.mistakes) > before {
		return
	}
	failed := map[int]bool{}
	for _, c := range d.compilers.Sample(s) {
		expression, where := s.audience, at("audience")
		if c.Step > 0 {
			expression, where = s.Steps[c.Step].If, at("steps", c.Step-1, "if")
		}
		if expression == nil || failed[c.Step] {
			continue
		}
		if _, err := expression.Includes(&c); err != nil {
			failed[c.Step] = true
			d.mistake(where, "%v cannot be judged on a sample customer (segment %q, r %d): %s", where[len(where)-1], c.Scores.Segment, c.Scores.R, firstLine(err))
		}
	}
}

// firstLine is what went wrong at first, on one line.
func firstLine(err error) string {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// duration reads one that stands at a place.
func (d *document) duration(where []any, text string) time.Duration {
	out, err := parseDuration(text)
	if err != nil {
		d.mistake(where, "%s", err)
	}
	return out
}

// parseDuration reads whole days ("30d") or what time.ParseDuration reads; it must be over 0.
func parseDuration(s string) (time.Duration, error) {
	var d time.Duration
	if n := len(s); n > 1 && s[n-1] == 'd' {
		days, err := strconv.ParseUint(s[:n-1], 10, 16)
		if err == nil {
			d = time.Duration(days) * 24 * time.Hour
		}
	} else if parsed, err := time.ParseDuration(s); err == nil {
		d = parsed
	}
	if d <= 0 {
		return 0, fault.New(fault.Invalid, "%q is not a duration such as 30d or 48h", s)
	}
	return d, nil
}
