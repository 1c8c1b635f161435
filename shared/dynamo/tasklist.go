package dynamo

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/task"
)

const (
	// taskPages is how many pages of the index one page of a filtered list looks through.
	taskPages = 8
	// taskRows is how many rows a filtered page of the index has: some 100 KB, whatever it is filtered by.
	taskRows = 500
)

// listed is the query for a list of the index, filtered.
func (s *Store) listed(list string, l *ListedTasks) *dynamodb.QueryInput {
	in := s.indexed(list)
	in.ProjectionExpression = aws.String("pk, sk, isk")
	names := map[string]string{}
	var filters []string
	if l.State != "" {
		names["#st"] = attrEntryState
		in.ExpressionAttributeValues[":st"] = text(string(l.State))
		filters = append(filters, "#st = :st")
	}
	if l.Owner != nil {
		names["#own"] = attrTaskOwner
		if *l.Owner == "" {
			filters = append(filters, "attribute_not_exists(#own)")
		} else {
			in.ExpressionAttributeValues[":own"] = text(*l.Owner)
			filters = append(filters, "#own = :own")
		}
	}
	in.Limit = aws.Int32(int32(l.Limit))
	if len(filters) > 0 {
		in.ExpressionAttributeNames = names
		in.FilterExpression = aws.String(strings.Join(filters, " AND "))
		in.Limit = aws.Int32(taskRows)
	}
	return in
}

// taskPage reads a page of the list and the tasks themselves, and keeps those that are still as wanted.
func (s *Store) taskPage(ctx context.Context, in *dynamodb.QueryInput, l *ListedTasks, stands func(*task.Task) bool) (list []task.Task, next string, err error) {
	var rows []map[string]types.AttributeValue
	for page := 0; ; page++ {
		out, err := s.db().Query(ctx, in)
		if err != nil {
			return nil, "", classify(err)
		}
		countRead(ctx, one(out.ConsumedCapacity)...)
		rows = append(rows, out.Items...)
		if len(rows) > l.Limit {
			rows = rows[:l.Limit]
			next = textOf(rows[l.Limit-1][attrISK])
			break
		}
		next = textOf(out.LastEvaluatedKey[attrISK])
		if next == "" || len(rows) == l.Limit || page+1 == taskPages {
			break
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
	if len(rows) == 0 {
		return nil, next, nil
	}
	wants := make([]wanted, len(rows))
	for i, row := range rows {
		wants[i] = s.wantedRecord(0, Key{textOf(row["pk"]), textOf(row["sk"])}, nil)
	}
	items, err := s.batchGet(ctx, wants)
	if err != nil {
		return nil, "", err
	}
	for _, w := range wants {
		item := items[w.name]
		if item == nil {
			continue // erased since
		}
		t, err := decodeTask(item)
		if err != nil {
			return nil, "", err
		}
		if stands(&t) && (l.State == "" || t.State == l.State) && (l.Owner == nil || t.Owner == *l.Owner) {
			list = append(list, t)
		}
	}
	return list, next, nil
}
