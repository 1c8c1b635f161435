package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"liuke/infra/local/engine"
	"liuke/shared/event"
	"liuke/shared/lake"
	"liuke/shared/money"
	"liuke/shared/queue"
)

// TestABatchReachesTheRealQueueAndLake sends a sample over the wire: what the queue hands out is what was accepted, and
// the lake holds what was not.
func TestABatchReachesTheRealQueueAndLake(t *testing.T) {
	cfg, url, bucket := engine.Config(engine.StartQueues(t)), engine.NewQueue(t), engine.NewBucket(t)
	b := setup(t)
	b.Handler.Queue = queue.New(cfg, url)
	b.Handler.Lake = lake.New(cfg, bucket)
	if out, body := b.handle(t, sample(t, "batch_gzip")); out.StatusCode != 200 {
		t.Fatalf("answered %d %v", out.StatusCode, body)
	}

	events := receive(t, sqs.NewFromConfig(cfg), url)
	if len(events) != 3 || events[0].User != "user-0001" || string(events[1].Traits) != `{"email":"sam@shop.example","locale":"en-GB"}` {
		t.Fatalf("the queue holds %+v", events)
	}
	if o, err := event.OrderOf(&events[0], money.Only("CNY")); err != nil || o.Total != 12995 {
		t.Fatalf("the order is %+v, %v", o, err)
	}

	line := onlyObject(t, s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }), bucket, "rejected/2026/03/01/08/")
	var r event.Rejected
	if err := json.Unmarshal(line, &r); err != nil {
		t.Fatal(err)
	}
	if r.Pointer != "/batch/3/properties/total" || !strings.Contains(string(r.Event), `"total":12.345`) || !r.Received.Equal(now) {
		t.Fatalf("the lake holds %s", line)
	}
}

// TestManyEventsArriveInFewMessages fills a body to its limit with characters that SQS does not take as such.
func TestManyEventsArriveInFewMessages(t *testing.T) {
	cfg, url := engine.Config(engine.StartQueues(t)), engine.NewQueue(t)
	b := setup(t)
	b.Handler.Queue = queue.New(cfg, url)
	var body strings.Builder
	body.WriteString(`{"batch":[`)
	for i := range 900 {
		if i > 0 {
			body.WriteByte(',')
		}
		fmt.Fprintf(&body, "{\"type\":\"track\",\"event\":\"茶 \uFFFE\uFFFF\",\"userId\":\"u\",\n\"messageId\":\"m%d\",\"properties\":{\"\uFFFF\":\"%s\"}}",
			i, strings.Repeat("x", 400))
	}
	body.WriteString("]}")
	if out, answer := b.handle(t, call("batch", basic(sampleKey), body.String())); out.StatusCode != 200 {
		t.Fatalf("answered %d %v", out.StatusCode, answer)
	}
	if got := receive(t, sqs.NewFromConfig(cfg), url); len(got) != 900 || b.counts[metricAccepted] != 900 {
		t.Fatalf("%d of 900 events were accepted and %d arrived", b.counts[metricAccepted], len(got))
	}
}

// receive takes all events off a queue.
func receive(t *testing.T, client *sqs.Client, url string) (all []event.Event) {
	t.Helper()
	for {
		out, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return all
		}
		for _, m := range out.Messages {
			events, err := event.Unpack(*m.Body)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, events...)
		}
	}
}

// onlyObject returns the one line of the one object under a prefix.
func onlyObject(t *testing.T, client *s3.Client, bucket, prefix string) []byte {
	t.Helper()
	list, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
	if err != nil || len(list.Contents) != 1 {
		t.Fatalf("%d objects under %s: %v", len(list.Contents), prefix, err)
	}
	object, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: list.Contents[0].Key})
	if err != nil {
		t.Fatal(err)
	}
	defer object.Body.Close()
	z, err := gzip.NewReader(object.Body)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil || bytes.Count(text, []byte("\n")) != 1 {
		t.Fatalf("%v: %q", err, text)
	}
	return text
}
