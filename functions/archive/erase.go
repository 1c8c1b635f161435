package main

import (
	"context"
	"time"

	"liuke/shared/archive"
	"liuke/shared/consent"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/order"
	"liuke/shared/survey"
	"liuke/shared/task"
)

// Person is what is kept of one customer. See package dynamo for each.
type Person interface {
	Root(ctx context.Context, id customer.ID) (customer.Record, error)
	Absorbed(ctx context.Context, id customer.ID) ([]customer.ID, error)
	Customer(ctx context.Context, id customer.ID) (customer.Record, error)
	Profile(ctx context.Context, id customer.ID) (customer.Profile, error)
	Orders(ctx context.Context, id customer.ID) ([]order.Record, error)
	Answers(ctx context.Context, id customer.ID, limit int) ([]survey.Answer, error)
	Messages(ctx context.Context, id customer.ID, limit int, cursor string) ([]message.Entry, string, error)
	Consents(ctx context.Context, id customer.ID, limit int, before string) ([]consent.Record, []string, error)
	Tasks(ctx context.Context, id customer.ID) ([]task.Task, error)
	Erase(ctx context.Context, id customer.ID, now time.Time) error
	Export(ctx context.Context, id customer.ID) (*archive.ExportRecord, error)
	FinishExport(ctx context.Context, id customer.ID, r *archive.ExportRecord) error
}

// erase erases a customer with all whom it absorbed: items, records and keys, and with the keys all that identifies it
// in the lake; and the file of an export, if there is one. A second message does the same for each of its ids when
// whatever function was at work for the customer meanwhile has ended, so that nothing of theirs is left behind. It is
// sent first, while the ids can still be told: where they cannot, it has been.
func (h *Handler) erase(ctx context.Context, m *archive.Message) error {
	root, err := h.Store.Root(ctx, m.Customer)
	switch {
	case err == nil:
		if err := h.lookAgain(ctx, root.ID, m); err != nil {
			return err
		}
		if err := h.deleteExport(ctx, root.ID); err != nil {
			return err
		}
	case fault.CodeOf(err) != fault.Gone: // Gone: begun before, and ended or not
		return err
	}
	if err := h.Store.Erase(ctx, m.Customer, h.Now()); err != nil {
		return err
	}
	if !m.Again {
		h.Counter.Count("CustomersErased", 1)
	}
	return nil
}

// lookAgain sends the messages that erase each of a customer's ids once more, later.
func (h *Handler) lookAgain(ctx context.Context, root customer.ID, m *archive.Message) error {
	if m.Again {
		return nil
	}
	ids, err := h.everyone(ctx, root, m.Customer)
	if err != nil {
		return err
	}
	again := make([]archive.Message, len(ids))
	for i, id := range ids {
		again[i] = archive.Message{Task: archive.Erase, Customer: id, Again: true}
	}
	return h.Archive.SendArchive(ctx, again...)
}

// everyone lists the ids under which a customer's records stand, and the one that was asked for, each once.
func (h *Handler) everyone(ctx context.Context, root, asked customer.ID) ([]customer.ID, error) {
	absorbed, err := h.Store.Absorbed(ctx, root)
	if err != nil {
		return nil, err
	}
	ids := []customer.ID{root}
	known := asked == root
	for _, id := range absorbed {
		ids = append(ids, id)
		known = known || id == asked
	}
	if !known {
		ids = append(ids, asked)
	}
	return ids, nil
}

// deleteExport deletes the file of a customer's latest export. What an export under way has written so far expires.
func (h *Handler) deleteExport(ctx context.Context, id customer.ID) error {
	record, err := h.Store.Export(ctx, id)
	if fault.CodeOf(err) == fault.NotFound || err == nil && !record.Done() {
		return nil
	}
	if err != nil {
		return err
	}
	return h.Lake.Delete(ctx, record.Object)
}
