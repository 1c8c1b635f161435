package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
)

// WriteUncounted writes the step by which an entry that was claimed is not sent, and the person's contact record that counts it
// no more (see message.Contact.Uncount), in one transaction: four write units, and two for each of the budget's counters that
// the step changes. Each is written on condition that it has not moved, as by Claim. It returns the entry with its new revision,
// or Conflict where either has moved; then nothing is written.
func (s *Store) WriteUncounted(ctx context.Context, person customer.ID, e message.Entry, c message.Contact) (_ message.Entry, err error) {
	defer fault.Wrap(&err, "write a ledger entry that counts no more")
	contact, err := s.contactUpdate(person, &c)
	if err != nil {
		return e, err
	}
	if err := s.transact(ctx, append(s.entryItems(&e), types.TransactWriteItem{Update: contact})); err != nil {
		return e, err
	}
	e.Revision++
	e.Changes = nil
	return e, nil
}
