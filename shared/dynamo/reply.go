package dynamo

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/fault"
	"liuke/shared/message"
)

// replyDays is for how long an answer to a message finds it.
const replyDays = 30

// The attributes of a suppression by a word: when it was said last, and when it was taken back, Unix milliseconds.
const (
	attrStopped = "stop"
	attrResumed = "start"
)

// ReplyKey is which message an answer is to, by the provider's id of it.
func ReplyKey(provider string) Key {
	sum := sha256.Sum256([]byte(provider))
	return Key{"REPLY#" + base32Lower(sum[:20]), "REPLY"}
}

// PutReply keeps a message's opaque id by the provider's own for replyDays; one write unit. It names nobody: the opaque id is
// sealed.
func (s *Store) PutReply(ctx context.Context, provider, entry string, at time.Time) (err error) {
	defer fault.Wrap(&err, "keep a message for its answer")
	item := attributes(ReplyKey(provider))
	item["entry"] = text(entry)
	item[attrExpires] = number(at.AddDate(0, 0, replyDays).Unix())
	return s.putRecord(ctx, item, nil)
}

// Reply returns what PutReply kept, "" where there is nothing.
func (s *Store) Reply(ctx context.Context, provider string) (entry string, err error) {
	defer fault.Wrap(&err, "find the message of an answer")
	item, err := s.getRecord(ctx, ReplyKey(provider))
	return textOf(item["entry"]), err
}

// Say notes that an address asked by a word at a time for no more messages, or took that back; one write unit. The last word
// of each kind stays, in whatever order they come.
func (s *Store) Say(ctx context.Context, channel message.Channel, address string, stop bool, at time.Time) (err error) {
	defer fault.Wrap(&err, "note a word on messages")
	name := attrResumed
	if stop {
		name = attrStopped
	}
	out, err := s.db().UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &s.records,
		Key:                       attributes(SuppressionKey(string(channel), address)),
		UpdateExpression:          aws.String("SET #at = :at"),
		ConditionExpression:       aws.String("attribute_not_exists(#at) OR #at < :at"),
		ExpressionAttributeNames:  map[string]string{"#at": name},
		ExpressionAttributeValues: map[string]types.AttributeValue{":at": number(at.UnixMilli())},
		ReturnConsumedCapacity:    types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return unlessConflict(classify(err))
	}
	countWrite(ctx, one(out.ConsumedCapacity)...)
	return nil
}

// stops reports whether a suppression holds: for a reason, or by a word that was not taken back since.
func stops(item map[string]types.AttributeValue) bool {
	return item[attrEntryReason] != nil || item[attrStopped] != nil && numberOf(item[attrStopped]) >= numberOf(item[attrResumed])
}
