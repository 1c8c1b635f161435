package secret_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"liuke/shared/fault"
	"liuke/shared/secret"
)

// store answers GetSecretValue as Secrets Manager does.
type store struct {
	status int
	code   string
	value  string
	calls  int
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.calls++
	body, _ := io.ReadAll(r.Body)
	if r.Header.Get("X-Amz-Target") != "secretsmanager.GetSecretValue" || !strings.Contains(string(body), `"SecretId":"arn:secret"`) {
		w.WriteHeader(http.StatusNotImplemented)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if s.status != 0 {
		w.WriteHeader(s.status)
		fmt.Fprintf(w, `{"__type":%q,"Message":"no"}`, s.code)
		return
	}
	fmt.Fprintf(w, `{"SecretString":%q}`, s.value)
}

func setup(t *testing.T) (*store, *secret.Secret, *time.Time) {
	t.Helper()
	s := &store{value: "one"}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	cfg := aws.Config{
		Region:       "eu-central-1",
		BaseEndpoint: aws.String(server.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b", SessionToken: "c"}, nil
		}),
	}
	return s, secret.New(cfg, "arn:secret", func() time.Time { return now },
		func(o *secretsmanager.Options) { o.Retryer = aws.NopRetryer{} }), &now
}

func TestValue(t *testing.T) {
	s, sec, now := setup(t)
	for _, step := range []struct {
		name   string
		after  time.Duration
		value  string
		status int
		code   string
		want   string
		fails  fault.Code
		calls  int
	}{
		{name: "the first call asks", value: "one", want: "one", calls: 1},
		{name: "a call within five minutes does not ask", after: 4 * time.Minute, value: "two", want: "one", calls: 1},
		{name: "a call after five minutes sees the rotation", after: time.Minute, value: "two", want: "two", calls: 2},
		{name: "while the service refuses for pace, the last value serves", after: 6 * time.Minute, status: 400, code: "ThrottlingException", want: "two"},
		{name: "what the service refuses for good is an error", status: 400, code: "AccessDeniedException", fails: fault.Internal},
		{name: "after an hour the last value serves no more", after: time.Hour, status: 400, code: "ThrottlingException", fails: fault.Throttled},
		{name: "a service that is back answers", value: "three", want: "three"},
	} {
		*now = now.Add(step.after)
		s.value, s.status, s.code = step.value, step.status, step.code
		got, err := sec.Value(context.Background())
		if fault.CodeOf(err) != step.fails || string(got) != step.want {
			t.Fatalf("%s: got %q, %v", step.name, got, err)
		}
		if step.calls != 0 && s.calls != step.calls {
			t.Fatalf("%s: asked %d times, want %d", step.name, s.calls, step.calls)
		}
	}
}
