// Package queue sends messages to SQS; it is the one importer of its client. Receiving is Lambda's part: see package
// batch.
package queue

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"liuke/shared/fault"
)

// Message is one message to send. Body is JSON: characters that SQS, or an engine in its place, does not take as such are
// sent as JSON escapes, which mean the same. Reason, where set, travels as an attribute for the people who redrive: a code or a
// short sentence, never personal data.
type Message struct {
	Body   string
	Delay  time.Duration // whole seconds, at most 15 minutes
	Reason string
}

// Limits of SQS that hold in every Region and in older accounts.
const (
	MaxBytes      = 256 << 10 // of a message, and of all messages in one call
	maxEntries    = 10
	reasonBytes   = 200
	sendAttempts  = 3
	reasonKey     = "reason"
	maxDelay      = 15 * time.Minute
	attributeRoom = 1 << 10
)

// client is SQS's under a name without methods, so that a program that looks methods up by their names does not keep
// all of the service's operations.
type client sqs.Client

// Sender sends to one queue.
type Sender struct {
	client *client
	url    string
}

// New returns a sender to the queue at the URL.
func New(cfg aws.Config, url string, options ...func(*sqs.Options)) *Sender {
	defaults := func(o *sqs.Options) {
		o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) { r.MaxAttempts = 3 })
	}
	return &Sender{client: (*client)(sqs.NewFromConfig(cfg, append([]func(*sqs.Options){defaults}, options...)...)), url: url}
}

// Send sends all messages, in calls as full as the limits allow, and sends again what a call refused. When it returns
// an error, Unavailable or Throttled, any of the messages may have been sent: whoever sends again must stand duplicates.
//
// A message that the queue refuses for what it is makes the error Internal: sending it again would not help.
func (s *Sender) Send(ctx context.Context, messages ...Message) error {
	messages = slices.Clone(messages)
	for i := range messages {
		messages[i].Body = escape(messages[i].Body)
	}
	for len(messages) > 0 {
		n, size := 0, 0
		for n < len(messages) && n < maxEntries {
			size += len(messages[n].Body) + attributeRoom
			if n > 0 && size > MaxBytes {
				break
			}
			n++
		}
		if err := s.sendCall(ctx, messages[:n]); err != nil {
			return err
		}
		messages = messages[n:]
	}
	return nil
}

func (s *Sender) sendCall(ctx context.Context, messages []Message) error {
	entries := make([]types.SendMessageBatchRequestEntry, len(messages))
	for i, m := range messages {
		entries[i] = entry(i, m)
	}
	for attempt := 1; ; attempt++ {
		out, err := (*sqs.Client)(s.client).SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &s.url, Entries: entries})
		if err != nil {
			return fault.As(err, fault.Unavailable, "the queue did not take the messages")
		}
		if len(out.Failed) == 0 {
			return nil
		}
		again := make([]types.SendMessageBatchRequestEntry, 0, len(out.Failed))
		for _, f := range out.Failed {
			i, err := strconv.Atoi(aws.ToString(f.Id))
			if err != nil || i < 0 || i >= len(messages) || f.SenderFault {
				return fault.New(fault.Internal, "the queue refused a message as ill-formed: %s", aws.ToString(f.Code))
			}
			again = append(again, entry(i, messages[i]))
		}
		if attempt == sendAttempts {
			return fault.New(fault.Throttled, "the queue refused %d of %d messages", len(again), len(messages))
		}
		entries = again
	}
}

func entry(i int, m Message) types.SendMessageBatchRequestEntry {
	e := types.SendMessageBatchRequestEntry{
		Id:           aws.String(strconv.Itoa(i)),
		MessageBody:  aws.String(m.Body),
		DelaySeconds: int32(min(m.Delay, maxDelay) / time.Second),
	}
	if m.Reason != "" {
		reason := m.Reason
		if len(reason) > reasonBytes {
			reason = reason[:reasonBytes]
		}
		e.MessageAttributes = map[string]types.MessageAttributeValue{
			reasonKey: {DataType: aws.String("String"), StringValue: aws.String(reason)},
		}
	}
	return e
}

// escape writes what lies beyond U+FFFD as JSON escapes, in surrogate pairs beyond U+FFFF. In JSON such characters stand
// in strings alone.
func escape(body string) string {
	beyond := func(r rune) bool { return r > utf8.RuneError }
	first := strings.IndexFunc(body, beyond)
	if first < 0 {
		return body
	}
	out := []byte(body[:first])
	for _, r := range body[first:] {
		switch high, low := utf16.EncodeRune(r); {
		case !beyond(r):
			out = utf8.AppendRune(out, r)
		case r <= 0xFFFF:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		}
	}
	return string(out)
}
