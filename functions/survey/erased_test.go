package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"liuke/shared/api"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/survey"
)

func (b *testBundle) erase(t *testing.T) {
	t.Helper()
	if err := b.flaky.Erase(t.Context(), "user-0001", b.now); err != nil {
		t.Fatal(err)
	}
}

func TestLinksOfTheErasedAreGone(t *testing.T) {
	for name, before := range map[string]func(*testing.T, *testBundle){
		"who had not answered": func(*testing.T, *testBundle) {},
		"who had answered":     func(t *testing.T, b *testBundle) { b.do(t, "answer", nil); b.events() },
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			before(t, b)
			counts, err := b.flaky.Counts(t.Context(), "nps")
			if err != nil {
				t.Fatal(err)
			}
			b.erase(t)
			for _, sample := range []string{"form", "answer", "answer_multipart"} {
				html := b.do(t, sample, func(r *api.Request) { r.Headers["accept"] = browser; r.Headers["accept-language"] = "en" })
				if html.StatusCode != http.StatusGone || !strings.Contains(html.Body, "Your data has been deleted") || strings.Contains(html.Body, "<form") {
					t.Errorf("%s: %d %s", sample, html.StatusCode, html.Body)
				}
			}
			for _, sample := range []string{"form", "answer_json"} {
				out := b.do(t, sample, func(r *api.Request) { r.Headers["accept"] = "*/*" })
				var p api.Problem
				if json.Unmarshal([]byte(out.Body), &p) != nil || out.StatusCode != http.StatusGone || !strings.Contains(p.Detail, "deleted") {
					t.Errorf("%s: %d %s", sample, out.StatusCode, out.Body)
				}
			}
			b.stands(t, nil, counts)
			if sent := b.events(); len(sent) > 0 {
				t.Errorf("sent %+v", sent)
			}
			if strings.Contains(b.log.String(), "user-0001") {
				t.Errorf("the log names the customer: %s", b.log)
			}
		})
	}
}

func TestWhoIsErasedCanStillUnsubscribe(t *testing.T) {
	b := setup(t)
	b.erase(t)
	if out := b.do(t, "unsubscribe", nil); out.StatusCode != http.StatusOK || !strings.Contains(out.Body, `<form method="post">`) {
		t.Errorf("%d %s", out.StatusCode, out.Body)
	}
	if out := b.do(t, "unsubscribe_one_click", nil); out.StatusCode != http.StatusOK || b.flaky.touched != 0 {
		t.Errorf("%d %s after %d calls to the table", out.StatusCode, out.Body, b.flaky.touched)
	}
	if p, err := b.flaky.Profile(t.Context(), "user-0001"); err != nil || p.Version != 0 {
		t.Errorf("a profile stands: %+v, %v", p, err)
	}
}

// overtaken erases the customer between what an answer reads and what it writes.
type overtaken struct {
	*flaky
	erase func()
}

func (o *overtaken) Answer(ctx context.Context, c customer.ID, s, i string) (*survey.Answer, error) {
	a, err := o.flaky.Answer(ctx, c, s, i)
	if o.erase != nil {
		o.erase()
		o.erase = nil
	}
	return a, err
}

func TestAnAnswerThatAnErasureOvertakesDoesNotStay(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(*testing.T, *testBundle)
		status int
	}{
		{"a correction is refused", func(t *testing.T, b *testBundle) { b.do(t, "answer", body("score=2")) }, http.StatusGone},
		{"a first answer goes when the erasure is repeated", func(*testing.T, *testBundle) {}, http.StatusSeeOther},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			c.before(t, b)
			b.handler.answers = &overtaken{b.flaky, func() { b.erase(t) }}
			if out := b.do(t, "answer", nil); out.StatusCode != c.status {
				t.Errorf("%d %s", out.StatusCode, out.Body)
			}
			b.erase(t)
			if left, err := b.flaky.Answers(t.Context(), "user-0001", 10); err != nil || len(left) > 0 {
				t.Errorf("%+v, %v", left, err)
			}
		})
	}
}

func TestWhatAnAnswerCosts(t *testing.T) {
	b := setup(t)
	raw, err := os.ReadFile(filepath.Join("..", "..", "events", "survey", "answer.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r api.Request
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	meter := &dynamo.Meter{}
	if out, err := b.handler.Handle(dynamo.WithMeter(t.Context(), meter), r); err != nil || out.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s, %v", out.StatusCode, out.Body, err)
	}
	if read, write := meter.Units(); read != 2 || write != 4 {
		t.Errorf("an answer took %g read and %g write units, want 2 and 4", read, write)
	}
}
