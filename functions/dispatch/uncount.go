package main

import (
	"context"

	"liuke/shared/fault"
	"liuke/shared/message"
)

// uncountTries is how often a message that is not sent is taken off a contact record that moves at the same time.
const uncountTries = 3

// writer writes a step of an entry, and returns Conflict where the entry has moved.
type writer func(ctx context.Context, e message.Entry) (message.Entry, error)

// uncounted returns how a step is written by which a message of the dossier is definitely not sent: with the contact record that
// counts it no more. Where that cannot be had, as others write it every time, the step is written all the same, and the message
// counts on.
func (h *Handler) uncounted(d message.Dossier) writer {
	return func(ctx context.Context, next message.Entry) (message.Entry, error) {
		for range uncountTries {
			contact, ok := d.Contact.Uncount(next)
			if !ok {
				break // it is no longer there
			}
			written, err := h.Store.WriteUncounted(ctx, d.Person, next, contact)
			if fault.CodeOf(err) != fault.Conflict {
				return written, err
			}
			again, readErr := h.Store.Dossier(ctx, message.Wanted{Customer: next.Customer, Entries: []string{next.ID}})
			if readErr != nil {
				return next, readErr
			}
			if stored, ok := again.Entries[next.ID]; !ok || stored.Revision != next.Revision {
				return next, err // the entry itself has moved
			}
			d = again
		}
		return h.Store.WriteEntry(ctx, next)
	}
}
