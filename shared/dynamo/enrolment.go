package dynamo

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/measure"
	"liuke/shared/message"
	"liuke/shared/money"
)

// EnrolmentKey is a person's enrolment in a trial of a scene.
func EnrolmentKey(person customer.ID, scene, trialID string) Key {
	return Key{customerPK(person), enrolledPrefix + scene + "#" + trialID}
}

// EnrolledIndex are the keys in the index ByTime of an enrolment.
func EnrolledIndex(h measure.Hour, person customer.ID, at time.Time) Key {
	return Key{enrolledIPK(h, enrolledShard(person)), timed(at) + "#" + string(person)}
}

// TrialMarkKey marks an hour of a trial that has enrolments, and TallyKey is what a shard of it has come to.
func TrialMarkKey(h measure.Hour) Key {
	return Key{trialsPK, h.Scene + "#" + h.Trial + "#" + h.Begin.UTC().Format(hourLayout)}
}
func TallyKey(h measure.Hour, shard int) Key {
	return Key{tallyPK(h.Scene, h.Trial), h.Begin.UTC().Format(hourLayout) + "#" + strconv.Itoa(shard)}
}

const (
	enrolledPrefix = "ENROLLED#"
	trialsPK       = "TRIALS"

	attrHeldOut  = "held"
	attrEnrolled = "t_enrolled" // Unix milliseconds
	attrWindow   = "window"     // milliseconds
	attrEntries  = "entries"    // a set: each the entry's id, and whose it is
	attrBefore   = "before"     // minor units
	attrCounted  = "counted"    // Unix milliseconds
	attrPart     = "part"
	attrBegun    = "begun" // Unix milliseconds
	attrTally    = "tally" // as measure.Tally encodes itself
)

func tallyPK(scene, trialID string) string { return "TALLY#" + scene + "#" + trialID }

func enrolledIPK(h measure.Hour, shard int) string {
	return fmt.Sprintf("%s%s#%s#%s#%d", enrolledPrefix, h.Scene, h.Trial, h.Begin.UTC().Format(hourLayout), shard)
}

func enrolledShard(person customer.ID) int { return DueShard(string(person)) % measure.Shards }

// Enrolments reads a person's enrolments in the trials of a scene, or of all for "", strongly consistent: as a rule one read unit.
func (s *Store) Enrolments(ctx context.Context, person customer.ID, scene string) (all []measure.Enrolment, err error) {
	defer fault.Wrap(&err, "read a person's enrolments")
	prefix := enrolledPrefix
	if scene != "" {
		prefix += scene + "#"
	}
	err = s.pages(ctx, s.family(customerPK(person), prefix), func(items []map[string]types.AttributeValue) error {
		for _, item := range items {
			e, err := decodeEnrolment(item)
			if err != nil {
				return err
			}
			all = append(all, *e)
		}
		return nil
	})
	return all, err
}

// Enrol enrols a person: one write unit, and one for the index. It returns a Conflict error where the person is enrolled, which
// stays as it is.
func (s *Store) Enrol(ctx context.Context, e *measure.Enrolment) (err error) {
	defer fault.Wrap(&err, "enrol a customer")
	item := attributes(EnrolmentKey(e.Person, e.Scene, e.Trial))
	at := EnrolledIndex(e.Hour, e.Person, e.At)
	item[attrIPK], item[attrISK] = text(at.PK), text(at.SK)
	item[attrEnrolled] = number(e.At.UnixMilli())
	item[attrWindow] = number(e.Window.Milliseconds())
	if e.Variant != "" {
		item[attrVariant] = text(e.Variant)
	}
	if e.Held {
		item[attrHeldOut] = number(1)
	}
	if e.Before != nil {
		item[attrBefore] = number(int64(*e.Before))
	}
	refs := make([]string, len(e.Entries))
	for i, ref := range e.Entries {
		refs[i] = spellRef(ref)
	}
	item[attrEntries] = &types.AttributeValueMemberSS{Value: refs}
	return s.put(ctx, &dynamodb.PutItemInput{Item: item, ConditionExpression: aws.String("attribute_not_exists(pk)")})
}

// EnrolAgain adds an entry to an enrolment, one write unit; one that is among its entries changes nothing.
func (s *Store) EnrolAgain(ctx context.Context, e *measure.Enrolment, ref message.Ref) (err error) {
	defer fault.Wrap(&err, "add to an enrolment")
	return unlessConflict(s.updateAs(ctx, &types.Update{
		TableName: &s.records, Key: attributes(EnrolmentKey(e.Person, e.Scene, e.Trial)),
		UpdateExpression:          aws.String("ADD #entries :entry"),
		ConditionExpression:       aws.String("attribute_exists(pk)"), // or the customer was erased
		ExpressionAttributeNames:  map[string]string{"#entries": attrEntries},
		ExpressionAttributeValues: map[string]types.AttributeValue{":entry": &types.AttributeValueMemberSS{Value: []string{spellRef(ref)}}},
	}))
}

// spellRef spells an entry's id, which has no blanks, and whose it is.
func spellRef(r message.Ref) string { return r.Entry + " " + string(r.Customer) }

func decodeEnrolment(item map[string]types.AttributeValue) (*measure.Enrolment, error) {
	scene, trialID, ok := strings.Cut(strings.TrimPrefix(textOf(item["sk"]), enrolledPrefix), "#")
	set, isSet := item[attrEntries].(*types.AttributeValueMemberSS)
	if !ok || !isSet {
		return nil, fault.New(fault.Internal, "an enrolment is damaged")
	}
	e := &measure.Enrolment{Person: customerOf(textOf(item["pk"])), At: millis(item[attrEnrolled]), Variant: textOf(item[attrVariant]), Held: item[attrHeldOut] != nil}
	e.Hour = measure.HourAt(scene, trialID, time.Duration(numberOf(item[attrWindow]))*time.Millisecond, e.At)
	if item[attrBefore] != nil {
		spent := money.Amount(numberOf(item[attrBefore]))
		e.Before = &spent
	}
	slices.Sort(set.Value)
	for _, spelled := range set.Value {
		entry, whose, _ := strings.Cut(spelled, " ")
		e.Entries = append(e.Entries, message.Ref{Customer: customer.ID(whose), Entry: entry})
	}
	return e, nil
}

// EnrolledOfHour reads the enrolments of a shard of an hour through the index, so that those of the last moments may lack, and
// hands them to take, at most 100 at a time.
func (s *Store) EnrolledOfHour(ctx context.Context, h measure.Hour, shard int, take func([]measure.Enrolment) error) (err error) {
	defer fault.Wrap(&err, "read the enrolments of an hour")
	in := s.indexed(enrolledIPK(h, shard))
	in.ProjectionExpression = aws.String("pk, sk")
	return s.pages(ctx, in, func(rows []map[string]types.AttributeValue) error {
		for some := range slices.Chunk(rows, batchKeys) {
			items, err := s.wholeRecords(ctx, some)
			if err != nil {
				return err
			}
			all := make([]measure.Enrolment, 0, len(items))
			for _, item := range items {
				e, err := decodeEnrolment(item)
				if err != nil {
					return err
				}
				all = append(all, *e)
			}
			if err := take(all); err != nil {
				return err
			}
		}
		return nil
	})
}

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

// TrialMarks reads the marked hours of all trials, strongly consistent.
func (s *Store) TrialMarks(ctx context.Context) (all []measure.Mark, err error) {
	defer fault.Wrap(&err, "read which hours of trials are counted")
	in := s.family(trialsPK, "")
	in.KeyConditionExpression = aws.String("pk = :pk")
	delete(in.ExpressionAttributeValues, ":prefix")
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

// Tallied adds up what the hours of a trial have come to that begin from a time on and before another; eventually consistent.
func (s *Store) Tallied(ctx context.Context, scene, trialID string, from, before time.Time) (sum *measure.Tally, err error) {
	defer fault.Wrap(&err, "read the tallies of a trial")
	sum = &measure.Tally{}
	if !from.Before(before) {
		return sum, nil
	}
	in := s.family(tallyPK(scene, trialID), "")
	in.ConsistentRead = nil
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
