package engine

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

func TestATableKeepsWhatIsWrittenAndReportsCapacity(t *testing.T) {
	customers, _ := NewTables(t)
	db := dynamodb.NewFromConfig(Config(StartDynamoDB(t)))
	put, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{
		TableName:              &customers,
		Item:                   map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "c1"}},
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := aws.ToFloat64(put.ConsumedCapacity.CapacityUnits); got != 1 {
		t.Errorf("a small put consumed %v units, want 1", got)
	}
	got, err := db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &customers, Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "c1"}}})
	if err != nil || len(got.Item) != 1 {
		t.Errorf("read %v, %v; want the item", got, err)
	}
}

func TestAQueueDeliversWhatIsSent(t *testing.T) {
	url := NewQueue(t)
	client := sqs.NewFromConfig(Config(StartQueues(t)))
	if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("hello")}); err != nil {
		t.Fatal(err)
	}
	got, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 5})
	if err != nil || len(got.Messages) != 1 || *got.Messages[0].Body != "hello" {
		t.Errorf("received %v, %v; want hello", got, err)
	}
}

func TestABucketKeepsAnObject(t *testing.T) {
	bucket := NewBucket(t)
	client := s3.NewFromConfig(Config(StartQueues(t)), func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("a/b"), Body: bytes.NewReader([]byte("hello"))}); err != nil {
		t.Fatal(err)
	}
	got, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("a/b")})
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if body, _ := io.ReadAll(got.Body); string(body) != "hello" {
		t.Errorf("read %q, want hello", body)
	}
}

func TestNothingIsStartedWhenAnotherEngineIsNamed(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:8000/")
	e, err := DynamoDB(context.Background(), "/nowhere", "")
	if err != nil || e.URL != "http://127.0.0.1:8000" || e.process != nil {
		t.Errorf("got %+v, %v; want the named address and no process", e, err)
	}
	t.Setenv("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:4566")
	q, err := Queues(context.Background(), "/nowhere")
	if err != nil || q.URL != "http://127.0.0.1:4566" || q.process != nil {
		t.Errorf("got %+v, %v; want the named address and no process", q, err)
	}
}

func TestAMissingNodeIsNamedWithWhatToDo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := Queues(context.Background(), "/nowhere"); err == nil || !strings.Contains(err.Error(), "install Node.js") {
		t.Errorf("got %v, want a word on installing Node.js", err)
	}
}
