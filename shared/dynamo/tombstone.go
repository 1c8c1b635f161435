package dynamo

import (
	"context"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

// ErasedAmong tells which of the customers were erased, strongly consistent: a read unit for each of them, 100 a call.
func (s *Store) ErasedAmong(ctx context.Context, ids []customer.ID) (erased map[customer.ID]bool, err error) {
	defer fault.Wrap(&err, "read which customers were erased")
	var all []wanted
	seen := map[customer.ID]bool{}
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			all = append(all, s.wantedRecord(0, ErasedKey(id), nil))
		}
	}
	found := map[string]bool{}
	for len(all) > 0 {
		n := min(len(all), batchKeys)
		items, err := s.batchGet(ctx, all[:n])
		if err != nil {
			return nil, err
		}
		for name := range items {
			found[name] = true
		}
		all = all[n:]
	}
	erased = map[customer.ID]bool{}
	for id := range seen {
		if found[s.wantedRecord(0, ErasedKey(id), nil).name] {
			erased[id] = true
		}
	}
	return erased, nil
}
