package main

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"liuke/shared/api"
	"liuke/shared/fault"
)

// maxCursorBytes bounds what a cursor may be.
const maxCursorBytes = 512

// sumBytes is how much of a cursor is its sum.
const sumBytes = 8

// sealCursor makes a cursor that clients hand back as it is: where to go on in the list that subject names, under a sum
// of both. "" stays "": there is no next page. The sum is no secret (who may call may read everything); it holds that
// a cursor which was altered, cut or taken from another list is refused, and does not start somewhere at random.
func sealCursor(position string, subject ...string) string {
	if position == "" {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte(sumOf(position, subject) + position))
}

// openCursor returns where the query's cursor goes on in the list that subject names; "" where there is none.
func openCursor(r *api.Request, subject ...string) (string, error) {
	given, ok := r.QueryStringParameters["cursor"]
	if !ok {
		return "", nil
	}
	if len(given) > maxCursorBytes {
		return "", badCursor()
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(given)
	if err != nil || len(raw) <= sumBytes || sumOf(string(raw[sumBytes:]), subject) != string(raw[:sumBytes]) {
		return "", badCursor()
	}
	return string(raw[sumBytes:]), nil
}

func sumOf(position string, subject []string) string {
	sum := sha256.Sum256([]byte("liuke cursor\x00" + strings.Join(subject, "\x00") + "\x00\x00" + position))
	return string(sum[:sumBytes])
}

func badCursor() error {
	return fault.At("/cursor", "cursor is not valid: take next_cursor from the page before, as it is, or leave cursor out for the first page")
}
