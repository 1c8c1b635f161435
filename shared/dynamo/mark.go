package dynamo

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/fault"
	"liuke/shared/survey"
)

// MarkHours marks hours to be counted anew: one write unit each.
func (s *Store) MarkHours(ctx context.Context, now time.Time, hours ...survey.Hour) (err error) {
	defer fault.Wrap(&err, "mark hours to be counted")
	for _, h := range hours {
		item := attributes(MarkKey(h.Survey, h.Begin))
		item[attrMarked] = number(now.UnixMilli())
		if err := s.put(ctx, &dynamodb.PutItemInput{Item: item}); err != nil {
			return err
		}
	}
	return nil
}

const attrMarked = "marked"

// Marks reads the marked hours of a survey, ascending, or of all surveys where it is ""; strongly consistent.
func (s *Store) Marks(ctx context.Context, surveyID string) (all []survey.Mark, err error) {
	defer fault.Wrap(&err, "read which hours are to be counted")
	prefix := ""
	if surveyID != "" {
		prefix = surveyID + "#"
	}
	in := s.family(marksPK, prefix)
	if prefix == "" {
		in.KeyConditionExpression = aws.String("pk = :pk")
		delete(in.ExpressionAttributeValues, ":prefix")
	}
	err = s.pages(ctx, in, func(items []map[string]types.AttributeValue) error {
		for _, item := range items {
			h, ok := hourOf(textOf(item["sk"]))
			if !ok {
				return fault.New(fault.Internal, "a mark is damaged")
			}
			all = append(all, survey.Mark{Hour: h, At: millis(item[attrMarked])})
		}
		return nil
	})
	return all, err
}

// Unmark takes a mark away that has not been set again since it was read; one that has stays.
func (s *Store) Unmark(ctx context.Context, m survey.Mark) (err error) {
	defer fault.Wrap(&err, "take away a mark")
	out, err := s.db().DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: &s.records, Key: attributes(MarkKey(m.Survey, m.Begin)),
		ConditionExpression:       aws.String("#at = :at"),
		ExpressionAttributeNames:  map[string]string{"#at": attrMarked},
		ExpressionAttributeValues: map[string]types.AttributeValue{":at": number(m.At.UnixMilli())},
		ReturnConsumedCapacity:    types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return unlessConflict(classify(err))
	}
	countWrite(ctx, one(out.ConsumedCapacity)...)
	return nil
}

// hourOf reads what a key spells as survey#hour.
func hourOf(spelled string) (survey.Hour, bool) {
	id, at, ok := strings.Cut(spelled, "#")
	if !ok {
		return survey.Hour{}, false
	}
	begin, err := time.Parse(hourLayout, at)
	return survey.Hour{Survey: id, Begin: begin}, err == nil
}

// hourOfIndex reads the hour of what the index ByTime lists by hour, such as an answer; ok is false for what it lists
// otherwise.
func hourOfIndex(ipk string) (h survey.Hour, ok bool) {
	for _, prefix := range []string{answersPrefix, askedPrefix} {
		if rest, found := strings.CutPrefix(ipk, prefix); found {
			return hourOf(rest)
		}
	}
	return survey.Hour{}, false
}
