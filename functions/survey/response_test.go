package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"liuke/shared/api"
	"liuke/shared/survey"
	"liuke/shared/token"
)

func TestAFormOnAnotherSiteIsTakenAndLeadsBack(t *testing.T) {
	for _, c := range []struct {
		name, form, location string
		changes              []func(*api.Request)
	}{
		{"to the page that it names", sampleForm, "https://www.shop.example/danke", nil},
		{"to the first page where it names none", sampleForm, shop + "/thanks", []func(*api.Request){fields("score", "5")}},
		{"to the first page where it names another's", sampleForm, shop + "/thanks", []func(*api.Request){fields("score", "5", "_back", "https://evil.example/")}},
		{"to the first page where it names one that only begins alike", sampleForm, shop + "/thanks", []func(*api.Request){fields("score", "5", "_back", "https://www.shop.example/danke?x")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			out := status(t, b.do(t, "response", c.changes...), http.StatusSeeOther)
			if out.Headers["location"] != c.location {
				t.Errorf("leads to %s", out.Headers["location"])
			}
			a := b.only(t)
			if a.Customer != "" || !strings.HasPrefix(a.Invitation, "web-") || !a.Complete || a.Cell != (survey.Cell{Node: "delivery", Channel: "shop"}) || a.Locale != "en" {
				t.Errorf("stands %+v", a)
			}
		})
	}
	t.Run("to our thanks where the form has no page", func(t *testing.T) {
		b := setup(t)
		out := status(t, b.do(t, "response", query("key", "delivery-code-77aa01")), http.StatusSeeOther)
		if !strings.HasPrefix(out.Headers["location"], "../../../f/delivery-code-77aa01?in=") || location(t, out).Get("thanks") != "1" {
			t.Errorf("leads to %s", out.Headers["location"])
		}
		if a := b.only(t); a.Cell != (survey.Cell{Node: "parcel", Channel: "web"}) {
			t.Errorf("stands %+v", a)
		}
		holds(t, b.do(t, "public_form", func(r *api.Request) { r.PathParameters["key"] = "delivery-code-77aa01" }, query("in", location(t, out).Get("in"), "thanks", "1", "lang", "en")), "Thank you!", "Change your answer")
	})
	t.Run("to the questions that it leaves", func(t *testing.T) {
		b := setup(t)
		out := status(t, b.do(t, "response", fields("score", "1", "_asked", "score")), http.StatusSeeOther)
		next := location(t, out)
		if !strings.HasPrefix(out.Headers["location"], "../../../f/"+sampleForm+"?") || next.Get("page") != "comment" {
			t.Fatalf("leads to %s", out.Headers["location"])
		}
		page := status(t, b.do(t, "public_form", query("in", next.Get("in"), "page", next.Get("page"), "lang", "en")), http.StatusOK)
		holds(t, page, `name="_asked" value="comment,problem"`)
		status(t, b.do(t, "public_form_sent", fields("_started", hidden(t, page, "_started"), "_asked", "comment,problem", "problem", "late")), http.StatusSeeOther)
		if a := b.only(t); !a.Complete || a.Revision != 2 || a.Score != 1 || !strings.HasPrefix(a.Invitation, "web-") {
			t.Errorf("stands %+v", a)
		}
	})
}

func TestAScriptOfAnotherSiteIsAnsweredInJSON(t *testing.T) {
	b := setup(t)
	pre := status(t, b.do(t, "response_preflight"), http.StatusNoContent)
	for name, want := range map[string]string{"access-control-allow-origin": shop, "access-control-allow-methods": "POST", "access-control-allow-headers": "content-type", "vary": "origin"} {
		if pre.Headers[name] != want {
			t.Errorf("%s: %q", name, pre.Headers[name])
		}
	}
	out := status(t, b.do(t, "response_json"), http.StatusCreated)
	holds(t, out, `"score":2`, `"complete":true`)
	if out.Headers["access-control-allow-origin"] != shop || out.Headers["vary"] != "origin" {
		t.Errorf("headers %v", out.Headers)
	}
	first := b.only(t)
	if strings.Contains(first.Invitation, "b7c1f0a2") {
		t.Error("what the sender made up, which may name somebody, stands in the key")
	}
	status(t, b.do(t, "response_json"), http.StatusCreated)
	status(t, b.do(t, "response_json", body(`{"score":3,"_response":"b7c1f0a2-55d1-4d7e-9f43-0b6f5c9c1f10"}`)), http.StatusConflict)
	if a := b.only(t); a.Revision != 1 || a.Score != 2 || len(b.sent) != 1 {
		t.Errorf("stands %+v", a)
	}
	wrong := status(t, b.do(t, "response_json", body(`{"score":9}`)), http.StatusBadRequest)
	var p api.Problem
	if json.Unmarshal([]byte(wrong.Body), &p) != nil || p.Pointer != "/score" || wrong.Headers["access-control-allow-origin"] != shop {
		t.Errorf("%s %v", wrong.Body, wrong.Headers)
	}
	for pointer, given := range map[string]string{"/_response": `{"score":3,"_response":"me@shop.example"}`, "/_started": `{"score":3,"_started":"yesterday"}`, "": `{"points":3,"score":null,"_asked":"comment"}`} {
		out := status(t, b.do(t, "response_json", body(given)), map[bool]int{true: http.StatusBadRequest, false: http.StatusCreated}[pointer != ""])
		if pointer != "" && (json.Unmarshal([]byte(out.Body), &p) != nil || p.Pointer != pointer) {
			t.Errorf("%s: %s", pointer, out.Body)
		}
	}
}

func TestNobodyReadsOrChangesWhatAnotherHasSaid(t *testing.T) {
	for name, response := range map[string]string{"who says the same at the same time, behind the same address": "", "who knows the name": "order-4711-4711"} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			page := func(more ...string) func(*api.Request) {
				if response != "" {
					more = append(more, "_response", response)
				}
				return fields(more...)
			}
			begun := location(t, status(t, b.do(t, "response", page("score", "1", "_asked", "score")), http.StatusSeeOther)).Get("in")
			status(t, b.do(t, "public_form_sent", fields("_started", begun, "_asked", "comment,problem", "comment", "I am Alice")), http.StatusSeeOther)
			alices := b.only(t)
			for _, sent := range []func(*api.Request){
				page("score", "1", "_asked", "score"), page("score", "1"), page("score", "1", "comment", "x"), page("score", "1", "_asked", "comment"),
				func(r *api.Request) {
					r.Headers["accept"] = "application/json"
					page("score", "1", "_asked", "score")(r)
				},
			} {
				out := b.do(t, "response", sent)
				if strings.Contains(out.Body, "Alice") {
					t.Errorf("shows %s", out.Body)
				}
				if to := out.Headers["location"]; strings.Contains(to, "in=") {
					in := location(t, out).Get("in")
					if shown := b.do(t, "public_form", query("in", in)); strings.Contains(shown.Body, "Alice") {
						t.Errorf("leads to %s", shown.Body)
					}
				}
			}
			if got := b.answers[answerKey("", alices.Survey, alices.Invitation)]; !got.Values.Equal(alices.Values) || got.Revision != alices.Revision {
				t.Errorf("stands %+v", got)
			}
		})
	}
}

func TestAnswersToFormsStayOneWhenKeysAreRotated(t *testing.T) {
	b := setup(t)
	begun := hidden(t, b.do(t, "public_form"), "_started")
	b.now = b.now.Add(time.Minute)
	named := `{"score":2,"_response":"b7c1f0a2-55d1-4d7e-9f43-0b6f5c9c1f10"}`
	for range 2 {
		status(t, b.do(t, "public_form_sent", fields("_started", begun, "score", "4")), http.StatusSeeOther)
		status(t, b.do(t, "response_json", body(named)), http.StatusCreated)
		if len(b.answers) != 2 {
			t.Fatalf("%d answers", len(b.answers))
		}
		b.handler.Secret = fixed(`{"current":"another key, which comes in the place of the first","previous":"sample token key, for tests and samples alone"}`)
	}
}

func TestADoubleClickCountsOnce(t *testing.T) {
	b := setup(t)
	for range 3 {
		status(t, b.do(t, "response"), http.StatusSeeOther)
	}
	if b.only(t); len(b.sent) != 1 {
		t.Errorf("sent %d", len(b.sent))
	}
	for i, change := range []func(*api.Request){
		fields("score", "5"),
		header("user-agent", "another"),
		func(r *api.Request) { r.RequestContext.HTTP.SourceIP = "203.0.113.8" },
		func(r *api.Request) { b.now = b.now.Add(sameAnswer) },
	} {
		status(t, b.do(t, "response", change), http.StatusSeeOther)
		if len(b.answers) != i+2 {
			t.Errorf("%d answers after %d that differ", len(b.answers), i+2)
		}
	}
	for key := range b.answers {
		if strings.Contains(key, "203.0") {
			t.Error("an address stands in a key")
		}
	}
}

func TestOnlyASealedTokenNamesACustomer(t *testing.T) {
	b := setup(t)
	good := token.Survey{Survey: "csat_delivery", Customer: "user-0001", Invitation: "i1", Expires: b.now.Add(time.Hour), Segment: "At Risk"}
	other, expired := good, good
	other.Survey = "nps"
	expired.Expires = b.now
	for name, c := range map[string]struct {
		value  string
		status int
	}{
		"an id as it is":             {"user-0001", http.StatusUnauthorized},
		"a token for another survey": {b.sealed(t, other), http.StatusUnauthorized},
		"a token that has expired":   {b.sealed(t, expired), http.StatusGone},
	} {
		if out := b.do(t, "response", fields("score", "5", "_customer", c.value)); out.StatusCode != c.status {
			t.Errorf("%s: %d", name, out.StatusCode)
		}
	}
	for _, field := range []string{"customer", "userId", "user_id", "email"} {
		status(t, b.do(t, "response", fields("score", "5", field, "user-0001")), http.StatusSeeOther)
	}
	for _, a := range b.answers {
		if a.Customer != "" {
			t.Errorf("stands %+v", a)
		}
	}
	clear(b.answers)
	sealed := b.sealed(t, good)
	out := status(t, b.do(t, "response", fields("score", "2", "_asked", "score", "_customer", sealed)), http.StatusSeeOther)
	if !strings.HasPrefix(out.Headers["location"], "../../../s/"+sealed+"?") {
		t.Errorf("leads to %s", out.Headers["location"])
	}
	if a := b.only(t); a.Customer != "user-0001" || a.Invitation != "i1" || a.Cell != (survey.Cell{Segment: "At Risk", Node: "delivery", Channel: "shop"}) {
		t.Errorf("stands %+v", a)
	}
}

func TestAMistakeInAFormOnAnotherSiteIsShownInOurs(t *testing.T) {
	b := setup(t)
	out := status(t, b.do(t, "response", fields("comment", "no score", "score", "")), http.StatusBadRequest)
	holds(t, out, "Choose a number from 1 to 5.", ">\nno score</textarea>", `action="../../../f/`+sampleForm+`?in=`, `href="../../../f/`+sampleForm+`?in=`)
	sealed := hidden(t, out, "_started")
	status(t, b.do(t, "public_form_sent", fields("_started", sealed, "_asked", "score,comment", "score", "5", "comment", "x")), http.StatusSeeOther)
	if a := b.only(t); !a.Complete || a.Score != 5 {
		t.Errorf("stands %+v", a)
	}
}

func TestAFloodOfWhatIsRefusedTouchesNoTable(t *testing.T) {
	for _, c := range []struct {
		name, sample string
		change       func(*api.Request)
		status       int
	}{
		{"a bad token", "answer", func(r *api.Request) { r.PathParameters["token"] = "A" + r.PathParameters["token"][1:] }, http.StatusUnauthorized},
		{"an unknown key", "response", query("key", "no-such-form-at-all"), http.StatusNotFound},
		{"no key", "response", query(), http.StatusNotFound},
		{"the key of another survey", "response", func(r *api.Request) { r.PathParameters["survey"] = "nps" }, http.StatusNotFound},
		{"a page of another origin", "response", header("origin", "https://evil.example"), http.StatusUnauthorized},
		{"an origin that only begins alike", "response", header("origin", shop+".evil.example"), http.StatusUnauthorized},
		{"a page that hides its origin", "response", header("origin", "null"), http.StatusUnauthorized},
		{"neither origin nor referer", "response", func(r *api.Request) { header("origin", "")(r); header("referer", "")(r) }, http.StatusUnauthorized},
		{"the referer of another origin", "response", func(r *api.Request) { header("origin", "")(r); header("referer", "https://evil.example/"+shop)(r) }, http.StatusUnauthorized},
		{"a preflight of another origin", "response_preflight", header("origin", "https://evil.example"), http.StatusUnauthorized},
		{"too large", "response", body(strings.Repeat("x", MaxBodyBytes+1)), http.StatusRequestEntityTooLarge},
		{"another content type", "response", header("content-type", "application/pdf"), http.StatusBadRequest},
		{"a public form that is none", "public_form_sent", func(r *api.Request) { r.PathParameters["key"] = "x" }, http.StatusNotFound},
		{"a public form that was not begun", "public_form_sent", fields("score", "5"), http.StatusUnauthorized},
		{"nothing, but the form itself", "public_form", query("lang", "en"), http.StatusOK},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			for i := range 500 {
				spread := func(r *api.Request) { r.RequestContext.HTTP.SourceIP = fmt.Sprintf("198.51.%d.%d", i/250, i%250) }
				if i%10 == 0 { // as slowly as it takes to keep every pace
					b.now = b.now.Add(time.Second)
				}
				out := b.do(t, c.sample, c.change, spread)
				if out.StatusCode != c.status {
					t.Fatalf("%d %s", out.StatusCode, out.Body)
				}
				if out.Headers["access-control-allow-origin"] != "" && c.status != http.StatusRequestEntityTooLarge && c.status != http.StatusBadRequest {
					t.Fatalf("headers %v", out.Headers)
				}
			}
			if len(b.touched()) > 0 || len(b.calls) > 2 { // the catalogue and the brand, within a minute
				t.Errorf("calls %v", b.calls)
			}
			if b.log.Len() > 0 {
				t.Errorf("logged %.300s", b.log)
			}
		})
	}
}

func TestAFormOnAnotherSiteMaySayWhenItWasBegun(t *testing.T) {
	for started, kept := range map[string]bool{
		"": true, "0": false, "1999": false, "2000": true, "86400000": true,
		"2026-03-01T08:31:00Z": false, "2026-03-01T08:30:00Z": true, "1772353860500": false, "1772353800000": true,
		"2026-03-01T09:31:00Z": true, "1772400000000": true, // of a clock that goes before ours
	} {
		b := setup(t)
		holds(t, status(t, b.do(t, "response", header("accept", "application/json"), fields("score", "5", "_started", started)), http.StatusCreated), `"revision":1`)
		if got := len(b.answers) == 1; got != kept {
			t.Errorf("begun %q: kept %t, want %t", started, got, kept)
		}
	}
}

func TestTheRefererStandsInForTheOrigin(t *testing.T) {
	b := setup(t)
	status(t, b.do(t, "response", header("origin", "")), http.StatusSeeOther)
}

func TestPacesOfAddressesAndFormsHold(t *testing.T) {
	b := setup(t)
	for range AddressPace {
		status(t, b.do(t, "response"), http.StatusSeeOther)
	}
	calls := len(b.calls)
	for range 500 {
		if out := status(t, b.do(t, "response"), http.StatusTooManyRequests); out.Headers["retry-after"] == "" || out.Headers["access-control-allow-origin"] != shop {
			t.Fatalf("headers %v", out.Headers)
		}
	}
	status(t, b.do(t, "public_form_sent"), http.StatusTooManyRequests)
	from := func(address string) func(*api.Request) {
		return func(r *api.Request) { r.RequestContext.HTTP.SourceIP = address }
	}
	refusedOf := func(format string, n int) (refused int) {
		for i := range n {
			if b.do(t, "response", from(fmt.Sprintf(format, i))).StatusCode == http.StatusTooManyRequests {
				refused++
			}
		}
		return refused
	}
	if got := refusedOf("198.51.100.%d", 10*FormPace); got < 7*FormPace {
		t.Errorf("%d of many addresses' answers were refused for the form's pace", got)
	}
	b.now = b.now.Add(time.Hour)
	if got := refusedOf("2001:db8:1:2::%x", 2*AddressPace); got != AddressPace {
		t.Errorf("%d were refused of one network of IPv6", got)
	}
	if len(b.calls)-calls > 3*2*FormPace+3*AddressPace {
		t.Errorf("%d calls", len(b.calls)-calls)
	}
	if strings.Contains(b.log.String(), "198.51") || strings.Contains(b.metrics.String(), "198.51") {
		t.Error("an address was logged")
	}
}

func TestBehindCloudFrontTheAddressIsTheOneThatItNames(t *testing.T) {
	r := &api.Request{Headers: map[string]string{"x-forwarded-for": "made.up, 203.0.113.7, 64.252.0.1"}}
	r.RequestContext.HTTP.SourceIP = "64.252.0.1"
	h := setup(t).handler
	if got := h.address(r); got != "64.252.0.1" {
		t.Error(got)
	}
	h.Edge = true
	if got := h.address(r); got != "203.0.113.7" {
		t.Error(got)
	}
	r.Headers = nil
	if got := h.address(r); got != "64.252.0.1" {
		t.Error(got)
	}
}

func TestACommentThatIsAProgramComesOutInert(t *testing.T) {
	b := setup(t)
	for _, comment := range []string{`</textarea><script>alert(1)</script>`, "=cmd|' /C calc'!A0", "a\x00b\x1b[31mc", "😀👩‍👩‍👧", "\u202egnp.exe"} {
		raw, err := json.Marshal(map[string]any{"score": 3, "comment": comment})
		if err != nil {
			t.Fatal(err)
		}
		status(t, b.do(t, "answer_json", body(string(raw))), http.StatusCreated)
		out := status(t, b.do(t, "form", query("lang", "en")), http.StatusOK)
		if strings.Contains(out.Body, "<script") || strings.ContainsAny(out.Body, "\x00\x1b\u202e") || strings.Count(out.Body, "</textarea>") != 1 {
			t.Errorf("%q is not inert: %s", comment, out.Body)
		}
	}
	status(t, b.do(t, "answer_json", body(`{"score":3,"comment":"`+strings.Repeat("x", 100<<10)+`"}`)), http.StatusRequestEntityTooLarge)
}
