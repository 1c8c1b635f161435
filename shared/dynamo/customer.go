package dynamo

import (
	"context"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

// The attributes of an item in Customers. Those above the line are written when events are folded, those below by
// recalculations alone; neither writer touches the other's.
const (
	attrID       = "id"
	attrVersion  = "v"
	attrHistory  = "h"
	attrActivity = "a"
	attrSigns    = "s"
	attrSeen     = "seen"
	attrLast     = "last"
	attrIDs      = "ids"
	attrKey      = "k"
	attrInto     = "into"   // of an absorbed item
	attrVia      = "via"    // of an absorbed item: a list
	attrAbsorbed = "abs"    // a list
	attrErased   = "erased" // of an erased customer's stub
	attrExpires  = "ttl"    // when DynamoDB removes a stub, Unix seconds

	attrR       = "r"
	attrF       = "f"
	attrM       = "m"
	attrSegment = "seg"
	attrRisk    = "risk"
	attrLabels  = "lab"
	attrRun     = "run"
)

// Customer reads a customer's item, strongly consistent. A customer that is not known is a record with the ID and
// Version 0.
func (s *Store) Customer(ctx context.Context, id customer.ID) (rec customer.Record, err error) {
	defer fault.Wrap(&err, "read customer")
	out, err := s.db().GetItem(ctx, &dynamodb.GetItemInput{
		TableName:              &s.customers,
		Key:                    customerKey(id),
		ConsistentRead:         aws.Bool(true),
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return customer.Record{}, classify(err)
	}
	countRead(ctx, one(out.ConsumedCapacity)...)
	if len(out.Item) == 0 {
		return customer.Record{ID: id}, nil
	}
	return decodeCustomer(out.Item)
}

func customerKey(id customer.ID) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{attrID: text(string(id))}
}

// decodeCustomer reads an item of Customers. It returns Internal where an attribute is damaged.
func decodeCustomer(item map[string]types.AttributeValue) (customer.Record, error) {
	rec := customer.Record{
		ID:       customer.ID(textOf(item[attrID])),
		Version:  numberOf(item[attrVersion]),
		Seen:     numberOf(item[attrSeen]),
		Last:     numberOf(item[attrLast]),
		Into:     customer.ID(textOf(item[attrInto])),
		Via:      idsOf(item[attrVia]),
		Absorbed: idsOf(item[attrAbsorbed]),
		Erased:   numberOf(item[attrErased]),
		Scores:   scoresOf(item),
	}
	if err := rec.History.UnmarshalBinary(bytesOf(item[attrHistory])); err != nil {
		return customer.Record{}, err
	}
	if err := rec.Activity.UnmarshalBinary(bytesOf(item[attrActivity])); err != nil {
		return customer.Record{}, err
	}
	if err := rec.Signs.UnmarshalBinary(bytesOf(item[attrSigns])); err != nil {
		return customer.Record{}, err
	}
	var err error
	if rec.IDs, err = customer.MemoryOf(bytesOf(item[attrIDs])); err != nil {
		return customer.Record{}, err
	}
	rec.Key, err = customer.KeyOf(bytesOf(item[attrKey]))
	return rec, err
}

// update is an UpdateItem's expression, built one attribute after the other.
type update struct {
	sets    []string
	removes []string
	adds    []string
	names   map[string]string
	values  map[string]types.AttributeValue
}

func newUpdate() *update {
	return &update{names: map[string]string{}, values: map[string]types.AttributeValue{}}
}

func (u *update) set(attr string, v types.AttributeValue) {
	u.sets = append(u.sets, "#"+attr+" = :"+attr)
	u.names["#"+attr], u.values[":"+attr] = attr, v
}

// setBytes sets an attribute to bytes, or removes it where there are none.
func (u *update) setBytes(attr string, b []byte) {
	if len(b) > 0 {
		u.set(attr, &types.AttributeValueMemberB{Value: b})
		return
	}
	u.remove(attr)
}

// setList sets an attribute to a list of ids, or removes it where there are none.
func (u *update) setList(attr string, ids []customer.ID) {
	if len(ids) == 0 {
		u.remove(attr)
		return
	}
	list := make([]types.AttributeValue, len(ids))
	for i, id := range ids {
		list[i] = text(string(id))
	}
	u.set(attr, &types.AttributeValueMemberL{Value: list})
}

func (u *update) remove(attr string) {
	u.removes = append(u.removes, "#"+attr)
	u.names["#"+attr] = attr
}

// add adds to a number or a set, which need not be there yet.
func (u *update) add(attr string, v types.AttributeValue) {
	u.adds = append(u.adds, "#"+attr+" :"+attr)
	u.names["#"+attr], u.values[":"+attr] = attr, v
}

func (u *update) expression() *string {
	var clauses []string
	for _, clause := range []struct {
		verb  string
		parts []string
	}{{"SET ", u.sets}, {"REMOVE ", u.removes}, {"ADD ", u.adds}} {
		if len(clause.parts) > 0 {
			clauses = append(clauses, clause.verb+strings.Join(clause.parts, ", "))
		}
	}
	e := strings.Join(clauses, " ")
	return &e
}

// customerUpdate sets everything that a fold writes, on condition that the version is still the one before.
func customerUpdate(rec *customer.Record, before int64) (u *update, condition string) {
	u = newUpdate()
	u.set(attrVersion, number(rec.Version))
	history, _ := rec.History.MarshalBinary() // the errors are always nil
	activity, _ := rec.Activity.MarshalBinary()
	signs, _ := rec.Signs.MarshalBinary()
	u.setBytes(attrHistory, history)
	u.setBytes(attrActivity, activity)
	u.setBytes(attrSigns, signs)
	u.setBytes(attrIDs, rec.IDs.Bytes())
	if !rec.Key.IsZero() {
		u.setBytes(attrKey, rec.Key[:])
	}
	u.set(attrSeen, number(rec.Seen))
	u.set(attrLast, number(rec.Last))
	return u, u.ifVersion(attrID, before)
}

// ifVersion returns the condition that the item's version is still the one that was read; 0 says that there was no item,
// which the absence of the key attribute shows.
func (u *update) ifVersion(key string, before int64) string {
	u.values[":before"] = number(before)
	u.names["#"+attrVersion] = attrVersion
	if before == 0 {
		delete(u.values, ":before")
		u.names["#key"] = key
		return "attribute_not_exists(#key)"
	}
	return "#" + attrVersion + " = :before"
}

// updateCustomer writes a customer's item alone: 1 write unit for each KB begun.
func (s *Store) updateCustomer(ctx context.Context, rec *customer.Record, before int64) error {
	u, condition := customerUpdate(rec, before)
	return s.update(ctx, rec.ID, u, condition)
}

func (s *Store) update(ctx context.Context, id customer.ID, u *update, condition string) error {
	out, err := s.db().UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &s.customers,
		Key:                       customerKey(id),
		UpdateExpression:          u.expression(),
		ConditionExpression:       &condition,
		ExpressionAttributeNames:  u.names,
		ExpressionAttributeValues: u.values,
		ReturnConsumedCapacity:    types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return classify(err)
	}
	countWrite(ctx, one(out.ConsumedCapacity)...)
	return nil
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func textOf(v types.AttributeValue) string {
	if s, ok := v.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

// numberOf reads a whole number; 0 where there is none.
func numberOf(v types.AttributeValue) int64 {
	if n, ok := v.(*types.AttributeValueMemberN); ok {
		i, _ := strconv.ParseInt(n.Value, 10, 64)
		return i
	}
	return 0
}

func idsOf(v types.AttributeValue) (ids []customer.ID) {
	if l, ok := v.(*types.AttributeValueMemberL); ok {
		for _, e := range l.Value {
			ids = append(ids, customer.ID(textOf(e)))
		}
	}
	return ids
}

func bytesOf(v types.AttributeValue) []byte {
	if b, ok := v.(*types.AttributeValueMemberB); ok {
		return b.Value
	}
	return nil
}
