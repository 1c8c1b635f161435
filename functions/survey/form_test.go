package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"liuke/shared/api"
	"liuke/shared/event"
	"liuke/shared/survey"
)

// hidden returns a hidden field of a page.
func hidden(t testing.TB, out api.Response, name string) string {
	t.Helper()
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(out.Body)
	if m == nil {
		t.Fatalf("no field %s in %s", name, out.Body)
	}
	return m[1]
}

func fields(pairs ...string) func(*api.Request) {
	all := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		all.Add(pairs[i], pairs[i+1])
	}
	return typed(urlencoded, all.Encode())
}

// location returns the query of where a response leads.
func location(t testing.TB, out api.Response) url.Values {
	t.Helper()
	u, err := url.Parse(out.Headers["location"])
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

func TestAPublicFormIsAnsweredPageByPage(t *testing.T) {
	b := setup(t)
	first := status(t, b.do(t, "public_form"), http.StatusOK)
	holds(t, first, `id="score-4" value="4" required checked`, `<div class="trap" aria-hidden="true">`, "kept without your name")
	if p := first.Headers["content-security-policy"]; !strings.Contains(p, "form-action 'self' https://shop.example https://www.shop.example; frame-ancestors https://shop.example https://www.shop.example;") {
		t.Error(p)
	}
	equal(t, "calls", b.calls, []string{"surveys", "document"})
	begun := hidden(t, first, "_started")
	b.now = b.now.Add(3 * time.Second)
	next := location(t, status(t, b.do(t, "public_form_sent", fields("_started", begun, "_asked", "score,comment", "_version", "1", "score", "2", "comment", "wet")), http.StatusSeeOther))
	if next.Get("page") != "problem" || next.Get("in") != begun {
		t.Fatalf("leads to %v", next)
	}
	a := b.only(t)
	if a.Customer != "" || !strings.HasPrefix(a.Invitation, "form-") || a.Complete || a.Cell != (survey.Cell{Node: "delivery", Channel: "shop"}) || a.Invited() {
		t.Fatalf("stands %+v", a)
	}
	second := status(t, b.do(t, "public_form", query("page", "problem", "in", begun, "lang", "en")), http.StatusOK)
	holds(t, second, `name="_asked" value="problem"`, `href="?in=`+begun+`&amp;lang=en&amp;page=score">Back`)
	out := status(t, b.do(t, "public_form_sent", fields("_started", hidden(t, second, "_started"), "_asked", "problem", "problem", "damaged")), http.StatusSeeOther)
	if out.Headers["location"] != shop+"/thanks" {
		t.Errorf("leads to %s", out.Headers["location"])
	}
	if a := b.only(t); !a.Complete || a.Revision != 2 || !a.Values.Equal(survey.Values{"score": survey.Number(2), "comment": {Text: "wet"}, "problem": {Choices: []string{"damaged"}}}) {
		t.Errorf("stands %+v", a)
	}
	holds(t, b.do(t, "public_form", query("thanks", "1", "in", begun, "lang", "en")), "Thank you!", "Change your answer")
	events, err := event.Unpack(b.sent[0].Body)
	if err != nil || events[0].User != "" || events[0].Anonymous != "form" {
		t.Errorf("sent %+v, %v", events, err)
	}
}

func TestTheSampleOfAPublicFormIsTaken(t *testing.T) {
	b := setup(t)
	status(t, b.do(t, "public_form_sent"), http.StatusSeeOther)
	if a := b.only(t); a.Values["comment"].Text != "The box was wet." {
		t.Errorf("stands %+v", a)
	}
	for range 3 { // the browser's reload, and its impatient owner
		status(t, b.do(t, "public_form_sent"), http.StatusSeeOther)
	}
	if a := b.only(t); a.Revision != 1 || len(b.sent) != 1 {
		t.Errorf("stands %+v", a)
	}
}

func TestWhatProgramsSendIsAnsweredAsIfItWereTaken(t *testing.T) {
	for _, c := range []struct {
		name, metric string
		wait         time.Duration
		more         []string
	}{
		{"a field that nobody sees is filled in", "FormAnswersTrapped", time.Minute, []string{"website", "https://pills.example"}},
		{"all is filled in within a second", "FormAnswersTooQuick", time.Second, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			begun := hidden(t, b.do(t, "public_form"), "_started")
			b.now = b.now.Add(c.wait)
			whole := append([]string{"_started", begun, "_asked", "score,comment", "score", "5", "comment", "buy"}, c.more...)
			if out := status(t, b.do(t, "public_form_sent", fields(whole...)), http.StatusSeeOther); out.Headers["location"] != shop+"/thanks" {
				t.Errorf("leads to %s", out.Headers["location"])
			}
			if len(b.touched()) > 0 || !strings.Contains(b.metrics.String(), c.metric) {
				t.Errorf("calls %v, metrics %s", b.calls, b.metrics)
			}
			status(t, b.do(t, "public_form_sent", header("accept", "*/*"), fields(whole...)), http.StatusSeeOther) // a form is answered as one
			said := map[string]string{}
			for i := 0; i < len(whole); i += 2 {
				said[whole[i]] = whole[i+1]
			}
			raw, err := json.Marshal(said)
			if err != nil {
				t.Fatal(err)
			}
			holds(t, status(t, b.do(t, "public_form_sent", header("content-type", "application/json"), body(string(raw))), http.StatusCreated), `"revision":1`, `"complete":true`)
			holds(t, status(t, b.do(t, "public_form", query("thanks", "1", "lang", "en", "in", begun)), http.StatusOK), "Thank you!")
		})
	}
}

func TestAPublicFormThatWasNotBegunHereIsRefused(t *testing.T) {
	b := setup(t)
	begun := hidden(t, b.do(t, "public_form"), "_started")
	b.now = b.now.Add(time.Minute)
	other := func(r *api.Request) { r.PathParameters["key"] = "delivery-code-77aa01" }
	for _, c := range []struct {
		name    string
		changes []func(*api.Request)
		status  int
	}{
		{"nothing says so", []func(*api.Request){fields("score", "5")}, http.StatusUnauthorized},
		{"it was made up", []func(*api.Request){fields("score", "5", "_started", "2026-03-01T08:00:00Z")}, http.StatusUnauthorized},
		{"it was changed", []func(*api.Request){fields("score", "5", "_started", "B"+begun[1:])}, http.StatusUnauthorized},
		{"it was another form", []func(*api.Request){other, fields("score", "5", "_started", begun)}, http.StatusUnauthorized},
		{"there is no such form", []func(*api.Request){func(r *api.Request) { r.PathParameters["key"] = "x" }}, http.StatusNotFound},
		{"it is too large", []func(*api.Request){fields("comment", strings.Repeat("x", MaxBodyBytes))}, http.StatusRequestEntityTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) { status(t, b.do(t, "public_form_sent", c.changes...), c.status) })
	}
	equal(t, "calls", b.touched(), nil)
	status(t, b.do(t, "public_form", query("in", "B"+begun[1:])), http.StatusUnauthorized)
	status(t, b.do(t, "public_form", func(r *api.Request) { r.PathParameters["key"] = "x" }), http.StatusNotFound)
	if len(b.touched()) > 0 {
		t.Errorf("calls %v", b.calls)
	}
}

func TestAPublicFormThatWasLeftOpenForADayIsShownAgain(t *testing.T) {
	b := setup(t)
	begun := hidden(t, b.do(t, "public_form"), "_started")
	b.now = b.now.Add(24 * time.Hour)
	again := status(t, b.do(t, "public_form_sent", fields("_started", begun, "_asked", "score,comment", "score", "5", "comment", "late")), http.StatusGone)
	holds(t, again, "open for a long time", ">\nlate</textarea>", `value="5" required checked`)
	if len(b.answers) > 0 {
		t.Error("something was kept")
	}
	status(t, b.do(t, "public_form_sent", fields("_started", hidden(t, again, "_started"), "_asked", "score,comment", "score", "5", "comment", "late")), http.StatusSeeOther)
	if a := b.only(t); a.Values["comment"].Text != "late" {
		t.Errorf("stands %+v", a)
	}
}

func TestAMistakeInAPublicFormIsShownInIt(t *testing.T) {
	b := setup(t)
	begun := hidden(t, b.do(t, "public_form"), "_started")
	b.now = b.now.Add(time.Minute)
	out := status(t, b.do(t, "public_form_sent", fields("_started", begun, "_asked", "score,comment", "comment", "no score")), http.StatusBadRequest)
	holds(t, out, "Choose a number from 1 to 5.", ">\nno score</textarea>", `value="`+begun+`"`)
	closed := *b.surveys["csat_delivery"]
	closed.Closed = true
	b.surveys["csat_delivery"] = &closed
	holds(t, status(t, b.do(t, "public_form", query("lang", "en")), http.StatusGone), "This survey has closed")
	status(t, b.do(t, "public_form_sent", fields("_started", begun, "score", "1")), http.StatusGone)
}
