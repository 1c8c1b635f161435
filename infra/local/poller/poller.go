// Package poller is Lambda's event-source mapping of an SQS queue: it receives messages, gathers them into batches, has
// the function work on each batch, and deletes what succeeded. What failed stays hidden until the queue's visibility
// timeout ends, comes back, and goes to the dead letters by the queue's own redrive policy.
//
// It follows the mapping's settings: batch size, batching window, how many batches at a time, partial failures. An
// invocation that fails as a whole deletes nothing; neither does an answer that is not a list of failures.
package poller

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Queues is what is needed of SQS.
type Queues interface {
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessageBatch(context.Context, *sqs.DeleteMessageBatchInput, ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error)
}

// Mapping is one event-source mapping.
type Mapping struct {
	Queues      Queues
	QueueURL    string
	QueueARN    string
	Region      string
	BatchSize   int           // most messages of an invocation
	Window      time.Duration // how long a batch that is not full is gathered; 0 takes what is there
	Concurrency int           // most invocations at a time, at least 1
	Partial     bool          // the function reports failures by message
	// Invoke runs the function on the event and returns its answer.
	Invoke func(ctx context.Context, payload []byte) ([]byte, error)
	// Received, where set, is given each batch before the function is, and returns what the function gets of it: in
	// another order, some twice, some not now. What is left out comes back when its visibility timeout ends.
	Received func(ctx context.Context, batch []types.Message) []types.Message
	Log      *slog.Logger
}

const (
	receiveMost = 10 // messages of one call
	longPoll    = 20 * time.Second
	pause       = 250 * time.Millisecond // after an error of the queue
)

// Run polls until the context ends; it returns when the last invocation has ended.
func (m *Mapping) Run(ctx context.Context) {
	var working sync.WaitGroup
	defer working.Wait()
	slots := make(chan struct{}, max(m.Concurrency, 1))
	for {
		select { // the slot first: what is received would only wait, hidden, for one
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		batch := m.gather(ctx)
		if len(batch) == 0 {
			<-slots
			if ctx.Err() != nil {
				return
			}
			continue
		}
		working.Go(func() {
			defer func() { <-slots }()
			m.work(ctx, batch)
		})
	}
}

// gather receives a batch: as soon as there is a message, it waits for more until the batch is full or the window ends.
func (m *Mapping) gather(ctx context.Context) []types.Message {
	var batch []types.Message
	var until time.Time
	for len(batch) < m.BatchSize {
		wait := longPoll
		if len(batch) > 0 {
			if wait = time.Until(until); wait <= 0 || ctx.Err() != nil {
				return batch
			}
		}
		got, err := m.receive(ctx, min(receiveMost, m.BatchSize-len(batch)), wait)
		if err != nil {
			if ctx.Err() == nil {
				m.Log.Warn("receive", "queue", m.QueueARN, "error", err.Error())
				select {
				case <-time.After(pause):
				case <-ctx.Done():
				}
			}
			return batch
		}
		if len(batch) == 0 && len(got) > 0 {
			if m.Window == 0 {
				return got
			}
			until = time.Now().Add(m.Window)
		}
		batch = append(batch, got...)
	}
	return batch
}

// receive asks the queue once. SQS counts a long poll in whole seconds; what is less is waited for in short polls, for
// which the queue's own ReceiveMessageWaitTimeSeconds must be 0.
func (m *Mapping) receive(ctx context.Context, most int, wait time.Duration) ([]types.Message, error) {
	const step = 20 * time.Millisecond
	seconds := int32(wait / time.Second)
	out, err := m.Queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &m.QueueURL, MaxNumberOfMessages: int32(most), WaitTimeSeconds: seconds,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
		MessageAttributeNames:       []string{"All"},
	})
	if err != nil {
		return nil, err
	}
	if len(out.Messages) == 0 && seconds == 0 {
		select {
		case <-time.After(min(step, wait)):
		case <-ctx.Done():
		}
	}
	return out.Messages, nil
}

// work has the function work on a batch and deletes what it did.
func (m *Mapping) work(ctx context.Context, batch []types.Message) {
	if m.Received != nil {
		if batch = m.Received(ctx, batch); len(batch) == 0 {
			return
		}
	}
	payload, err := json.Marshal(m.event(batch))
	if err != nil {
		m.Log.Error("encode a batch", "queue", m.QueueARN, "error", err.Error())
		return
	}
	answer, err := m.Invoke(ctx, payload)
	if err != nil {
		return // reported by the function; the messages come back
	}
	failed, err := m.failures(answer, batch)
	if err != nil {
		m.Log.Error("the function's answer cannot be read, so the whole batch counts as failed", "queue", m.QueueARN, "error", err.Error())
		return
	}
	var done []types.DeleteMessageBatchRequestEntry
	for i, message := range batch {
		if !failed[aws.ToString(message.MessageId)] {
			done = append(done, types.DeleteMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), ReceiptHandle: message.ReceiptHandle})
		}
	}
	for first := 0; first < len(done); first += receiveMost {
		part := done[first:min(first+receiveMost, len(done))]
		// An interrupt must not deliver again what is done.
		if _, err := m.Queues.DeleteMessageBatch(context.WithoutCancel(ctx), &sqs.DeleteMessageBatchInput{QueueUrl: &m.QueueURL, Entries: part}); err != nil {
			m.Log.Warn("delete", "queue", m.QueueARN, "error", err.Error())
		}
	}
}

// failures reads which messages the function reports as failed. An empty answer, null, or an empty list is none; a
// report that names no message of the batch fails all of it, as Lambda has it.
func (m *Mapping) failures(answer []byte, batch []types.Message) (map[string]bool, error) {
	if !m.Partial || len(strings.TrimSpace(string(answer))) == 0 {
		return nil, nil
	}
	var report *events.SQSEventResponse
	if err := json.Unmarshal(answer, &report); err != nil {
		return nil, err
	}
	if report == nil {
		return nil, nil
	}
	known := make(map[string]bool, len(batch))
	for _, message := range batch {
		known[aws.ToString(message.MessageId)] = true
	}
	failed := make(map[string]bool, len(report.BatchItemFailures))
	for _, f := range report.BatchItemFailures {
		if !known[f.ItemIdentifier] {
			return nil, fmt.Errorf("it reports a message as failed that is not in the batch")
		}
		failed[f.ItemIdentifier] = true
	}
	return failed, nil
}

// event is the batch as Lambda hands it to a function.
func (m *Mapping) event(batch []types.Message) events.SQSEvent {
	records := make([]events.SQSMessage, len(batch))
	for i, message := range batch {
		attributes := map[string]events.SQSMessageAttribute{}
		for name, a := range message.MessageAttributes {
			attributes[name] = events.SQSMessageAttribute{
				StringValue: a.StringValue, BinaryValue: a.BinaryValue, DataType: aws.ToString(a.DataType),
				StringListValues: []string{}, BinaryListValues: [][]byte{},
			}
		}
		records[i] = events.SQSMessage{
			MessageId: aws.ToString(message.MessageId), ReceiptHandle: aws.ToString(message.ReceiptHandle),
			Body: aws.ToString(message.Body), Md5OfBody: aws.ToString(message.MD5OfBody),
			Md5OfMessageAttributes: aws.ToString(message.MD5OfMessageAttributes),
			Attributes:             message.Attributes, MessageAttributes: attributes,
			EventSourceARN: m.QueueARN, EventSource: "aws:sqs", AWSRegion: m.Region,
		}
	}
	return events.SQSEvent{Records: records}
}
