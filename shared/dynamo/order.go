package dynamo

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/money"
	"liuke/shared/order"
)

// Orders reads all of a customer's orders by strongly consistent queries of the table itself, in the order of their
// ids.
func (s *Store) Orders(ctx context.Context, id customer.ID) (orders []order.Record, err error) {
	defer fault.Wrap(&err, "read orders")
	key := OrderKey(id, "")
	in := &dynamodb.QueryInput{
		TableName:                &s.records,
		KeyConditionExpression:   aws.String("#pk = :pk AND begins_with(#sk, :sk)"),
		ExpressionAttributeNames: map[string]string{"#pk": "pk", "#sk": "sk"},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":pk": text(key.PK), ":sk": text(key.SK),
		},
		ConsistentRead:         aws.Bool(true),
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	}
	for more := true; more; more = len(in.ExclusiveStartKey) > 0 {
		page, err := s.db().Query(ctx, in)
		if err != nil {
			return nil, classify(err)
		}
		countRead(ctx, one(page.ConsumedCapacity)...)
		for _, item := range page.Items {
			o, err := decodeOrder(item)
			if err != nil {
				return nil, err
			}
			orders = append(orders, o)
		}
		in.ExclusiveStartKey = page.LastEvaluatedKey
	}
	return orders, nil
}

// putOrder writes an order record on condition that it has not moved since the version before was read.
func (s *Store) putOrder(id customer.ID, o *order.Record) *types.Put {
	put := &types.Put{TableName: &s.records, Item: encodeOrder(id, o)}
	put.ConditionExpression, put.ExpressionAttributeNames, put.ExpressionAttributeValues = ifUnmoved(o.Version - 1)
	return put
}

// ifUnmoved is the condition that an item of Records is still at the version; 0 says that there is no item.
func ifUnmoved(version int64) (*string, map[string]string, map[string]types.AttributeValue) {
	if version == 0 {
		return aws.String("attribute_not_exists(#pk)"), map[string]string{"#pk": "pk"}, nil
	}
	return aws.String("#v = :before"), map[string]string{"#v": attrVersion}, map[string]types.AttributeValue{":before": number(version)}
}

func encodeOrder(id customer.ID, o *order.Record) map[string]types.AttributeValue {
	item := attributes(OrderKey(id, o.ID))
	item[attrVersion] = number(o.Version)
	item["status"] = text(o.Status()) // for people; nothing reads it
	if o.Currency != "" {
		item["currency"] = text(string(o.Currency))
	}
	if len(o.Changes) > 0 {
		item["changes"] = &types.AttributeValueMemberB{Value: order.EncodeChanges(o.Changes)}
	}
	if len(o.Refunds) > 0 {
		item["refunds"] = &types.AttributeValueMemberB{Value: order.EncodeRefunds(o.Refunds)}
	}
	if o.TotalBy.Kind != 0 {
		item["total"] = number(int64(o.Total))
		putStamp(item, "total", o.TotalBy)
	}
	if o.Placed {
		item["day"] = number(int64(o.Day))
		if o.Rate != (money.Rate{}) {
			item["rate"] = &types.AttributeValueMemberN{Value: o.Rate.String()}
		}
		putStamp(item, "placed", o.PlacedBy)
	}
	for name, set := range map[string]bool{"assumed": o.Assumed, "first": o.First, "told": o.Told, "whole": o.Whole, "cancelled": o.Cancelled} {
		if set {
			item[name] = &types.AttributeValueMemberBOOL{Value: true}
		}
	}
	return item
}

func decodeOrder(item map[string]types.AttributeValue) (o order.Record, err error) {
	_, placed := item["day"]
	o = order.Record{
		ID:        strings.TrimPrefix(textOf(item["sk"]), orderPrefix),
		Version:   numberOf(item[attrVersion]),
		Currency:  money.Currency(textOf(item["currency"])),
		Assumed:   flagOf(item["assumed"]),
		Total:     money.Amount(numberOf(item["total"])),
		TotalBy:   stampOf(item, "total"),
		Placed:    placed,
		PlacedBy:  stampOf(item, "placed"),
		Day:       customer.Day(numberOf(item["day"])),
		First:     flagOf(item["first"]),
		Told:      flagOf(item["told"]),
		Whole:     flagOf(item["whole"]),
		Cancelled: flagOf(item["cancelled"]),
	}
	if o.Changes, err = order.DecodeChanges(bytesOf(item["changes"])); err != nil {
		return order.Record{}, err
	}
	if rate := item["rate"]; rate != nil {
		if o.Rate, err = rateOf(rate); err != nil {
			return order.Record{}, err
		}
	}
	if o.Refunds, err = order.DecodeRefunds(bytesOf(item["refunds"])); err != nil {
		return order.Record{}, err
	}
	return o, nil
}

func putStamp(item map[string]types.AttributeValue, name string, s order.Stamp) {
	item[name+"_at"] = number(s.Time)
	item[name+"_kind"] = number(int64(s.Kind))
	item[name+"_by"] = text(s.Event)
}

func stampOf(item map[string]types.AttributeValue, name string) order.Stamp {
	return order.Stamp{
		Time:  numberOf(item[name+"_at"]),
		Kind:  order.Kind(numberOf(item[name+"_kind"])),
		Event: textOf(item[name+"_by"]),
	}
}

func rateOf(v types.AttributeValue) (money.Rate, error) {
	n, ok := v.(*types.AttributeValueMemberN)
	if !ok {
		return money.Rate{}, fault.New(fault.Internal, "an order's rate is not a number")
	}
	rate, err := money.ParseRate(n.Value)
	return rate, fault.As(err, fault.Internal, "an order's rate is damaged")
}

func flagOf(v types.AttributeValue) bool {
	b, ok := v.(*types.AttributeValueMemberBOOL)
	return ok && b.Value
}
