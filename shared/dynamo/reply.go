package dynamo

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/consent"
	"liuke/shared/fault"
	"liuke/shared/message"
)

// replyDays is for how long an answer to a message finds it.
const replyDays = 30

// The attributes of a suppression by words: when it was asked for last, and when it was taken back, Unix milliseconds; and the
// words that tell it, by which those that come again are known, as JSON.
const (
	attrWords   = "words"
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

// sayTries is how often a word is noted anew where another one of the same address came between.
const sayTries = 5

// Say notes that the owner of an address asked by a word for no more messages, or took that back, and returns when the word was
// said first: it may have come before with an earlier time. One read, and one write unit where it is news.
func (s *Store) Say(ctx context.Context, channel message.Channel, address string, word consent.Word) (first time.Time, err error) {
	defer fault.Wrap(&err, "note a word on messages")
	key := SuppressionKey(string(channel), address)
	for try := 1; ; try++ {
		item, err := s.getRecord(ctx, key)
		if err != nil {
			return first, err
		}
		words, err := wordsOf(item)
		if err != nil {
			return first, err
		}
		first, changed := words.Hear(word)
		if !changed {
			return first, nil
		}
		if err = s.putWords(ctx, key, &words, textOf(item[attrWords])); err == nil || try == sayTries || fault.CodeOf(err) != fault.Conflict {
			return first, err
		}
	}
}

// wordsOf are those of a suppression, none where nobody has said any.
func wordsOf(item map[string]types.AttributeValue) (w consent.Words, err error) {
	raw := textOf(item[attrWords])
	if raw == "" {
		return w, nil
	}
	return w, fault.As(json.Unmarshal([]byte(raw), &w), fault.Internal, "decode the words on messages")
}

// putWords writes the words of a suppression, on condition that they are as they were read.
func (s *Store) putWords(ctx context.Context, key Key, words *consent.Words, before string) error {
	raw, err := json.Marshal(words)
	if err != nil {
		return fault.As(err, fault.Internal, "encode the words on messages")
	}
	stopped, resumed := words.Last()
	in := &dynamodb.UpdateItemInput{
		TableName: &s.records, Key: attributes(key),
		UpdateExpression:         aws.String("SET #words = :words, #stop = :stop, #start = :start"),
		ConditionExpression:      aws.String("attribute_not_exists(#words)"),
		ExpressionAttributeNames: map[string]string{"#words": attrWords, "#stop": attrStopped, "#start": attrResumed},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":words": text(string(raw)), ":stop": number(stopped), ":start": number(resumed),
		},
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	}
	if before != "" {
		in.ConditionExpression, in.ExpressionAttributeValues[":before"] = aws.String("#words = :before"), text(before)
	}
	out, err := s.db().UpdateItem(ctx, in)
	if err != nil {
		return classify(err)
	}
	countWrite(ctx, one(out.ConsumedCapacity)...)
	return nil
}

// suppressionOf is what a suppression says: a reason, or a word that was not taken back since.
func suppressionOf(item map[string]types.AttributeValue) (s message.Suppression) {
	if item[attrEntryReason] != nil {
		s.Reason, s.Since = textOf(item[attrEntryReason]), time.UnixMilli(numberOf(item[attrSince])).UTC()
	}
	if stopped := numberOf(item[attrStopped]); stopped > 0 && stopped >= numberOf(item[attrResumed]) {
		s.Stopped = time.UnixMilli(stopped).UTC()
	}
	return s
}
