package scene

import "time"

// ParseDuration reads a span of time as scenes have it: whole days ("30d") or what time.ParseDuration reads ("48h"); it must
// be over 0. It returns an Invalid error for anything else.
func ParseDuration(text string) (time.Duration, error) { return parseDuration(text) }
