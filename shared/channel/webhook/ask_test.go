package webhook_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"liuke/shared/channel"
	"liuke/shared/channel/webhook"
)

// ask asks a receiver that answers so.
func ask(t *testing.T, d webhook.Destination, respond http.HandlerFunc) (reply string, some bool, err error) {
	t.Helper()
	server := httptest.NewServer(respond)
	t.Cleanup(server.Close)
	if d.URL == "" {
		d.URL = server.URL
	}
	said, some, err := webhook.New(webhook.Config{Secret: destinations(t, d), Now: now, Local: true}).Ask(t.Context(), "crm", "abc", []byte(`{"scene":"win_back"}`))
	return string(said), some, err
}

func TestQuestionsAreAskedAsMessagesArePosted(t *testing.T) {
	var handed string
	reply, some, err := ask(t, webhook.Destination{Current: secret}, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		handed = read(r, body)
		io.WriteString(w, `{"code":"A-1"}`)
	})
	if err != nil || !some || reply != `{"code":"A-1"}` {
		t.Errorf("%q, %t, %v", reply, some, err)
	}
	if !strings.HasPrefix(handed, "POST application/json\nabc\n1614265330\nv1,") || !strings.HasSuffix(handed, `{"scene":"win_back"}`) {
		t.Errorf("handed %s", handed)
	}
}

func TestWhatBecomesOfQuestions(t *testing.T) {
	says := func(status, bytes int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, strings.Repeat(" ", bytes))
		}
	}
	for _, c := range []struct {
		name   string
		to     webhook.Destination
		answer http.HandlerFunc
		bytes  int
		some   bool
		failed string
	}{
		{"the longest reply", webhook.Destination{Current: secret}, says(200, webhook.MaxReply), webhook.MaxReply, true, ""},
		{"one that is longer", webhook.Destination{Current: secret}, says(200, webhook.MaxReply+1), 0, false, "unknown: reply_too_long"},
		{"one of nothing", webhook.Destination{Current: secret}, says(201, 0), 0, true, ""},
		{"nothing to say", webhook.Destination{Current: secret}, says(204, 0), 0, false, ""},
		{"a no", webhook.Destination{Current: secret}, says(409, 0), 0, false, "refused: HTTP_409"},
		{"too many", webhook.Destination{Current: secret}, says(429, 0), 0, false, "throttled: HTTP_429"},
		{"down", webhook.Destination{Current: secret}, says(500, 0), 0, false, "unknown: HTTP_500"},
		{"elsewhere", webhook.Destination{Current: secret}, says(302, 0), 0, false, "blocked: HTTP_302"},
		{"a stranger", webhook.Destination{Current: secret}, says(403, 0), 0, false, "blocked: HTTP_403"},
		{"a bot gives no codes", webhook.Destination{Answer: webhook.ByErrcode}, says(200, 0), 0, false, "blocked: bad_destination"},
		{"a question that cannot be signed", webhook.Destination{}, says(200, 0), 0, false, "blocked: no_secret"},
		{"a host that is inside", webhook.Destination{URL: "http://10.0.0.1/", Current: secret}, says(200, 0), 0, false, "blocked: forbidden_address"},
		{"nobody there", webhook.Destination{URL: "http://127.0.0.1:1/", Current: secret}, says(200, 0), 0, false, "unknown: unreachable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			reply, some, err := ask(t, c.to, c.answer)
			failed := ""
			if err != nil {
				failed = err.Error()
			}
			if len(reply) != c.bytes || some != c.some || failed != c.failed {
				t.Errorf("%d bytes, %t, %q", len(reply), some, failed)
			}
		})
	}
}

func TestAQuestionEndsWithItsTime(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked++
		io.Copy(io.Discard, r.Body) // or the server does not see that the asker has gone
		cancel()
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	c := webhook.New(webhook.Config{Secret: destinations(t, webhook.Destination{URL: server.URL, Current: secret}), Now: now, Local: true})
	for _, want := range []string{"unknown: timeout", "throttled: no_time_left"} {
		if _, _, err := c.Ask(ctx, "crm", "abc", []byte(`{}`)); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	for name, question := range map[string]string{"a list": `[]`, "nothing": ``, "half of one": `{`} {
		if _, _, err := c.Ask(t.Context(), "crm", "abc", []byte(question)); err == nil {
			t.Errorf("%s is asked", name)
		} else if outcome, _ := channel.OutcomeOf(err); outcome != channel.Refused {
			t.Errorf("%s: %v", name, err)
		}
	}
}
