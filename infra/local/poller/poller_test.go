package poller

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"liuke/infra/local/engine"
)

// bench is a queue with dead letters after two tries, a mapping of it, and what the function was given.
type bench struct {
	client  *sqs.Client
	url     string
	dead    string
	mapping *Mapping

	mu      sync.Mutex
	batches [][]string // bodies
}

// setup makes the queue. The function answers what reply says to a batch of bodies.
func setup(t *testing.T, reply func(events.SQSEvent) ([]byte, error)) *bench {
	t.Helper()
	b := &bench{client: sqs.NewFromConfig(engine.Config(engine.StartQueues(t))), url: engine.NewQueue(t), dead: engine.NewQueue(t)}
	about, err := b.client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &b.dead, AttributeNames: []types.QueueAttributeName{"QueueArn"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.client.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &b.url, Attributes: map[string]string{
		"VisibilityTimeout": "1",
		"RedrivePolicy":     fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":2}`, about.Attributes["QueueArn"]),
	}})
	if err != nil {
		t.Fatal(err)
	}
	b.mapping = &Mapping{
		Queues: b.client, QueueURL: b.url, QueueARN: "arn:aws:sqs:eu-central-1:111111111111:events", Region: "eu-central-1",
		BatchSize: 10, Concurrency: 1, Partial: true, Log: slog.New(slog.DiscardHandler),
		Invoke: func(_ context.Context, payload []byte) ([]byte, error) {
			var in events.SQSEvent
			if err := json.Unmarshal(payload, &in); err != nil {
				return nil, err
			}
			var bodies []string
			for _, r := range in.Records {
				bodies = append(bodies, r.Body)
			}
			b.mu.Lock()
			b.batches = append(b.batches, bodies)
			b.mu.Unlock()
			return reply(in)
		},
	}
	return b
}

func (b *bench) send(t *testing.T, bodies ...string) {
	t.Helper()
	for _, body := range bodies {
		_, err := b.client.SendMessage(t.Context(), &sqs.SendMessageInput{
			QueueUrl: &b.url, MessageBody: &body,
			MessageAttributes: map[string]types.MessageAttributeValue{"reason": {DataType: aws.String("String"), StringValue: aws.String("a reason")}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// run polls until the queue is empty, dead letters aside.
func (b *bench) run(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { b.mapping.Run(ctx) })
	for b.depth(t, b.url) > 0 {
		time.Sleep(5 * time.Millisecond)
	}
	stop()
	running.Wait()
}

func (b *bench) depth(t *testing.T, url string) int {
	t.Helper()
	out, err := b.client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{"All"}})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"} {
		var k int
		fmt.Sscan(out.Attributes[name], &k)
		n += k
	}
	return n
}

// seen counts how often each body was delivered.
func (b *bench) seen() map[string]int {
	n := map[string]int{}
	for _, batch := range b.batches {
		for _, body := range batch {
			n[body]++
		}
	}
	return n
}

func TestOnlyWhatFailedIsDeliveredAgain(t *testing.T) {
	tried := map[string]bool{}
	b := setup(t, func(in events.SQSEvent) ([]byte, error) {
		var out events.SQSEventResponse
		for _, r := range in.Records {
			if r.Body == "once" && !tried[r.Body] {
				tried[r.Body] = true
				out.BatchItemFailures = append(out.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: r.MessageId})
			}
		}
		return json.Marshal(out)
	})
	b.send(t, "good", "once", "also good")
	b.run(t)
	if got := b.seen(); got["good"] != 1 || got["also good"] != 1 || got["once"] != 2 {
		t.Errorf("delivered %v; want the failed one twice and the others once", got)
	}
	if n := b.depth(t, b.dead); n != 0 {
		t.Errorf("%d dead letters, want none", n)
	}
}

func TestPoisonGoesToTheDeadLettersAlone(t *testing.T) {
	b := setup(t, func(in events.SQSEvent) ([]byte, error) {
		var out events.SQSEventResponse
		for _, r := range in.Records {
			if r.Body == "poison" {
				out.BatchItemFailures = append(out.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: r.MessageId})
			}
		}
		return json.Marshal(out)
	})
	b.send(t, "good", "poison")
	b.run(t)
	if got := b.seen(); got["good"] != 1 || got["poison"] != 2 {
		t.Errorf("delivered %v; want the poison as often as the queue allows", got)
	}
	if n := b.depth(t, b.dead); n != 1 {
		t.Errorf("%d dead letters, want the poison", n)
	}
}

func TestNothingIsDeletedOfABatchThatFailedAsAWhole(t *testing.T) {
	for name, reply := range map[string]func() ([]byte, error){
		"an error of the function":                 func() ([]byte, error) { return nil, errors.New("no") },
		"an answer that is no report":              func() ([]byte, error) { return []byte(`"done"`), nil },
		"a report of a message that is not in it":  func() ([]byte, error) { return []byte(`{"batchItemFailures":[{"itemIdentifier":"x"}]}`), nil },
		"a report whose message has no identifier": func() ([]byte, error) { return []byte(`{"batchItemFailures":[{"itemIdentifier":""}]}`), nil },
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, func(events.SQSEvent) ([]byte, error) { return reply() })
			b.send(t, "a", "b")
			b.run(t)
			if n := b.depth(t, b.dead); n != 2 {
				t.Errorf("%d dead letters, want both messages", n)
			}
		})
	}
}

func TestAnEmptyAnswerMeansThatAllSucceeded(t *testing.T) {
	for _, answer := range []string{"", "null", "{}", `{"batchItemFailures":[]}`, `{"batchItemFailures":null}`} {
		t.Run("answer "+answer, func(t *testing.T) {
			b := setup(t, func(events.SQSEvent) ([]byte, error) { return []byte(answer), nil })
			b.send(t, "a", "b")
			b.run(t)
			if n := b.depth(t, b.dead); n != 0 || b.seen()["a"] != 1 {
				t.Errorf("%d dead letters, delivered %v; want each once", n, b.seen())
			}
		})
	}
}

func TestAWindowGathersABatch(t *testing.T) {
	b := setup(t, func(events.SQSEvent) ([]byte, error) { return nil, nil })
	b.mapping.BatchSize, b.mapping.Window = 25, 2*time.Second
	var bodies []string
	for i := range 25 {
		bodies = append(bodies, fmt.Sprint(i))
	}
	b.send(t, bodies...)
	b.run(t)
	if len(b.batches) != 1 || len(b.batches[0]) != 25 {
		t.Errorf("batches %v; want one of 25, which takes three receives", b.batches)
	}
}

func TestAMessageCarriesWhatLambdaHandsOn(t *testing.T) {
	var got events.SQSMessage
	b := setup(t, func(in events.SQSEvent) ([]byte, error) { got = in.Records[0]; return nil, nil })
	b.send(t, "body")
	b.run(t)
	if got.EventSource != "aws:sqs" || got.EventSourceARN != b.mapping.QueueARN || got.AWSRegion != "eu-central-1" || got.Body != "body" {
		t.Errorf("got %+v", got)
	}
	if *got.MessageAttributes["reason"].StringValue != "a reason" || got.Attributes["ApproximateReceiveCount"] != "1" {
		t.Errorf("attributes %v and %v; want the sender's and the queue's", got.MessageAttributes, got.Attributes)
	}
	want := []string{"ApproximateFirstReceiveTimestamp", "SenderId", "SentTimestamp"}
	for _, name := range want {
		if !slices.Contains(keys(got.Attributes), name) {
			t.Errorf("attributes %s; want %s among them", strings.Join(keys(got.Attributes), ", "), name)
		}
	}
}

func keys(m map[string]string) []string {
	var list []string
	for k := range m {
		list = append(list, k)
	}
	return list
}
