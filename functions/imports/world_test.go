package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"liuke/infra/local/engine"
	"liuke/shared/dynamo"
	"liuke/shared/event"
	"liuke/shared/importfile"
	"liuke/shared/lake"
	"liuke/shared/money"
	"liuke/shared/survey"
)

// world is a suite of one function: its table and bucket are the real engines', its queues are lists.
type world struct {
	t        *testing.T
	store    *dynamo.Store
	lake     *lake.Lake
	direct   *lake.Lake // by a way that never fails
	handler  *Handler
	network  *network
	events   *list
	imports  *list
	settings importfile.Settings
	now      time.Time
	steps    int // that an invocation has time for; 0 for any number
	left     int
	workers  int
	opened   int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	surveys, err := survey.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, network: &network{}, now: time.Date(2026, time.March, 1, 3, 0, 0, 0, time.UTC)}
	w.settings = importfile.Settings{Rates: money.Only("EUR"), Zone: time.FixedZone("business", 8*60*60), Surveys: surveys}
	customers, records := engine.NewTables(t)
	w.store = dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records, func(o *dynamodb.Options) {
		o.HTTPClient, o.Retryer = w.network, aws.NopRetryer{}
	})
	bucket, config := engine.NewBucket(t), engine.Config(engine.StartQueues(t))
	w.direct = lake.New(config, bucket)
	w.lake = lake.New(config, bucket, func(o *s3.Options) { o.HTTPClient, o.Retryer = w.network, aws.NopRetryer{} })
	w.events, w.imports = &list{network: w.network}, &list{network: w.network}
	w.handler = NewHandler(Props{
		Store: w.store, Lake: w.lake, Events: w.events, Imports: w.imports, Settings: w.settings, StepRows: 10,
		Now:    func() time.Time { return w.now },
		Worker: func() string { w.workers++; return fmt.Sprint("worker ", w.workers) },
		Left:   w.timeLeft, Log: slog.New(slog.DiscardHandler),
	})
	return w
}

// open opens an import and uploads its file; it returns the notification.
func (w *world) open(r importfile.Request, file string) (id, notification string) {
	w.t.Helper()
	w.opened++
	id = strings.Repeat(string(rune('a'+w.opened)), 26)
	if r.Bytes == 0 {
		r.Bytes = int64(len(file))
	}
	if err := r.Validate(); err != nil {
		w.t.Fatal(err)
	}
	i := importfile.Import{ID: id, Request: r, State: importfile.Waiting, Created: w.now}
	if err := w.store.CreateImport(w.t.Context(), &i); err != nil {
		w.t.Fatal(err)
	}
	if err := w.direct.Put(w.t.Context(), importfile.UploadKey(id), "text/csv", []byte(file)); err != nil {
		w.t.Fatal(err)
	}
	return id, created(importfile.UploadKey(id))
}

// created is what EventBridge says of a new object.
func created(key string) string {
	return `{"version":"0","id":"17793124-05d4-b198-2fde-7ededc63b103","detail-type":"Object Created","source":"aws.s3","account":"111122223333",` +
		`"time":"2026-03-01T03:00:00Z","region":"eu-central-1","resources":["arn:aws:s3:::lake"],"detail":{"version":"0","bucket":{"name":"lake"},` +
		`"object":{"key":"` + key + `","size":5,"etag":"b1946ac92492d2347c6235b4d2611184","sequencer":"00617F08299329D189"},"reason":"PutObject"}}`
}

// deliver invokes the handler with one message and reports whether it is acknowledged.
func (w *world) deliver(body string) bool {
	w.t.Helper()
	w.left = w.steps
	out, err := w.handler.Handle(w.t.Context(), events.SQSEvent{Records: []events.SQSMessage{{MessageId: "1", Body: body}}})
	if err != nil {
		w.t.Fatal(err)
	}
	return len(out.BatchItemFailures) == 0
}

// drain delivers a message and all that follow from it. Each must be acknowledged.
func (w *world) drain(body string) {
	w.t.Helper()
	for ok, n := true, 0; ok; n++ {
		if !w.deliver(body) || n > 1000 {
			w.t.Fatalf("not acknowledged, or no end: %s", body)
		}
		body, ok = w.imports.take()
	}
}

// content is what a file's events, answers and refused rows are, read at once.
type content struct {
	events  map[string]int           // by id
	answers map[string]survey.Answer // by invitation, as they stand in the end
	rows    importfile.Progress
	refused []importfile.Refused
}

func (w *world) content(r importfile.Request, file string) content {
	w.t.Helper()
	c := content{events: map[string]int{}}
	in, err := importfile.NewReader(strings.NewReader(file), r, w.settings, w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	c.answers = map[string]survey.Answer{}
	for {
		row, err := in.Next()
		var bad *importfile.Refused
		switch {
		case errors.Is(err, io.EOF):
			c.rows.Bytes = int64(len(file))
			return c
		case errors.As(err, &bad):
			c.refused = append(c.refused, *bad)
			c.rows.Rows, c.rows.Refused = c.rows.Rows+1, c.rows.Refused+1
			continue
		case err != nil:
			w.t.Fatal(err)
		}
		c.rows.Rows, c.rows.Accepted = c.rows.Rows+1, c.rows.Accepted+1
		for _, e := range row.Events {
			c.events[string(e.ID)]++
		}
		if a := row.Answer; a != nil {
			var standing *survey.Answer
			if before, ok := c.answers[a.Invitation]; ok {
				standing = &before
			}
			c.answers[a.Invitation], _ = importfile.Over(standing, *a)
		}
	}
}

// sent takes what was sent to the events queue, by id.
func (w *world) sent() map[string]int {
	w.t.Helper()
	ids := map[string]int{}
	for {
		body, ok := w.events.take()
		if !ok {
			return ids
		}
		all, err := event.Unpack(body)
		if err != nil || len(body) > event.MaxPackBytes || len(all) > packEvents {
			w.t.Fatalf("%d bytes, %d events, %v", len(body), len(all), err)
		}
		for _, e := range all {
			ids[string(e.ID)]++
		}
	}
}

// expect compares an import that has ended with what its file holds. Sends may have been repeated.
func (w *world) expect(id string, want content) {
	w.t.Helper()
	i, err := w.store.Import(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	if i.State != importfile.Done || i.Finished.IsZero() {
		w.t.Fatalf("the import is %s: %s", i.State, i.Reason)
	}
	if d := cmp.Diff(want.rows, i.Progress); d != "" {
		w.t.Errorf("progress:\n%s", d)
	}
	sent := w.sent()
	if i.Request.DryRun != (len(sent) == 0) {
		w.t.Errorf("%d events were sent", len(sent))
	}
	for event := range want.events {
		if sent[event] == 0 && !i.Request.DryRun {
			w.t.Errorf("the event %s was not sent", event)
		}
	}
	for event := range sent {
		if want.events[event] == 0 {
			w.t.Errorf("the event %s is not the file's", event)
		}
	}
	listed, err := w.store.ImportRefused(w.t.Context(), id)
	if d := cmp.Diff(want.refused, listed); d != "" || err != nil {
		w.t.Errorf("refused rows, %v:\n%s", err, d)
	}
	w.expectObjects(id, want)
	w.expectAnswers(i.Request.DryRun, want)
}

// expectAnswers compares the answers that stand with those of the file, whole but for their revision, which counts the
// changes, and sees to it that the hours of all of them are marked.
func (w *world) expectAnswers(dry bool, want content) {
	w.t.Helper()
	marked := w.marked()
	if dry {
		if len(marked) > 0 {
			w.t.Errorf("a check marks %v", marked)
		}
		return
	}
	got := map[string]survey.Answer{}
	for _, a := range w.answers(marked) {
		a.Revision = 1
		got[a.Invitation] = a
	}
	all := map[string]survey.Answer{}
	for name, a := range want.answers {
		a.Revision = 1
		all[name] = a
	}
	if d := cmp.Diff(all, got); d != "" {
		w.t.Errorf("answers of the hours that are marked:\n%s", d)
	}
}

// marked are the hours that are to be counted anew.
func (w *world) marked() map[survey.Hour]bool {
	w.t.Helper()
	marks, err := w.store.Marks(w.t.Context(), "")
	if err != nil {
		w.t.Fatal(err)
	}
	hours := map[survey.Hour]bool{}
	for _, m := range marks {
		hours[m.Hour] = true
	}
	return hours
}

// answers are those of hours, by invitation.
func (w *world) answers(hours map[survey.Hour]bool) (all []survey.Answer) {
	w.t.Helper()
	for h := range hours {
		some, err := w.store.Responses(w.t.Context(), h.Survey, h.Begin, "", 100)
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b survey.Answer) int { return strings.Compare(a.Invitation, b.Invitation) })
	return all
}

// expectObjects compares the refused rows in the lake, which are named by where their steps began.
func (w *world) expectObjects(id string, want content) {
	w.t.Helper()
	var all []importfile.Refused
	for row := int64(0); row < want.rows.Rows; row++ {
		raw, err := w.direct.Get(w.t.Context(), importfile.RefusedKey(id, row))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(raw)) {
			var r importfile.Refused
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				w.t.Fatal(err)
			}
			all = append(all, r)
		}
	}
	if d := cmp.Diff(want.refused, all); d != "" {
		w.t.Errorf("refused rows in the lake:\n%s", d)
	}
}

// invoke invokes the handler with an event as it stands in a file, and reports whether all of it is acknowledged.
func (w *world) invoke(raw []byte) bool {
	w.t.Helper()
	var in events.SQSEvent
	if err := json.Unmarshal(raw, &in); err != nil {
		w.t.Fatal(err)
	}
	out, err := w.handler.Handle(w.t.Context(), in)
	if err != nil {
		w.t.Fatal(err)
	}
	return len(out.BatchItemFailures) == 0
}
