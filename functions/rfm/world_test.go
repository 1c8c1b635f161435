package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"liuke/infra/local/engine"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/lake"
	"liuke/shared/recalc"
	"liuke/shared/signal"
)

// world is a suite of one function: its tables and bucket are the real engines', its queues are lists, its clock stands
// still until it is moved.
type world struct {
	t         testing.TB
	db        *dynamodb.Client
	customers string
	store     *dynamo.Store
	lake      *lake.Lake
	handler   *Handler
	network   *network
	phases    *list
	signals   *list
	now       time.Time
	settings  recalc.Settings
	paged     *paged
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, network: &network{}, now: time.Date(2026, time.March, 1, 3, 0, 0, 0, time.UTC)}
	w.settings = recalc.Settings{Zone: time.FixedZone("business", 8*60*60), Currency: "EUR"}
	config := engine.Config(engine.StartDynamoDB(t))
	customers, records := engine.NewTables(t)
	w.customers = customers
	w.db = dynamodb.NewFromConfig(config)
	w.store = dynamo.New(config, customers, records, func(o *dynamodb.Options) {
		o.HTTPClient, o.Retryer = w.network, aws.NopRetryer{}
	})
	w.lake = lake.New(engine.Config(engine.StartQueues(t)), engine.NewBucket(t), func(o *s3.Options) {
		o.HTTPClient, o.Retryer = w.network, aws.NopRetryer{}
	})
	w.phases, w.signals = &list{network: w.network}, &list{network: w.network}
	w.paged = &paged{Store: w.store, rows: 1 << 30, counted: 1}
	w.handler = w.newHandler(Props{})
	return w
}

func (w *world) newHandler(p Props) *Handler {
	p.Store, p.Lake, p.Phases, p.Signals, p.Settings = w.paged, w.lake, w.phases, w.signals, w.settings
	p.Now = func() time.Time { return w.now }
	p.Log = slog.New(slog.DiscardHandler)
	return NewHandler(p)
}

// paged is a store whose scans return small pages, so that few customers make many parts, and whose table is as large as
// it is told, so that they make many slices.
type paged struct {
	Store
	rows    int
	counted int64
	scanned func(page int) // called after each page
	pages   int
}

func (p *paged) CountCustomers(context.Context) (int64, error) { return p.counted, nil }

func (p *paged) ScanCustomers(ctx context.Context, slice, of int, cursor customer.ID) ([]recalc.Row, customer.ID, error) {
	rows, next, err := p.Store.ScanCustomers(ctx, slice, of, cursor)
	if err == nil && len(rows) > p.rows {
		rows, next = rows[:p.rows], rows[p.rows-1].ID
	}
	if p.scanned != nil {
		p.scanned(p.pages)
	}
	p.pages++
	return rows, next, err
}

// deliver invokes the handler with one message and reports whether it is acknowledged.
func (w *world) deliver(body string) bool {
	w.t.Helper()
	raw, err := json.Marshal(events.SQSEvent{Records: []events.SQSMessage{{MessageId: "1", Body: body}}})
	if err != nil {
		w.t.Fatal(err)
	}
	out, err := w.handler.Handle(w.t.Context(), raw)
	if err != nil {
		w.t.Fatal(err)
	}
	return len(out.(events.SQSEventResponse).BatchItemFailures) == 0
}

// drain delivers every message until none is left. Each must be acknowledged.
func (w *world) drain() {
	w.t.Helper()
	for deliveries := 0; ; deliveries++ {
		body, ok := w.phases.take()
		if !ok {
			return
		}
		if deliveries > 10_000 {
			w.t.Fatal("the run does not end")
		}
		if !w.deliver(body) {
			w.t.Fatalf("not acknowledged: %s", body)
		}
	}
}

// plan plans a run and returns its id.
func (w *world) plan(request string) string {
	w.t.Helper()
	r, err := recalc.ParseRequest([]byte(request))
	if err != nil {
		w.t.Fatal(err)
	}
	p := recalc.Planner{Store: w.paged, Queue: w.phases, Now: func() time.Time { return w.now }, Settings: w.settings}
	id, err := p.Plan(w.t.Context(), r)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// run plans a run, drains the queue and returns the run, which must be done. The clock goes on by a second.
func (w *world) run(request string) *recalc.Run {
	w.t.Helper()
	id := w.plan(request)
	w.drain()
	return w.done(id)
}

func (w *world) done(id string) *recalc.Run {
	w.t.Helper()
	run, err := w.store.Run(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	if run.State != recalc.Done {
		w.t.Fatalf("the run is %s (landed %v, scored %v of %d)", run.State, run.Landed, run.Scored, run.Slices)
	}
	w.now = w.now.Add(time.Second)
	return run
}

// stockedAt is when every stored customer was seen, Unix seconds.
const stockedAt = 1_700_000_000

// put stores customers with the histories as a fold would.
func (w *world) put(histories map[customer.ID]*customer.History) {
	w.t.Helper()
	for batch := range slices.Chunk(slices.Sorted(maps.Keys(histories)), 25) {
		var writes []types.WriteRequest
		for _, id := range batch {
			h, _ := histories[id].MarshalBinary()
			item := map[string]types.AttributeValue{
				"id":   &types.AttributeValueMemberS{Value: string(id)},
				"v":    &types.AttributeValueMemberN{Value: "1"},
				"seen": &types.AttributeValueMemberN{Value: strconv.Itoa(stockedAt)},
				"last": &types.AttributeValueMemberN{Value: strconv.Itoa(stockedAt)},
			}
			if len(h) > 0 {
				item["h"] = &types.AttributeValueMemberB{Value: h}
			}
			writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: item}})
		}
		_, err := w.db.BatchWriteItem(w.t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{w.customers: writes}})
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

// order folds one more order into a stored customer.
func (w *world) order(id customer.ID, day customer.Day, net int64) {
	w.t.Helper()
	rec, err := w.store.Customer(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	rec.History.Add(day, net)
	h, _ := rec.History.MarshalBinary()
	_, err = w.db.UpdateItem(w.t.Context(), &dynamodb.UpdateItemInput{
		TableName: &w.customers, Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: string(id)}},
		UpdateExpression:          aws.String("SET h = :h ADD v :one"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":h": &types.AttributeValueMemberB{Value: h}, ":one": &types.AttributeValueMemberN{Value: "1"}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// record reads a stored customer.
func (w *world) record(id customer.ID) customer.Record {
	w.t.Helper()
	rec, err := w.store.Customer(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return rec
}

// standing reads the scores that stand of every customer.
func (w *world) standing(histories map[customer.ID]*customer.History) map[customer.ID]customer.Scores {
	w.t.Helper()
	out := make(map[customer.ID]customer.Scores)
	for id := range histories {
		out[id] = w.record(id).Scores
	}
	return out
}

// scores reads the run's CSV by customer.
func (w *world) scores(run *recalc.Run) map[string]map[string]string {
	w.t.Helper()
	raw, err := w.lake.Get(w.t.Context(), recalc.ScoresKey(run.ID))
	if err != nil {
		w.t.Fatal(err)
	}
	records, err := csv.NewReader(strings.NewReader(string(raw))).ReadAll()
	if err != nil {
		w.t.Fatal(err)
	}
	out := make(map[string]map[string]string)
	for _, rec := range records[1:] {
		line := make(map[string]string)
		for i, name := range records[0] {
			line[name] = rec[i]
		}
		if _, twice := out[rec[0]]; twice {
			w.t.Errorf("%s is listed twice", rec[0])
		}
		out[rec[0]] = line
	}
	return out
}

// told takes what outreach was told: by customer, each signal's id and data.
func (w *world) told() map[customer.ID][]string {
	w.t.Helper()
	out := make(map[customer.ID][]string)
	for {
		body, ok := w.signals.take()
		if !ok {
			return out
		}
		var pack signal.Pack
		if err := json.Unmarshal([]byte(body), &pack); err != nil || len(pack.Signals) > packSignals {
			w.t.Fatalf("a pack of %d signals: %v", len(pack.Signals), err)
		}
		for _, s := range pack.Signals {
			if told := s.ID + " " + string(s.Data); !slices.Contains(out[s.Customer], told) { // a signal may be sent again
				out[s.Customer] = append(out[s.Customer], told)
			}
		}
	}
}

// shop draws customers who buy, and some who never did, until the first of March 2026.
func shop(seed uint64, n int) map[customer.ID]*customer.History {
	rng := rand.New(rand.NewPCG(seed, 1))
	end := customer.Date(2026, time.March, 1)
	out := make(map[customer.ID]*customer.History)
	for i := range n {
		h := &customer.History{}
		if i%11 != 0 {
			at := float64(end) - 720*rng.Float64()
			pace, worth, leave := 15/(rng.ExpFloat64()+rng.ExpFloat64()+.05), 2000*math.Exp(.6*rng.NormFloat64()), .3*rng.Float64()*rng.Float64()
			for customer.Day(at) <= end {
				h.Add(customer.Day(at), int64(worth*(.2+1.2*rng.ExpFloat64())))
				if rng.Float64() < leave {
					break
				}
				at += pace * rng.ExpFloat64() * 3
			}
		}
		out[customer.ID(fmt.Sprintf("customer %03d", i))] = h
	}
	return out
}
