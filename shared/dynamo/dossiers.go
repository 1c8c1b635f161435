package dynamo

import (
	"context"
	"slices"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
)

// DossiersAtOnce is how many customers' dossiers one call reads.
const DossiersAtOnce = batchKeys / 4

// Dossiers reads the dossiers of customers as Dossier does, but without entries and history, eventually consistent, 25 a call: half a read
// unit for each of four items. Of a customer who was absorbed it says by whom, and nothing else.
func (s *Store) Dossiers(ctx context.Context, ids []customer.ID) (all []message.Dossier, err error) {
	defer fault.Wrap(&err, "read the dossiers of %d customers", len(ids))
	all = make([]message.Dossier, 0, len(ids))
	for some := range slices.Chunk(ids, DossiersAtOnce) {
		var list []wanted
		for _, id := range some {
			list = append(list, wanted{table: s.customers, key: customerKey(id), name: string(id)},
				s.wantedRecord(0, ErasedKey(id), nil), s.wantedRecord(0, ProfileKey(id), nil), s.wantedRecord(0, ContactKey(id), nil))
		}
		items, err := s.batchGetAs(ctx, list, false)
		if err != nil {
			return nil, err
		}
		for i, id := range some {
			d := message.Dossier{Person: id}
			if found := items[string(id)]; found != nil {
				rec, err := decodeCustomer(found)
				if err != nil {
					return nil, err
				}
				if d.Scores = rec.Scores; rec.Into != "" {
					all = append(all, message.Dossier{Person: rec.Into})
					continue
				}
				d.Erased = rec.Erased != 0
			}
			if d.Erased || items[list[4*i+1].name] != nil {
				all = append(all, message.Dossier{Erased: true})
				continue
			}
			if d.Profile, err = decodeProfile(items[list[4*i+2].name]); err == nil {
				d.Contact, err = decodeContact(items[list[4*i+3].name])
			}
			if err != nil {
				return nil, err
			}
			all = append(all, d)
		}
	}
	return all, nil
}

// SuppressedAmong reports of each address whether it must not be sent to, eventually consistent, 100 a call: half a read unit
// each.
func (s *Store) SuppressedAmong(ctx context.Context, addresses []message.Address) (suppressed []bool, err error) {
	defer fault.Wrap(&err, "look up %d suppressions", len(addresses))
	suppressed = make([]bool, 0, len(addresses))
	for some := range slices.Chunk(addresses, batchKeys) {
		list := make([]wanted, len(some))
		for i, a := range some {
			list[i] = s.wantedRecord(0, SuppressionKey(string(a.Channel), a.Address), nil)
		}
		items, err := s.batchGetAs(ctx, list, false)
		if err != nil {
			return nil, err
		}
		for i := range list {
			suppressed = append(suppressed, suppressionOf(items[list[i].name]).Holds())
		}
	}
	return suppressed, nil
}
