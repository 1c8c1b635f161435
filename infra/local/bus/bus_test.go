package bus

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// testBundle is an account whose one rule takes everything of the source shop.orders or aws.s3.
type testBundle struct {
	*Buses
	got  chan string // what the target took
	lost chan error
}

func setup(t *testing.T, target Target) *testBundle {
	t.Helper()
	pattern, err := ParsePattern(`{"source":["shop.orders","aws.s3"]}`)
	if err != nil {
		t.Fatal(err)
	}
	b := &testBundle{got: make(chan string, 9), lost: make(chan error, 9)}
	inner := target.Deliver
	target.Deliver = func(ctx context.Context, payload []byte) error {
		if inner != nil {
			if err := inner(ctx, payload); err != nil {
				return err
			}
		}
		b.got <- string(payload)
		return nil
	}
	b.Buses = &Buses{
		Account: "111111111111", Region: "eu-central-1", Names: []string{"shop"},
		Rules: []*Rule{{Name: "orders", Bus: Default, Pattern: pattern, Targets: []Target{target}}},
		Now:   func() time.Time { return time.Date(2026, 3, 1, 8, 31, 1, 5, time.UTC) }, OnLost: func(err error) { b.lost <- err },
	}
	t.Cleanup(b.Close)
	return b
}

func TestAnObjectsEventIsAsS3SendsIt(t *testing.T) {
	b := setup(t, Target{})
	if err := b.ObjectCreated(Object{Bucket: "lake", Key: "imports/a b/upload", Size: 5, ETag: "b1946ac92492d2347c6235b4d2611184", Reason: "PutObject", SourceIP: "127.0.0.1"}); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(<-b.got), &got); err != nil {
		t.Fatal(err)
	}
	detail := got["detail"].(map[string]any)
	object := detail["object"].(map[string]any)
	for _, made := range []struct {
		in   map[string]any
		name string
	}{{got, "id"}, {detail, "request-id"}, {object, "sequencer"}} { // other ones with each event
		if text, _ := made.in[made.name].(string); len(text) < 16 {
			t.Errorf("%s is %q", made.name, text)
		}
		delete(made.in, made.name)
	}
	want := map[string]any{
		"version": "0", "detail-type": "Object Created", "source": "aws.s3", "account": "111111111111", "time": "2026-03-01T08:31:01Z",
		"region": "eu-central-1", "resources": []any{"arn:aws:s3:::lake"},
		"detail": map[string]any{
			"version": "0", "bucket": map[string]any{"name": "lake"}, "requester": "111111111111", "source-ip-address": "127.0.0.1", "reason": "PutObject",
			"object": map[string]any{"key": "imports/a b/upload", "size": 5.0, "etag": "b1946ac92492d2347c6235b4d2611184"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestWhatFailsIsTriedAgainAndThenADeadLetter(t *testing.T) {
	for name, c := range map[string]struct {
		failures, retries int
		delivered         bool
	}{
		"a target that comes back is reached":           {2, 2, true},
		"a target that stays away gets a dead letter":   {9, 1, false},
		"a target without retries is tried once at all": {1, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			dead := make(chan string, 1)
			var tries atomic.Int32
			b := setup(t, Target{
				Retries: c.retries, Input: `{"fixed":true}`,
				Deliver: func(context.Context, []byte) error {
					if int(tries.Add(1)) <= c.failures {
						return errors.New("away")
					}
					return nil
				},
				DeadLetter: func(_ context.Context, payload []byte) error { dead <- string(payload); return nil },
			})
			if _, err := b.Put(Default, Event{Source: "shop.orders", DetailType: "x", Detail: json.RawMessage(`{}`)}); err != nil {
				t.Fatal(err)
			}
			from := dead
			if c.delivered {
				from = b.got
			}
			if got := <-from; got != `{"fixed":true}` {
				t.Errorf("took %s, want the target's input", got)
			}
			if n := int(tries.Load()); n != min(c.failures, c.retries)+1 {
				t.Errorf("%d tries", n)
			}
		})
	}
}

func TestALostEventIsTold(t *testing.T) {
	b := setup(t, Target{Deliver: func(context.Context, []byte) error { return errors.New("away") }})
	if _, err := b.Put(Default, Event{Source: "shop.orders", DetailType: "x", Detail: json.RawMessage(`{}`)}); err != nil {
		t.Fatal(err)
	}
	if err := <-b.lost; !strings.Contains(err.Error(), "rule orders: away") {
		t.Errorf("told %v", err)
	}
}

func TestCloseEndsWhatIsTriedAgain(t *testing.T) {
	b := setup(t, Target{Retries: 1 << 20, Deliver: func(context.Context, []byte) error { return errors.New("away") }})
	if _, err := b.Put(Default, Event{Source: "shop.orders", DetailType: "x", Detail: json.RawMessage(`{}`)}); err != nil {
		t.Fatal(err)
	}
	if n := b.Pending(); n != 1 {
		t.Errorf("%d deliveries are pending, want 1", n)
	}
	b.Close()
	if n := b.Pending(); n != 0 {
		t.Errorf("%d deliveries are pending after the end", n)
	}
}

func TestPutEventsIsAnsweredEntryByEntry(t *testing.T) {
	for name, c := range map[string]struct{ entry, want string }{
		"an event of a rule":           {`{"Source":"shop.orders","DetailType":"Order","Detail":"{\"a\":1}"}`, ""},
		"an event of another bus":      {`{"Source":"shop.orders","DetailType":"Order","Detail":"{}","EventBusName":"arn:aws:events:eu-central-1:111111111111:event-bus/shop"}`, ""},
		"a bus that is not there":      {`{"Source":"shop.orders","DetailType":"Order","Detail":"{}","EventBusName":"other"}`, "ResourceNotFoundException"},
		"a detail that is no object":   {`{"Source":"shop.orders","DetailType":"Order","Detail":"[]"}`, "MalformedDetail"},
		"an event without a source":    {`{"DetailType":"Order","Detail":"{}"}`, "InvalidArgument"},
		"an event in a service's name": {`{"Source":"aws.s3","DetailType":"Order","Detail":"{}"}`, "NotAuthorizedForSourceException"},
		"an event with a time":         {`{"Source":"shop.orders","DetailType":"Order","Detail":"{}","Time":1772353861.5}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, Target{})
			w := httptest.NewRecorder()
			b.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"Entries":[`+c.entry+`]}`)))
			var answer struct {
				FailedEntryCount int
				Entries          []struct{ EventId, ErrorCode string }
			}
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || len(answer.Entries) != 1 {
				t.Fatalf("answered %s (%v)", w.Body, err)
			}
			if e := answer.Entries[0]; e.ErrorCode != c.want || (e.EventId == "") != (c.want != "") || (answer.FailedEntryCount == 1) != (c.want != "") {
				t.Errorf("answered %s, want the code %q", w.Body, c.want)
			}
		})
	}
}
