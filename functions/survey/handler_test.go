package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"liuke/infra/local/engine"
	"liuke/shared/api"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/queue"
	"liuke/shared/survey"
	"liuke/shared/survey/page"
	"liuke/shared/telemetry"
	"liuke/shared/token"
)

// sampleKeys sealed the tokens of the sample events.
const sampleKeys = `{"current":"sample token key, for tests and samples alone"}`

const browser = "text/html,application/xhtml+xml,*/*;q=0.8"

type fixed string

func (s fixed) Value(context.Context) ([]byte, error) { return []byte(s), nil }

// flaky stands before a store and a queue and fails where it is told to.
type flaky struct {
	*dynamo.Store
	queue *queue.Sender

	mu           sync.Mutex
	sends        int // of the next sends, so many fail
	afterCommits int // of the next writes, so many commit and fail all the same
	touched      int // calls to the store
}

func (f *flaky) Answer(ctx context.Context, c customer.ID, s, i string) (*survey.Answer, error) {
	f.mu.Lock()
	f.touched++
	f.mu.Unlock()
	return f.Store.Answer(ctx, c, s, i)
}

func (f *flaky) Erased(ctx context.Context, c customer.ID) (bool, error) {
	f.mu.Lock()
	f.touched++
	f.mu.Unlock()
	return f.Store.Erased(ctx, c)
}

func (f *flaky) PutAnswer(ctx context.Context, before *survey.Answer, after survey.Answer) error {
	f.mu.Lock()
	f.touched++
	lost := f.afterCommits > 0
	if lost {
		f.afterCommits--
	}
	f.mu.Unlock()
	if err := f.Store.PutAnswer(ctx, before, after); err != nil || !lost {
		return err
	}
	return fault.New(fault.Unavailable, "the table did not answer")
}

func (f *flaky) Send(ctx context.Context, m ...queue.Message) error {
	f.mu.Lock()
	fails := f.sends > 0
	if fails {
		f.sends--
	}
	f.mu.Unlock()
	if fails {
		return fault.New(fault.Unavailable, "the queue did not take the messages")
	}
	return f.queue.Send(ctx, m...)
}

type testBundle struct {
	handler *Handler
	flaky   *flaky
	now     time.Time
	log     *bytes.Buffer
	events  func() []event.Event // takes what is in the queue
	keys    *token.Keyring
}

func setup(t *testing.T) *testBundle {
	t.Helper()
	customers, records := engine.NewTables(t)
	url := engine.NewQueue(t)
	cfg := engine.Config(engine.StartQueues(t))
	client := sqs.NewFromConfig(cfg)
	keys, err := token.NewKeyring([]byte(sampleKeys))
	if err != nil {
		t.Fatal(err)
	}
	b := &testBundle{
		flaky: &flaky{Store: dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records), queue: queue.New(cfg, url)},
		now:   time.Date(2026, 3, 1, 8, 31, 1, 0, time.UTC),
		log:   &bytes.Buffer{},
		keys:  keys,
	}
	now := func() time.Time { return b.now }
	b.handler, err = NewHandler(fixed(sampleKeys), b.flaky, b.flaky, now, slog.New(slog.NewJSONHandler(b.log, nil)), telemetry.NewCounter(io.Discard, "survey", now))
	if err != nil {
		t.Fatal(err)
	}
	b.events = func() (all []event.Event) {
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
	return b
}

// do sends the sample request of that name, changed.
func (b *testBundle) do(t *testing.T, sample string, change func(*api.Request)) api.Response {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "events", "survey", sample+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var r api.Request
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&r)
	}
	out, err := b.handler.Handle(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (b *testBundle) seal(t *testing.T, to token.Survey) func(*api.Request) {
	t.Helper()
	tok, err := b.keys.Seal(token.PurposeSurvey, to)
	if err != nil {
		t.Fatal(err)
	}
	return func(r *api.Request) { r.PathParameters["token"] = tok }
}

func body(s string) func(*api.Request) { return func(r *api.Request) { r.Body = s } }

func (b *testBundle) stands(t *testing.T, want *survey.Answer, counts survey.Counts) {
	t.Helper()
	got, err := b.flaky.Store.Answer(t.Context(), "user-0001", "nps", "aebagbafaydqqcikbmga2dqpca")
	if err != nil {
		t.Fatal(err)
	}
	if (got == nil) != (want == nil) || got != nil && (got.Given != want.Given || got.Revision != want.Revision) {
		t.Errorf("the answer %+v stands, want %+v", got, want)
	}
	c, err := b.flaky.Counts(t.Context(), "nps")
	if err != nil {
		t.Fatal(err)
	}
	if c != counts {
		t.Errorf("counted %v, want %v", c, counts)
	}
}

func TestAGetShowsTheFormAndRecordsNothing(t *testing.T) {
	b := setup(t)
	for range 3 { // as mail scanners do
		out := b.do(t, "form", nil)
		if out.StatusCode != http.StatusOK || !strings.Contains(out.Body, `<html lang="zh-CN"`) || !strings.Contains(out.Body, `id="score-9" value="9" required checked`) {
			t.Fatalf("%d %s", out.StatusCode, out.Body)
		}
		if len(out.Body) > page.MaxBytes || !strings.Contains(out.Headers["content-security-policy"], "default-src 'none'") || out.Headers["referrer-policy"] != "no-referrer" {
			t.Errorf("%d bytes, headers %v", len(out.Body), out.Headers)
		}
	}
	english := b.do(t, "form", func(r *api.Request) { r.QueryStringParameters["lang"] = "en" })
	if !strings.Contains(english.Body, `<html lang="en"`) {
		t.Error("?lang=en does not win over the browser")
	}
	b.stands(t, nil, survey.Counts{})
	if e := b.events(); len(e) != 0 {
		t.Errorf("a GET sent %v", e)
	}
}

func TestEachWayToAnswerIsTaken(t *testing.T) {
	for _, c := range []struct {
		sample, location string
		status           int
		given            survey.Given
	}{
		{"answer", "?lang=zh-CN&thanks=1", http.StatusSeeOther, survey.Given{Score: 9, Comment: "发货很快！"}},
		{"answer_multipart", "?lang=en&thanks=1", http.StatusSeeOther, survey.Given{Score: 3, Comment: "Too slow,\nand late."}},
		{"answer_json", "", http.StatusCreated, survey.Given{Score: 10, Comment: "great"}},
	} {
		t.Run(c.sample, func(t *testing.T) {
			b := setup(t)
			out := b.do(t, c.sample, nil)
			if out.StatusCode != c.status || out.Headers["location"] != c.location {
				t.Fatalf("%d %v %s", out.StatusCode, out.Headers, out.Body)
			}
			counts := survey.Counts{}
			counts[c.given.Score] = 1
			b.stands(t, &survey.Answer{Given: c.given, Revision: 1}, counts)
			sent := b.events()
			if len(sent) != 1 || sent[0].Name != event.SurveyAnswered || sent[0].Source != event.SourceSurvey || sent[0].Customer() != "user-0001" || !sent[0].Time.Equal(b.now) {
				t.Fatalf("sent %+v", sent)
			}
			thanks := b.do(t, "form", func(r *api.Request) { r.QueryStringParameters = map[string]string{"thanks": "1", "lang": "en"} })
			if thanks.StatusCode != http.StatusOK || !strings.Contains(thanks.Body, "Thank you!") {
				t.Errorf("%d %s", thanks.StatusCode, thanks.Body)
			}
		})
	}
}

func TestMistakesAreShownBesideTheirField(t *testing.T) {
	b := setup(t)
	out := b.do(t, "answer_empty", nil)
	for _, want := range []string{"Choose a number from 0 to 10.", `href="#score-0"`, `id="score-error"`, "autofocus", ">\nno score</textarea>", "<title>Error: "} {
		if !strings.Contains(out.Body, want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
	if out.StatusCode != http.StatusBadRequest {
		t.Errorf("status %d", out.StatusCode)
	}
	for pointer, given := range map[string]string{"/score": `{"score":11}`, "/comment": `{"score":1,"comment":"` + strings.Repeat("x", 4001) + `"}`} {
		out := b.do(t, "answer_json", body(given))
		var p api.Problem
		if err := json.Unmarshal([]byte(out.Body), &p); err != nil || out.StatusCode != http.StatusBadRequest || p.Pointer != pointer || out.Headers["content-type"] != "application/problem+json" {
			t.Errorf("%s: %d %s", pointer, out.StatusCode, out.Body)
		}
	}
	b.stands(t, nil, survey.Counts{})
}

func TestLinksThatAreNoLongerGoodAreRefusedBeforeAnyTableIsTouched(t *testing.T) {
	b := setup(t)
	good := token.Survey{Survey: "nps", Customer: "user-0001", Invitation: "i", Expires: b.now.Add(time.Second)}
	unsubscribe, err := b.keys.Seal(token.PurposeUnsubscribe, token.Unsubscribe{Customer: "user-0001", Channel: "email"})
	if err != nil {
		t.Fatal(err)
	}
	expired, other := good, good
	expired.Expires = b.now
	other.Survey = "mood"
	for _, c := range []struct {
		name   string
		change func(*api.Request)
		status int
	}{
		{"a token that was changed", func(r *api.Request) { r.PathParameters["token"] = "A" + r.PathParameters["token"][1:] }, http.StatusUnauthorized},
		{"no token", func(r *api.Request) { r.PathParameters = nil }, http.StatusUnauthorized},
		{"a token for another purpose", func(r *api.Request) { r.PathParameters["token"] = unsubscribe }, http.StatusUnauthorized},
		{"a token that has expired", b.seal(t, expired), http.StatusGone},
		{"a token to a survey that there is not", b.seal(t, other), http.StatusNotFound},
		{"a body that is too large", body("score=1&comment=" + strings.Repeat("x", MaxBodyBytes)), http.StatusRequestEntityTooLarge},
		{"a body of another type", func(r *api.Request) { r.Headers["content-type"] = "text/plain" }, http.StatusBadRequest},
	} {
		t.Run(c.name, func(t *testing.T) {
			html := b.do(t, "answer", c.change)
			if html.StatusCode != c.status || !strings.Contains(html.Body, `<html lang="zh-CN"`) {
				t.Errorf("%d %.300s", html.StatusCode, html.Body)
			}
			other := b.do(t, "answer", func(r *api.Request) { c.change(r); r.Headers["accept"] = "*/*" })
			var p api.Problem
			if json.Unmarshal([]byte(other.Body), &p) != nil || other.StatusCode != c.status || p.Status != c.status || p.Detail == "" {
				t.Errorf("%d %s", other.StatusCode, other.Body)
			}
		})
	}
	if b.flaky.touched != 0 {
		t.Errorf("the table was touched %d times", b.flaky.touched)
	}
	if b.log.Len() != 0 {
		t.Errorf("a caller's mistakes were logged: %s", b.log)
	}
}

func TestAnAnswerCanBeCorrectedForADay(t *testing.T) {
	b := setup(t)
	b.do(t, "answer", nil)
	b.now = b.now.Add(23 * time.Hour)
	form := b.do(t, "form", func(r *api.Request) { r.QueryStringParameters = nil })
	if !strings.Contains(form.Body, "发货很快！</textarea>") || !strings.Contains(form.Body, "2026-03-02 08:31") || strings.Count(form.Body, " checked>") != 1 {
		t.Errorf("the form does not show what stands: %s", form.Body)
	}
	if out := b.do(t, "answer", body("score=2")); out.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", out.StatusCode, out.Body)
	}
	counts := survey.Counts{}
	counts[2] = 1
	second := &survey.Answer{Given: survey.Given{Score: 2}, Revision: 2}
	b.stands(t, second, counts)
	if sent := b.events(); len(sent) != 2 || sent[0].ID == sent[1].ID {
		t.Errorf("sent %+v", sent)
	}
	b.now = b.now.Add(time.Hour)
	out := b.do(t, "answer", body("score=9"))
	if out.StatusCode != http.StatusConflict || !strings.Contains(out.Body, "您已经回答过了") {
		t.Errorf("%d %s", out.StatusCode, out.Body)
	}
	if out := b.do(t, "answer_json", nil); out.StatusCode != http.StatusConflict || !strings.Contains(out.Body, "urn:liuke:problem:conflict") {
		t.Errorf("%d %s", out.StatusCode, out.Body)
	}
	if out := b.do(t, "form", nil); out.StatusCode != http.StatusOK || strings.Contains(out.Body, "<form") {
		t.Errorf("a form is shown that would be refused: %d %s", out.StatusCode, out.Body)
	}
	b.stands(t, second, counts)
}

func TestARepeatHealsWhatACrashLeft(t *testing.T) {
	counts := survey.Counts{}
	counts[9] = 1
	first := &survey.Answer{Given: survey.Given{Score: 9, Comment: "发货很快！"}, Revision: 1}
	for _, c := range []struct {
		name  string
		fails func(*flaky)
	}{
		{"the queue does not take the event", func(f *flaky) { f.sends = 1 }},
		{"the table commits and its answer is lost", func(f *flaky) { f.afterCommits = 1 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			c.fails(b.flaky)
			out := b.do(t, "answer", nil)
			if out.StatusCode != http.StatusServiceUnavailable || out.Headers["retry-after"] == "" || !strings.Contains(out.Body, "发货很快！</textarea>") {
				t.Fatalf("%d %s", out.StatusCode, out.Body)
			}
			if sent := b.events(); len(sent) != 0 {
				t.Fatalf("sent %+v", sent)
			}
			b.stands(t, first, counts)
			stored := b.now
			b.now = b.now.Add(time.Minute)
			var sent []event.Event
			for range 3 { // and what is repeated once more sends the same event
				if out := b.do(t, "answer", nil); out.StatusCode != http.StatusSeeOther {
					t.Fatalf("%d %s", out.StatusCode, out.Body)
				}
			}
			sent = b.events()
			if len(sent) != 3 || sent[0].ID != sent[1].ID || sent[0].ID != sent[2].ID || !sent[2].Time.Equal(stored) {
				t.Errorf("sent %+v", sent)
			}
			b.stands(t, first, counts)
			if logged := b.log.String(); strings.Contains(logged, "user-0001") || strings.Contains(logged, "发货") {
				t.Errorf("personal data in the log: %s", logged)
			}
		})
	}
}

func TestAnswersAtTheSameTimeAreCountedOnce(t *testing.T) {
	b := setup(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if out := b.do(t, "answer", nil); out.StatusCode != http.StatusSeeOther {
				t.Errorf("%d %s", out.StatusCode, out.Body)
			}
		})
	}
	wg.Wait()
	counts := survey.Counts{}
	counts[9] = 1
	b.stands(t, &survey.Answer{Given: survey.Given{Score: 9, Comment: "发货很快！"}, Revision: 1}, counts)
}

func TestUnsubscribing(t *testing.T) {
	b := setup(t)
	if out := b.do(t, "unsubscribe", nil); out.StatusCode != http.StatusOK || !strings.Contains(out.Body, `<form method="post">`) || !strings.Contains(out.Body, "电子邮件") {
		t.Errorf("%d %s", out.StatusCode, out.Body)
	}
	if sent := b.events(); len(sent) != 0 {
		t.Fatalf("a GET sent %+v", sent)
	}
	for range 2 {
		if out := b.do(t, "unsubscribe_one_click", nil); out.StatusCode != http.StatusOK || out.Headers["location"] != "" {
			t.Fatalf("%d %s", out.StatusCode, out.Body)
		}
	}
	sent := b.events()
	if len(sent) != 2 || sent[0].ID != sent[1].ID || sent[0].Name != event.Unsubscribed || string(sent[0].Properties) != `{"channel":"email"}` {
		t.Errorf("sent %+v", sent)
	}
	page := b.do(t, "unsubscribe_one_click", func(r *api.Request) { r.Headers["accept"] = browser })
	if page.StatusCode != http.StatusOK || !strings.Contains(page.Body, "您已成功退订") {
		t.Errorf("%d %s", page.StatusCode, page.Body)
	}
	b.flaky.sends = 1
	if out := b.do(t, "unsubscribe_one_click", nil); out.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%d although the queue is down", out.StatusCode)
	}
	if out := b.do(t, "unsubscribe", func(r *api.Request) { r.PathParameters["token"] = "x" }); out.StatusCode != http.StatusUnauthorized || !strings.Contains(out.Body, "链接无效") {
		t.Errorf("%d %s", out.StatusCode, out.Body)
	}
}

func TestAnAddressWithoutARouteIsNotFound(t *testing.T) {
	b := setup(t)
	if out := b.do(t, "form", func(r *api.Request) { r.RouteKey = "$default" }); out.StatusCode != http.StatusNotFound {
		t.Errorf("%d", out.StatusCode)
	}
}
