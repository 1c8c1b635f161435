package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"liuke/shared/api"
	"liuke/shared/event"
	"liuke/shared/fault"
)

// writeKeys are the keys that are valid at a time: two while one is replaced by the other.
type writeKeys struct {
	Current  string `json:"current"`
	Previous string `json:"previous"`
}

func loadKeys(ctx context.Context, secret interface {
	Value(ctx context.Context) ([]byte, error)
}) (writeKeys, error) {
	var k writeKeys
	raw, err := secret.Value(ctx)
	if err != nil {
		return k, err
	}
	if err := json.Unmarshal(raw, &k); err != nil || k.Current == "" {
		// The decoder's error may quote the secret.
		return k, fault.New(fault.Internal, `the secret of the write keys is not of the form {"current":"…"}`)
	}
	return k, nil
}

// keyed makes a route's take of what reads a body: the request needs a write key, in its header or, where read finds one
// there, in its body, and keeps to the key's pace. The key in the header is looked at before the body, so that nobody
// without one costs more than the limits allow.
func keyed(read func(h *Handler, r *api.Request, body []byte, now time.Time) (*event.Intake, error)) func(*Handler, context.Context, *api.Request, time.Time) (*event.Intake, error) {
	return func(h *Handler, ctx context.Context, r *api.Request, now time.Time) (*event.Intake, error) {
		keys, err := loadKeys(ctx, h.Keys)
		if err != nil {
			return nil, err
		}
		key, hasHeader := basicUser(api.Header(r, "authorization"))
		if hasHeader && !keys.match(key) {
			return nil, unauthorized()
		}
		body, err := api.Body(r, event.MaxBatchBytes)
		if err != nil {
			return nil, err
		}
		in, refused := read(h, r, body, now)
		if !hasHeader {
			key = in.WriteKey
		}
		switch {
		case hasHeader, keys.match(key):
		case fault.CodeOf(refused) == fault.TooLarge:
			return nil, refused // the limits come first, and the key was not read
		default:
			return nil, unauthorized()
		}
		if wait := h.Pace.Take(key, max(len(in.Fates), 1), now); wait > 0 {
			e := &tooFast{wait}
			return nil, &fault.Error{Code: fault.Throttled, Err: e,
				Message: fmt.Sprintf("the write key sends more events than it may: send these again after %d s, and fewer a second", e.seconds())}
		}
		if refused != nil {
			in.Rejected = []event.Rejected{event.NewRejected(body, now, refused)}
		}
		keys.redact(in.Rejected)
		return in, refused
	}
}

// match reports whether a key is valid. It takes as long whatever the key is, and both comparisons are always made.
func (k writeKeys) match(key string) bool {
	got := sha256.Sum256([]byte(key))
	valid := 0
	for _, want := range [...]string{k.Current, k.Previous} {
		hash := sha256.Sum256([]byte(want))
		equal := subtle.ConstantTimeCompare(got[:], hash[:])
		if want != "" {
			valid |= equal
		}
	}
	return valid == 1
}

// redact takes the keys out of what is kept of rejected events: a body may hold its write key.
func (k writeKeys) redact(rejected []event.Rejected) {
	for i := range rejected {
		for _, key := range [...]string{k.Current, k.Previous} {
			if key == "" {
				continue
			}
			// A slash may be written with a backslash before it, and is by PHP.
			for _, spelling := range [...]string{key, strings.ReplaceAll(key, "/", `\/`)} {
				rejected[i].Event = bytes.ReplaceAll(rejected[i].Event, []byte(spelling), []byte("(write key)"))
			}
		}
	}
}

// basicUser returns the user of an Authorization header of the Basic scheme; ok is false where it is none.
func basicUser(header string) (user string, ok bool) {
	scheme, credentials, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", false
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(credentials))
	if err != nil {
		return "", true // it claims to be a key, and is none
	}
	user, _, _ = strings.Cut(string(raw), ":")
	return user, true
}

func unauthorized() error {
	return fault.New(fault.Unauthorized, "the write key is missing or not valid: give it as the user of Basic authentication with an empty password, or as writeKey in the body; whoever deployed the suite has it in the secret of the write keys")
}
