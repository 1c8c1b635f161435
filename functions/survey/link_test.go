package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"liuke/shared/api"
	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/survey"
	"liuke/shared/token"
)

func TestAGetShowsTheFormAndRecordsNothing(t *testing.T) {
	b := setup(t)
	for range 3 { // as mail scanners do
		out := status(t, b.do(t, "form"), http.StatusOK)
		holds(t, out, `<html lang="zh-CN"`, `id="score-9" value="9" required checked`, `name="_asked" value="score,comment"`, `name="_version" value="1"`)
	}
	holds(t, b.do(t, "form", query("lang", "en")), `<html lang="en"`)
	for _, call := range b.calls {
		if call == "put" || call == "send" {
			t.Errorf("a GET made the call %s", call)
		}
	}
}

func TestEachWayToAnswerIsTaken(t *testing.T) {
	for _, c := range []struct {
		sample, location string
		status           int
		values           survey.Values
	}{
		{"answer", "?lang=zh-CN&thanks=1", http.StatusSeeOther, survey.Values{"score": survey.Number(9), "comment": {Text: "发货很快！"}}},
		{"answer_multipart", "?lang=en&page=reason", http.StatusSeeOther, survey.Values{"score": survey.Number(3), "comment": {Text: "Too slow,\nand late."}}},
		{"answer_json", "", http.StatusCreated, survey.Values{"score": survey.Number(10), "comment": {Text: "great"}}},
	} {
		t.Run(c.sample, func(t *testing.T) {
			b := setup(t)
			out := status(t, b.do(t, c.sample), c.status)
			if out.Headers["location"] != c.location {
				t.Errorf("leads to %q", out.Headers["location"])
			}
			a := b.stands()
			if a == nil || !a.Values.Equal(c.values) || a.Revision != 1 || a.Version != 1 || a.Complete != (c.location != "?lang=en&page=reason") || !a.Answered.Equal(b.now) {
				t.Fatalf("stands %+v", a)
			}
			equal(t, "sent", b.pointers(t), []string{"answer:nps:" + invitation + ":1"})
			events, err := event.Unpack(b.sent[0].Body)
			if err != nil || events[0].Name != event.AnswerStored || events[0].Customer() != "user-0001" || b.sent[0].Delay != 2*time.Second || strings.Contains(b.sent[0].Body, "score") {
				t.Errorf("sent %+v, %v", b.sent, err)
			}
			holds(t, status(t, b.do(t, "form", query("thanks", "1", "lang", "en")), http.StatusOK), "Thank you!", `href="?lang=en&amp;page=score">Change your answer`)
		})
	}
}

func TestASurveyOfSeveralPagesKeepsEach(t *testing.T) {
	b := setup(t)
	holds(t, b.do(t, "form", query("lang", "en")), "Step 1", ">Continue</button>")
	page1 := []func(*api.Request){query("lang", "en"), typed(urlencoded, "score=3&comment=&_asked=score,comment&_version=1")}
	if out := status(t, b.do(t, "answer", page1...), http.StatusSeeOther); out.Headers["location"] != "?lang=en&page=reason" {
		t.Fatalf("leads to %q", out.Headers["location"])
	}
	if a := b.stands(); a.Complete || a.Revision != 1 || a.Score != 3 {
		t.Fatalf("stands %+v", a)
	}
	second := status(t, b.do(t, "form", query("lang", "en", "page", "reason")), http.StatusOK)
	holds(t, second, "Step 2", `value="reason"`, `href="?lang=en&amp;page=score">Back`, ">Send answer</button>", "until 2026-03-02 08:31")
	holds(t, b.do(t, "form", query("lang", "en", "page", "score")), `id="score-3" value="3" required checked`)
	holds(t, b.do(t, "form", query("lang", "en")), `name="_asked" value="comment,reason"`) // what is left goes on where it was broken off
	page2 := []func(*api.Request){query("lang", "en", "page", "reason"), typed(urlencoded, "reason=price&reason=product&_asked=reason&_version=1")}
	if out := status(t, b.do(t, "answer", page2...), http.StatusSeeOther); out.Headers["location"] != "?lang=en&thanks=1" {
		t.Fatalf("leads to %q", out.Headers["location"])
	}
	a := b.stands()
	if want := (survey.Values{"score": survey.Number(3), "reason": {Choices: []string{"product", "price"}}}); !a.Complete || a.Revision != 2 || !a.Values.Equal(want) {
		t.Fatalf("stands %+v", a)
	}
	b.do(t, "answer", query(), typed(urlencoded, "score=9&_asked=score,comment")) // another branch: what it hides goes
	if a := b.stands(); !a.Values.Equal(survey.Values{"score": survey.Number(9)}) || !a.Complete || a.Revision != 3 {
		t.Fatalf("stands %+v", a)
	}
}

func TestJSONIsToldWhatIsAskedNext(t *testing.T) {
	b := setup(t)
	var got struct {
		Answers  map[string]any `json:"answers"`
		Complete bool           `json:"complete"`
		Next     []string       `json:"next"`
		Revision int            `json:"revision"`
		Score    *int           `json:"score"`
	}
	out := status(t, b.do(t, "answer_json", body(`{"score":2,"_asked":"score"}`)), http.StatusCreated)
	if err := json.Unmarshal([]byte(out.Body), &got); err != nil || got.Complete || fmt.Sprint(got.Next) != "[comment reason]" || got.Revision != 1 || got.Score == nil || *got.Score != 2 {
		t.Errorf("%s, %v", out.Body, err)
	}
	got.Next = nil
	out = status(t, b.do(t, "answer_json", body(`{"reason":["price"],"_asked":"comment,reason"}`)), http.StatusCreated)
	if err := json.Unmarshal([]byte(out.Body), &got); err != nil || !got.Complete || got.Next != nil || got.Revision != 2 || fmt.Sprint(got.Answers) != "map[reason:[price] score:2]" {
		t.Errorf("%s, %v", out.Body, err)
	}
}

func TestMistakesAreShownBesideTheirQuestion(t *testing.T) {
	b := setup(t)
	out := status(t, b.do(t, "answer_empty"), http.StatusBadRequest)
	holds(t, out, "Choose a number from 0 to 10.", `href="#score-question"`, `id="score-error"`, "autofocus", ">\nno score</textarea>", "<title>Error: ")
	for pointer, given := range map[string]string{"/score": `{"score":11}`, "/comment": `{"score":1,"comment":"` + strings.Repeat("x", 4001) + `"}`, "/_version": `{"score":1,"_version":9}`} {
		out := status(t, b.do(t, "answer_json", body(given)), http.StatusBadRequest)
		var p api.Problem
		if err := json.Unmarshal([]byte(out.Body), &p); err != nil || p.Pointer != pointer || out.Headers["content-type"] != "application/problem+json" {
			t.Errorf("%s: %s", pointer, out.Body)
		}
	}
	if b.stands() != nil || len(b.sent) > 0 {
		t.Error("something was kept")
	}
}

func TestLinksThatAreNotGoodAreRefusedBeforeAnyTableIsTouched(t *testing.T) {
	b := setup(t)
	good := token.Survey{Survey: "nps", Customer: "user-0001", Invitation: "i", Expires: b.now.Add(time.Second)}
	unsubscribe, err := b.keys.Seal(token.PurposeUnsubscribe, token.Unsubscribe{Customer: "user-0001", Channel: "email"})
	if err != nil {
		t.Fatal(err)
	}
	other, err := token.NewKeyring([]byte(`{"current":"the key of another account, of which we know nothing"}`))
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := other.Seal(token.PurposeSurvey, good)
	if err != nil {
		t.Fatal(err)
	}
	expired := good
	expired.Expires = b.now
	for _, c := range []struct {
		name   string
		change func(*api.Request)
		status int
	}{
		{"a token that was changed", func(r *api.Request) { r.PathParameters["token"] = "A" + r.PathParameters["token"][1:] }, http.StatusUnauthorized},
		{"no token", func(r *api.Request) { r.PathParameters = nil }, http.StatusUnauthorized},
		{"a token for another purpose", func(r *api.Request) { r.PathParameters["token"] = unsubscribe }, http.StatusUnauthorized},
		{"a token of another account", func(r *api.Request) { r.PathParameters["token"] = foreign }, http.StatusUnauthorized},
		{"a token that has expired", b.to(t, expired), http.StatusGone},
		{"a body that is too large", body("score=1&comment=" + strings.Repeat("x", MaxBodyBytes)), http.StatusRequestEntityTooLarge},
		{"a body of another type", header("content-type", "text/plain"), http.StatusBadRequest},
	} {
		t.Run(c.name, func(t *testing.T) {
			holds(t, status(t, b.do(t, "answer", c.change), c.status), `<html lang="zh-CN"`)
			plain := status(t, b.do(t, "answer", c.change, header("accept", "*/*")), c.status)
			var p api.Problem
			if json.Unmarshal([]byte(plain.Body), &p) != nil || p.Status != c.status || p.Detail == "" {
				t.Error(plain.Body)
			}
		})
	}
	equal(t, "calls", b.calls, nil)
	if b.log.Len() != 0 {
		t.Errorf("a caller's mistakes were logged: %s", b.log)
	}
	good.Survey = "mood"
	status(t, b.do(t, "answer", b.to(t, good)), http.StatusNotFound)
	equal(t, "calls for a survey that there is not", b.touched(), nil)
}

func TestALinkThatIsUsedTooOftenHasToWait(t *testing.T) {
	b := setup(t)
	for range LinkPace {
		status(t, b.do(t, "answer"), http.StatusSeeOther)
	}
	before := len(b.calls)
	for range 1000 {
		out := status(t, b.do(t, "answer"), http.StatusTooManyRequests)
		if out.Headers["retry-after"] != "60" {
			t.Fatalf("retry after %q", out.Headers["retry-after"])
		}
	}
	holds(t, b.do(t, "form", query("lang", "en")), "a little too fast")
	if len(b.calls) != before || b.log.Len() > 0 {
		t.Errorf("%d calls were made for what was refused; the log says %s", len(b.calls)-before, b.log)
	}
	b.now = b.now.Add(time.Minute)
	status(t, b.do(t, "answer"), http.StatusSeeOther)
}

func TestAnAnswerCanBeCorrectedForADay(t *testing.T) {
	b := setup(t)
	b.do(t, "answer")
	b.now = b.now.Add(23 * time.Hour)
	holds(t, b.do(t, "form", query()), "发货很快！</textarea>", "2026-03-02 08:31", `value="9" required checked`)
	status(t, b.do(t, "answer", body("score=8")), http.StatusSeeOther)
	if a := b.stands(); a.Revision != 2 || !a.Values.Equal(survey.Values{"score": survey.Number(8)}) {
		t.Fatalf("stands %+v", a)
	}
	status(t, b.do(t, "answer", body("score=8")), http.StatusSeeOther)
	equal(t, "sent", b.pointers(t), []string{"answer:nps:" + invitation + ":1", "answer:nps:" + invitation + ":2"})
	b.now = b.now.Add(time.Hour)
	holds(t, status(t, b.do(t, "answer", body("score=9")), http.StatusConflict), "您已经回答过了")
	holds(t, status(t, b.do(t, "answer_json"), http.StatusConflict), "urn:liuke:problem:conflict")
	if out := status(t, b.do(t, "form"), http.StatusOK); strings.Contains(out.Body, "<form") {
		t.Error("a form is shown that would be refused")
	}
	if out := status(t, b.do(t, "form", query("thanks", "1", "lang", "en")), http.StatusOK); strings.Contains(out.Body, "Change your answer") {
		t.Error("the thanks offer what would be refused")
	}
	if a := b.stands(); a.Revision != 2 || len(b.sent) != 2 {
		t.Errorf("stands %+v", a)
	}
}

func TestAClosedSurveyTakesNothing(t *testing.T) {
	b := setup(t)
	b.do(t, "answer")
	closed := *b.surveys["nps"]
	closed.Closed = true
	b.surveys["nps"] = &closed
	sent := len(b.sent)
	holds(t, status(t, b.do(t, "form", query("lang", "en")), http.StatusGone), "This survey has closed")
	holds(t, status(t, b.do(t, "answer", body("score=1"), query("lang", "en")), http.StatusGone), "This survey has closed")
	holds(t, status(t, b.do(t, "answer_json"), http.StatusGone), "closed")
	if out := status(t, b.do(t, "form", query("lang", "en", "thanks", "1")), http.StatusOK); strings.Contains(out.Body, "Change your answer") {
		t.Error("the thanks offer what would be refused")
	}
	if len(b.sent) != sent {
		t.Error("something was sent")
	}
}

func TestAFormMadeFromAnOlderVersionIsReadByIt(t *testing.T) {
	b := setup(t)
	old := b.surveys["nps"]
	next := *old
	next.Version, next.Questions = 2, []survey.Question{{ID: "score", Kind: survey.NPS, Required: true}, {ID: "speed", Kind: survey.CSAT, Required: true}}
	b.surveys["nps"], b.versions["nps/1"] = &next, old
	status(t, b.do(t, "answer", typed(urlencoded, "score=3&comment=slow&_asked=score,comment&_version=1")), http.StatusSeeOther)
	if a := b.stands(); a.Version != 1 || a.Complete || a.Values["comment"].Text != "slow" {
		t.Fatalf("stands %+v", a)
	}
	holds(t, b.do(t, "form", query("page", "reason")), `name="_asked" value="reason"`, `name="_version" value="1"`)
	status(t, b.do(t, "answer_json", body(`{"score":4,"speed":5}`)), http.StatusCreated)
	if a := b.stands(); a.Version != 2 || !a.Complete || !a.Values.Equal(survey.Values{"score": survey.Number(4), "speed": survey.Number(5)}) {
		t.Errorf("stands %+v", a)
	}
}

func TestTheCellIsThatOfTheInvitation(t *testing.T) {
	b := setup(t)
	to := token.Survey{Survey: "nps", Customer: "c", Invitation: "i", Expires: b.now.Add(time.Hour), Segment: "At Risk", Tier: "gold", Node: "delivery", Channel: "email"}
	status(t, b.do(t, "answer", b.to(t, to)), http.StatusSeeOther)
	if a := b.only(t); a.Cell != (survey.Cell{Segment: "At Risk", Tier: "gold", Node: "delivery", Channel: "email"}) || a.Locale != "zh-CN" {
		t.Errorf("stands %+v", a)
	}
}

func TestAnswersAtTheSameTimeAreOne(t *testing.T) {
	b := setup(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if out := b.do(t, "answer"); out.StatusCode != http.StatusSeeOther && out.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("%d %s", out.StatusCode, out.Body)
			}
		})
	}
	wg.Wait()
	if a := b.stands(); a.Revision != 1 {
		t.Errorf("stands %+v", a)
	}
}

func TestLinksOfTheErasedAreGone(t *testing.T) {
	b := setup(t)
	b.do(t, "answer")
	b.erased = map[customer.ID]bool{"user-0001": true}
	before := len(b.sent)
	for _, sample := range []string{"form", "answer", "answer_multipart"} {
		out := status(t, b.do(t, sample, header("accept", browserAccepts), header("accept-language", "en")), http.StatusGone)
		holds(t, out, "Your data has been deleted")
		if strings.Contains(out.Body, "<form") {
			t.Errorf("%s shows a form", sample)
		}
	}
	holds(t, status(t, b.do(t, "answer_json", header("accept", "*/*")), http.StatusGone), "deleted")
	if len(b.sent) != before || strings.Contains(b.log.String(), "user-0001") {
		t.Errorf("sent %v, logged %s", b.sent[before:], b.log)
	}
}

func TestAnAddressWithoutARouteIsNotFound(t *testing.T) {
	status(t, setup(t).do(t, "form", func(r *api.Request) { r.RouteKey = "$default" }), http.StatusNotFound)
}
