package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"strings"

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
	return fault.New(fault.Unauthorized, "the write key is missing or not valid: give it as the user of Basic authentication with an empty password, or as writeKey in the body")
}
