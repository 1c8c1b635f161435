package suite

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Expire removes the items whose time to live has ended by the suite's clock, and returns how many those were. DynamoDB
// does so by itself, some day within the days that follow; here it happens when it is asked for.
func (s *Suite) Expire(ctx context.Context) (removed int, err error) {
	tables, err := s.App.Tables()
	if err != nil {
		return 0, err
	}
	db := dynamodb.NewFromConfig(s.config(s.tableEngine.URL))
	for _, t := range tables {
		if t.TTL == "" {
			continue
		}
		keys, names := "", map[string]string{"#ttl": t.TTL}
		for i, k := range t.Keys {
			name := "#k" + strconv.Itoa(i)
			names[name] = k.Attribute
			keys += "," + name
		}
		ended := map[string]types.AttributeValue{":now": &types.AttributeValueMemberN{Value: strconv.FormatInt(s.Clock.Now().Unix(), 10)}}
		pages := dynamodb.NewScanPaginator(db, &dynamodb.ScanInput{
			TableName: &t.Name, FilterExpression: aws.String("#ttl < :now"), ProjectionExpression: aws.String(keys[1:]),
			ExpressionAttributeNames: names, ExpressionAttributeValues: ended,
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return removed, fmt.Errorf("expire items of %s: %w", t.Short(), err)
			}
			for _, key := range page.Items {
				_, err := db.DeleteItem(ctx, &dynamodb.DeleteItemInput{
					TableName: &t.Name, Key: key, ConditionExpression: aws.String("#ttl < :now"), // it may have been written anew
					ExpressionAttributeNames: map[string]string{"#ttl": t.TTL}, ExpressionAttributeValues: ended,
				})
				var renewed *types.ConditionalCheckFailedException
				if err != nil && !errors.As(err, &renewed) {
					return removed, fmt.Errorf("expire items of %s: %w", t.Short(), err)
				}
				if err == nil {
					removed++
				}
			}
		}
	}
	return removed, nil
}

func (s *Suite) expire(_ http.ResponseWriter, r *http.Request) (any, error) {
	n, err := s.Expire(r.Context())
	return map[string]int{"removed": n}, err
}
