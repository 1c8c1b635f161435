package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"liuke/infra/local/engine"
	"liuke/shared/api"
	"liuke/shared/comment"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/event"
	"liuke/shared/queue"
	"liuke/shared/survey"
	"liuke/shared/telemetry"
)

// real is the function over the engines.
type real struct {
	handler *Handler
	store   *dynamo.Store
	now     time.Time
	events  func() []event.Event // takes what is in the queue
}

func setupReal(t *testing.T) *real {
	t.Helper()
	customers, records := engine.NewTables(t)
	url := engine.NewQueue(t)
	cfg := engine.Config(engine.StartQueues(t))
	client := sqs.NewFromConfig(cfg)
	r := &real{store: dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records), now: time.Date(2026, 3, 1, 8, 31, 1, 0, time.UTC)}
	now := func() time.Time { return r.now }
	var err error
	r.handler, err = NewHandler(Parts{
		Secret: fixed(sampleKeys), Surveys: r.store, Documents: r.store, Answers: r.store, Rollups: r.store, Events: undelayed{queue.New(cfg, url)}, Analyzer: comment.Local{}, Now: now,
		Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), Count: telemetry.NewCounter(io.Discard, "survey", now),
	})
	if err != nil {
		t.Fatal(err)
	}
	r.events = func() (all []event.Event) {
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
				if _, err := client.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return r
}

// undelayed sends at once, so that no test waits.
type undelayed struct{ *queue.Sender }

func (u undelayed) Send(ctx context.Context, messages ...queue.Message) error {
	for i := range messages {
		messages[i].Delay = 0
	}
	return u.Sender.Send(ctx, messages...)
}

func (r *real) do(t *testing.T, sample string, changes ...func(*api.Request)) api.Response {
	t.Helper()
	return send(t, r.handler, sample, changes...)
}

// writeSurvey stores a survey of an operator's: the one that comes with the suite, with a public form and an answer of 1 KB.
func (r *real) writeSurvey(t *testing.T) {
	t.Helper()
	const own = `{"id":"csat_delivery","version":2,"node":"delivery","questions":[{"id":"score","kind":"csat","required":true},{"id":"comment","kind":"text"}],
		"invite":{"expires":"30d"},"forms":[{"key":"` + sampleForm + `","origins":["` + shop + `"]}],
		"texts":{"en":{"title":"Delivery","questions":{"score":{"ask":"How was it?","lowest":"bad","highest":"good"},"comment":{"ask":"Why?"}}}}}`
	s, err := survey.Parse([]byte(own))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.store.PutSurvey(t.Context(), s, own, 0, r.now); err != nil {
		t.Fatal(err)
	}
}

func TestAnAnswerOfAKilobyteCostsTwoWriteUnits(t *testing.T) {
	r := setupReal(t)
	r.writeSurvey(t)
	status(t, r.do(t, "form"), http.StatusOK) // what is read once a minute
	for _, c := range []struct {
		sample      string
		read, write float64
	}{{"answer", 2, 2}, {"response", 1, 2}} {
		meter := &dynamo.Meter{}
		out := sendIn(dynamo.WithMeter(t.Context(), meter), t, r.handler, c.sample, fields("score", "4", "comment", strings.Repeat("long ", 100)))
		status(t, out, http.StatusSeeOther)
		if read, write := meter.Units(); read != c.read || write != c.write {
			t.Errorf("%s took %g read and %g write units, want %g and %g", c.sample, read, write, c.read, c.write)
		}
	}
}

func TestAnswersAreStoredAsTheyWereGiven(t *testing.T) {
	r := setupReal(t)
	r.writeSurvey(t)
	status(t, r.do(t, "answer"), http.StatusSeeOther)
	a, err := r.store.Answer(t.Context(), "user-0001", "nps", invitation)
	if err != nil || a == nil || a.Values["comment"].Text != "发货很快！" || a.Score != 9 || !a.Complete {
		t.Fatalf("stands %+v, %v", a, err)
	}
	status(t, r.do(t, "answer"), http.StatusSeeOther)
	status(t, r.do(t, "answer", body("score=2")), http.StatusSeeOther)
	status(t, r.do(t, "response"), http.StatusSeeOther)
	var ids []string
	for _, e := range r.events() {
		ids = append(ids, string(e.ID)+" "+string(e.Customer()))
	}
	if len(ids) != 3 || ids[0] != "answer:nps:"+invitation+":1 user-0001" || ids[1] != "answer:nps:"+invitation+":2 user-0001" || !strings.HasSuffix(ids[2], ":1 anonymous:form") {
		t.Errorf("sent %q", ids)
	}
	holds(t, r.do(t, "form", query("lang", "en")), `id="score-2" value="2" required checked`)
}

// overtaken erases the customer between what an answer reads and what it writes.
type overtaken struct {
	*dynamo.Store
	erase func()
}

func (o *overtaken) Answer(ctx context.Context, c customer.ID, s, i string) (*survey.Answer, error) {
	a, err := o.Store.Answer(ctx, c, s, i)
	if o.erase != nil {
		o.erase()
		o.erase = nil
	}
	return a, err
}

func TestAnAnswerThatAnErasureOvertakesDoesNotStay(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(*testing.T, *real)
		status int
	}{
		{"a correction is refused", func(t *testing.T, r *real) { r.do(t, "answer", body("score=2")) }, http.StatusGone},
		{"a first answer goes when the erasure is repeated", func(*testing.T, *real) {}, http.StatusSeeOther},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := setupReal(t)
			erase := func() {
				t.Helper()
				if err := r.store.Erase(t.Context(), "user-0001", r.now); err != nil {
					t.Fatal(err)
				}
			}
			c.before(t, r)
			r.handler.Answers = &overtaken{r.store, erase}
			status(t, r.do(t, "answer"), c.status)
			erase()
			if left, err := r.store.Answers(t.Context(), "user-0001", 10); err != nil || len(left) > 0 {
				t.Errorf("%+v, %v", left, err)
			}
			status(t, r.do(t, "unsubscribe_one_click"), http.StatusOK) // who is erased can still unsubscribe
		})
	}
}
