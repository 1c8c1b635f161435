package main

import (
	"net/http"
	"testing"
	"time"

	"liuke/shared/api"
	"liuke/shared/customer"
	"liuke/shared/message"
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
	if len(body["decisions"].([]any)) != 0 || what["judge_on"] != "sample" || what["outcome"] != "hold" || what["says"] != "the customer has not consented to the channel" {
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
