package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"liuke/infra/local/engine"
	"liuke/shared/api"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/lake"
	"liuke/shared/message"
	"liuke/shared/queue"
	"liuke/shared/recalc"
	"liuke/shared/segment"
	"liuke/shared/signal"
	"liuke/shared/survey"
	"liuke/shared/survey/rollup"
)

var (
	business = recalc.Settings{Zone: time.UTC, Currency: "CNY"}
	now      = time.Date(2026, 3, 1, 8, 31, 1, 0, time.UTC)
	started  = time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)
)

const (
	user    = customer.ID("user-0001")
	applied = "20260301T030000.000Z"
)

// fixedSecret is what Secrets Manager would hold.
type fixedSecret string

func (s fixedSecret) Value(context.Context) ([]byte, error) { return []byte(s), nil }

const tokenKeys = fixedSecret(`{"current":"sample token key, for tests and samples alone"}`)

type testBundle struct {
	handler  *Handler
	store    *dynamo.Store
	lake     *lake.Lake
	log      *bytes.Buffer
	phases   func() []string // takes the bodies on the queue of recalculations
	archive  func() []string // and those on the archive's
	signals  func() []string // and those on the signals'
	messages func() []string // and those on the messages'
}

func setup(t *testing.T) *testBundle {
	t.Helper()
	customers, records := engine.NewTables(t)
	cfg := engine.Config(engine.StartQueues(t))
	url, jobs, signals, messages := engine.NewQueue(t), engine.NewQueue(t), engine.NewQueue(t), engine.NewQueue(t)
	b := &testBundle{
		store: dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records),
		lake:  lake.New(cfg, engine.NewBucket(t)),
		log:   &bytes.Buffer{},
	}
	b.handler = NewHandler(Services{
		Store: b.store, Lake: b.lake, Ledger: ledger(b.store, business), Runs: queue.New(cfg, url), Archive: queue.New(cfg, jobs), Signals: queue.New(cfg, signals),
		Messages: queue.New(cfg, messages), Sender: "Shop <hello@shop.example>",
		Now: func() time.Time { return now }, Random: rand.Reader, Tokens: tokenKeys, BaseURL: "https://a1b2c3.execute-api.example", Log: slog.New(slog.NewJSONHandler(b.log, nil)),
	}, business)
	client := sqs.NewFromConfig(cfg)
	take := func(url string) func() []string {
		return func() (bodies []string) {
			t.Helper()
			out, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range out.Messages {
				bodies = append(bodies, *m.Body)
			}
			return bodies
		}
	}
	b.phases, b.archive, b.signals, b.messages = take(url), take(jobs), take(signals), take(messages)
	return b
}

// sampled reads the sample request of that name.
func sampled(t *testing.T, sample string) (r api.Request) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "events", "console", sample+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// do sends the sample request of that name, changed, and holds what comes back against the description.
func (b *testBundle) do(t *testing.T, sample string, change func(*api.Request)) (int, map[string]any, api.Response) {
	t.Helper()
	r := sampled(t, sample)
	if change != nil {
		change(&r)
	}
	out, err := b.handler.Handle(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if out.StatusCode == http.StatusSeeOther {
		return out.StatusCode, nil, out
	}
	var body map[string]any
	if strings.HasSuffix(out.Headers["content-type"], "json") {
		if err := json.Unmarshal([]byte(out.Body), &body); err != nil {
			t.Fatalf("%s: %v in %s", sample, err, out.Body)
		}
	}
	described(t, r.RouteKey, out)
	return out.StatusCode, body, out
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// seed stores a customer with a history, a profile, scores, answers and messages.
func (b *testBundle) seed(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	rec := customer.Record{ID: user, Version: 1}
	rec.History.Add(customer.Date(2025, time.June, 1), 12995)
	rec.History.Add(customer.Date(2026, time.February, 20), 5000)
	rec.Activity.Add(customer.MonthOf(customer.Date(2026, time.February, 1)), 4)
	rec.Touch(started.Add(-time.Hour).Unix())
	must(t, b.store.Commit(ctx, &rec, nil))
	written, err := b.store.WriteScores(ctx, user, customer.Scores{R: 5, F: 2, M: 3, Segment: "Potential Loyalist", Risk: "low", Labels: "rfm10\tPotential Loyalist\nvalue\tmid", Run: started.UnixMilli()})
	if err != nil || !written {
		t.Fatal(written, err)
	}
	profile := customer.Profile{Version: 1}
	for name, value := range map[string]string{customer.TraitEmail: "a@shop.example", customer.TraitLocale: "zh-CN", customer.ConsentTrait("email"): "true", customer.ConsentTrait("sms"): "false"} {
		profile.Set(name, customer.Trait{Value: value, Time: started.UnixMilli(), Event: "e"})
	}
	must(t, b.store.PutProfile(ctx, user, &profile))
	for i, score := range []int{3, 9} {
		must(t, b.store.PutAnswer(ctx, nil, survey.Answer{
			Survey: "nps", Version: 1, Customer: user, Invitation: fmt.Sprint("i", i), Kind: survey.NPS, Score: score, Complete: true,
			Values: survey.Values{"score": survey.Number(score), "comment": {Text: "很好"}},
			Locale: "zh-CN", Revision: 1, Answered: started.Add(time.Duration(i) * time.Hour), Revised: started.Add(time.Duration(i) * time.Hour),
		}))
	}
	for i := range 3 {
		s := signal.Signal{ID: fmt.Sprint("order:", i), Kind: signal.OrderPlaced, Customer: user, Time: started}
		e, err := message.New("order_thanks", 0, message.Email, s).Hold("consent", "no_consent", started.Add(time.Duration(i)*time.Minute))
		must(t, err)
		_, err = b.store.WriteEntry(ctx, e)
		must(t, err)
	}
}

func TestACustomerIsShownWithTheReasonsBehindTheScores(t *testing.T) {
	b := setup(t)
	b.seed(t)
	status, body, _ := b.do(t, "customer", nil)
	if status != http.StatusOK {
		t.Fatal(status, body)
	}
	scores := body["scores"].(map[string]any)
	if scores["segment"] != "Potential Loyalist" || scores["reasons"] != nil {
		t.Errorf("before any run is to be had: %v", scores)
	}
	b.publish(t)
	_, body, out := b.do(t, "customer", nil)
	for _, want := range []string{
		`"traits":{"email":"a@shop.example","locale":"zh-CN"}`,
		`"consent":{"email":{"given":true,`, `"sms":{"given":false,`,
		`"orders":{"count":2,"revenue":"179.95","currency":"CNY","first":"2025-06-01","last":"2026-02-20","approximate":false}`,
		`"activity":{"events":4,"months":[{"month":"2026-02","events":4}]}`,
		`"run_id":"` + applied + `","as_of":"2026-03-01"`,
		`"reasons":{"recency":{"days":9,"cuts":[10,20,30,40]},"frequency":{"orders":2,"cuts":[1,2,3,4]},"monetary":{"revenue":"179.95","cuts":[10,20,30,40]}}`,
	} {
		if !strings.Contains(out.Body, want) {
			t.Errorf("%s is not in %s", want, out.Body)
		}
	}
	if answers := body["answers"].([]any); len(answers) != 2 || answers[0].(map[string]any)["score"] != 9.0 {
		t.Errorf("the latest answer is not first: %v", answers)
	}
}

func TestACustomerIDIsTakenAsTheGatewayDecodedIt(t *testing.T) {
	b := setup(t)
	odd := customer.ID("anonymous:顾客 100%25+&?")
	rec := customer.Record{ID: odd, Version: 1}
	rec.Touch(started.Unix())
	must(t, b.store.Commit(t.Context(), &rec, nil))
	status, body, _ := b.do(t, "customer", func(r *api.Request) { r.PathParameters["id"] = string(odd) })
	if status != http.StatusOK || body["customer_id"] != string(odd) {
		t.Errorf("%d %v", status, body)
	}
	once := strings.ReplaceAll(string(odd), "%25", "%")
	if status, body, _ := b.do(t, "customer", func(r *api.Request) { r.PathParameters["id"] = once }); status != http.StatusNotFound {
		t.Errorf("another customer's id found this one: %d %v", status, body)
	}
	for id, want := range map[string]int{"nobody": http.StatusNotFound, "": http.StatusBadRequest, "a\x00b": http.StatusBadRequest, "\xff": http.StatusBadRequest, strings.Repeat("x", 129): http.StatusBadRequest, "100%": http.StatusNotFound} {
		status, body, _ := b.do(t, "customer", func(r *api.Request) { r.PathParameters["id"] = id })
		if status != want {
			t.Errorf("%q: %d %v", id, status, body)
		}
		if id != "" && strings.Contains(fmt.Sprint(body), id) {
			t.Errorf("the problem repeats the id %q", id)
		}
	}
}

func TestMessagesArePaged(t *testing.T) {
	b := setup(t)
	b.seed(t)
	seen := map[string]bool{}
	cursor := ""
	for page := range 4 {
		_, body, out := b.do(t, "messages", func(r *api.Request) {
			if cursor != "" {
				r.QueryStringParameters["cursor"] = cursor
			}
		})
		for _, m := range body["messages"].([]any) {
			m := m.(map[string]any)
			if m["state"] != "held" || m["gate"] != "consent" || m["reason"] != "no_consent" {
				t.Errorf("%v", m)
			}
			seen[m["id"].(string)] = true
		}
		cursor, _ = body["next_cursor"].(string)
		if cursor == "" {
			break
		}
		if page == 3 {
			t.Fatalf("there is no last page: %s", out.Body)
		}
	}
	if len(seen) != 3 {
		t.Errorf("%d messages on all pages, want 3", len(seen))
	}
	if status, body, _ := b.do(t, "messages", func(r *api.Request) { r.PathParameters["id"] = "nobody" }); status != http.StatusOK || len(body["messages"].([]any)) != 0 {
		t.Errorf("of nobody: %d %v", status, body)
	}
}

func TestACursorThatWasAlteredIsRefused(t *testing.T) {
	b := setup(t)
	b.seed(t)
	b.publish(t)
	for _, sample := range []string{"messages", "members"} {
		_, body, _ := b.do(t, sample, nil)
		cursor, _ := body["next_cursor"].(string)
		if cursor == "" {
			t.Fatalf("%s: there is no second page", sample)
		}
		if status, body, _ := b.do(t, sample, func(r *api.Request) { r.QueryStringParameters["cursor"] = cursor }); status != http.StatusOK {
			t.Fatalf("%s: %d %v", sample, status, body)
		}
		altered := []string{"", cursor + "A", cursor[1:], cursor[:len(cursor)-1], cursor + "=", strings.ToUpper(cursor)}
		for i := range cursor {
			swap := byte('A')
			if cursor[i] == swap {
				swap = 'B'
			}
			altered = append(altered, cursor[:i]+string(swap)+cursor[i+1:])
		}
		for _, bad := range altered {
			status, body, _ := b.do(t, sample, func(r *api.Request) { r.QueryStringParameters["cursor"] = bad })
			if status != http.StatusBadRequest || body["pointer"] != "/cursor" {
				t.Errorf("%s, cursor %q: %d %v", sample, bad, status, body)
			}
		}
		of := map[string]string{"messages": "id", "members": "name"}[sample]
		other := map[string]string{"messages": "nobody", "members": "Lost"}[sample]
		status, body, _ := b.do(t, sample, func(r *api.Request) { r.PathParameters[of], r.QueryStringParameters["cursor"] = other, cursor })
		if status != http.StatusBadRequest {
			t.Errorf("%s: the cursor of another list: %d %v", sample, status, body)
		}
	}
}

func TestARunIsStartedAndHoldsBackTheNext(t *testing.T) {
	b := setup(t)
	status, body, out := b.do(t, "start_run", nil)
	if status != http.StatusAccepted {
		t.Fatal(status, body)
	}
	id := body["run_id"].(string)
	if out.Headers["location"] != "runs/"+id {
		t.Errorf("location %q", out.Headers["location"])
	}
	if phases := b.phases(); len(phases) != 1 || !strings.Contains(phases[0], `"phase":"snapshot","run":"`+id+`"`) {
		t.Errorf("queued %v", phases)
	}
	status, body, out = b.do(t, "start_run", nil)
	if status != http.StatusConflict || body["run_id"] != id || out.Headers["content-type"] != "application/problem+json" {
		t.Errorf("a second: %d %v", status, body)
	}
	status, body, _ = b.do(t, "run", func(r *api.Request) { r.PathParameters["id"] = id })
	if status != http.StatusOK || body["state"] != "running" || body["as_of"] != "2026-02-28" || body["window_days"] != 0.0 || body["finished_at"] != nil {
		t.Errorf("%d %v", status, body)
	}
	if status, body, _ := b.do(t, "scores", func(r *api.Request) { r.PathParameters["id"] = id }); status != http.StatusConflict {
		t.Errorf("scores before the run is done: %d %v", status, body)
	}
	_, body, _ = b.do(t, "runs", nil)
	if runs := body["runs"].([]any); len(runs) != 1 || runs[0].(map[string]any)["run_id"] != id {
		t.Errorf("%v", body)
	}
}

func TestARunIsShownWithItsScoresAndSegments(t *testing.T) {
	b := setup(t)
	if _, body, _ := b.do(t, "segments", nil); body["run_id"] != nil || len(body["segments"].([]any)) != 11 {
		t.Errorf("before the first run: %v", body)
	}
	if _, body, _ := b.do(t, "members", nil); body["run_id"] != nil || len(body["customers"].([]any)) != 0 {
		t.Errorf("before the first run: %v", body)
	}
	d := b.publish(t)
	_, body, out := b.do(t, "run", nil)
	atRisk := atRiskOf(t, d)
	if body["state"] != "done" || !strings.Contains(out.Body, atRisk+`}`) {
		t.Errorf("%s does not hold %s", out.Body, atRisk)
	}
	status, _, redirect := b.do(t, "scores", nil)
	if status != http.StatusSeeOther {
		t.Fatal(status)
	}
	got, err := http.Get(redirect.Headers["location"])
	must(t, err)
	defer got.Body.Close()
	file, err := io.ReadAll(got.Body)
	if err != nil || got.StatusCode != http.StatusOK || !bytes.HasPrefix(file, d.options.Header()) {
		t.Errorf("%d %v %s", got.StatusCode, err, file)
	}
	_, body, out = b.do(t, "segments", nil)
	if body["run_id"] != applied || !strings.Contains(out.Body, atRisk+`,"title":{"en":"At Risk","zh-CN":"流失风险客户"}`) {
		t.Errorf("%s", out.Body)
	}
	if status, _, _ := b.do(t, "run", func(r *api.Request) { r.PathParameters["id"] = "../secret" }); status != http.StatusNotFound {
		t.Errorf("a run that cannot be: %d", status)
	}
}

// atRiskOf is how the segment At Risk is shown, without the end.
func atRiskOf(t *testing.T, d done) string {
	t.Helper()
	var customers, orders, revenue int64
	for _, line := range d.lines {
		if line.In && line.Scores.Segment == "At Risk" {
			customers, orders, revenue = customers+1, orders+int64(line.Value.Frequency), revenue+line.Value.Monetary
		}
	}
	if customers < 3 {
		t.Fatalf("%d customers are at risk", customers)
	}
	return fmt.Sprintf(`{"name":"At Risk","customers":%d,"orders":%d,"revenue":"%d.%02d"`, customers, orders, revenue/100, revenue%100)
}

func TestMembersOfASegmentArePaged(t *testing.T) {
	b := setup(t)
	d := b.publish(t)
	for _, model := range d.options.Models.Models() {
		for _, label := range append(model.Labels(), segment.Unknown) {
			want := map[string]bool{}
			for id, line := range d.lines {
				if line.In && line.Labels.Get(model.Name) == label {
					want[string(id)] = true
				}
			}
			cursor := ""
			for got, pages := 0, 0; pages == 0 || cursor != ""; pages++ {
				status, body, out := b.do(t, "members", func(r *api.Request) {
					r.PathParameters["name"] = strings.ToUpper(string(label))
					r.QueryStringParameters = map[string]string{"model": model.Name, "limit": "70"}
					if cursor != "" {
						r.QueryStringParameters["cursor"] = cursor
					}
				})
				if status != http.StatusOK || body["segment"] != string(label) || body["model"] != model.Name {
					t.Fatalf("%d %s", status, out.Body)
				}
				for _, c := range body["customers"].([]any) {
					if id := c.(map[string]any)["customer_id"].(string); !want[id] {
						t.Fatalf("%s is not, or twice, a %s of %s", id, label, model.Name)
					} else {
						delete(want, id)
					}
					got++
				}
				cursor, _ = body["next_cursor"].(string)
				if cursor == "" && len(want) > 0 || pages > 10 {
					t.Fatalf("%s %s: %d customers on %d pages, and %d are missing", model.Name, label, got, pages+1, len(want))
				}
			}
		}
	}
	bad := func(position string, list ...string) string {
		return sealCursor(position, append([]string{"members"}, list...)...)
	}
	for _, cursor := range []string{
		"?", "AAAA", bad("nope/0-0", "rfm10", "at risk"), bad(applied+"/x", "rfm10", "at risk"), bad(applied+"/-1-0", "rfm10", "at risk"),
		bad("../x/0-0", "rfm10", "at risk"), bad(applied+"/0-2", "rfm10", "lost"), bad(applied+"/0-2", "value", "at risk"), strings.Repeat("A", 4000),
	} {
		if status, body, _ := b.do(t, "members", func(r *api.Request) { r.QueryStringParameters["cursor"] = cursor }); status != http.StatusBadRequest || body["pointer"] != "/cursor" {
			t.Errorf("cursor %.40q: %d %v", cursor, status, body)
		}
	}
	for name, model := range map[string]string{"Heroes": "rfm10", "At Risk": "value", "at risk": "../x", "": "rfm10", "retired": "rfm10"} {
		status, body, _ := b.do(t, "members", func(r *api.Request) {
			r.PathParameters["name"], r.QueryStringParameters["model"] = name, model
		})
		if status != http.StatusNotFound {
			t.Errorf("%q of %q: %d %v", name, model, status, body)
		}
	}
}

func TestMetricsSayWhereThereAreTooFewAnswers(t *testing.T) {
	b := setup(t)
	metric := func() (answers any, m map[string]any) {
		t.Helper()
		_, body, _ := b.do(t, "metrics", nil)
		total := body["total"].(map[string]any)
		return total["answers"], total["metric"].(map[string]any)
	}
	if answers, m := metric(); answers != 0.0 || m["score"] != nil || m["margin"] != nil || m["too_few_answers"] != true {
		t.Errorf("without an answer: %v of %v", m, answers)
	}
	b.seed(t)
	must(t, b.store.MarkHours(t.Context(), now, survey.HourAt("nps", started), survey.HourAt("nps", started.Add(time.Hour)), survey.HourAt("nps", now)))
	if answers, m := metric(); answers != 2.0 || m["score"] != 0.0 || m["margin"] != nil || m["too_few_answers"] != true {
		t.Errorf("with two answers: %v of %v", m, answers)
	}
	for i := range 48 { // 23 promoters, 15 passives and 10 detractors more
		score := 10
		if i >= 23 {
			score = 8
		}
		if i >= 38 {
			score = 6
		}
		must(t, b.store.PutAnswer(t.Context(), nil, survey.Answer{
			Survey: "nps", Version: 1, Customer: customer.ID(fmt.Sprint("c", i)), Invitation: "i", Kind: survey.NPS, Score: score, Complete: true,
			Values: survey.Values{"score": survey.Number(score)}, Revision: 1, Answered: now, Revised: now,
		}))
	}
	// 24 promoters, 15 passives, 11 detractors: 26 points; √((.48 + .22 − .26²) / 50) = .11246333
	for _, when := range []string{"read live", "read of the counts"} {
		answers, m := metric()
		if answers != 50.0 || m["score"] != 26.0 || m["standard_error"] != 11.246333 || m["margin"] != 22.042407 || m["too_few_answers"] != false {
			t.Errorf("with fifty answers, %s: %v of %v", when, m, answers)
		}
		later := func() time.Time { return now.Add(time.Hour) }
		if _, _, err := rollup.Count(t.Context(), b.store, later, func() bool { return true }); err != nil {
			t.Fatal(err)
		}
	}
	if status, _, _ := b.do(t, "metrics", func(r *api.Request) { r.PathParameters["survey"] = "mood" }); status != http.StatusNotFound {
		t.Errorf("%d", status)
	}
}

func TestRequestsThatAreWrongSayWhatToChange(t *testing.T) {
	b := setup(t)
	for _, c := range []struct {
		name, sample string
		change       func(*api.Request)
		status       int
		detail       string
		pointer      string
	}{
		{"no token came through the gateway", "segments", func(r *api.Request) { r.RequestContext.Authorizer = nil }, 401, "operator's token", ""},
		{"another kind of authorizer", "segments", func(r *api.Request) { r.RequestContext.Authorizer.JWT = nil }, 401, "operator's token", ""},
		{"a query parameter that is not known", "runs", func(r *api.Request) { r.QueryStringParameters["page"] = "2" }, 400, "limit can be given", "/page"},
		{"a query parameter where there is none", "run", func(r *api.Request) { r.QueryStringParameters = map[string]string{"x": "1"} }, 400, "no query parameters", "/x"},
		{"a limit of 0", "runs", func(r *api.Request) { r.QueryStringParameters["limit"] = "0" }, 400, "from 1 to 50", "/limit"},
		{"a limit over the most", "messages", func(r *api.Request) { r.QueryStringParameters["limit"] = "201" }, 400, "from 1 to 200", "/limit"},
		{"two limits", "members", func(r *api.Request) { r.QueryStringParameters["limit"] = "1,2" }, 400, "from 1 to 1000", "/limit"},
		{"a day that is none", "start_run", func(r *api.Request) { r.Body = `{"as_of":"yesterday"}` }, 400, "1998-06-30", "/as_of"},
		{"a day to come", "start_run", func(r *api.Request) { r.Body = `{"as_of":"2026-03-02"}` }, 400, "future", "/as_of"},
		{"a field that is not known", "start_run", func(r *api.Request) { r.Body = `{"asof":"2026-03-01"}` }, 400, "no such member", "/asof"},
		{"no body", "start_run", func(r *api.Request) { r.Body = "" }, 400, "empty", ""},
		{"a body that is null", "start_run", func(r *api.Request) { r.Body = "null" }, 400, "not a JSON object", ""},
		{"a field twice", "start_run", func(r *api.Request) { r.Body = `{"apply":false,"apply":true}` }, 400, "twice", "/apply"},
		{"a body that is too large", "start_run", func(r *api.Request) { r.Body = strings.Repeat(" ", maxRequestBytes+1) }, 413, "limit", ""},
		{"a run that there is not", "run", nil, 404, "no such run", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body, out := b.do(t, c.sample, c.change)
			detail, _ := body["detail"].(string)
			pointer, _ := body["pointer"].(string)
			if status != c.status || !strings.Contains(detail, c.detail) || pointer != c.pointer || out.Headers["content-type"] != "application/problem+json" {
				t.Errorf("%d %v", status, body)
			}
		})
	}
	if b.log.Len() != 0 {
		t.Errorf("a caller's mistakes were logged: %s", b.log)
	}
}

func TestTheDescriptionIsPublic(t *testing.T) {
	b := setup(t)
	status, body, _ := b.do(t, "openapi", nil)
	if status != http.StatusOK || body["openapi"] != "3.1.0" {
		t.Errorf("%d %v", status, body["openapi"])
	}
	if _, err := b.handler.serve(t.Context(), &api.Request{RouteKey: "GET /nowhere"}); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("%v", err)
	}
}
