package dynamo

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

// stubDays is for how long a stub stands where an erased customer's item was: longer than any message is kept in a
// queue or its dead letters, so that no fold that began before the erasure can end after the stub is gone.
const stubDays = 15

// attrPseudonym is of a stub alone, until the key that it names is deleted.
const attrPseudonym = "p"

// Erase erases the person whom an id names: the customer that stands for it and all whom that has absorbed. What is
// left for good is the fact, under a hash of each id (see Erased), which keeps late events out; and what does not stand
// under the customer, such as the suppression of a hashed address. Their keys are deleted, so that what the lake has
// sealed by them cannot be read any more. It can be repeated with the same id, and carries on where it was broken off,
// by an error or at any moment; an id that is not known is erased all the same. While it is under way, folds of the person's events conflict, and then drop them.
//
// It returns nil only once everything is done: until then some may be left.
func (s *Store) Erase(ctx context.Context, id customer.ID, now time.Time) (err error) {
	defer fault.Wrap(&err, "erase customer")
	root, err := s.bury(ctx, id, now)
	if err != nil {
		return err
	}
	// Since the survivor's item is a stub, it absorbs nobody any more: who is listed now are all.
	absorbed, err := s.Absorbed(ctx, root)
	if err != nil {
		return err
	}
	all := append([]customer.ID{root}, absorbed...)
	for _, c := range all {
		if _, err := s.stub(ctx, c, now); err != nil {
			return err
		}
	}
	for _, c := range all {
		if err := s.clear(ctx, c); err != nil {
			return err
		}
	}
	// The list of whom a customer absorbed goes once their stubs say nothing any more, its own after theirs; and the
	// stub of the id that was asked for last of all, for it leads a repetition to the survivor.
	for _, c := range slices.Backward(all) {
		if err := s.deleteRecords(ctx, c, absorbedPrefix); err != nil {
			return err
		}
		if c != id {
			if err := s.finish(ctx, c); err != nil {
				return err
			}
		}
	}
	return s.finish(ctx, id)
}

// Erased reports whether a customer was erased, strongly consistent; one read unit.
func (s *Store) Erased(ctx context.Context, id customer.ID) (erased bool, err error) {
	defer fault.Wrap(&err, "read whether a customer was erased")
	item, err := s.getRecord(ctx, ErasedKey(id))
	return len(item) > 0, err
}

// bury notes that the person of an id is erased and puts a stub in the place of the item that stands for it. It returns
// whose that is.
func (s *Store) bury(ctx context.Context, id customer.ID, now time.Time) (root customer.ID, err error) {
	root = id
	for range maxRounds {
		into, err := s.stub(ctx, root, now)
		if err != nil {
			return "", err
		}
		if into == "" {
			return root, nil
		}
		root = into
	}
	return "", fault.New(fault.Internal, "the way to who absorbed the customer does not end")
}

// stub notes that a customer is erased and then puts a stub in the place of its item. The stub keeps the name of its key
// and whom it was absorbed by, which it returns, until all is done.
func (s *Store) stub(ctx context.Context, id customer.ID, now time.Time) (into customer.ID, err error) {
	if err := s.note(ctx, id, now); err != nil {
		return "", err
	}
	for attempt := 0; ; attempt++ {
		rec, err := s.Customer(ctx, id)
		if err != nil || rec.Erased != 0 {
			return rec.Into, err
		}
		item := customerKey(id)
		item[attrErased] = number(now.Unix())
		item[attrExpires] = number(now.AddDate(0, 0, stubDays).Unix())
		if rec.Into != "" {
			item[attrInto] = text(string(rec.Into))
		}
		if !rec.Key.IsZero() {
			item[attrPseudonym] = text(rec.Key.Pseudonym())
		}
		in := &dynamodb.PutItemInput{TableName: &s.customers, Item: item, ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal}
		u := newUpdate()
		in.ConditionExpression = aws.String(u.ifVersion(attrID, rec.Version))
		in.ExpressionAttributeNames, in.ExpressionAttributeValues = u.names, u.values
		if rec.Version == 0 {
			delete(u.names, "#"+attrVersion)
			in.ExpressionAttributeValues = nil
		}
		out, err := s.db().PutItem(ctx, in)
		if err == nil {
			countWrite(ctx, one(out.ConsumedCapacity)...)
			return rec.Into, nil
		}
		if err := classify(err); fault.CodeOf(err) != fault.Conflict || attempt == stubAttempts {
			return "", err
		}
	}
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

// clear deletes the key that a customer's stub names, and all of its records but the list of whom it absorbed.
func (s *Store) clear(ctx context.Context, id customer.ID) error {
	out, err := s.db().GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.customers, Key: customerKey(id), ConsistentRead: aws.Bool(true),
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return classify(err)
	}
	countRead(ctx, one(out.ConsumedCapacity)...)
	if pseudonym := textOf(out.Item[attrPseudonym]); pseudonym != "" {
		if err := s.deleteKeys(ctx, []Key{SealKey(pseudonym)}); err != nil {
			return err
		}
	}
	return s.deleteRecords(ctx, id, "")
}

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

// deleteRecords deletes the records of a customer whose sort key begins with the prefix; "" is all but the list of whom
// the customer absorbed.
func (s *Store) deleteRecords(ctx context.Context, id customer.ID, prefix string) error {
	in := &dynamodb.QueryInput{
		TableName:                 &s.records,
		KeyConditionExpression:    aws.String("pk = :pk"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":pk": text(customerPK(id))},
	}
	if prefix != "" {
		in = s.family(customerPK(id), prefix)
	}
	in.ConsistentRead = aws.Bool(true)
	in.ProjectionExpression = aws.String("pk, sk")
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	return s.pages(ctx, in, func(items []map[string]types.AttributeValue) error {
		var keys []Key
		for _, item := range items {
			if k := (Key{textOf(item["pk"]), textOf(item["sk"])}); prefix != "" || !strings.HasPrefix(k.SK, absorbedPrefix) {
				keys = append(keys, k)
			}
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
