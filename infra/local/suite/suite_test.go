package suite

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"liuke/infra/local/engine"
	"liuke/infra/local/importer"
	"liuke/infra/local/project"
	"liuke/infra/local/synth"
	"liuke/shared/importfile"
)

// start starts a suite over the state folder; change may change its options.
func start(t *testing.T, state string, change func(*Options)) *Suite {
	t.Helper()
	root, err := project.Root()
	if err != nil {
		t.Fatal(err)
	}
	options := Options{Root: root, State: state, Addr: "127.0.0.1:0", Say: func(line string) { t.Log(line) }, Paused: true}
	if change != nil {
		change(&options)
	}
	s, err := Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// call sends a request with the operator's token and decodes the answer, unless into is nil; it returns the status.
func call(t *testing.T, s *Suite, method, path, body string, into any) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.OperatorToken)
	r.Header.Set("Content-Type", "application/json")
	if strings.HasPrefix(path, "/v1/track") || strings.HasPrefix(path, "/v1/batch") {
		r.SetBasicAuth(s.WriteKey, "")
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(raw, into); err != nil {
			t.Fatalf("%s %s answered %s: %v", method, path, raw, err)
		}
	}
	return answer.StatusCode
}

const history = "customer_id,order_id,date,amount\nalice,o1,2024-01-05,19.90\nalice,o2,2024-02-07,30\nbob,o3,2024-02-08,12.50\n"

// importHistory imports three orders of two customers and waits until they are folded.
func importHistory(t *testing.T, s *Suite) {
	t.Helper()
	options := importer.Options{URL: s.URL, Token: s.OperatorToken, Request: importfile.Request{Kind: importfile.Orders}}
	result, err := importer.Import(t.Context(), strings.NewReader(history), int64(len(history)), options)
	if err != nil || result.Rows.Accepted != 3 || result.Rows.Refused > 0 {
		t.Fatalf("imported %+v, %v; want 3 rows", result, err)
	}
	if err := s.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// customersOf runs a recalculation as of a past day and returns how many customers are in it.
func customersOf(t *testing.T, s *Suite) int {
	t.Helper()
	var begun struct {
		ID string `json:"run_id"`
	}
	if status := call(t, s, http.MethodPost, "/v1/rfm/runs", `{"as_of":"2024-12-31","window_days":0}`, &begun); status != http.StatusAccepted {
		t.Fatalf("the run was answered %d", status)
	}
	for {
		var run struct {
			State     string
			Customers int
		}
		call(t, s, http.MethodGet, "/v1/rfm/runs/"+begun.ID, "", &run)
		switch run.State {
		case "done":
			return run.Customers
		case "failed":
			t.Fatal("the run failed")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestWhatWasFoldedAndWhatWaitsOutlivesARestart(t *testing.T) {
	state := t.TempDir()
	s := start(t, state, nil)
	importHistory(t, s)
	if n := customersOf(t, s); n != 2 {
		t.Fatalf("%d customers, want 2", n)
	}
	if err := s.Clock.Set(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	queue := s.queues[len(s.queues)-1]
	_, err := s.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &queue.url, MessageBody: aws.String("{}"), DelaySeconds: 900})
	if err != nil {
		t.Fatal(err)
	}
	key, token := s.WriteKey, s.OperatorToken
	s.Close()
	if _, err := ReadEndpoint(state); err == nil {
		t.Error("endpoint.json is there although nothing runs")
	}

	s = start(t, state, nil)
	if s.WriteKey != key {
		t.Error("the write key has changed")
	}
	s.OperatorToken = token // the old one must still do
	if n := customersOf(t, s); n != 2 {
		t.Errorf("%d customers after the restart, want 2", n)
	}
	if n, err := s.depth(t.Context(), queueNamed(s, queue.Name)); err != nil || n[2] != 1 {
		t.Errorf("the queue holds %v (%v), want the delayed message", n, err)
	}
	if now := s.Clock.Now(); now.Year() != 2030 {
		t.Errorf("the clock shows %v, want 2030", now)
	}
}

func queueNamed(s *Suite, name string) *queue {
	for _, q := range s.queues {
		if q.Name == name {
			return q
		}
	}
	return nil
}

func TestTheSuitesOwnPagesAnswer(t *testing.T) {
	s := start(t, t.TempDir(), nil)
	var clock struct{ Now time.Time }
	if status := call(t, s, http.MethodPost, "/_local/clock", `{"now":"2031-05-06T07:08:09Z"}`, &clock); status != 200 || clock.Now.Sub(time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)) > time.Minute {
		t.Errorf("the clock was set to %v (%d)", clock.Now, status)
	}
	before := clock.Now
	if call(t, s, http.MethodPost, "/_local/clock", `{"advance":"24h"}`, &clock); clock.Now.Sub(before) < 24*time.Hour {
		t.Errorf("the clock went from %v to %v", before, clock.Now)
	}
	for body, want := range map[string]int{`{}`: 400, `{"now":"yesterday"}`: 400, `{"advance":"a day"}`: 400, `{"until":1}`: 400} {
		if status := call(t, s, http.MethodPost, "/_local/clock", body, nil); status != want {
			t.Errorf("POST clock %s was answered %d, want %d", body, status, want)
		}
	}
	if status := call(t, s, http.MethodPost, "/_local/schedules/due", "", nil); status != 200 {
		t.Errorf("firing due was answered %d", status)
	}
	if status := call(t, s, http.MethodPost, "/_local/schedules/nobody", "", nil); status != 404 {
		t.Errorf("firing an unknown schedule was answered %d, want 404", status)
	}
	var state State
	if call(t, s, http.MethodGet, "/_local/queues", "", &state); !state.Idle || len(state.Queues) < 5 {
		t.Errorf("the queues are %+v; want them idle", state)
	}
	for _, path := range []string{"/_local/outbox", "/_local/permissions", "/_local/units"} {
		if status := call(t, s, http.MethodGet, path, "", nil); status != 200 {
			t.Errorf("GET %s was answered %d", path, status)
		}
	}
	if status := call(t, s, http.MethodGet, "/v1/segments", "", nil); status != 200 {
		t.Errorf("the operator was answered %d", status)
	}
	s.OperatorToken += "x"
	if status := call(t, s, http.MethodGet, "/v1/segments", "", nil); status != 401 {
		t.Errorf("a token that was changed was answered %d, want 401", status)
	}
	if denied := s.Permissions().Denied; len(denied) > 0 {
		t.Errorf("refused: %v", denied)
	}
}

func TestPagesOfOtherSitesCannotUseTheSuitesOwnInterface(t *testing.T) {
	s := start(t, t.TempDir(), nil)
	_, port, err := net.SplitHostPort(s.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		method, path, host, origin string
		want                       int
	}{
		"a page of another site":                        {"POST", "clock", "", "https://evil.example", 403},
		"a page whose name was made to lead here":       {"POST", "clock", "evil.example:" + port, "http://evil.example:" + port, 403},
		"a look at the outbox under such a name":        {"GET", "outbox", "evil.example:" + port, "", 403},
		"the suite's own page":                          {"POST", "clock", "", "http://" + s.listener.Addr().String(), 200},
		"a program on this machine":                     {"POST", "clock", "", "", 200},
		"a program that calls this machine by its name": {"GET", "outbox", "localhost:" + port, "", 200},
		"a program that calls this machine by IPv6":     {"GET", "queues", "[::1]:" + port, "", 200},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequest(c.method, s.URL+"/_local/"+c.path, bytes.NewBufferString(`{"advance":"1s"}`))
			if err != nil {
				t.Fatal(err)
			}
			r.Host = c.host
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if answer.StatusCode != c.want {
				t.Errorf("answered %d, want %d", answer.StatusCode, c.want)
			}
		})
	}
}

func TestASecondSuiteIsToldWhatIsTaken(t *testing.T) {
	state := t.TempDir()
	s := start(t, state, nil)
	for name, c := range map[string]struct {
		options Options
		want    string
	}{
		"the address": {Options{Root: s.options.Root, State: t.TempDir(), Addr: s.listener.Addr().String()}, "take the address"},
		"the folder":  {Options{Root: s.options.Root, State: state, Addr: "127.0.0.1:0"}, "in use by another suite"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Start(t.Context(), c.options); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// assembly synthesizes the repository's stacks and returns a copy whose templates edit has changed.
func assembly(t *testing.T, edit func(id string, resource map[string]any)) string {
	t.Helper()
	root, err := project.Root()
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Install(t.Context(), root, nil); err != nil {
		t.Fatal(err)
	}
	from, err := synth.Run(t.Context(), root, nil)
	if err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	files, err := filepath.Glob(filepath.Join(from, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var template map[string]any
		if strings.HasSuffix(file, ".template.json") {
			if err := json.Unmarshal(raw, &template); err != nil {
				t.Fatal(err)
			}
			for id, r := range template["Resources"].(map[string]any) {
				edit(id, r.(map[string]any))
			}
			if raw, err = json.Marshal(template); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(file)), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// withdraw takes an action out of every statement of the policies whose id holds the text.
func withdraw(policy, action string) func(string, map[string]any) {
	return func(id string, r map[string]any) {
		if r["Type"] != "AWS::IAM::Policy" || !strings.Contains(id, policy) {
			return
		}
		document := r["Properties"].(map[string]any)["PolicyDocument"].(map[string]any)
		var kept []any
		for _, st := range document["Statement"].([]any) {
			statement := st.(map[string]any)
			actions, ok := statement["Action"].([]any)
			if !ok {
				actions = []any{statement["Action"]}
			}
			var left []any
			for _, a := range actions {
				if a != action {
					left = append(left, a)
				}
			}
			if len(left) > 0 {
				statement["Action"] = left
				kept = append(kept, statement)
			}
		}
		document["Statement"] = kept
	}
}

func TestACallWithoutItsPermissionFailsWithTheActionNamed(t *testing.T) {
	dir := assembly(t, withdraw("Ingest", "sqs:SendMessage"))
	var mu sync.Mutex
	var told []string
	s := start(t, t.TempDir(), func(o *Options) {
		o.Assembly = dir
		o.Say = func(line string) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, line)
		}
	})
	status := call(t, s, http.MethodPost, "/v1/track", `{"userId":"alice","event":"Checked In"}`, nil)
	if status < 500 {
		t.Errorf("answered %d, want an error of the server", status)
	}
	const want = "function ingest may not sqs:SendMessage on queue events"
	if denied := s.Permissions().Denied; len(denied) == 0 || !strings.HasPrefix(denied[0].What, want) {
		t.Errorf("refused: %v; want %q", denied, want)
	}
	mu.Lock()
	defer mu.Unlock()
	if !strings.Contains(strings.Join(told, "\n"), "DENIED: "+want) {
		t.Errorf("told %q, want the refusal", told)
	}
}

func TestASuiteThatMayNotPollOrScheduleDoesNotStart(t *testing.T) {
	root, err := project.Root()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		edit func(string, map[string]any)
		want string
	}{
		"a function that may not receive from its queue": {withdraw("Profile", "sqs:ReceiveMessage"), "function profile may not sqs:ReceiveMessage on queue events"},
		"a schedule that may not invoke its function":    {withdraw("Recalculate", "lambda:InvokeFunction"), "lambda:InvokeFunction on function rfm"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Start(context.Background(), Options{Root: root, State: t.TempDir(), Addr: "127.0.0.1:0", Assembly: assembly(t, c.edit)})
			if err == nil {
				s.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
