package dynamo

import (
	"context"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

// Group reads the traits of a group that customers belong to, strongly consistent. Where there are none yet, Version is
// 0.
func (s *Store) Group(ctx context.Context, id string) (p customer.Profile, err error) {
	defer fault.Wrap(&err, "read group")
	return s.traits(ctx, GroupKey(id))
}

// PutGroup writes the traits of a group. Version is that of the new ones; it returns Conflict where the stored ones are
// not at the version before.
func (s *Store) PutGroup(ctx context.Context, id string, p *customer.Profile) (err error) {
	defer fault.Wrap(&err, "write group")
	return s.putTraits(ctx, GroupKey(id), p)
}
