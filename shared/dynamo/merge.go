package dynamo

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/fold"
)

// attrLeaf marks the note of an absorbed customer who has absorbed nobody.
const attrLeaf = "leaf"

// Merge makes one customer stand for another in one transaction: both items, the survivor's note of whom it absorbed,
// and its traits and contact record where they change; 2 write units a KB begun of each. Records stay where they are.
// Each is on condition that it has not moved since the version before its own; where one has, it returns Conflict, and
// nothing is written.
func (s *Store) Merge(ctx context.Context, m *fold.Merge) (err error) {
	defer fault.Wrap(&err, "write merged customers")
	u, condition := customerUpdate(&m.Survivor, m.Survivor.Version-1)
	u.setList(attrAbsorbed, m.Survivor.Absorbed)
	absorbed, absorbedCondition := absorbedUpdate(&m.Absorbed)
	note := attributes(AbsorbedKey(m.Survivor.ID, m.Absorbed.ID))
	if m.Absorbed.Version == 1 { // it was not there before, so that it has absorbed nobody, and from now on will not
		note[attrLeaf] = &types.AttributeValueMemberBOOL{Value: true}
	}
	items := []types.TransactWriteItem{
		s.updateOf(m.Survivor.ID, u, condition),
		s.updateOf(m.Absorbed.ID, absorbed, absorbedCondition),
		{Put: &types.Put{TableName: &s.records, Item: note}},
	}
	if m.Profile != nil {
		put, err := s.putProfile(m.Survivor.ID, m.Profile)
		if err != nil {
			return err
		}
		items = append(items, types.TransactWriteItem{Put: put})
	}
	if m.Contact != nil {
		contact, err := s.contactUpdate(m.Survivor.ID, m.Contact)
		if err != nil {
			return err
		}
		items = append(items, types.TransactWriteItem{Update: contact})
	}
	return s.transact(ctx, items)
}

// absorbedUpdate leaves of an item the way to who absorbed it, its key and what it remembers.
func absorbedUpdate(rec *customer.Record) (u *update, condition string) {
	u = newUpdate()
	u.set(attrVersion, number(rec.Version))
	u.set(attrInto, text(string(rec.Into)))
	u.setList(attrVia, rec.Via)
	u.setBytes(attrKey, rec.Key[:])
	u.setBytes(attrIDs, rec.IDs.Bytes())
	for _, attr := range []string{attrHistory, attrActivity, attrSigns, attrSeen, attrLast, attrAbsorbed,
		attrR, attrF, attrM, attrSegment, attrRisk, attrLabels, attrRun} {
		u.remove(attr)
	}
	return u, u.ifVersion(attrID, rec.Version-1)
}

// Shorten writes an absorbed item's way to the one that stands for it, on condition that it has not moved since the
// version before; one write unit.
func (s *Store) Shorten(ctx context.Context, rec *customer.Record) (err error) {
	defer fault.Wrap(&err, "shorten the way to a merged customer")
	u, condition := absorbedUpdate(rec)
	return s.update(ctx, rec.ID, u, condition)
}

// Root reads the item that stands for a customer: its own, or that of whom it was absorbed by, strongly consistent. One
// that is not known is a record with the ID and Version 0. It returns Gone where the customer was erased.
func (s *Store) Root(ctx context.Context, id customer.ID) (rec customer.Record, err error) {
	defer fault.Wrap(&err, "read customer")
	states, errs := s.Load(ctx, []fold.Want{{Customer: id}})
	switch {
	case errs[0] != nil:
		return customer.Record{}, errs[0]
	case states[0].Erased:
		return customer.Record{}, fault.New(fault.Gone, "the customer was erased")
	}
	return states[0].Customer, nil
}

// Absorbed lists all whom a customer absorbed, those whom they had absorbed before included, strongly consistent: one
// query for the customer and one for each of them who may have absorbed others. Records of the customer stand under all
// of these ids.
func (s *Store) Absorbed(ctx context.Context, id customer.ID) (all []customer.ID, err error) {
	defer fault.Wrap(&err, "list whom a customer absorbed")
	notes, err := s.absorbed(ctx, id)
	for _, n := range notes {
		all = append(all, n.absorbed)
	}
	return all, err
}

// AbsorbedAmong reports of each customer whether another stands for it, eventually consistent, 100 a call: half a read unit for every
// 4 KB begun of an item.
func (s *Store) AbsorbedAmong(ctx context.Context, ids []customer.ID) (absorbed []bool, err error) {
	defer fault.Wrap(&err, "look which of %d customers were absorbed", len(ids))
	absorbed = make([]bool, 0, len(ids))
	for some := range slices.Chunk(ids, batchKeys) {
		list := make([]wanted, len(some))
		for i, id := range some {
			list[i] = wanted{table: s.customers, key: customerKey(id), name: string(id)}
		}
		items, err := s.batchGetAs(ctx, list, false)
		if err != nil {
			return nil, err
		}
		for _, id := range some {
			absorbed = append(absorbed, items[string(id)][attrInto] != nil)
		}
	}
	return absorbed, nil
}

// absorption is a note of whom a customer absorbed.
type absorption struct{ by, absorbed customer.ID }

// absorbedAtOnce is of how many customers the notes are read at once: whoever may send events may make one that has absorbed thousands.
const absorbedAtOnce = 16

// absorbed reads the notes, each after that of who absorbed it.
func (s *Store) absorbed(ctx context.Context, id customer.ID) (notes []absorption, err error) {
	seen := map[customer.ID]bool{id: true}
	for from := []customer.ID{id}; len(from) > 0; {
		found := make([][]map[string]types.AttributeValue, len(from))
		g, within := errgroup.WithContext(ctx)
		g.SetLimit(absorbedAtOnce)
		for i, by := range from {
			g.Go(func() error {
				return s.pages(within, s.family(customerPK(by), absorbedPrefix), func(items []map[string]types.AttributeValue) error {
					found[i] = append(found[i], items...)
					return nil
				})
			})
		}
		if err := g.Wait(); err != nil {
			return nil, err
		}
		var next []customer.ID
		for i, by := range from {
			for _, item := range found[i] {
				absorbed := customer.ID(textOf(item["sk"])[len(absorbedPrefix):])
				if seen[absorbed] {
					continue
				}
				seen[absorbed] = true
				notes = append(notes, absorption{by, absorbed})
				if item[attrLeaf] == nil {
					next = append(next, absorbed)
				}
			}
		}
		from = next
	}
	return notes, nil
}
