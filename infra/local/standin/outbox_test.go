package standin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestOutboxDropsALineThatWasCutOff(t *testing.T) {
	file := filepath.Join(t.TempDir(), "outbox.jsonl")
	o, err := OpenOutbox(file)
	if err != nil {
		t.Fatal(err)
	}
	add(t, o, Message{ID: "1", To: []string{"a@example.com"}})
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(f, `{"id":"2","to":["b@exa`)
	f.Close()
	for _, want := range []int{1, 2} { // what is added after the cut stands whole at the next opening
		o, err := OpenOutbox(file)
		if err != nil {
			t.Fatal(err)
		}
		if o.Len() != want {
			t.Errorf("%d messages, want %d", o.Len(), want)
		}
		add(t, o, Message{ID: fmt.Sprint("x", want), To: []string{"c@example.com"}})
		o.Close()
	}
}

func add(t *testing.T, o *Outbox, m Message) {
	t.Helper()
	if err := o.Add(m); err != nil {
		t.Fatal(err)
	}
}

func TestPage(t *testing.T) {
	o, err := OpenOutbox("")
	if err != nil {
		t.Fatal(err)
	}
	add(t, o, Message{ID: "m1", From: "Shop <a@shop.example>", To: []string{"Ann <ann@example.com>"}, Subject: "We <miss> you", SentAt: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC),
		Text: "Rate us: https://shop.example/s/abc?score=9. 谢谢：https://shop.example/t。", HTML: `<html><head><title>x</title></head><body><script>alert(1)</script></body></html>`,
		Headers: map[string]string{"List-Unsubscribe": "<https://shop.example/u/1>"}, Tags: map[string]string{"liuke_entry": "e1"}})
	add(t, o, Message{ID: "m2", To: []string{"bob@example.com"}, Subject: "Second", Text: "b"})
	p := NewPage(o, "/outbox")
	cases := []struct {
		name, target, accept string
		status               int
		kind                 string
		has                  []string
		hasNot               string
	}{
		{"a browser gets the list, the last first", "/outbox", "text/html,application/json;q=0.9", 200, "text/html",
			[]string{`href="/outbox/m2"`, "We &lt;miss&gt; you", "2 messages"}, "<miss>"},
		{"the list is filtered by recipient", "/outbox?to=ANN@example.com", "", 200, "text/html", []string{"/outbox/m1", "1 message to"}, "/outbox/m2"},
		{"an empty list says so", "/outbox?to=x@example.com", "", 200, "text/html", []string{"Nothing was sent to x@example.com"}, "<ol"},
		{"one mail shows both parts and its headers", "/outbox/m1", "", 200, "text/html",
			[]string{`src="/outbox/m1/html" sandbox="allow-popups`, `<a href="https://shop.example/s/abc?score=9" rel="noreferrer">`, `>https://shop.example/t</a>。`, "&lt;https://shop.example/u/1&gt;", "Tag liuke_entry"}, "alert(1)"},
		{"the HTML part opens links outside of its frame", "/outbox/m1/html", "", 200, "text/html", []string{`<head><base target="_blank">`}, ""},
		{"an unknown mail is not found", "/outbox/m9", "", 404, "text/plain", nil, ""},
		{"JSON is had by Accept", "/outbox/m1", "application/json", 200, "application/json", []string{`"sent_at":"2026-03-01T09:00:00Z"`, `"to":["Ann \u003cann@example.com\u003e"]`, `"tags":{"liuke_entry":"e1"}`}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, c.target, nil)
			r.Header.Set("Accept", c.accept)
			w := httptest.NewRecorder()
			p.ServeHTTP(w, r)
			body := w.Body.String()
			if w.Code != c.status || !strings.HasPrefix(w.Header().Get("Content-Type"), c.kind) {
				t.Fatalf("status %d, %s; want %d, %s\n%s", w.Code, w.Header().Get("Content-Type"), c.status, c.kind, body)
			}
			for _, part := range c.has {
				if !strings.Contains(body, part) {
					t.Errorf("the answer lacks %s:\n%s", part, body)
				}
			}
			if c.hasNot != "" && strings.Contains(body, c.hasNot) {
				t.Errorf("the answer has %s:\n%s", c.hasNot, body)
			}
		})
	}
	t.Run("the HTML part may run no script, whoever opens it", func(t *testing.T) {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/outbox/m1/html", nil))
		if policy := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "sandbox ") || strings.Contains(policy, "allow-scripts") || !strings.Contains(policy, "default-src 'none'") {
			t.Errorf("policy = %s", policy)
		}
	})
	t.Run("JSON is had by format, filtered, as a list", func(t *testing.T) {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/outbox?format=json&to=bob@example.com", nil))
		var list []Message
		if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || len(list) != 1 || list[0].ID != "m2" {
			t.Errorf("list = %+v, %v", list, err)
		}
	})
	t.Run("nothing can be changed", func(t *testing.T) {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/outbox", nil))
		if w.Code != http.StatusMethodNotAllowed {
			t.Errorf("status %d, want 405", w.Code)
		}
	})
}

func TestPageTurnsLongLists(t *testing.T) {
	o, err := OpenOutbox("")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2*pageSize + 1 {
		add(t, o, Message{ID: fmt.Sprintf("m%03d", i), To: []string{"a@example.com"}, Subject: "s"})
	}
	p := NewPage(o, "/outbox")
	for page, want := range []int{pageSize, pageSize, 1} {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, fmt.Sprintf("/outbox?page=%d", page), nil))
		body := w.Body.String()
		if n := strings.Count(body, "<li>"); n != want {
			t.Errorf("page %d has %d messages, want %d", page, n, want)
		}
		if newer, older := strings.Contains(body, `rel="prev"`), strings.Contains(body, `rel="next"`); newer != (page > 0) || older != (page < 2) {
			t.Errorf("page %d: newer %v, older %v", page, newer, older)
		}
	}
}
