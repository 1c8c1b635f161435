package main

import (
	"context"
	"math/rand/v2"
	"time"

	"liuke/shared/fault"
)

const (
	// editTries is how often an edit is tried while others edit. Documents that must hold together share one count of their edits, so
	// each time one fails, another one's has been kept: so many at once can be kept.
	editTries = 60
	// firstPause and longestPause are the longest waits behind the first try that came too late, and behind later ones.
	firstPause, longestPause = 50 * time.Millisecond, 1600 * time.Millisecond
	// editReserve is how much of the function's time must be left for another try.
	editReserve = 5 * time.Second
)

// errMoved says that a document, or one of those that it must hold together with, was edited by somebody else since it was read.
type errMoved struct{ error }

func (e errMoved) Unwrap() error { return e.error }

func moved(err error) error {
	if fault.CodeOf(err) == fault.Conflict {
		return errMoved{fault.As(err, fault.Conflict, "others keep editing: try again")}
	}
	return err
}

// again does an edit until nobody else was quicker, with pauses by chance, so that many who edit at once come one after the other.
func again(ctx context.Context, edit func() error) (err error) {
	for try := range editTries {
		err = edit()
		if _, was := err.(errMoved); !was || try == editTries-1 {
			return err
		}
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < editReserve {
			return err
		}
		longest := min(firstPause<<min(try, 10), longestPause)
		if sleep(ctx, time.Duration(rand.Float64()*float64(longest))) != nil {
			return err
		}
	}
	return err
}
