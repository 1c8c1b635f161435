package dynamo

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/fault"
	"liuke/shared/measure"
)

// TrialMarkKey marks an hour of a trial that has enrolments, and TallyKey is what a shard of it has come to.
func TrialMarkKey(h measure.Hour) Key {
	return Key{trialsPK, h.Scene + "#" + h.Trial + "#" + h.Begin.UTC().Format(hourLayout)}
}
func TallyKey(h measure.Hour, shard int) Key {
	return Key{tallyPK(h.Scene, h.Trial), h.Begin.UTC().Format(hourLayout) + "#" + strconv.Itoa(shard)}
}

const (
	trialsPK = "TRIALS"

	attrCounted = "counted" // Unix milliseconds
	attrPart    = "part"
	attrBegun   = "begun" // Unix milliseconds
	attrTally   = "tally" // as measure.Tally encodes itself
)

func tallyPK(scene, trialID string) string { return "TALLY#" + scene + "#" + trialID }

// MarkTrials marks hours of trials to be counted, one write unit each. How far one has been counted stays.
func (s *Store) MarkTrials(ctx context.Context, _ time.Time, hours ...measure.Hour) (err error) {
	defer fault.Wrap(&err, "mark hours of trials")
	for _, h := range hours {
		if err := s.updateAs(ctx, &types.Update{
			TableName: &s.records, Key: attributes(TrialMarkKey(h)),
			UpdateExpression:          aws.String("SET #window = :window"),
			ExpressionAttributeNames:  map[string]string{"#window": attrWindow},
			ExpressionAttributeValues: map[string]types.AttributeValue{":window": number(h.Window.Milliseconds())},
		}); err != nil {
			return err
		}
	}
	return nil
}

// TrialMarks reads the marked hours of a scene's trial, or of all trials for "" and "", strongly consistent.
func (s *Store) TrialMarks(ctx context.Context, scene, trialID string) (all []measure.Mark, err error) {
	defer fault.Wrap(&err, "read which hours of trials are counted")
	in := s.family(trialsPK, scene+"#"+trialID+"#")
	if scene == "" {
		in.KeyConditionExpression = aws.String("pk = :pk")
		delete(in.ExpressionAttributeValues, ":prefix")
	}
	err = s.pages(ctx, in, func(items []map[string]types.AttributeValue) error {
		for _, item := range items {
			parts := strings.Split(textOf(item["sk"]), "#")
			if len(parts) != 3 {
				return fault.New(fault.Internal, "a mark is damaged")
			}
			begin, err := time.Parse(hourLayout, parts[2])
			if err != nil {
				return fault.New(fault.Internal, "a mark is damaged")
			}
			m := measure.Mark{Part: int(numberOf(item[attrPart])), Hour: measure.Hour{
				Scene: parts[0], Trial: parts[1], Begin: begin, Window: time.Duration(numberOf(item[attrWindow])) * time.Millisecond,
			}}
			for attr, at := range map[string]*time.Time{attrCounted: &m.Counted, attrBegun: &m.Begun} {
				if item[attr] != nil {
					*at = millis(item[attr])
				}
			}
			all = append(all, m)
		}
		return nil
	})
	return all, err
}

// MarkCounted notes how far an hour has been counted, one write unit.
func (s *Store) MarkCounted(ctx context.Context, m measure.Mark) (err error) {
	defer fault.Wrap(&err, "note how far an hour is counted")
	u := newUpdate()
	u.set(attrPart, number(int64(m.Part)))
	u.set(attrBegun, number(m.Begun.UnixMilli()))
	if !m.Counted.IsZero() {
		u.set(attrCounted, number(m.Counted.UnixMilli()))
	}
	_, err = s.updateRecord(ctx, TrialMarkKey(m.Hour), u, "attribute_exists(pk)")
	return unlessConflict(err)
}

// UnmarkTrial takes a mark away.
func (s *Store) UnmarkTrial(ctx context.Context, h measure.Hour) (err error) {
	defer fault.Wrap(&err, "take away the mark of a trial")
	return s.DeleteDue(ctx, TrialMarkKey(h))
}

// PutTally writes what a shard of an hour has come to.
func (s *Store) PutTally(ctx context.Context, h measure.Hour, shard int, t *measure.Tally) (err error) {
	defer fault.Wrap(&err, "write a tally")
	spelled, err := t.Encode()
	if err != nil {
		return err
	}
	item := attributes(TallyKey(h, shard))
	item[attrTally] = text(spelled)
	return s.put(ctx, &dynamodb.PutItemInput{Item: item})
}

// TalliesOfHour reads what the shards of an hour have come to, as measure.Tally encodes itself; strongly consistent.
func (s *Store) TalliesOfHour(ctx context.Context, h measure.Hour) (all map[int]string, err error) {
	defer fault.Wrap(&err, "read the tallies of an hour")
	all = map[int]string{}
	prefix, _, _ := strings.Cut(TallyKey(h, 0).SK, "#")
	err = s.pages(ctx, s.family(tallyPK(h.Scene, h.Trial), prefix), func(items []map[string]types.AttributeValue) error {
		for _, item := range items {
			_, shard, _ := strings.Cut(textOf(item["sk"]), "#")
			n, err := strconv.Atoi(shard)
			if err != nil {
				return fault.New(fault.Internal, "a tally is damaged")
			}
			all[n] = textOf(item[attrTally])
		}
		return nil
	})
	return all, err
}

// Tallied adds up what the hours of a trial have come to that begin from a time on and before another, strongly consistent: no
// less than when the marks that were read before said how far they are counted.
func (s *Store) Tallied(ctx context.Context, scene, trialID string, from, before time.Time) (sum *measure.Tally, err error) {
	defer fault.Wrap(&err, "read the tallies of a trial")
	sum = &measure.Tally{}
	if !from.Before(before) {
		return sum, nil
	}
	in := s.family(tallyPK(scene, trialID), "")
	in.KeyConditionExpression = aws.String("pk = :pk AND sk BETWEEN :from AND :to")
	delete(in.ExpressionAttributeValues, ":prefix")
	// An hour that begins before the first moment is left out, and one that ends behind the last is not.
	in.ExpressionAttributeValues[":from"] = text(from.UTC().Add(time.Hour - time.Nanosecond).Format(hourLayout))
	in.ExpressionAttributeValues[":to"] = text(before.UTC().Add(-time.Nanosecond).Format(hourLayout) + "$") // behind "#"
	err = s.pages(ctx, in, func(items []map[string]types.AttributeValue) error {
		for _, item := range items {
			t, err := measure.DecodeTally(textOf(item[attrTally]))
			if err != nil {
				return err
			}
			sum.Plus(t)
		}
		return nil
	})
	return sum, err
}
