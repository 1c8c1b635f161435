package queue_test

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"liuke/infra/local/engine"
	"liuke/shared/queue"
)

// TestEveryCharacterArrives sends what SQS takes in no body as such, and what some engines do not.
func TestEveryCharacterArrives(t *testing.T) {
	cfg := engine.Config(engine.StartQueues(t))
	url := engine.NewQueue(t)
	for _, want := range []string{"plain", "caf\u00e9 \u5ba2", "\U0001F44D and \U00020BB7", "\ufffe\uffff", "\ufffd"} {
		body, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if err := queue.New(cfg, url).Send(t.Context(), queue.Message{Body: string(body)}); err != nil {
			t.Fatalf("%+q: %v", want, err)
		}
		out, err := sqs.NewFromConfig(cfg).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 5})
		if err != nil || len(out.Messages) != 1 {
			t.Fatalf("%+q: received %d messages, %v", want, len(out.Messages), err)
		}
		var got string
		if err := json.Unmarshal([]byte(*out.Messages[0].Body), &got); err != nil || got != want {
			t.Errorf("sent %+q, received %+q, %v", want, got, err)
		}
		if _, err := sqs.NewFromConfig(cfg).DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: out.Messages[0].ReceiptHandle}); err != nil {
			t.Fatal(err)
		}
	}
}
