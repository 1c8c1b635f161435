package dynamo

import (
	"context"
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/fault"
	"liuke/shared/signal"
)

// attrSignal is a due item's signal, as JSON text.
const attrSignal = "signal"

// duePage is how many due items are read in one call.
const duePage = 100

// DueItem is a signal that waits for its minute.
type DueItem struct {
	Key    Key
	Signal signal.Signal
}

// PutDue files a signal under the minute when it is due, one write unit a KB begun. The same id for the same minute
// is filed once. The id must be the ledger entry's.
func (s *Store) PutDue(ctx context.Context, minute time.Time, id string, sig signal.Signal) (err error) {
	defer fault.Wrap(&err, "file a signal as due")
	body, err := json.Marshal(sig)
	if err != nil {
		return fault.As(err, fault.Internal, "a signal cannot be encoded")
	}
	item := attributes(DueKey(DueShard(id), minute, id))
	item[attrSignal] = text(string(body))
	out, err := s.db().PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &s.records, Item: item, ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return classify(err)
	}
	countWrite(ctx, one(out.ConsumedCapacity)...)
	return nil
}

// Due reads up to 100 signals of a shard that are due by now, earliest first, strongly consistent. What waits since
// long before is among them, however long the sweep has paused. Call it again after deleting them, until none is left.
func (s *Store) Due(ctx context.Context, shard int, now time.Time) (list []DueItem, err error) {
	defer fault.Wrap(&err, "read what is due")
	from, before := dueThrough(now)
	out, err := s.db().Query(ctx, &dynamodb.QueryInput{
		TableName:              &s.records,
		KeyConditionExpression: aws.String("pk = :pk AND sk BETWEEN :from AND :before"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":pk": text(duePK(shard)), ":from": text(from), ":before": text(before),
		},
		Limit:                  aws.Int32(duePage),
		ConsistentRead:         aws.Bool(true),
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return nil, classify(err)
	}
	countRead(ctx, one(out.ConsumedCapacity)...)
	for _, item := range out.Items {
		d := DueItem{Key: Key{PK: textOf(item["pk"]), SK: textOf(item["sk"])}}
		if err := json.Unmarshal([]byte(textOf(item[attrSignal])), &d.Signal); err != nil {
			return nil, fault.New(fault.Internal, "a due signal is damaged")
		}
		list = append(list, d)
	}
	return list, nil
}

// DeleteDue takes a due item off the file, one write unit.
func (s *Store) DeleteDue(ctx context.Context, k Key) (err error) {
	defer fault.Wrap(&err, "take a due signal off the file")
	out, err := s.db().DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: &s.records, Key: attributes(k), ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return classify(err)
	}
	countWrite(ctx, one(out.ConsumedCapacity)...)
	return nil
}
