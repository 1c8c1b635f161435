package engine

import (
	"context"
	"crypto/rand"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go/middleware"

	"liuke/infra/local/project"
)

var (
	testDynamoDB = sync.OnceValues(func() (string, error) { return startForTests(dynamoDBInMemory) })
	testQueues   = sync.OnceValues(func() (string, error) { return startForTests(Queues) })
)

func dynamoDBInMemory(ctx context.Context, root string) (*Engine, error) {
	return DynamoDB(ctx, root, "")
}

func startForTests(start func(context.Context, string) (*Engine, error)) (string, error) {
	ctx := context.Background()
	root, err := project.Root()
	if err != nil {
		return "", err
	}
	if err := Install(ctx, root, nil); err != nil {
		return "", err
	}
	e, err := start(ctx, root)
	if err != nil {
		return "", err
	}
	return e.URL, nil
}

// StartDynamoDB returns the address of a DynamoDB engine in memory, which all the tests of this process share and which
// ends with it. The first call installs what is missing.
func StartDynamoDB(t testing.TB) string {
	t.Helper()
	url, err := testDynamoDB()
	if err != nil {
		t.Fatalf("start DynamoDB: %v", err)
	}
	return url
}

// StartQueues returns the address of an engine for SQS, SNS and S3 in memory, which all the tests of this process share
// and which ends with it. S3 wants path-style addresses.
func StartQueues(t testing.TB) string {
	t.Helper()
	url, err := testQueues()
	if err != nil {
		t.Fatalf("start the queues: %v", err)
	}
	return url
}

// Config returns the configuration of an AWS client that talks to the engine at the address. The client sends its
// transactions without the tokens that it would make for them: dynoxide goes through all the tokens of the last ten minutes
// with each transaction. So a transaction that is tried again because its answer was lost meets its own effect.
func Config(url string) aws.Config {
	return aws.Config{
		APIOptions:   []func(*middleware.Stack) error{withoutToken},
		Region:       "eu-central-1",
		BaseEndpoint: aws.String(url),
		HTTPClient:   client,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local", SessionToken: "local"}, nil
		}),
	}
}

// client is the tests': a call that is cut off would be made a second time, and find its own effect.
var client = Whole()

func withoutToken(stack *middleware.Stack) error {
	stack.Initialize.Remove("OperationIdempotencyTokenAutoFill") // fails where the operation takes none
	return nil
}

// NewTables creates a pair of empty tables, keyed as the suite's two are, and returns their names. They go when the
// test ends.
func NewTables(t testing.TB) (customers, records string) {
	t.Helper()
	db := dynamodb.NewFromConfig(Config(StartDynamoDB(t)))
	suffix := strings.ToLower(rand.Text()[:12])
	customers, records = "customers-"+suffix, "records-"+suffix
	createTable(t, db, nil, customers, "id")
	createTable(t, db, byTime, records, "pk", "sk")
	return customers, records
}

// byTime is the index of Records, as the template has it.
var byTime = &types.GlobalSecondaryIndex{
	IndexName: aws.String("ByTime"),
	KeySchema: []types.KeySchemaElement{
		{AttributeName: aws.String("ipk"), KeyType: types.KeyTypeHash}, {AttributeName: aws.String("isk"), KeyType: types.KeyTypeRange},
	},
	Projection: &types.Projection{
		ProjectionType:   types.ProjectionTypeInclude,
		NonKeyAttributes: []string{"survey", "sv", "metric", "inv", "score", "a", "done", "c", "ins", "locale", "answered", "revised", "st", "own"},
	},
}

func createTable(t testing.TB, db *dynamodb.Client, index *types.GlobalSecondaryIndex, name string, keys ...string) {
	t.Helper()
	in := &dynamodb.CreateTableInput{TableName: &name, BillingMode: types.BillingModePayPerRequest}
	if index != nil {
		in.GlobalSecondaryIndexes = []types.GlobalSecondaryIndex{*index}
		for _, k := range index.KeySchema {
			in.AttributeDefinitions = append(in.AttributeDefinitions,
				types.AttributeDefinition{AttributeName: k.AttributeName, AttributeType: types.ScalarAttributeTypeS})
		}
	}
	for i, key := range keys {
		kind := types.KeyTypeHash
		if i > 0 {
			kind = types.KeyTypeRange
		}
		in.KeySchema = append(in.KeySchema, types.KeySchemaElement{AttributeName: aws.String(key), KeyType: kind})
		in.AttributeDefinitions = append(in.AttributeDefinitions,
			types.AttributeDefinition{AttributeName: aws.String(key), AttributeType: types.ScalarAttributeTypeS})
	}
	if _, err := db.CreateTable(t.Context(), in); err != nil {
		t.Fatalf("create table %s: %v", name, err)
	}
	t.Cleanup(func() {
		if _, err := db.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &name}); err != nil {
			t.Errorf("delete table %s: %v", name, err)
		}
	})
}

// NewQueue creates an empty queue with SQS's default attributes and returns its URL. It goes when the test ends.
func NewQueue(t testing.TB) string {
	t.Helper()
	client := sqs.NewFromConfig(Config(StartQueues(t)))
	out, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("queue-" + rand.Text()[:12])})
	if err != nil {
		t.Fatalf("create a queue: %v", err)
	}
	t.Cleanup(func() {
		if _, err := client.DeleteQueue(context.Background(), &sqs.DeleteQueueInput{QueueUrl: out.QueueUrl}); err != nil {
			t.Errorf("delete the queue: %v", err)
		}
	})
	return *out.QueueUrl
}

// NewBucket creates an empty bucket and returns its name. It stays, with its objects, until the process ends.
func NewBucket(t testing.TB) string {
	t.Helper()
	name := "bucket-" + strings.ToLower(rand.Text()[:12])
	client := s3.NewFromConfig(Config(StartQueues(t)), func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatalf("create a bucket: %v", err)
	}
	return name
}
