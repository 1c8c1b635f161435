package lake_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"liuke/infra/local/engine"
	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/lake"
	"liuke/shared/lake/line"
)

var received = time.Date(2026, 3, 1, 8, 31, 2, 0, time.UTC)

func batch() []event.Event {
	return []event.Event{
		{ID: "m-2", Type: event.Track, Name: "Checked In", User: "b", Time: received, Received: received.Add(-time.Hour), Source: event.SourceSegment},
		{ID: "m-1", Type: event.Track, Name: "签到", User: "a", Time: received, Received: received, Source: event.SourceSegment,
			Properties: json.RawMessage("{\n \"n\": 1 }")},
	}
}

func keys(n int) []customer.Key {
	all := make([]customer.Key, n)
	for i := range all {
		all[i] = customer.Key{9}
	}
	return all
}

func TestABatchBecomesAnObjectAnHourThatARedeliveryOverwrites(t *testing.T) {
	t.Parallel()
	cfg, bucket := engine.Config(engine.StartQueues(t)), engine.NewBucket(t)
	l := lake.New(cfg, bucket)
	events := append(batch(), event.Event{ID: "m-0", Type: event.Track, Name: "Checked In", User: "c", Received: received, Source: event.SourceSegment})
	for range 2 { // the second time in another order, as a redelivery may be
		if err := l.PutSealed(t.Context(), events, keys(3)); err != nil {
			t.Fatal(err)
		}
		events[0], events[1] = events[1], events[0]
	}
	objects := list(t, cfg, bucket)
	if len(objects) != 2 || !strings.HasPrefix(objects[0], "events/2026/03/01/07/") || !strings.HasPrefix(objects[1], "events/2026/03/01/08/") ||
		!strings.HasSuffix(objects[1], ".ndjson.gz") {
		t.Fatalf("objects %v, want one in each hour of receipt", objects)
	}
	var got []event.Event
	for _, key := range objects {
		for _, raw := range lines(t, cfg, bucket, key) {
			e, err := line.Open([]byte(raw), customer.Key{9})
			if err != nil {
				t.Fatalf("line %q: %v", raw, err)
			}
			got = append(got, e)
		}
	}
	want := []event.Event{events[0], events[2], events[1]} // by hour and id
	want[2].Properties = json.RawMessage(`{"n":1}`)        // a line is a line
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	events[0].ID = "m-3"
	if err := l.PutSealed(t.Context(), events, keys(3)); err != nil {
		t.Fatal(err)
	}
	if objects := list(t, cfg, bucket); len(objects) != 3 {
		t.Errorf("another hour's batch must make another object: %v", objects)
	}
}

func TestRejectedEventsAreKeptApartWithTheirReason(t *testing.T) {
	t.Parallel()
	cfg, bucket := engine.Config(engine.StartQueues(t)), engine.NewBucket(t)
	rejected := []event.Rejected{{Received: received, Reason: "no total", Pointer: "/properties/total", Event: json.RawMessage(`{"event":"Order Completed"}`)}}
	l := lake.New(cfg, bucket)
	if err := l.PutRejected(t.Context(), rejected); err != nil {
		t.Fatal(err)
	}
	if err := l.PutRejected(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	objects := list(t, cfg, bucket)
	if len(objects) != 1 || !strings.HasPrefix(objects[0], "rejected/2026/03/01/08/") {
		t.Fatalf("objects %v", objects)
	}
	want := `{"received":"2026-03-01T08:31:02Z","reason":"no total","pointer":"/properties/total","event":{"event":"Order Completed"}}`
	if got := lines(t, cfg, bucket, objects[0]); len(got) != 1 || got[0] != want {
		t.Errorf("lines %q, want %s", got, want)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestErrorsOfTheLakeSayWhetherToTryAgain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		status int
		body   string
		want   fault.Code
	}{
		{"no permission", http.StatusForbidden, `<Error><Code>AccessDenied</Code></Error>`, fault.Internal},
		{"another wrote first", http.StatusPreconditionFailed, `<Error><Code>PreconditionFailed</Code></Error>`, fault.Conflict},
		{"too fast", http.StatusServiceUnavailable, `<Error><Code>SlowDown</Code></Error>`, fault.Throttled},
		{"broken", http.StatusInternalServerError, `<Error><Code>InternalError</Code></Error>`, fault.Unavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := lake.New(engine.Config("http://lake.invalid"), "bucket", func(o *s3.Options) {
				o.Retryer = aws.NopRetryer{}
				o.HTTPClient = &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: test.status, Header: http.Header{"Content-Type": {"application/xml"}},
						Body: io.NopCloser(strings.NewReader(test.body))}, nil
				})}
			})
			if err := l.PutSealed(t.Context(), batch(), keys(2)); fault.CodeOf(err) != test.want {
				t.Errorf("%v, want %s", err, test.want)
			}
		})
	}
}

// TestWhatIsRefusedAndNotListedDoesNotExist stands for S3 where a function may list some prefixes alone: it refuses to read
// what does not exist.
func TestWhatIsRefusedAndNotListedDoesNotExist(t *testing.T) {
	t.Parallel()
	const denied = `<Error><Code>AccessDenied</Code></Error>`
	for _, test := range []struct {
		name   string
		status int
		list   string
		want   fault.Code
	}{
		{"gone", http.StatusOK, `<ListBucketResult><Contents><Key>days/2026-03-01/all.ndjson.gz2</Key></Contents></ListBucketResult>`, fault.NotFound},
		{"there", http.StatusOK, `<ListBucketResult><Contents><Key>days/2026-03-01/all.ndjson.gz</Key></Contents></ListBucketResult>`, fault.Internal},
		{"nobody knows", http.StatusForbidden, denied, fault.Internal},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := lake.New(engine.Config("http://lake.invalid"), "bucket", func(o *s3.Options) {
				o.Retryer = aws.NopRetryer{}
				o.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
					status, body := http.StatusForbidden, denied
					if strings.Contains(r.URL.RawQuery, "list-type") {
						status, body = test.status, test.list
					}
					return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/xml"}}, Body: io.NopCloser(strings.NewReader(body))}, nil
				})}
			})
			if _, err := l.Get(t.Context(), "days/2026-03-01/all.ndjson.gz"); fault.CodeOf(err) != test.want {
				t.Errorf("%v, want %s", err, test.want)
			}
		})
	}
}

func list(t *testing.T, cfg aws.Config, bucket string) (keys []string) {
	t.Helper()
	out, err := client(cfg).ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range out.Contents {
		keys = append(keys, *o.Key)
	}
	return keys
}

func lines(t *testing.T, cfg aws.Config, bucket, key string) (all []string) {
	t.Helper()
	out, err := client(cfg).GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	z, err := gzip.NewReader(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	s := bufio.NewScanner(z)
	for s.Scan() {
		all = append(all, s.Text())
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	return all
}

func client(cfg aws.Config) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
}
