package dynamo

import (
	"context"
	"fmt"
	"slices"
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

const (
	enrolledPrefix = "ENROLLED#"

	attrHeldOut    = "held"
	attrEnrolled   = "t_enrolled" // Unix milliseconds
	attrWindow     = "window"     // milliseconds
	attrEntries    = "entries"    // a set: each the entry's id, and whose it is
	attrBefore     = "before"     // minor units
	attrSuperseded = "superseded"
)

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

// Supersede notes that a person's enrolment counts with another one, one write unit; where there is none, or it is noted, it changes
// nothing.
func (s *Store) Supersede(ctx context.Context, e *measure.Enrolment) (err error) {
	defer fault.Wrap(&err, "supersede an enrolment")
	u := newUpdate()
	u.set(attrSuperseded, number(1))
	_, err = s.updateRecord(ctx, EnrolmentKey(e.Person, e.Scene, e.Trial), u, "attribute_exists(pk)")
	return unlessConflict(err)
}

// spellRef spells an entry's id, which has no blanks, and whose it is.
func spellRef(r message.Ref) string { return r.Entry + " " + string(r.Customer) }

func decodeEnrolment(item map[string]types.AttributeValue) (*measure.Enrolment, error) {
	scene, trialID, ok := strings.Cut(strings.TrimPrefix(textOf(item["sk"]), enrolledPrefix), "#")
	set, isSet := item[attrEntries].(*types.AttributeValueMemberSS)
	if !ok || !isSet {
		return nil, fault.New(fault.Internal, "an enrolment is damaged")
	}
	e := &measure.Enrolment{Person: customerOf(textOf(item["pk"])), At: millis(item[attrEnrolled]), Variant: textOf(item[attrVariant]), Held: item[attrHeldOut] != nil, Superseded: item[attrSuperseded] != nil}
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
