package walkthrough

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"liuke/infra/local/importer"
	"liuke/infra/local/project"
	"liuke/infra/local/suite"
	"liuke/shared/importfile"
)

// session is a reader's: a suite that runs, the README, and what was put into the shell's variables.
type session struct {
	suite.Endpoint
	running   *suite.Suite // to wait for it
	readme    *guide
	variables map[string]string
}

// begin starts a suite whose schedules fire when asked, so that none comes between.
func begin(t *testing.T, heading, day string) *session {
	t.Helper()
	root, err := project.Root()
	if err != nil {
		t.Fatal(err)
	}
	s, err := suite.Start(t.Context(), suite.Options{Root: root, State: t.TempDir(), Addr: "127.0.0.1:0", Say: func(line string) { t.Log(line) }, Paused: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	t.Cleanup(func() {
		if denied := s.Permissions().Denied; len(denied) > 0 {
			t.Errorf("the policies refused %v", denied)
		}
	})
	return &session{s.Endpoint, s, readGuide(t, heading, day), map[string]string{"key": s.WriteKey, "token": s.OperatorToken, "auth": "Authorization: Bearer " + s.OperatorToken}}
}

// follow sends a request as the README does and returns what is answered; change may say what is otherwise.
func (s *session) follow(t *testing.T, method, path string, change ...func(*request)) []byte {
	t.Helper()
	r := s.readme.request(t, method, path)
	for _, f := range change {
		f(&r)
	}
	return s.send(t, r)
}

// read asks for what operators see, and decodes it.
func (s *session) read(t *testing.T, path string, into any) {
	t.Helper()
	raw := s.send(t, request{method: http.MethodGet, path: path, header: map[string]string{"Authorization": "Bearer $token"}})
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatalf("GET %s answers %s: %v", path, raw, err)
	}
}

func (s *session) send(t *testing.T, q request) []byte {
	t.Helper()
	status, raw := s.try(t, q)
	if status >= 300 {
		t.Fatalf("%s %s with %q was answered %d %s", q.method, q.path, q.body, status, raw)
	}
	return []byte(raw)
}

// try sends a request, whatever is answered.
func (s *session) try(t *testing.T, q request) (status int, body string) {
	t.Helper()
	expand := func(text string) string {
		return os.Expand(text, func(name string) string { return s.variables[name] })
	}
	r, err := http.NewRequestWithContext(t.Context(), q.method, s.URL+expand(q.path), strings.NewReader(q.body))
	if err != nil {
		t.Fatal(err)
	}
	if q.body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded") // which curl sends by itself
	}
	for name, value := range q.header {
		if name, value, ok := strings.Cut(expand(name), ": "); ok { // a header in a variable
			r.Header.Set(name, value)
			continue
		}
		r.Header.Set(name, expand(value))
	}
	if q.user != "" {
		user, password, _ := strings.Cut(expand(q.user), ":")
		r.SetBasicAuth(user, password)
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
	return answer.StatusCode, string(raw)
}

// settle waits until nothing is under way and nothing waits in a queue.
func (s *session) settle(t *testing.T) {
	t.Helper()
	if err := s.running.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// fire has a schedule fire, and waits for what comes of it.
func (s *session) fire(t *testing.T, schedule string) {
	t.Helper()
	if err := s.running.Fire(t.Context(), schedule); err != nil {
		t.Fatal(err)
	}
	s.settle(t)
}

// importAnswers imports a file of answers, as the command does.
func (s *session) importAnswers(t *testing.T, file string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	r, err := importer.Import(t.Context(), f, info.Size(), importer.Options{URL: s.URL, Token: s.OperatorToken, Request: importfile.Request{Kind: importfile.Answers}})
	if err != nil || r.Rows.Accepted == 0 || r.Rows.Refused > 0 {
		t.Fatalf("imported %+v, %v", r, err)
	}
	s.settle(t)
}

// mail is one in the outbox.
type mail struct{ Subject, HTML string }

// mails returns what was sent to an address, the last first.
func (s *session) mails(t *testing.T, to string) (all []mail) {
	t.Helper()
	s.read(t, "/_local/outbox?format=json&to="+to, &all)
	return all
}

// last fails the test unless the mails to an address, the last first, are called so, and returns the last.
func (s *session) last(t *testing.T, to string, subjects ...string) mail {
	t.Helper()
	all := s.mails(t, to)
	var got []string
	for _, m := range all {
		got = append(got, m.Subject)
	}
	if !slices.Equal(got, subjects) {
		t.Fatalf("%s got %q, want %q", to, got, subjects)
	}
	return all[0]
}

// shop serves a site of another origin and returns its address; its page /order holds what is given.
func shop(t *testing.T, order string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := map[string]string{"/order": order, "/thanks": "<p>Thank you!</p>"}[r.URL.Path]
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if !ok {
			w.WriteHeader(http.StatusNotFound)
		}
		io.WriteString(w, `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><title>Shop</title>
<style>body{font:16px/1.5 sans-serif;margin:1rem}label{display:block;padding:.3rem 0}textarea{display:block;width:95%}button{padding:.5rem 1rem}</style>
<h1>Your order has arrived</h1>`+body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}
