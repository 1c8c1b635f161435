package dynamo

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/consent"
	"liuke/shared/customer"
	"liuke/shared/fault"
)

// attrSaid is a record of consent as JSON.
const attrSaid = "said"

// consentUpdates are the writes of records of consent as parts of a transaction. One that is there already stays as it is.
func (s *Store) consentUpdates(id customer.ID, records []consent.Record) (all []types.TransactWriteItem, err error) {
	for i := range records {
		r := &records[i]
		said, err := json.Marshal(r)
		if err != nil {
			return nil, fault.As(err, fault.Internal, "a record of consent cannot be encoded")
		}
		all = append(all, types.TransactWriteItem{Update: &types.Update{
			TableName:                 &s.records,
			Key:                       attributes(ConsentKey(id, r.Time, r.Event)),
			UpdateExpression:          aws.String("SET #said = if_not_exists(#said, :said)"),
			ExpressionAttributeNames:  map[string]string{"#said": attrSaid},
			ExpressionAttributeValues: map[string]types.AttributeValue{":said": text(string(said))},
		}})
	}
	return all, nil
}

// Consents reads what stands under a customer's id of what was said of consent, the latest first, strongly consistent: at
// most limit records before the place ("" for all). Each place is told beside its record; places sort as times do.
func (s *Store) Consents(ctx context.Context, id customer.ID, limit int, before string) (records []consent.Record, places []string, err error) {
	defer fault.Wrap(&err, "read records of consent")
	in := s.family(customerPK(id), consentPrefix)
	if before != "" {
		in.KeyConditionExpression = aws.String("pk = :pk AND sk BETWEEN :prefix AND :before")
		in.ExpressionAttributeValues[":before"] = text(consentPrefix + before)
	}
	in.ScanIndexForward = aws.Bool(false)
	in.Limit = aws.Int32(int32(limit) + 1) // the place itself is within the range
	out, err := s.db().Query(ctx, in)
	if err != nil {
		return nil, nil, classify(err)
	}
	countRead(ctx, one(out.ConsumedCapacity)...)
	for _, item := range out.Items {
		place := strings.TrimPrefix(textOf(item["sk"]), consentPrefix)
		if place == before || len(records) == limit {
			continue
		}
		var r consent.Record
		if err := json.Unmarshal([]byte(textOf(item[attrSaid])), &r); err != nil {
			return nil, nil, fault.New(fault.Internal, "a record of consent is damaged")
		}
		records, places = append(records, r), append(places, place)
	}
	return records, places, nil
}
