package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/fold"
	"liuke/shared/order"
)

// Write writes what a fold changes, each item on condition that it has not moved since the version before its own: the
// customer's alone as an update (1 write unit a KB begun), with orders as a transaction (2 a KB begun of each). Traits
// that were stored before are written ahead of it, alone; the first ones belong to the transaction, so that none come
// to be without the customer's item, as after an erasure. Records of consent go with the traits, as a transaction (2 more
// a KB begun of each), so that there is one a change whatever comes between. It returns Conflict where something has moved; then nothing
// is written but those traits perhaps, of which the fold that follows is told the same.
func (s *Store) Write(ctx context.Context, w *fold.Write) (err error) {
	defer fault.Wrap(&err, "write customer")
	more, err := s.consentUpdates(w.Customer.ID, w.Consents)
	if err != nil {
		return err
	}
	if w.Profile != nil && (w.Profile.Version == 1 || len(more) > 0) {
		put, err := s.putProfile(w.Customer.ID, w.Profile)
		if err != nil {
			return err
		}
		more = append(more, types.TransactWriteItem{Put: put})
	}
	switch {
	case w.Profile == nil || w.Profile.Version == 1:
	case len(more) > 0:
		err, more = s.transact(ctx, more), nil
	default:
		err = s.PutProfile(ctx, w.Customer.ID, w.Profile)
	}
	if err != nil {
		return err
	}
	return s.commit(ctx, w.Customer, w.Orders, more)
}

// Commit writes a customer's item and orders as Write does.
func (s *Store) Commit(ctx context.Context, rec *customer.Record, orders []order.Record) (err error) {
	defer fault.Wrap(&err, "write customer")
	return s.commit(ctx, rec, orders, nil)
}

// commit writes a customer's item, its orders, and what else belongs to the transaction. It never touches what
// recalculations write.
func (s *Store) commit(ctx context.Context, rec *customer.Record, orders []order.Record, more []types.TransactWriteItem) error {
	if len(orders)+len(more) == 0 {
		return s.updateCustomer(ctx, rec, rec.Version-1)
	}
	u, condition := customerUpdate(rec, rec.Version-1)
	items := []types.TransactWriteItem{s.updateOf(rec.ID, u, condition)}
	for i := range orders {
		items = append(items, types.TransactWriteItem{Put: s.putOrder(rec.ID, &orders[i])})
	}
	return s.transact(ctx, append(items, more...))
}

// updateOf is an update of a customer's item as part of a transaction.
func (s *Store) updateOf(id customer.ID, u *update, condition string) types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{
		TableName:                 &s.customers,
		Key:                       customerKey(id),
		UpdateExpression:          u.expression(),
		ConditionExpression:       &condition,
		ExpressionAttributeNames:  u.names,
		ExpressionAttributeValues: u.values,
	}}
}
