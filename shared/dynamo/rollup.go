package dynamo

import (
	"context"
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/fault"
	"liuke/shared/survey"
	"liuke/shared/survey/tally"
)

// The attributes of a rollup.
const (
	attrCounts  = "counts"  // as tally.Rollup marshals itself
	attrThrough = "through" // Unix milliseconds
)

// AskedOfHour reads the invitations to a survey that were sent in an hour, UTC, after a time within it (zero for all), by
// that time: through the index, so that those of the last moments may lack.
func (s *Store) AskedOfHour(ctx context.Context, surveyID string, hour, after time.Time) (all []tally.Asked, err error) {
	defer fault.Wrap(&err, "read the invitations of an hour")
	in := s.indexed(askedIPK(surveyID, hour))
	if !after.IsZero() {
		in.KeyConditionExpression = aws.String("ipk = :ipk AND isk > :after")
		in.ExpressionAttributeValues[":after"] = text(timed(after) + "$") // the character behind "#"
	}
	err = s.pages(ctx, in, func(items []map[string]types.AttributeValue) error {
		for _, item := range items {
			sent, ok := timeOfIndex(textOf(item[attrISK]))
			if !ok {
				return fault.New(fault.Internal, "an invitation is damaged")
			}
			a := tally.Asked{
				Survey: surveyID, Invitation: textOf(item[attrInvitation]), Customer: customerOf(textOf(item["pk"])),
				Locale: textOf(item[attrLocale]), Sent: sent,
			}
			if raw := textOf(item[attrCell]); raw != "" {
				if err := json.Unmarshal([]byte(raw), &a.Cell); err != nil {
					return fault.As(err, fault.Internal, "an invitation is damaged")
				}
			}
			all = append(all, a)
		}
		return nil
	})
	return all, err
}

// PutRollup writes what an hour comes to. One that has been counted further already stays.
func (s *Store) PutRollup(ctx context.Context, r *tally.Rollup) (err error) {
	defer fault.Wrap(&err, "write a rollup")
	counts, err := r.MarshalBinary()
	if err != nil {
		return err
	}
	item := attributes(RollupKey(r.Survey, r.Hour))
	item[attrCounts] = &types.AttributeValueMemberB{Value: counts}
	item[attrThrough] = number(r.Through.UnixMilli())
	return unlessConflict(s.put(ctx, &dynamodb.PutItemInput{
		Item:                      item,
		ConditionExpression:       aws.String("attribute_not_exists(pk) OR #through <= :through"),
		ExpressionAttributeNames:  map[string]string{"#through": attrThrough},
		ExpressionAttributeValues: map[string]types.AttributeValue{":through": number(r.Through.UnixMilli())},
	}))
}

// put puts an item into Records.
func (s *Store) put(ctx context.Context, in *dynamodb.PutItemInput) error {
	in.TableName, in.ReturnConsumedCapacity = &s.records, types.ReturnConsumedCapacityTotal
	out, err := s.db().PutItem(ctx, in)
	if err != nil {
		return classify(err)
	}
	countWrite(ctx, one(out.ConsumedCapacity)...)
	return nil
}

// unlessConflict returns nil where what was to be written is there already, or more.
func unlessConflict(err error) error {
	if fault.CodeOf(err) == fault.Conflict {
		return nil
	}
	return err
}

// Rollups reads what the hours of a survey come to that begin from a time on and before another, and hands them to add one
// after the other, ascending, so that not all need be held at a time.
func (s *Store) Rollups(ctx context.Context, surveyID string, from, before time.Time, add func(*tally.Rollup)) (err error) {
	defer fault.Wrap(&err, "read rollups")
	if !from.Before(before) {
		return nil
	}
	return s.pages(ctx, s.rollups(surveyID, from, before), func(items []map[string]types.AttributeValue) error {
		for _, item := range items {
			var r tally.Rollup
			if err := r.UnmarshalBinary(bytesOf(item[attrCounts])); err != nil {
				return err
			}
			add(&r)
		}
		return nil
	})
}

// RolledHours reads which hours of a survey that begin from a time on and before another have a rollup, the latest first,
// at most limit.
func (s *Store) RolledHours(ctx context.Context, surveyID string, from, before time.Time, limit int) (all []survey.Hour, err error) {
	defer fault.Wrap(&err, "read the hours of a survey")
	if !from.Before(before) {
		return nil, nil
	}
	in := s.rollups(surveyID, from, before)
	in.ScanIndexForward, in.Limit = aws.Bool(false), aws.Int32(int32(limit))
	in.ProjectionExpression = aws.String("sk")
	for len(all) < limit {
		out, err := s.db().Query(ctx, in)
		if err != nil {
			return nil, classify(err)
		}
		countRead(ctx, one(out.ConsumedCapacity)...)
		for _, item := range out.Items {
			h, ok := hourOf(surveyID + "#" + textOf(item["sk"])[len(rollupPrefix):])
			if !ok {
				return nil, fault.New(fault.Internal, "a rollup is damaged")
			}
			all = append(all, h)
		}
		if in.ExclusiveStartKey = out.LastEvaluatedKey; len(in.ExclusiveStartKey) == 0 {
			break
		}
	}
	return all[:min(len(all), limit)], nil
}

// rollups is the query for the rollups of a survey's hours that begin from a time on and before another.
func (s *Store) rollups(surveyID string, from, before time.Time) *dynamodb.QueryInput {
	in := s.family(surveyPK(surveyID), "")
	in.KeyConditionExpression = aws.String("pk = :pk AND sk BETWEEN :from AND :to")
	delete(in.ExpressionAttributeValues, ":prefix")
	in.ExpressionAttributeValues[":from"] = text(RollupKey(surveyID, from).SK)
	in.ExpressionAttributeValues[":to"] = text(RollupKey(surveyID, before.Add(-time.Nanosecond)).SK)
	return in
}

// PutInvitation notes an invitation that others send, so that it is counted as sent: a write unit, and one for the index.
// One that was noted before stays as it was.
func (s *Store) PutInvitation(ctx context.Context, a *tally.Asked) (err error) {
	defer fault.Wrap(&err, "write an invitation")
	item := attributes(InvitationKey(a.Customer, a.Survey, a.Invitation))
	at := AskedIndex(a.Survey, a.Sent, a.Invitation)
	item[attrIPK], item[attrISK] = text(at.PK), text(at.SK)
	item[attrSurvey], item[attrInvitation] = text(a.Survey), text(a.Invitation)
	if a.Locale != "" {
		item[attrLocale] = text(a.Locale)
	}
	if a.Cell != (survey.Cell{}) {
		cell, err := json.Marshal(a.Cell)
		if err != nil {
			return fault.As(err, fault.Internal, "the invitation cannot be encoded")
		}
		item[attrCell] = text(string(cell))
	}
	return unlessConflict(s.put(ctx, &dynamodb.PutItemInput{Item: item, ConditionExpression: aws.String("attribute_not_exists(pk)")}))
}
