package main

import (
	"context"
	cryptorand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/infra/local/engine"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fold"
	"liuke/shared/money"
	"liuke/shared/signal"
)

var shanghai = time.FixedZone("CST", 8*60*60)

// world is what all schedules share: two tables of the real engine, and clients that speak to it over a faulty wire.
type world struct {
	store     *dynamo.Store
	folder    *fold.Folder
	db        *dynamodb.Client
	customers string
	records   string
}

func newWorld(t testing.TB) *world {
	cfg := engine.Config(engine.StartDynamoDB(t))
	customers, records := engine.NewTables(t)
	w := &world{
		store:     dynamo.New(cfg, customers, records, faulty),
		db:        dynamodb.NewFromConfig(cfg, faulty),
		customers: customers,
		records:   records,
	}
	w.folder = &fold.Folder{
		Settings:    fold.Settings{Zone: shanghai, Money: money.Only("CNY")},
		Store:       w.store,
		Sleep:       func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		Jitter:      func() float64 { return 0.5 },
		Random:      cryptorand.Reader,
		Concurrency: 1, // so that a schedule follows from its seed
	}
	return w
}

// left reads a customer's item and counts the records that stand under its id.
func (w *world) left(ctx context.Context, id customer.ID) (item map[string]types.AttributeValue, records int, err error) {
	key := map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: string(id)}}
	got, err := w.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &w.customers, Key: key, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, 0, err
	}
	out, err := w.db.Query(ctx, &dynamodb.QueryInput{
		TableName: &w.records, KeyConditionExpression: aws.String("pk = :pk"), ConsistentRead: aws.Bool(true),
		ExpressionAttributeValues: map[string]types.AttributeValue{":pk": &types.AttributeValueMemberS{Value: dynamo.ProfileKey(id).PK}},
	})
	if err != nil {
		return nil, 0, err
	}
	return got.Item, len(out.Items), nil
}

// remove deletes a customer's item.
func (w *world) remove(ctx context.Context, id customer.ID) error {
	key := map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: string(id)}}
	_, err := w.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &w.customers, Key: key})
	return err
}

// writeScores writes a customer's scores as a recalculation does: on condition that the customer exists, stands for itself,
// and no newer run has written.
func (w *world) writeScores(ctx context.Context, id customer.ID, run int64) {
	number := func(n int64) types.AttributeValue {
		return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
	}
	w.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{ // what the engine committed counts, not what came back
		TableName:        &w.customers,
		Key:              map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: string(id)}},
		UpdateExpression: aws.String("SET #r = :r, #run = :run"),
		ConditionExpression: aws.String("attribute_exists(#id) AND attribute_not_exists(#into) AND attribute_not_exists(erased)" +
			" AND (attribute_not_exists(#run) OR #run <= :run)"),
		ExpressionAttributeNames:  map[string]string{"#id": "id", "#r": "r", "#run": "run", "#into": "into"},
		ExpressionAttributeValues: map[string]types.AttributeValue{":r": number(run % 5), ":run": number(run)},
	})
}

// tally counts what the schedules went through.
type tally struct {
	verdicts [verdicts]atomic.Int64
	starts   sync.Map // kind → *atomic.Int64
}

func (t *tally) count(v verdict) { t.verdicts[v].Add(1) }

func (t *tally) start(kind string) {
	n, _ := t.starts.LoadOrStore(kind, new(atomic.Int64))
	n.(*atomic.Int64).Add(1)
}

func (t *tally) String() string {
	s := ""
	for v := proceed; v < verdicts; v++ {
		s += fmt.Sprintf("%s %d, ", v, t.verdicts[v].Load())
	}
	t.starts.Range(func(kind, n any) bool {
		s += fmt.Sprintf("%s %d, ", kind, n.(*atomic.Int64).Load())
		return true
	})
	return s[:len(s)-2]
}

// TestFoldEndsAsTheModelSaysUnderRandomSchedules plays random schedules of deliveries (duplicates, reorderings, up to
// three processes interleaved call by call with rebuilds, audits, erasures, replays out of the lake and score writes;
// identities that are merged in chains, cycles and any order of arrival; calls that fail before or after
// they took effect, throttles, stale reads, crashes) against the real engine and compares the end with a model that
// sees the set of events at once. LIUKE_MODEL_SCHEDULES says how many (10,000; 500 with -short), LIUKE_MODEL_SEED which
// comes first (1): a failure names the seed to repeat.
func TestFoldEndsAsTheModelSaysUnderRandomSchedules(t *testing.T) {
	schedules, first := 10_000, 1
	if testing.Short() {
		schedules = 500
	}
	numberFrom(t, "LIUKE_MODEL_SCHEDULES", &schedules)
	numberFrom(t, "LIUKE_MODEL_SEED", &first)
	w := newWorld(t)
	var done tally
	var next atomic.Int64
	var wg sync.WaitGroup
	began := time.Now()
	for range 2 * runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for !t.Failed() {
				i := int(next.Add(1)) - 1
				if i >= schedules {
					return
				}
				seed := uint64(first + i)
				if err := newSchedule(w, seed, &done).run(context.Background()); err != nil {
					t.Errorf("LIUKE_MODEL_SEED=%d LIUKE_MODEL_SCHEDULES=1: %v", seed, err)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d schedules from seed %d in %.0f s: %s", schedules, first, time.Since(began).Seconds(), &done)
}

func newSchedule(w *world, seed uint64, done *tally) *schedule {
	rng := rand.New(rand.NewPCG(seed, 0x11_0e))
	s := &schedule{
		world: w, seed: seed, rng: rng, tally: done,
		traffic: newTraffic(seed, rng),
		events:  make(chan report),
		sent:    map[string]signal.Signal{},
		kept:    map[string]customer.Key{},
		scored:  map[customer.ID]int64{},
	}
	s.waiting = append(s.waiting, s.traffic.messages...)
	s.erasing = append(s.erasing, s.traffic.erasures...)
	return s
}

func numberFrom(t *testing.T, name string, n *int) {
	if text := os.Getenv(name); text != "" {
		parsed, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("%s must be a whole number, and %q is not", name, text)
		}
		*n = parsed
	}
}
