package main

import (
	"net/http"
	"testing"
	"time"

	"liuke/shared/api"
	"liuke/shared/budget"
	"liuke/shared/customer"
	"liuke/shared/document"
	"liuke/shared/message"
	"liuke/shared/offer"
	"liuke/shared/outreach"
	"liuke/shared/signal"
)

func scened(id string) func(*api.Request) {
	return func(r *api.Request) { r.QueryStringParameters = map[string]string{"scene": id} }
}

func gateOf(t *testing.T, body map[string]any, gate string) map[string]any {
	t.Helper()
	for _, g := range body["now"].(map[string]any)["gates"].([]any) {
		if g := g.(map[string]any); g["gate"] == gate {
			return g
		}
	}
	t.Fatalf("no gate %s in %v", gate, body["now"])
	return nil
}

func TestOneCallSaysWhyACustomerDidOrDidNotGetIt(t *testing.T) {
	b := setup(t)
	b.seed(t)
	status, body, _ := b.do(t, "why", nil)
	decisions := body["decisions"].([]any)
	if status != http.StatusOK || len(decisions) != 3 || body["more"] != false {
		t.Fatal(status, body)
	}
	first := decisions[0].(map[string]any)
	if first["occasion"] != "order:2" || first["gate"] != "consent" || first["says"] != "held: the customer has not consented to the channel" {
		t.Errorf("the latest: %v", first)
	}
	what := body["now"].(map[string]any)
	if what["enabled"] != true || what["judge_on"] != "last_occasion" || what["outcome"] != "hold" && what["outcome"] != "pass" {
		t.Errorf("%v", what)
	}
	if g := gateOf(t, body, "consent"); g["outcome"] != "pass" {
		t.Errorf("there is consent now: %v", g)
	}
	profile := customer.Profile{Version: 2}
	profile.Set(customer.TraitEmail, customer.Trait{Value: "a@shop.example", Time: 9, Event: "f"})
	profile.Set(customer.ConsentTrait("email"), customer.Trait{Value: "false", Time: started.Add(time.Hour).UnixMilli(), Event: "f"})
	must(t, b.store.PutProfile(t.Context(), user, &profile))
	must(t, b.store.Suppress(t.Context(), message.Email, "a@shop.example", "bounce", now))
	_, body, _ = b.do(t, "why", scened("win_back"))
	what = body["now"].(map[string]any)
	if len(body["decisions"].([]any)) != 0 || what["judge_on"] != "sample" || what["outcome"] != "hold" || what["says"] != "the customer refused the channel on 2026-03-01" {
		t.Errorf("of a scene that nothing set off: %v", body)
	}
	if g := gateOf(t, body, "holdout"); g["outcome"] != "pass" {
		t.Errorf("gates behind the one that decides have their own word: %v", g)
	}
	e, err := message.New("win_back", 0, message.Email, signal.Signal{ID: "segment:r:rfm10", Kind: signal.SegmentChanged, Customer: user, Time: started, Data: []byte(`{"model":"rfm10","to":"At Risk"}`)}).Claim(started)
	must(t, err)
	_, err = b.store.WriteEntry(t.Context(), e)
	must(t, err)
	_, body, _ = b.do(t, "why", func(r *api.Request) { r.QueryStringParameters = nil })
	if decisions := body["decisions"].([]any); len(decisions) != 2 || body["now"] != nil {
		t.Errorf("without a scene, the last of each: %v", body)
	}
	if status, _, _ := b.do(t, "why", scened("nobody")); status != http.StatusNotFound {
		t.Errorf("no such scene: %d", status)
	}
}

const nudging = `id: nudging
kind: transactional
quiet_hours: none
on: {signal: order_placed}
enter: once
channel: email
offer: {pool: spring}
content: {en: {subject: Hello, text: '{{ offer.code }}', html: '{{ offer.code }}'}}
steps:
  - {id: unread, after: 2d, if: not clicked, next: again, otherwise: exit}
  - {id: again, after: 3d, content: {en: {subject: Again, text: '{{ offer.code }}', html: '{{ offer.code }}'}}}
`

func TestWhyJudgesEveryStepOfTheJourneyAndWhatMoneyAndCodesAreLeft(t *testing.T) {
	b := setup(t)
	b.seed(t)
	ctx := t.Context()
	profile := customer.Profile{Version: 2}
	profile.Set(customer.TraitEmail, customer.Trait{Value: "a@shop.example", Time: 9, Event: "f"})
	profile.Set(customer.ConsentTrait("email"), customer.Trait{Value: "true", Time: started.Add(time.Hour).UnixMilli(), Event: "f"})
	must(t, b.store.PutProfile(ctx, user, &profile))
	must(t, b.store.PutSceneDocument(ctx, &document.Document{Name: "scene/nudging", Version: 1, Body: nudging, Edited: started}, 0, nil))
	settings := `{"prices":[{"channel":"email","each":"0.1"}],"budget":{"per_day":"1.00"}}`
	must(t, b.store.PutDocument(ctx, &document.Document{Name: outreach.Document, Version: 1, Body: settings, Edited: started}, 0))
	write := func(e message.Entry, err error) message.Entry {
		t.Helper()
		must(t, err)
		e, err = b.store.WriteEntry(ctx, e)
		must(t, err)
		return e
	}
	order := signal.Signal{ID: "order:77", Kind: signal.OrderPlaced, Customer: user, Time: started, Data: []byte(`{"order":"77","currency":"CNY","amount":1}`)}
	why := func() (what map[string]any, steps []any) {
		t.Helper()
		status, body, out := b.do(t, "why", scened("nudging"))
		if status != http.StatusOK {
			t.Fatal(status, out.Body)
		}
		what = body["now"].(map[string]any)
		return what, what["steps"].([]any)
	}
	gate := func(step any, name string) map[string]any {
		return gateOf(t, map[string]any{"now": step}, name)
	}

	what, steps := why()
	if what["judge_on"] != "sample" || what["stands_at"] != nil || what["decision"] != nil || len(steps) != 2 || what["outcome"] != "hold" || what["says"] != "there is no such pool of codes: import them" {
		t.Errorf("before anything: %v", what)
	}
	if g := gate(what, "budget"); g["outcome"] != "pass" {
		t.Errorf("nothing is spent: %v", g)
	}
	pool := &offer.Pool{ID: "spring"}
	must(t, b.store.PutPool(ctx, pool))
	must(t, b.store.PutCodes(ctx, pool, []string{"A-1"}))
	if what, _ = why(); what["outcome"] != "pass" || what["says"] != "it would be sent" {
		t.Errorf("with a code: %v", what)
	}

	write(message.New("nudging", 0, message.Email, signal.Signal{ID: outreach.OccasionOnce, Kind: signal.OrderPlaced, Customer: user, Time: started, Data: []byte(`{}`)}).Branch(started))
	first := message.New("nudging", 0, message.Email, order)
	first.Code = offer.Given{Pool: "spring", Code: "A-0"}
	first = write(first.Claim(started))
	first = write(first.Begin("try", started))
	first = write(first.Accept("p", "en", started))
	limit := budget.Micro(1_000_000)
	limits := budget.Limits{Day: &limit, Dearest: 1_000_000}
	reserve := limits.NewReserve(limits.Accounts("", budget.Day(now, business.Zone)), "other", 950_000, 1)
	if end, err := b.store.Reserve(ctx, reserve); err != nil || end.Action != budget.Reserved {
		t.Fatal(end, err)
	}
	what, steps = why()
	if what["judge_on"] != "last_occasion" || what["occasion"] != "order:77" || what["stands_at"] != 1.0 || what["says"] != "the customer has entered the scene before, which is entered once" {
		t.Errorf("after the first message: %v", what)
	}
	if d := what["decision"].(map[string]any); d["says"] != "sent" || d["step"] != 0.0 {
		t.Errorf("what stands of the first: %v", d)
	}
	branch, last := steps[0].(map[string]any), steps[1].(map[string]any)
	if branch["step_id"] != "unread" || branch["decision"] != nil || branch["outcome"] != "pass" || branch["due_at"] != started.Add(48*time.Hour).Format(time.RFC3339) {
		t.Errorf("the branch: %v", branch)
	}
	if g := gate(last, "budget"); last["outcome"] != "hold" || g["reason"] != budget.ReasonSpent || g["says"] != "the budget is spent" {
		t.Errorf("the last step, with 0.05 left: %v", last)
	}
	if g := gate(last, "offer"); g["outcome"] != "pass" {
		t.Errorf("it carries the code of the first: %v", g)
	}

	first.Clicked = now
	write(first, nil)
	held := message.New("nudging", 1, message.Email, order)
	write(held.Hold("condition", "condition_not_met", now))
	what, steps = why()
	branch = steps[0].(map[string]any)
	if d := branch["decision"].(map[string]any); what["stands_at"] != nil || d["says"] != "held: the condition of the step is not met" || branch["outcome"] != "hold" || branch["due_at"] != nil {
		t.Errorf("after a click: %v of %v", branch, what)
	}
	counters, err := b.store.Counters(ctx, limits.Accounts("", budget.Day(now, business.Zone))...)
	must(t, err)
	if codes, given, err := b.store.OfferStock(ctx, "spring"); err != nil || codes != 1 || given != 0 || len(counters) != 1 {
		t.Errorf("who asked took something: %d of %d codes, %v, %v", given, codes, counters, err)
	}
}
