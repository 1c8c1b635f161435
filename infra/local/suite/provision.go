package suite

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"liuke/infra/local/template"
)

// createTables makes the tables that are not there yet. Their TTL stays off: the engine would expire items by the
// machine's clock, which is not the suite's (Expire does so by that one). No function may rely on it anyway: DynamoDB
// takes days over it.
func createTables(ctx context.Context, db *dynamodb.Client, tables []*template.Table) error {
	for _, t := range tables {
		in := &dynamodb.CreateTableInput{TableName: &t.Name, BillingMode: ddb.BillingModePayPerRequest, KeySchema: keySchema(t.Keys)}
		for name, kind := range t.Attributes {
			in.AttributeDefinitions = append(in.AttributeDefinitions, ddb.AttributeDefinition{
				AttributeName: aws.String(name), AttributeType: ddb.ScalarAttributeType(kind),
			})
		}
		for _, x := range t.Indexes {
			in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, ddb.GlobalSecondaryIndex{
				IndexName: aws.String(x.Name), KeySchema: keySchema(x.Keys),
				Projection: &ddb.Projection{ProjectionType: ddb.ProjectionType(x.Projection), NonKeyAttributes: x.Include},
			})
		}
		var there *ddb.ResourceInUseException
		if _, err := db.CreateTable(ctx, in); err != nil && !errors.As(err, &there) {
			return fmt.Errorf("create table %s: %w", t.Name, err)
		}
		waiter := dynamodb.NewTableExistsWaiter(db, func(o *dynamodb.TableExistsWaiterOptions) {
			o.MinDelay, o.MaxDelay = 50*time.Millisecond, time.Second
		})
		if err := waiter.Wait(ctx, &dynamodb.DescribeTableInput{TableName: &t.Name}, time.Minute); err != nil {
			return fmt.Errorf("wait for table %s: %w", t.Name, err)
		}
	}
	return nil
}

func keySchema(keys []template.Key) []ddb.KeySchemaElement {
	var schema []ddb.KeySchemaElement
	for _, k := range keys {
		schema = append(schema, ddb.KeySchemaElement{AttributeName: aws.String(k.Attribute), KeyType: ddb.KeyType(k.Kind)})
	}
	return schema
}

// queue is a queue with the names that the engine gave it.
type queue struct {
	*template.Queue
	url       string // opaque
	engineARN string // which the engine wants in redrive policies
}

// createQueues makes the queues, those for dead letters first, and returns them by ARN. A visibility
// and a number of tries that are not 0 go before the template's.
func createQueues(ctx context.Context, client *sqs.Client, queues []*template.Queue, visibility time.Duration, tries int) (map[string]*queue, error) {
	made := map[string]*queue{}
	for _, q := range queues {
		hidden := q.Visibility
		if visibility > 0 && !q.IsDeadLetters() {
			hidden = visibility
		}
		attributes := map[string]string{
			"VisibilityTimeout":             seconds(hidden),
			"DelaySeconds":                  seconds(q.Delay),
			"MessageRetentionPeriod":        seconds(q.Retention),
			"ReceiveMessageWaitTimeSeconds": "0", // the pollers say themselves how long they wait; an SDK cannot send 0
		}
		if q.DeadLetters != "" {
			dead, ok := made[q.DeadLetters]
			if !ok {
				return nil, fmt.Errorf("create queue %s: its dead letters go to a queue whose own dead letters come later", q.Short())
			}
			policy, err := json.Marshal(map[string]any{"deadLetterTargetArn": dead.engineARN, "maxReceiveCount": cmp.Or(tries, q.MaxReceives)})
			if err != nil {
				return nil, err
			}
			attributes["RedrivePolicy"] = string(policy)
		}
		out, err := client.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &q.Name, Attributes: attributes})
		if err != nil {
			return nil, fmt.Errorf("create queue %s: %w", q.Short(), err)
		}
		about, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
			QueueUrl: out.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameQueueArn},
		})
		if err != nil {
			return nil, fmt.Errorf("create queue %s: %w", q.Short(), err)
		}
		made[q.ARN] = &queue{Queue: q, url: *out.QueueUrl, engineARN: about.Attributes["QueueArn"]}
	}
	return made, nil
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }

// createBuckets makes the buckets that are not there yet.
func createBuckets(ctx context.Context, client *s3.Client, buckets []*template.Resource) error {
	for _, b := range buckets {
		_, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &b.Name})
		var exists *types.BucketAlreadyExists
		var owned *types.BucketAlreadyOwnedByYou
		if err != nil && !errors.As(err, &exists) && !errors.As(err, &owned) {
			return fmt.Errorf("create bucket %s: %w", b.Short(), err)
		}
	}
	return nil
}
