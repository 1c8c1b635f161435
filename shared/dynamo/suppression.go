package dynamo

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/fault"
	"liuke/shared/message"
)

// The attributes of a suppression. It holds no address: its key has the address hashed. The reason is an entry's attribute.
const attrSince = "since" // Unix milliseconds

// Suppressed reports whether an address must not be sent to, strongly consistent.
func (s *Store) Suppressed(ctx context.Context, channel message.Channel, address string) (bool, error) {
	found, err := s.Suppression(ctx, channel, address)
	return found.Holds(), err
}

// Suppression reads why an address must not be sent to, strongly consistent; the zero value of one that may.
func (s *Store) Suppression(ctx context.Context, channel message.Channel, address string) (_ message.Suppression, err error) {
	defer fault.Wrap(&err, "look up a suppression")
	out, err := s.db().GetItem(ctx, &dynamodb.GetItemInput{
		TableName:              &s.records,
		Key:                    attributes(SuppressionKey(string(channel), address)),
		ConsistentRead:         aws.Bool(true),
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return message.Suppression{}, classify(err)
	}
	countRead(ctx, one(out.ConsumedCapacity)...)
	return suppressionOf(out.Item), nil
}

// Suppress lists an address as one that must not be sent to, for a reason such as message.SuppressedBounce. The first reason and time
// stay. One write unit.
func (s *Store) Suppress(ctx context.Context, channel message.Channel, address, reason string, since time.Time) (err error) {
	defer fault.Wrap(&err, "suppress an address")
	out, err := s.db().UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &s.records,
		Key:                       attributes(SuppressionKey(string(channel), address)),
		UpdateExpression:          aws.String("SET #why = if_not_exists(#why, :why), #since = if_not_exists(#since, :since)"),
		ExpressionAttributeNames:  map[string]string{"#why": attrEntryReason, "#since": attrSince},
		ExpressionAttributeValues: map[string]types.AttributeValue{":why": text(reason), ":since": number(since.UnixMilli())},
		ReturnConsumedCapacity:    types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return classify(err)
	}
	countWrite(ctx, one(out.ConsumedCapacity)...)
	return nil
}
