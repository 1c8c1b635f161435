package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"liuke/infra/local/bucket"
	"liuke/infra/local/engine"
	"liuke/shared/archive"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/lake"
	"liuke/shared/lake/line"
)

// world is a suite of one function: its tables and bucket are the real engines', its queues are lists, its clock stands
// still until it is moved.
type world struct {
	t       testing.TB
	network *network
	store   *dynamo.Store
	lake    *lake.Lake // as the function has it, over the network
	outside *lake.Lake // the same bucket without the network's troubles
	s3      *s3.Client
	files   aws.Config // of the bucket's engine
	db      *dynamodb.Client
	records string // the table's name
	archive *list
	events  *list
	handler *Handler
	now     time.Time
}

var day = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, network: &network{}, now: day.AddDate(0, 0, 4).Add(time.Hour)}
	config := engine.Config(engine.StartDynamoDB(t))
	customers, records := engine.NewTables(t)
	w.db, w.records = dynamodb.NewFromConfig(config), records
	w.store = dynamo.New(config, customers, records, func(o *dynamodb.Options) {
		o.HTTPClient, o.Retryer = w.network, aws.NopRetryer{}
	})
	h, err := bucket.Handler(t.TempDir(), slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	files := engine.Config(server.URL)
	w.files = files
	w.s3 = s3.NewFromConfig(files, func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := w.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("lake")}); err != nil {
		t.Fatal(err)
	}
	w.outside = lake.New(files, "lake")
	w.lake = lake.New(files, "lake", func(o *s3.Options) { o.HTTPClient, o.Retryer = w.network, aws.NopRetryer{} })
	w.archive, w.events = &list{network: w.network}, &list{network: w.network}
	w.handler = w.newHandler(Props{})
	return w
}

func (w *world) newHandler(p Props) *Handler {
	p.Store, p.Lake, p.Archive, p.Events = w.store, w.lake, w.archive, w.events
	p.Now = func() time.Time { return w.now }
	p.Log = slog.New(slog.DiscardHandler)
	return NewHandler(p)
}

// beside returns another worker on the same lake, over a network of its own.
func (w *world) beside(n *network, p Props) *Handler {
	p.Lake = lake.New(w.files, "lake", func(o *s3.Options) { o.HTTPClient, o.Retryer = n, aws.NopRetryer{} })
	p.Archive, p.Now, p.Log = &list{network: n}, func() time.Time { return w.now }, slog.New(slog.DiscardHandler)
	return NewHandler(p)
}

// invoke calls the handler, and returns what it answers.
func (w *world) invoke(in any) any {
	w.t.Helper()
	raw, err := json.Marshal(in)
	if err != nil {
		w.t.Fatal(err)
	}
	out, err := w.handler.Handle(w.t.Context(), raw)
	if err != nil && !w.network.died() {
		w.t.Fatal(err)
	}
	return out
}

// deliver invokes the handler with one message and reports whether it is acknowledged.
func (w *world) deliver(body string) bool {
	w.t.Helper()
	out := w.invoke(events.SQSEvent{Records: []events.SQSMessage{{MessageId: "1", Body: body}}})
	return len(out.(events.SQSEventResponse).BatchItemFailures) == 0
}

// drain delivers every message until none is left. Each must be acknowledged.
func (w *world) drain() (deliveries int) {
	w.t.Helper()
	for ; ; deliveries++ {
		body, ok := w.archive.take()
		if !ok {
			return deliveries
		}
		if deliveries > 1000 {
			w.t.Fatal("there is no end to it")
		}
		if !w.deliver(body) {
			w.t.Fatalf("not acknowledged: %s", body)
		}
	}
}

// night lets the schedule compact, and the queue run empty.
func (w *world) night() {
	w.t.Helper()
	w.now = w.now.AddDate(0, 0, 1)
	w.invoke(map[string]any{"schedule": "compact", "scheduled_at": w.now})
	w.drain()
}

// shop is what customers did on the days from the first of March: by identity, each event.
type shop struct {
	world  *world
	random *rand.Rand
	keys   map[string]customer.Key // by user
	all    map[string]event.Event
	list   []event.Event // as they came
}

func newShop(w *world, customers int) *shop {
	s := &shop{world: w, random: rand.New(rand.NewPCG(1, 2)), keys: map[string]customer.Key{}, all: map[string]event.Event{}}
	for i := range customers {
		user := fmt.Sprintf("user %03d", i)
		key, err := customer.NewKey(rand.NewChaCha8([32]byte{byte(i), byte(i >> 8), 1}))
		if err != nil {
			w.t.Fatal(err)
		}
		s.keys[user] = key
	}
	return s
}

// sealed keeps the customers' keys where workers find them.
func (s *shop) sealed() *shop {
	s.world.t.Helper()
	for _, key := range s.keys {
		if err := s.world.store.Seal(s.world.t.Context(), key); err != nil {
			s.world.t.Fatal(err)
		}
	}
	return s
}

// trade puts batches of events of a day into the lake as profile would, some of them twice, in another batch.
func (s *shop) trade(on time.Time, batches, size int) {
	s.world.t.Helper()
	users := slices.Sorted(maps.Keys(s.keys))
	for range batches {
		var list []event.Event
		for range size {
			if len(s.list) > 0 && s.random.IntN(8) == 0 { // delivered again
				if e := s.list[s.random.IntN(len(s.list))]; lakeDay(e.Received).Equal(on) {
					list = append(list, e)
					continue
				}
			}
			e := event.Event{
				ID: event.MessageID(fmt.Sprintf("m %d", len(s.list))), Type: event.Track, Name: "Checked In", User: users[s.random.IntN(len(users))],
				Received: on.Add(time.Duration(s.random.IntN(86_400)) * time.Second), Source: event.SourceSegment,
			}
			if s.random.IntN(3) == 0 {
				e.Name = event.OrderUpdated
				e.Properties = json.RawMessage(fmt.Sprintf(`{"order_id":"o%d","total":%d}`, len(s.list)%5, len(s.list)))
				if s.random.IntN(3) == 0 && len(s.list) > 0 { // an order's event with the id of another's
					e.ID = s.list[len(s.list)-1].ID
				}
			}
			e.Time = e.Received
			s.list = append(s.list, e)
			s.all[s.identity(e)] = e
			list = append(list, e)
		}
		keys := make([]customer.Key, len(list))
		for i, e := range list {
			keys[i] = s.keys[e.User]
		}
		if err := s.world.outside.PutSealed(s.world.t.Context(), list, keys); err != nil {
			s.world.t.Fatal(err)
		}
	}
}

func lakeDay(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

func (s *shop) identity(e event.Event) string {
	return e.User + "|" + string(e.ID) + "|" + string(e.Properties)
}

// read reads all of the days' objects in the order of reading, as a reader beside the workers would, and returns how
// often each event is there.
func (s *shop) read(days ...time.Time) map[string]int {
	s.world.t.Helper()
	seen := map[string]int{}
	for _, d := range days {
		for tries := 0; ; tries++ {
			if tries == 100 {
				s.world.t.Fatal("a reader comes to no end")
			}
			some, err := s.readDay(d)
			maps.Copy(seen, some)
			if err == nil {
				break
			}
			if fault.CodeOf(err) != fault.NotFound {
				s.world.t.Fatal(err)
			}
		}
	}
	return seen
}

func (s *shop) readDay(d time.Time) (map[string]int, error) {
	ctx := context.Background()
	pending, err := s.world.outside.Pending(ctx, d)
	if err != nil {
		return nil, err
	}
	compacted, err := s.world.outside.Compacted(ctx, d)
	if err != nil {
		return nil, err
	}
	keys := map[string]customer.Key{}
	for _, k := range s.keys {
		keys[k.Pseudonym()] = k
	}
	seen := map[string]int{}
	for _, o := range append(pending, compacted...) {
		for e, err := range s.world.outside.Lines(ctx, o) {
			if err != nil {
				return seen, err
			}
			if !o.Holds(string(e.Customer)) {
				return seen, fmt.Errorf("%s holds a line of another shard", o.Key)
			}
			opened, err := line.Open(e.Raw, keys[string(e.Customer)])
			if err != nil {
				return seen, err
			}
			seen[s.identity(opened)]++
		}
	}
	return seen, nil
}

// whole checks that every event is there, and, where once is set, that none is there twice.
func (s *shop) whole(once bool, days ...time.Time) {
	s.world.t.Helper()
	seen := s.read(days...)
	for id := range s.all {
		if seen[id] == 0 {
			s.world.t.Fatalf("%s is not there", id)
		}
		if once && seen[id] > 1 {
			s.world.t.Fatalf("%s is there %d times", id, seen[id])
		}
	}
	if len(seen) != len(s.all) {
		s.world.t.Fatalf("%d events are there, want %d", len(seen), len(s.all))
	}
}

// compacted checks that nothing of the days waits any more.
func (w *world) compacted(days ...time.Time) {
	w.t.Helper()
	for _, d := range days {
		if pending, err := w.outside.Pending(w.t.Context(), d); err != nil || len(pending) > 0 {
			w.t.Fatalf("%d objects of %s wait, %v", len(pending), archive.DayOf(d), err)
		}
	}
}
