package dynamo

import (
	"context"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/fold"
	"liuke/shared/message"
)

// Dossier reads what is wanted of a customer, strongly consistent, in one call: a read unit for each of the customer's
// item, the note of its erasure, profile, contact record and entry (of up to 4 KB), stored or not. A customer that was
// absorbed takes another call and three units more, for the one that stands for it. Whoever writes on what it says has
// no more than that the person was not erased then: what is written in the moment of an erasure goes when that is
// repeated.
func (s *Store) Dossier(ctx context.Context, w message.Wanted) (d message.Dossier, err error) {
	defer fault.Wrap(&err, "read a customer's dossier")
	want := func(k Key) wanted { return s.wantedRecord(0, k, nil) }
	item := wanted{table: s.customers, key: customerKey(w.Customer), name: string(w.Customer)}
	erased, profile, contact := want(ErasedKey(w.Customer)), want(ProfileKey(w.Customer)), want(ContactKey(w.Customer))
	list := []wanted{item, erased, profile, contact}
	for _, id := range w.Entries {
		list = append(list, want(MessageKey(w.Customer, id)))
	}
	items, err := s.batchGet(ctx, list)
	if err != nil {
		return d, err
	}
	rec := customer.Record{ID: w.Customer}
	if found := items[item.name]; found != nil {
		if rec, err = decodeCustomer(found); err != nil {
			return d, err
		}
	}
	switch {
	case rec.Erased != 0 || items[erased.name] != nil:
		return message.Dossier{Erased: true}, nil
	case rec.Into != "":
		if d, err = s.person(ctx, rec.Into); err != nil || d.Erased {
			return d, err
		}
	default:
		d.Person, d.Scores, d.History = rec.ID, rec.Scores, rec.History
		if d.Profile, err = decodeProfile(items[profile.name]); err != nil {
			return d, err
		}
		if d.Contact, err = decodeContact(items[contact.name]); err != nil {
			return d, err
		}
	}
	d.Entries = make(map[string]message.Entry, len(w.Entries))
	for i, id := range w.Entries {
		if found := items[list[len(list)-len(w.Entries)+i].name]; found != nil {
			d.Entries[id] = decodeEntry(w.Customer, found)
		}
	}
	return d, nil
}

// person reads the part of a dossier that is of who stands for a customer.
func (s *Store) person(ctx context.Context, id customer.ID) (message.Dossier, error) {
	states, errs := s.Load(ctx, []fold.Want{{Customer: id, Profile: true, Contact: true}})
	if errs[0] != nil || states[0].Erased {
		return message.Dossier{Erased: states[0].Erased}, errs[0]
	}
	p := &states[0]
	return message.Dossier{Person: p.Customer.ID, Profile: p.Profile, Scores: p.Customer.Scores, History: p.Customer.History, Contact: p.Contact}, nil
}
