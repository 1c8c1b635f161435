package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"liuke/shared/api"
	"liuke/shared/customer"
	"liuke/shared/signal"
	"liuke/shared/survey"
	"liuke/shared/survey/rollup"
	"liuke/shared/survey/tally"
	"liuke/shared/token"
)

// requests takes the signals on the queue that ask for invitations.
func (b *testBundle) requests(t *testing.T) (all []signal.Signal) {
	t.Helper()
	for bodies := b.signals(); len(bodies) > 0; bodies = b.signals() {
		for _, body := range bodies {
			var p signal.Pack
			must(t, json.Unmarshal([]byte(body), &p))
			all = append(all, p.Signals...)
		}
	}
	return all
}

// counts returns how many were asked and how many answered, as the metrics have it.
func (b *testBundle) counts(t *testing.T, id string) (asked, answers any) {
	t.Helper()
	_, body, _ := b.do(t, "metrics", ofSurvey(id))
	total := body["total"].(map[string]any)
	return total["asked"], total["answers"]
}

// count counts all hours, an hour after now.
func (b *testBundle) count(t *testing.T) {
	t.Helper()
	later := func() time.Time { return now.Add(time.Hour) }
	_, left, err := rollup.Count(t.Context(), b.store, later, func() bool { return true })
	if err != nil || left > 0 {
		t.Fatal(left, err)
	}
}

// invited returns the invitations of an answer.
func invited(body map[string]any) (all []map[string]any) {
	list, _ := body["invitations"].([]any)
	for _, each := range list {
		all = append(all, each.(map[string]any))
	}
	return all
}

func TestCustomersAreAskedByMessagesEachOnce(t *testing.T) {
	b := setup(t)
	status, body, _ := b.do(t, "invite", withBody(`{"customers":["c1","c2","c1","c3","c2"],"name":"spring"}`))
	all := invited(body)
	if status != http.StatusAccepted || len(all) != 3 || body["survey"] != "nps" || body["name"] != "spring" {
		t.Fatal(status, body)
	}
	sent := b.requests(t)
	if len(sent) != 3 {
		t.Fatalf("sent %v", sent)
	}
	for i, s := range sent {
		var data signal.RequestData
		must(t, json.Unmarshal(s.Data, &data))
		want := all[i]
		if s.Kind != signal.Requested || string(s.Customer) != want["customer_id"] || data.Invitation != want["invitation"] || data.Survey != "nps" || s.ID != signal.RequestID("nps", data.Invitation) {
			t.Errorf("%+v of %s, want %v", s, s.Data, want)
		}
		if want["url"] != nil || strings.Contains(data.Invitation, string(s.Customer)) {
			t.Errorf("%v", want)
		}
	}
	ids := func(signals []signal.Signal) (ids []string) {
		for _, s := range signals {
			ids = append(ids, s.ID)
		}
		return ids
	}
	b.do(t, "invite", withBody(`{"customers":["c3","c1","c2"],"name":"spring"}`))
	again := ids(b.requests(t))
	slices.Sort(again)
	first := ids(sent)
	slices.Sort(first)
	if !slices.Equal(first, again) {
		t.Errorf("under the same name: %v and then %v", first, again)
	}
	for _, other := range []string{`{"customers":["c1"],"name":"summer"}`, `{"customers":["c1"]}`} {
		b.do(t, "invite", withBody(other))
		if got := ids(b.requests(t)); len(got) != 1 || slices.Contains(first, got[0]) {
			t.Errorf("%s: %v", other, got)
		}
	}
	if asked, _ := b.counts(t, "nps"); asked != 0.0 {
		t.Errorf("%v count as asked before anything was sent", asked)
	}
}

func TestAThousandCustomersAreAskedAtOnceAndNoMore(t *testing.T) {
	b := setup(t)
	body := func(n int) string {
		all := make([]string, n)
		for i := range all {
			all[i] = strings.Repeat("顾", 40) + fmt.Sprint(i)
		}
		raw, err := json.Marshal(map[string]any{"customers": all, "name": "spring"})
		must(t, err)
		return string(raw)
	}
	status, answer, _ := b.do(t, "invite", withBody(body(1000)))
	if status != http.StatusAccepted || len(invited(answer)) != 1000 {
		t.Fatalf("%d %.300v", status, answer)
	}
	known := map[customer.ID]bool{}
	for len(known) < 1000 {
		some := b.requests(t)
		if len(some) == 0 {
			t.Fatalf("%d were sent", len(known))
		}
		for _, s := range some {
			known[s.Customer] = true
		}
	}
	if status, answer, _ := b.do(t, "invite", withBody(body(1001))); status != http.StatusBadRequest || answer["pointer"] != "/customers" {
		t.Errorf("1,001: %d %.300v", status, answer)
	}
}

// opened opens the token in the link of an invitation.
func (b *testBundle) opened(t *testing.T, invitation map[string]any) (to token.Survey) {
	t.Helper()
	keys, err := token.NewKeyring([]byte(tokenKeys))
	must(t, err)
	sealed, ok := strings.CutPrefix(fmt.Sprint(invitation["url"]), "https://a1b2c3.execute-api.example/s/")
	if !ok || strings.Contains(sealed, "/") {
		t.Fatalf("the link is %v", invitation["url"])
	}
	must(t, keys.Open(token.PurposeSurvey, sealed, &to))
	return to
}

func TestLinksAreMadeForWhoSendsThemAndCounted(t *testing.T) {
	b := setup(t)
	b.seed(t)
	status, body, _ := b.do(t, "invite_link", nil)
	all := invited(body)
	if status != http.StatusCreated || len(all) != 2 || len(b.requests(t)) != 0 {
		t.Fatal(status, body)
	}
	expires := now.Add(survey.DefaultExpires)
	want := token.Survey{Survey: "nps", Customer: user, Invitation: all[0]["invitation"].(string), Expires: expires, Segment: "Potential Loyalist", Tier: "B", Node: "checkout", Channel: "link"}
	if to := b.opened(t, all[0]); fmt.Sprint(to) != fmt.Sprint(want) {
		t.Errorf("the link is of %+v, want %+v", to, want)
	}
	unknown := b.opened(t, all[1])
	if unknown.Customer != "user-0002" || unknown.Segment != "" || unknown.Node != "checkout" || all[1]["expires_at"] != expires.Format(time.RFC3339) {
		t.Errorf("of one who is not known: %+v, %v", unknown, all[1])
	}
	for _, when := range []string{"read live", "again", "counted"} {
		if asked, _ := b.counts(t, "nps"); asked != 2.0 {
			t.Errorf("%s: %v count as asked", when, asked)
		}
		if when == "read live" {
			_, body, _ := b.do(t, "invite_link", nil)
			if again := invited(body); again[0]["invitation"] != all[0]["invitation"] || b.opened(t, again[1]).Customer != "user-0002" {
				t.Errorf("again: %v, at first %v", again, all)
			}
		}
		if when == "again" {
			b.count(t)
		}
	}
	_, body, _ = b.do(t, "metrics", asked("by", "segment"))
	if groups := fmt.Sprint(body["groups"]); !strings.Contains(groups, "asked:1") || !strings.Contains(groups, "name:Potential Loyalist") {
		t.Errorf("by segment: %s", groups)
	}
}

func TestTheTierOfALinkIsTheCustomers(t *testing.T) {
	b := setup(t)
	rec := customer.Record{ID: user, Version: 1}
	rec.Touch(started.Unix())
	must(t, b.store.Commit(t.Context(), &rec, nil))
	_, err := b.store.WriteScores(t.Context(), user, customer.Scores{Segment: "Champions", Labels: "abc\tA\nrfm10\tChampions", Run: started.UnixMilli()})
	must(t, err)
	_, body, _ := b.do(t, "invite_link", withBody(`{"customers":["user-0001"],"deliver":"link"}`))
	if to := b.opened(t, invited(body)[0]); to.Tier != "A" || to.Segment != "Champions" || to.Node != "" {
		t.Errorf("%+v", to)
	}
}

func TestOneWhoWasErasedIsAskedNothing(t *testing.T) {
	b := setup(t)
	rec := customer.Record{ID: "user-0002", Version: 1}
	rec.Touch(started.Unix())
	must(t, b.store.Commit(t.Context(), &rec, nil))
	must(t, b.store.Erase(t.Context(), "user-0002", now))
	status, body, _ := b.do(t, "invite_link", nil)
	if status != http.StatusBadRequest || body["pointer"] != "/customers/1" {
		t.Fatal(status, body)
	}
	if asked, _ := b.counts(t, "nps"); asked != 0.0 {
		t.Errorf("%v count as asked whose links nobody has", asked)
	}
	if strings.Contains(b.log.String(), "user-") {
		t.Errorf("the log names somebody: %s", b.log)
	}
}

func TestInvitationsThatCannotBeAreRefused(t *testing.T) {
	b := setup(t)
	b.put(t, editing(t, func(s map[string]any) { s["closed"] = true }))
	for name, c := range map[string]struct {
		change  func(*api.Request)
		pointer string
		status  int
	}{
		"nobody":                       {withBody(`{"customers":[]}`), "/customers", 400},
		"no customers":                 {withBody(`{}`), "/customers", 400},
		"a customer that cannot be":    {withBody(`{"customers":["c1",""]}`), "/customers/1", 400},
		"a customer in control":        {withBody(`{"customers":["a\u0000b"]}`), "/customers/0", 400},
		"a customer without an end":    {withBody(`{"customers":["` + strings.Repeat("x", 129) + `"]}`), "/customers/0", 400},
		"a customer that is a number":  {withBody(`{"customers":[7]}`), "/customers/0", 400},
		"a way that is none":           {withBody(`{"customers":["c1"],"deliver":"pigeon"}`), "/deliver", 400},
		"a name without an end":        {withBody(`{"customers":["c1"],"name":"` + strings.Repeat("x", 65) + `"}`), "/name", 400},
		"a node that is none":          {withBody(`{"customers":["c1"],"node":"Check out"}`), "/node", 400},
		"a node without an end":        {withBody(`{"customers":["c1"],"node":"` + strings.Repeat("x", 33) + `"}`), "/node", 400},
		"a member that is none":        {withBody(`{"customers":["c1"],"segment":"x"}`), "/segment", 400},
		"a member that is null":        {withBody(`{"customers":null}`), "/customers", 400},
		"nothing":                      {withBody(""), "", 400},
		"more than a thousand's bytes": {withBody(strings.Repeat(" ", 200<<10)), "", 413},
		"a coding that is none":        {func(r *api.Request) { r.Headers["content-encoding"] = "br" }, "", 415},
		"no such survey":               {ofSurvey("mood"), "", 404},
		"a survey that has closed":     {ofSurvey("unpacking"), "", 409},
	} {
		for _, sample := range []string{"invite", "invite_link"} {
			status, body, _ := b.do(t, sample, c.change)
			pointer, _ := body["pointer"].(string)
			if status != c.status || pointer != c.pointer {
				t.Errorf("%s, %s: %d %v, want %d at %q", sample, name, status, body, c.status, c.pointer)
			}
		}
	}
	if sent := b.requests(t); len(sent) > 0 || b.log.Len() > 0 {
		t.Errorf("sent %v, logged %s", sent, b.log)
	}
}

func TestInvitationsThatCannotBeSentAreTriedAgainLater(t *testing.T) {
	b := setup(t)
	b.handler.signals = broken{}
	if status, body, _ := b.do(t, "invite", nil); status != http.StatusServiceUnavailable || b.log.Len() == 0 {
		t.Errorf("%d %v", status, body)
	}
	if strings.Contains(b.log.String(), string(user)) {
		t.Errorf("the log names somebody: %s", b.log)
	}
}

func TestAnInvitationByALinkIsNoMessage(t *testing.T) {
	b := setup(t)
	_, body, _ := b.do(t, "invite_link", nil)
	entries, _, err := b.store.Messages(t.Context(), user, 10, "")
	if err != nil || len(entries) > 0 {
		t.Errorf("%v, %v", entries, err)
	}
	all, err := b.store.AskedOfHour(t.Context(), "nps", now.Truncate(time.Hour), time.Time{})
	if err != nil || len(all) != 2 || all[0].Cell != (survey.Cell{Node: "checkout", Channel: "link"}) || !slices.ContainsFunc(all, func(a tally.Asked) bool { return a.Invitation == invited(body)[0]["invitation"] }) {
		t.Errorf("%+v, %v", all, err)
	}
	must(t, b.store.Erase(t.Context(), user, now))
	if all, err = b.store.AskedOfHour(t.Context(), "nps", now.Truncate(time.Hour), time.Time{}); err != nil || len(all) != 1 {
		t.Errorf("after the erasure of one: %+v, %v", all, err)
	}
}
