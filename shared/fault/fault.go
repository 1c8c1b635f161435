// Package fault gives every error of the suite one of a few codes. The code alone decides what a caller over HTTP is
// answered and whether a message of a batch is tried again; the message is for people and never holds personal data,
// a key or the text of an internal error. What carries no code is Internal.
package fault

import (
	"errors"
	"fmt"
)

// Code classifies an error.
type Code string

// The codes. Throttled and Unavailable are worth trying again, Conflict after reading again; the others are final.
const (
	Invalid      Code = "invalid"      // the caller's input is wrong and must change
	Unauthorized Code = "unauthorized" // the caller is not known, or its proof is not valid
	NotFound     Code = "not_found"    // what was named does not exist
	Conflict     Code = "conflict"     // the state moved, or forbids what was asked
	Gone         Code = "gone"         // what was named has expired
	TooLarge     Code = "too_large"    // the input is over a limit
	Unsupported  Code = "unsupported"  // the input is in a form that is not taken
	Throttled    Code = "throttled"    // a service asks for a slower pace
	Unavailable  Code = "unavailable"  // a service did not answer, or answered that it cannot now
	Internal     Code = "internal"     // everything else
)

// Error is an error with a code and a sentence for people.
type Error struct {
	Code    Code
	Message string // what is wrong and what to change; safe to show to the caller
	Pointer string // JSON pointer (RFC 6901) of the offending field, "" where there is none
	Err     error  // the cause, for the log alone; may be nil
}

// Error returns the message, with the cause behind it where there is one.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	if e.Message == "" {
		return e.Err.Error()
	}
	return e.Message + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New returns an error with a code and a formatted message for people.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// At returns an Invalid error about the field that the JSON pointer names.
func At(pointer, format string, args ...any) *Error {
	return &Error{Code: Invalid, Pointer: pointer, Message: fmt.Sprintf(format, args...)}
}

// As returns err with a code and a message for people; nil stays nil.
func As(err error, code Code, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Err: err}
}

// CodeOf returns the code of the first Error in err's chain, Internal where there is none, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// Retryable reports whether the same work may succeed later without change.
func Retryable(err error) bool {
	c := CodeOf(err)
	return c == Throttled || c == Unavailable || c == Conflict
}

// Wrap adds what was being done, and to what, to *err; the code stays. Use it deferred at a function's edge:
//
//	defer fault.Wrap(&err, "load run %s", id)
func Wrap(err *error, format string, args ...any) {
	if *err != nil {
		*err = fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), *err)
	}
}
