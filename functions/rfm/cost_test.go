package main

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"liuke/infra/local/engine"
	"liuke/shared/queue"
	"liuke/shared/recalc"
	"liuke/shared/signal"
)

// tableBytes is what DynamoDB counts of a table: names and values, numbers by their significant digits.
func (w *world) tableBytes() (bytes int) {
	w.t.Helper()
	pages := dynamodb.NewScanPaginator(w.db, &dynamodb.ScanInput{TableName: &w.customers})
	for pages.HasMorePages() {
		page, err := pages.NextPage(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		for _, item := range page.Items {
			for name, v := range item {
				bytes += len(name)
				switch v := v.(type) {
				case *types.AttributeValueMemberS:
					bytes += len(v.Value)
				case *types.AttributeValueMemberB:
					bytes += len(v.Value)
				case *types.AttributeValueMemberN:
					bytes += (len(strings.TrimRight(v.Value, "0"))+1)/2 + 1
				}
			}
		}
	}
	return bytes
}

func TestARunCostsOneScanAndTheCustomersWhoChanged(t *testing.T) {
	w := newWorld(t)
	histories := shop(9, 4000)
	w.put(histories)
	for month := range 3 {
		bytes := w.tableBytes()
		run := w.run(`{}`)
		budget := 1.02 * float64(bytes) / 8192
		t.Logf("month %d: %.1f read units for %d KB (budget %.1f), %.0f write units for %d of %d customers", month, run.Report.Read, bytes>>10, budget, run.Report.Write, run.Report.Differing, run.Report.Customers)
		if run.Report.Read > budget || run.Report.Read < .9*budget {
			t.Errorf("the scan takes %v read units, and the budget is %.1f", run.Report.Read, budget)
		}
		if run.Report.Write != float64(run.Report.Differing) || run.Report.Differing == 0 {
			t.Errorf("%v write units for %d customers whose scores differ", run.Report.Write, run.Report.Differing)
		}
		w.now = w.now.AddDate(0, 1, 0)
	}
}

func TestARunThroughTheRealQueues(t *testing.T) {
	w := newWorld(t)
	histories := shop(7, 90)
	w.put(histories)
	config := engine.Config(engine.StartQueues(t))
	phases, signals := engine.NewQueue(t), engine.NewQueue(t)
	w.paged.counted, w.paged.rows = 100_000, 20
	sender := queue.New(config, phases)
	w.handler = NewHandler(Props{
		Store: w.paged, Lake: w.lake, Phases: sender, Signals: queue.New(config, signals), Settings: w.settings,
		Now: func() time.Time { return w.now }, PartRows: 20, Log: slog.New(slog.DiscardHandler),
	})
	client := sqs.NewFromConfig(config)
	receive := func(url string, wait int32) []string {
		out, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: wait, MaxNumberOfMessages: 10})
		if err != nil {
			t.Fatal(err)
		}
		var bodies []string
		for _, m := range out.Messages {
			bodies = append(bodies, aws.ToString(m.Body))
			if _, err := client.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle}); err != nil {
				t.Fatal(err)
			}
		}
		return bodies
	}
	planner := recalc.Planner{Store: w.paged, Queue: sender, Now: func() time.Time { return w.now }, Settings: w.settings}
	moved, before := 0, stood{}
	for round := range 2 {
		id, err := planner.Plan(t.Context(), recalc.Request{})
		if err != nil {
			t.Fatal(err)
		}
		for range 200 {
			if run, err := w.store.Run(t.Context(), id); err != nil || run.State != recalc.Running {
				break
			}
			for _, body := range receive(phases, 2) {
				if !w.deliver(body) {
					t.Fatalf("not acknowledged: %s", body)
				}
			}
		}
		run := w.done(id)
		told := 0
		for bodies := receive(signals, 0); len(bodies) > 0; bodies = receive(signals, 0) {
			for _, body := range bodies {
				var pack signal.Pack
				if err := json.Unmarshal([]byte(body), &pack); err != nil {
					t.Fatal(err)
				}
				told += len(pack.Signals)
			}
		}
		moved = 0
		for _, signals := range w.compute(run, histories, before).told {
			moved += len(signals)
		}
		if told != moved {
			t.Errorf("round %d: %d signals, want %d", round, told, moved)
		}
		w.now = w.now.AddDate(0, 2, 0)
		before = stood{w.standing(histories), run}
	}
	if moved == 0 {
		t.Error("nobody moved: the test shows nothing")
	}
}
