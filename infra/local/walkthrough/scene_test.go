package walkthrough

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// TestAStrangerAddsAScene follows the README from a mistake in a new scene to its results.
func TestAStrangerAddsAScene(t *testing.T) {
	s := begin(t, onScenes, day)
	vip := "/v1/scenes/vip_thanks"
	written := s.readme.file(t, "vip_thanks.yaml")
	s.send(t, request{method: http.MethodPost, path: "/v1/batch", user: "$key:", body: `{"batch":[
		{"type":"identify","userId":"u1","traits":{"email":"ann@example.com","locale":"en-GB","consent":{"email":true}}},
		{"type":"track","userId":"u1","event":"Order Completed","properties":{"order_id":"o1","total":49.90}}]}`})
	s.settle(t)
	s.send(t, request{method: http.MethodPost, path: "/v1/rfm/runs", header: map[string]string{"$auth": ""}, body: "{}"})
	s.settle(t)

	put := s.readme.request(t, http.MethodPut, vip)
	put.body = strings.Replace(written, "order.id", "order.nummer", 1) // as the README's sed does
	if status, said := s.try(t, put); status != http.StatusBadRequest || !strings.Contains(said, `"line":12`) {
		t.Errorf("a mistake is answered %d: %s", status, said)
	}
	s.follow(t, http.MethodPut, vip, func(r *request) { r.body = written })
	if said := string(s.follow(t, http.MethodPost, vip+"/preview")); !strings.Contains(said, "Ann, thank you") {
		t.Errorf("the preview says %s", said)
	}
	var tested struct {
		ID    string `json:"test_id"`
		State string
	}
	if err := json.Unmarshal(s.follow(t, http.MethodPost, vip+"/test"), &tested); err != nil {
		t.Fatal(err)
	}
	s.settle(t)
	s.variables["test"] = tested.ID
	if err := json.Unmarshal(s.follow(t, http.MethodGet, vip+"/tests/$test"), &tested); err != nil || tested.State != "sent" {
		t.Errorf("the test is %+v, %v", tested, err)
	}
	if all := s.mails(t, "me@example.com"); len(all) != 1 || all[0].Subject != "[Test] Ann, thank you" {
		t.Errorf("the test comes as %+v", all)
	}

	s.follow(t, http.MethodPost, "/_local/clock")
	s.send(t, request{method: http.MethodPost, path: "/_local/clock", body: `{"advance":"2m"}`})
	s.follow(t, http.MethodPost, "/v1/track")
	s.settle(t)
	if all := s.decisions(t); len(all) != 1 || all[0].Says != "sent and delivered" {
		t.Errorf("decided was %+v", all)
	}
	s.send(t, request{method: http.MethodPost, path: "/_local/clock", body: `{"advance":"49h"}`})
	s.fire(t, "due")
	if all := s.decisions(t); len(all) != 2 || all[0].Step != 1 || all[0].Says != "sent and delivered" || all[0].Variant != all[1].Variant {
		t.Errorf("two days later decided was %+v", all)
	}

	var run struct {
		ID     string `json:"run_id"`
		State  string
		Result struct{ Messages int }
	}
	if err := json.Unmarshal(s.follow(t, http.MethodPost, vip+"/simulate"), &run); err != nil {
		t.Fatal(err)
	}
	s.settle(t)
	s.variables["run"] = run.ID
	if err := json.Unmarshal(s.follow(t, http.MethodGet, vip+"/runs/$run"), &run); err != nil || run.State != "done" {
		t.Errorf("the simulation is %+v, %v", run, err)
	}
	s.fire(t, "tally")
	if text := string(s.follow(t, http.MethodGet, vip+"/results?format=text")); !strings.Contains(text, "vip_thanks: too early to tell") || !strings.Contains(text, "warm") {
		t.Errorf("the results are %s", text)
	}
	s.follow(t, http.MethodPut, "/v1/settings/outreach")
	s.follow(t, http.MethodDelete, vip)
}

// decision is one of a scene about a customer.
type decision struct {
	Step          int
	Variant, Says string
}

// decisions are those that the README asks for, the last first.
func (s *session) decisions(t *testing.T) []decision {
	t.Helper()
	var why struct{ Decisions []decision }
	if err := json.Unmarshal(s.follow(t, http.MethodGet, "/v1/customers/u1/why?scene=vip_thanks"), &why); err != nil {
		t.Fatal(err)
	}
	return why.Decisions
}
