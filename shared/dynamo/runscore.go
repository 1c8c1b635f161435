package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/recalc"
)

// scanned are the attributes that a recalculation reads.
var scanned = []string{attrID, attrKey, attrInto, attrErased, attrHistory, attrActivity, attrSigns, attrSeen, attrLast,
	attrR, attrF, attrM, attrSegment, attrRisk, attrLabels, attrRun}

// ScanCustomers reads a page of one of so many slices of Customers, from after the cursor ("" is the slice's beginning):
// as much as one call returns, eventually consistent, 1 MB at most: half a read unit for each 4 KB. Items that stand for
// nobody, of customers who were absorbed by another or erased, are left out; a page may be empty. It returns the cursor of
// the next page, "" after the last.
func (s *Store) ScanCustomers(ctx context.Context, slice, slices int, cursor customer.ID) (rows []recalc.Row, next customer.ID, err error) {
	defer fault.Wrap(&err, "scan slice %d of %d of the customers", slice, slices)
	in := &dynamodb.ScanInput{
		TableName:                &s.customers,
		Segment:                  aws.Int32(int32(slice)),
		TotalSegments:            aws.Int32(int32(slices)),
		ExpressionAttributeNames: make(map[string]string, len(scanned)),
		ReturnConsumedCapacity:   types.ReturnConsumedCapacityTotal,
	}
	projection := ""
	for i, attr := range scanned {
		if i > 0 {
			projection += ", "
		}
		projection += "#" + attr
		in.ExpressionAttributeNames["#"+attr] = attr
	}
	in.ProjectionExpression = &projection
	if cursor != "" {
		in.ExclusiveStartKey = customerKey(cursor)
	}
	out, err := s.db().Scan(ctx, in)
	if err != nil {
		return nil, "", classify(err)
	}
	countRead(ctx, one(out.ConsumedCapacity)...)
	rows = make([]recalc.Row, 0, len(out.Items))
	for _, item := range out.Items {
		if item[attrInto] != nil || item[attrErased] != nil {
			continue
		}
		key, err := customer.KeyOf(bytesOf(item[attrKey]))
		if err != nil {
			return nil, "", err
		}
		pseudonym := ""
		if !key.IsZero() {
			pseudonym = key.Pseudonym()
		}
		rows = append(rows, recalc.Row{
			ID:       customer.ID(textOf(item[attrID])),
			Customer: pseudonym,
			History:  bytesOf(item[attrHistory]),
			Activity: bytesOf(item[attrActivity]),
			Signs:    bytesOf(item[attrSigns]),
			Seen:     numberOf(item[attrSeen]),
			Last:     numberOf(item[attrLast]),
			Standing: scoresOf(item),
		})
	}
	return rows, customer.ID(textOf(out.LastEvaluatedKey[attrID])), nil
}

func scoresOf(item map[string]types.AttributeValue) customer.Scores {
	return customer.Scores{
		R:       int(numberOf(item[attrR])),
		F:       int(numberOf(item[attrF])),
		M:       int(numberOf(item[attrM])),
		Segment: textOf(item[attrSegment]),
		Risk:    textOf(item[attrRisk]),
		Labels:  textOf(item[attrLabels]),
		Run:     numberOf(item[attrRun]),
	}
}

// WriteScores writes a customer's standing scores, and nothing else of the item, on condition that the customer exists, in
// an item of its own, and that no newer run has written. It reports whether it wrote. Scores without a segment say that the customer has none
// any more: what stood is removed.
func (s *Store) WriteScores(ctx context.Context, id customer.ID, scores customer.Scores) (written bool, err error) {
	defer fault.Wrap(&err, "write scores")
	u := newUpdate()
	u.set(attrRun, number(scores.Run))
	if scores.Segment == "" {
		for _, attr := range []string{attrR, attrF, attrM, attrSegment, attrRisk, attrLabels} {
			u.remove(attr)
		}
	} else {
		u.set(attrR, number(int64(scores.R)))
		u.set(attrF, number(int64(scores.F)))
		u.set(attrM, number(int64(scores.M)))
		u.set(attrSegment, text(scores.Segment))
		u.set(attrRisk, text(scores.Risk))
		u.set(attrLabels, text(scores.Labels))
	}
	for _, attr := range []string{attrID, attrInto, attrErased} {
		u.names["#"+attr] = attr
	}
	out, err := s.db().UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &s.customers,
		Key:                       customerKey(id),
		UpdateExpression:          u.expression(),
		ConditionExpression:       aws.String("attribute_exists(#id) AND attribute_not_exists(#into) AND attribute_not_exists(#erased) AND (attribute_not_exists(#run) OR #run <= :run)"),
		ExpressionAttributeNames:  u.names,
		ExpressionAttributeValues: u.values,
		ReturnConsumedCapacity:    types.ReturnConsumedCapacityTotal,
	})
	if err = classify(err); fault.CodeOf(err) == fault.Conflict {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	countWrite(ctx, one(out.ConsumedCapacity)...)
	return true, nil
}
