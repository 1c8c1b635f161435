package dynamo

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/survey"
)

// stubDays is for how long a stub stands where an erased customer's item was: longer than any message is kept in a
// queue or its dead letters, so that no fold that began before the erasure can end after the stub is gone.
const stubDays = 15

// attrPseudonym is of a stub alone, until the key that it names is deleted.
const attrPseudonym = "p"

// Erase erases the person whom an id names: the customer that stands for it and all whom that has absorbed. What is
// left for good is the fact, under a hash of each id (see Erased), which keeps late events out; and what does not stand
// under the customer, such as the suppression of a hashed address. Their keys are deleted, so that what the lake has
// sealed by them cannot be read any more. An id that is not known is erased all the same. While it is under way, folds of
// the person's events conflict, and then drop them.
//
// It returns nil only once everything is done. Until then it can be repeated with the same id, after an error or after
// being broken off at any moment, and carries on where it was: some ten calls for each whom the customer absorbed.
func (s *Store) Erase(ctx context.Context, id customer.ID, now time.Time) (err error) {
	defer fault.Wrap(&err, "erase customer")
	root, err := s.bury(ctx, id, now)
	if err != nil {
		return err
	}
	// Since the survivor's item is a stub, it absorbs nobody any more: who is listed now are all.
	notes, err := s.absorbed(ctx, root)
	if err != nil {
		return err
	}
	// Each is erased whole before the note of it goes, those first whom others had absorbed.
	for _, n := range slices.Backward(notes) {
		if err := s.eraseOne(ctx, n.absorbed, id, now); err != nil {
			return err
		}
		if err := s.deleteKeys(ctx, []Key{AbsorbedKey(n.by, n.absorbed)}); err != nil {
			return err
		}
	}
	if err := s.eraseOne(ctx, root, id, now); err != nil {
		return err
	}
	return s.finish(ctx, id) // last of all, for it leads a repetition to the survivor
}

// eraseOne erases what stands under one id. The stub of the id that was asked for goes on leading to the survivor.
func (s *Store) eraseOne(ctx context.Context, id, asked customer.ID, now time.Time) error {
	st, err := s.stub(ctx, id, now)
	if err != nil {
		return err
	}
	if st.pseudonym != "" {
		if err := s.deleteKeys(ctx, []Key{SealKey(st.pseudonym)}); err != nil {
			return err
		}
	}
	if err := s.deleteRecords(ctx, id, now); err != nil || id == asked {
		return err
	}
	return s.finish(ctx, id)
}

// Erased reports whether a customer was erased, strongly consistent; one read unit.
func (s *Store) Erased(ctx context.Context, id customer.ID) (erased bool, err error) {
	defer fault.Wrap(&err, "read whether a customer was erased")
	item, err := s.getRecord(ctx, ErasedKey(id))
	return len(item) > 0, err
}

// bury notes that the person of an id is erased and puts stubs in the place of its item and of the one that stands for
// it. It returns whose that is.
func (s *Store) bury(ctx context.Context, id customer.ID, now time.Time) (root customer.ID, err error) {
	root = id
	for hop := range maxRounds {
		st, err := s.stub(ctx, root, now)
		switch {
		case err != nil:
			return "", err
		case st.into != "":
			root = st.into
			continue
		case hop > 1: // those on the way are erased before the survivor is
			return root, s.point(ctx, id, root)
		}
		return root, nil
	}
	return "", fault.New(fault.Internal, "the way to who absorbed the customer does not end")
}

// stub is what stands where an erased customer's item was. Until all is done it says whom the customer was absorbed by
// and under which pseudonym its key is kept.
type stub struct {
	into      customer.ID
	pseudonym string
}

// stub notes that a customer is erased and then puts a stub in the place of its item, unless there is one.
func (s *Store) stub(ctx context.Context, id customer.ID, now time.Time) (st stub, err error) {
	if err := s.note(ctx, id, now); err != nil {
		return stub{}, err
	}
	for attempt := 0; ; attempt++ {
		out, err := s.db().GetItem(ctx, &dynamodb.GetItemInput{
			TableName: &s.customers, Key: customerKey(id), ConsistentRead: aws.Bool(true),
			ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
		})
		if err != nil {
			return stub{}, classify(err)
		}
		countRead(ctx, one(out.ConsumedCapacity)...)
		st = stub{customer.ID(textOf(out.Item[attrInto])), textOf(out.Item[attrPseudonym])}
		if out.Item[attrErased] != nil {
			return st, nil
		}
		k, err := customer.KeyOf(bytesOf(out.Item[attrKey]))
		if err != nil {
			return stub{}, err
		}
		if !k.IsZero() {
			st.pseudonym = k.Pseudonym()
		}
		err = s.putStub(ctx, id, st, numberOf(out.Item[attrVersion]), now)
		if fault.CodeOf(err) != fault.Conflict || attempt == stubAttempts {
			return st, err
		}
	}
}

// putStub puts a stub in the place of an item, on condition that it is still at the version that was read.
func (s *Store) putStub(ctx context.Context, id customer.ID, st stub, version int64, now time.Time) error {
	item := customerKey(id)
	item[attrErased] = number(now.Unix())
	item[attrExpires] = number(now.AddDate(0, 0, stubDays).Unix())
	if st.into != "" {
		item[attrInto] = text(string(st.into))
	}
	if st.pseudonym != "" {
		item[attrPseudonym] = text(st.pseudonym)
	}
	in := &dynamodb.PutItemInput{
		TableName: &s.customers, Item: item, ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
		ConditionExpression: aws.String("attribute_not_exists(id)"),
	}
	if version != 0 {
		in.ConditionExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues = ifUnmoved(version)
	}
	out, err := s.db().PutItem(ctx, in)
	if err != nil {
		return classify(err)
	}
	countWrite(ctx, one(out.ConsumedCapacity)...)
	return nil
}

// point lets a stub lead to the survivor at once.
func (s *Store) point(ctx context.Context, id, root customer.ID) error {
	u := newUpdate()
	u.set(attrInto, text(string(root)))
	u.names["#"+attrErased] = attrErased
	return s.update(ctx, id, u, "attribute_exists(#"+attrErased+")")
}

// stubAttempts is how often a customer that moves is read again at once.
const stubAttempts = 8

// note writes the fact of an erasure; the first time that was written stands.
func (s *Store) note(ctx context.Context, id customer.ID, now time.Time) error {
	out, err := s.db().UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &s.records,
		Key:                       attributes(ErasedKey(id)),
		UpdateExpression:          aws.String("SET #at = if_not_exists(#at, :at)"),
		ExpressionAttributeNames:  map[string]string{"#at": attrErasedAt},
		ExpressionAttributeValues: map[string]types.AttributeValue{":at": number(now.Unix())},
		ReturnConsumedCapacity:    types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return classify(err)
	}
	countWrite(ctx, one(out.ConsumedCapacity)...)
	return nil
}

// attrErasedAt is when an erasure was asked for, Unix seconds.
const attrErasedAt = "at"

// finish leaves a stub that says nothing but that the customer was erased.
func (s *Store) finish(ctx context.Context, id customer.ID) error {
	out, err := s.db().UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                &s.customers,
		Key:                      customerKey(id),
		UpdateExpression:         aws.String("REMOVE #p, #into"),
		ConditionExpression:      aws.String("attribute_exists(#erased)"),
		ExpressionAttributeNames: map[string]string{"#p": attrPseudonym, "#into": attrInto, "#erased": attrErased},
		ReturnConsumedCapacity:   types.ReturnConsumedCapacityTotal,
	})
	if err = classify(err); fault.CodeOf(err) == fault.Conflict {
		return nil // the stub has expired
	}
	if err != nil {
		return err
	}
	countWrite(ctx, one(out.ConsumedCapacity)...)
	return nil
}

// deleteRecords deletes all records that stand under a customer. The hours in which those are counted that are counted by
// the hour are marked before, so that they are counted anew without.
func (s *Store) deleteRecords(ctx context.Context, id customer.ID, now time.Time) error {
	in := &dynamodb.QueryInput{
		TableName:                 &s.records,
		KeyConditionExpression:    aws.String("pk = :pk"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":pk": text(customerPK(id))},
		ProjectionExpression:      aws.String("pk, sk, ipk"),
		ConsistentRead:            aws.Bool(true),
		ReturnConsumedCapacity:    types.ReturnConsumedCapacityTotal,
	}
	return s.pages(ctx, in, func(items []map[string]types.AttributeValue) error {
		keys := make([]Key, len(items))
		var hours []survey.Hour
		for i, item := range items {
			keys[i] = Key{textOf(item["pk"]), textOf(item["sk"])}
			if h, ok := hourOfIndex(textOf(item[attrIPK])); ok && !slices.Contains(hours, h) {
				hours = append(hours, h)
			}
		}
		if err := s.MarkHours(ctx, now, hours...); err != nil {
			return err
		}
		return s.deleteKeys(ctx, keys)
	})
}

// batchWrites is how many items DynamoDB deletes in one BatchWriteItem.
const batchWrites = 25

// deleteKeys deletes items of Records, 25 a call, one write unit a KB begun each. What a call leaves undone is done
// again as long as there is progress; then it is Throttled.
func (s *Store) deleteKeys(ctx context.Context, keys []Key) error {
	for chunk := range slices.Chunk(keys, batchWrites) {
		requests := make([]types.WriteRequest, len(chunk))
		for i, k := range chunk {
			requests[i].DeleteRequest = &types.DeleteRequest{Key: attributes(k)}
		}
		for len(requests) > 0 {
			out, err := s.db().BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{
				RequestItems:           map[string][]types.WriteRequest{s.records: requests},
				ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
			})
			if err != nil {
				return classify(err)
			}
			countWrite(ctx, out.ConsumedCapacity...)
			left := out.UnprocessedItems[s.records]
			if len(left) == len(requests) {
				return fault.New(fault.Throttled, "the table asks for a slower pace")
			}
			requests = left
		}
	}
	return nil
}

// pages queries page by page.
func (s *Store) pages(ctx context.Context, in *dynamodb.QueryInput, take func([]map[string]types.AttributeValue) error) error {
	for more := true; more; more = len(in.ExclusiveStartKey) > 0 {
		page, err := s.db().Query(ctx, in)
		if err != nil {
			return classify(err)
		}
		countRead(ctx, one(page.ConsumedCapacity)...)
		if err := take(page.Items); err != nil {
			return err
		}
		in.ExclusiveStartKey = page.LastEvaluatedKey
	}
	return nil
}
