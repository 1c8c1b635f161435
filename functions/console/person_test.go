package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"liuke/shared/api"
	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fold"
	"liuke/shared/message"
	"liuke/shared/money"
	"liuke/shared/signal"
	"liuke/shared/survey"
)

// fold folds events as the function profile does.
func (b *testBundle) fold(t *testing.T, events ...event.Event) {
	t.Helper()
	f := fold.Folder{
		Settings: fold.Settings{Zone: business.Zone, Money: money.Only(business.Currency)},
		Store:    b.store, Sleep: sleep, Jitter: func() float64 { return 0.5 }, Random: rand.Reader,
	}
	for i, out := range f.Fold(t.Context(), events) {
		if out.Err != nil {
			t.Fatalf("event %d: %v", i, out.Err)
		}
	}
}

func placed(t *testing.T, id string, user, visitor, total string) event.Event {
	t.Helper()
	properties, err := json.Marshal(map[string]string{"order_id": "o-" + id, "total": total})
	must(t, err)
	return event.Event{ID: event.MessageID(id), Type: event.Track, Name: event.OrderCompleted, User: user, Anonymous: visitor,
		Time: started, Received: started, Source: event.SourceSegment, Properties: properties}
}

func TestAnAbsorbedIDIsAnsweredWithTheSurvivor(t *testing.T) {
	b := setup(t)
	const visitor = "v-1"
	absorbed := customer.Visitor(visitor)
	b.fold(t, placed(t, "1", "", visitor, "10.00"), placed(t, "2", string(user), "", "5.50"))
	for i, id := range []customer.ID{absorbed, user} {
		must(t, b.store.PutAnswer(t.Context(), nil, survey.Answer{
			Survey: "nps", Version: 1, Customer: id, Invitation: fmt.Sprint("i", i), Kind: survey.NPS, Score: 7 + i, Complete: true, Values: survey.Values{"score": survey.Number(7 + i)}, Revision: 1,
			Answered: started.Add(time.Duration(-i) * time.Hour), Revised: started.Add(time.Duration(-i) * time.Hour),
		}))
		for n := range 2 {
			s := signal.Signal{ID: fmt.Sprint("order:", n), Kind: signal.OrderPlaced, Customer: id, Time: started}
			e, err := message.New("order_thanks", 0, message.Email, s).Hold("consent", "no_consent", started)
			must(t, err)
			_, err = b.store.WriteEntry(t.Context(), e)
			must(t, err)
		}
	}
	b.fold(t, event.Event{ID: "link", Type: event.Identify, User: string(user), Anonymous: visitor, Time: started, Received: started, Source: event.SourceSegment})
	for _, id := range []customer.ID{absorbed, user} {
		as := func(r *api.Request) { r.PathParameters["id"] = string(id) }
		status, body, out := b.do(t, "customer", as)
		if status != http.StatusOK || body["customer_id"] != string(user) || fmt.Sprint(body["absorbed"]) != "["+string(absorbed)+"]" {
			t.Fatalf("%s: %d %s", id, status, out.Body)
		}
		if orders := body["orders"].(map[string]any); orders["count"] != 2.0 || orders["revenue"] != "15.50" {
			t.Errorf("%s has the orders %v", id, orders)
		}
		if answers := body["answers"].([]any); len(answers) != 2 || answers[0].(map[string]any)["score"] != 7.0 {
			t.Errorf("%s gave the answers %v, want both, the latest first", id, answers)
		}
		if _, body, _ := b.do(t, "audit", as); body["agrees"] != true || body["orders"].(map[string]any)["revenue"] != "15.50" {
			t.Errorf("the audit of %s: %v", id, body)
		}
		seen := map[string]int{}
		cursor := ""
		for pages := 0; pages == 0 || cursor != ""; pages++ {
			if pages == 10 {
				t.Fatal("there is no last page")
			}
			_, body, _ := b.do(t, "messages", func(r *api.Request) {
				as(r)
				if cursor != "" {
					r.QueryStringParameters["cursor"] = cursor
				}
			})
			for _, m := range body["messages"].([]any) {
				seen[m.(map[string]any)["id"].(string)]++
			}
			cursor, _ = body["next_cursor"].(string)
		}
		total := 0
		for _, n := range seen {
			total += n
		}
		if total != 4 {
			t.Errorf("%s has the messages %v, want two under each id", id, seen)
		}
	}
}

func TestACustomersMoneyIsAuditedAndRebuilt(t *testing.T) {
	b := setup(t)
	b.fold(t, placed(t, "1", string(user), "", "10.00"), placed(t, "2", string(user), "", "5.50"))
	status, _, out := b.do(t, "audit", nil)
	if status != http.StatusOK || out.Body != `{"agrees":true,"currency":"CNY","orders":{"count":2,"revenue":"15.50"},"history":{"count":2,"revenue":"15.50"}}` {
		t.Fatal(status, out.Body)
	}
	rec, err := b.store.Customer(t.Context(), user)
	must(t, err)
	rec.History.Add(customer.Date(2026, time.March, 1), 100) // as no event would
	rec.Version++
	must(t, b.store.Commit(t.Context(), &rec, nil))
	if _, body, _ := b.do(t, "audit", nil); body["agrees"] != false || body["history"].(map[string]any)["revenue"] != "16.50" || body["orders"].(map[string]any)["revenue"] != "15.50" {
		t.Errorf("of a history that is wrong: %v", body)
	}
	for _, changed := range []bool{true, false} {
		if status, body, _ := b.do(t, "rebuild", nil); status != http.StatusOK || body["changed"] != changed {
			t.Errorf("rebuilt: %d %v, want changed %t", status, body, changed)
		}
	}
	if _, body, _ := b.do(t, "audit", nil); body["agrees"] != true {
		t.Errorf("after it was rebuilt: %v", body)
	}
	for _, sample := range []string{"audit", "rebuild"} {
		if status, _, _ := b.do(t, sample, func(r *api.Request) { r.PathParameters["id"] = "nobody" }); status != http.StatusNotFound {
			t.Errorf("%s of nobody: %d", sample, status)
		}
	}
	if status, body, _ := b.do(t, "rebuild", func(r *api.Request) { r.Body = `{"force":true}` }); status != http.StatusBadRequest || body["pointer"] != "/force" {
		t.Errorf("with a body: %d %v", status, body)
	}
}

func TestAnErasedCustomerIsGone(t *testing.T) {
	b := setup(t)
	b.seed(t)
	must(t, b.store.Erase(t.Context(), user, now))
	for sample, want := range map[string]int{"customer": http.StatusGone, "messages": http.StatusGone, "audit": http.StatusGone, "rebuild": http.StatusGone} {
		if status, body, _ := b.do(t, sample, nil); status != want {
			t.Errorf("%s: %d %v, want %d", sample, status, body, want)
		}
	}
}
