package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"liuke/shared/api"
	"liuke/shared/brand"
	"liuke/shared/churn"
	"liuke/shared/document"
	"liuke/shared/outreach"
	"liuke/shared/recalc"
)

func without(header string) func(*api.Request) {
	return func(r *api.Request) { delete(r.Headers, header) }
}

func TestSettingsAreTheDefaultsUntilTheyAreWritten(t *testing.T) {
	b := setup(t)
	for name, effective := range map[string]string{
		"risk":          `"horizon_days":90`,
		"occasions":     `"kinds":["birthday"`,
		"economics":     `"effective":null`,
		"outreach":      `"effective":{"quiet_hours":{"from":"21:00","to":"08:00"},"limits":[{"scope":"channel","channel":"email","max":1,"per":"24h"}`,
		"recalculation": `"effective":{"window_days":365,"binning":"quantile","model":"bg_nbd","grouped_by":"none","drift":{}}`,
	} {
		status, body, out := b.do(t, "settings", named(name))
		if status != http.StatusOK || body["default"] != true || body["settings"] != nil || out.Headers["etag"] != `"0"` || !strings.Contains(out.Body, effective) {
			t.Errorf("%s: %d %v %s", name, status, out.Headers, out.Body)
		}
	}
	status, body, out := b.do(t, "put_settings", nil)
	if status != http.StatusOK || out.Headers["etag"] != `"1"` || body["default"] != false || body["takes_effect"] != "with the next recalculation" {
		t.Fatal(status, out.Body)
	}
	_, body, out = b.do(t, "settings", nil)
	if out.Headers["etag"] != `"1"` || body["version"] != 1.0 || body["edited_at"] != "2026-03-01T08:31:01Z" || !strings.Contains(out.Body, `"settings":{"risk_levels":{"medium":40,"high":75,"margin":2}}`) {
		t.Errorf("%s", out.Body)
	}
	var shown struct{ Effective churn.Settings }
	must(t, json.Unmarshal([]byte(out.Body), &shown))
	want := churn.Default()
	want.Levels = churn.Levels{Medium: 40, High: 75, Margin: 2}
	if shown.Effective != want {
		t.Errorf("%+v, want %+v", shown.Effective, want)
	}
	for _, version := range []string{`"2"`, `"2"`} { // the second time the defaults hold already, and nothing is written
		status, body, out = b.do(t, "delete_settings", nil)
		if status != http.StatusOK || body["default"] != true || out.Headers["etag"] != version || body["edited_at"] != nil {
			t.Errorf("%d %v %s", status, out.Headers, out.Body)
		}
	}
}

func TestSettingsAreWrittenOnlyOverWhatWasRead(t *testing.T) {
	b := setup(t)
	match := func(tag string) func(*api.Request) { return func(r *api.Request) { r.Headers["if-match"] = tag } }
	for i, c := range []struct {
		sample, tag string
		status      int
	}{
		{"put_settings", `*`, 412}, {"put_settings", `"1"`, 412}, {"put_settings", `0`, 412}, {"put_settings", `"0"`, 200},
		{"put_settings", `"0"`, 412}, {"put_settings", `W/"1"`, 412}, {"put_settings", `"7", "1"`, 200}, {"put_settings", `*`, 200},
		{"delete_settings", `"2"`, 412}, {"delete_settings", `"3"`, 200}, {"delete_settings", `"3"`, 412}, {"put_settings", `"4"`, 200},
	} {
		status, body, out := b.do(t, c.sample, match(c.tag))
		if status != c.status {
			t.Errorf("%d: %s with %s: %d %v", i, c.sample, c.tag, status, body)
		}
		if status == 412 && (out.Headers["content-type"] != "application/problem+json" || body["status"] != 412.0) {
			t.Errorf("%d: %v %s", i, out.Headers, out.Body)
		}
	}
	if status, body, out := b.do(t, "put_settings", without("if-match")); status != 200 || out.Headers["etag"] != `"6"` {
		t.Errorf("%d %v", status, body)
	}
}

func TestManyMayWriteSettingsAtOnce(t *testing.T) {
	b := setup(t)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			r := sampled(t, "put_settings")
			delete(r.Headers, "if-match")
			if out, err := b.handler.Handle(t.Context(), r); err != nil || out.StatusCode != 200 {
				t.Error(err, out.StatusCode, out.Body)
			}
		})
	}
	group.Wait()
	if d, err := b.store.Document(t.Context(), recalc.RiskDocument); err != nil || d.Version != 4 {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestSettingsThatAreWrongSayWhatToChange(t *testing.T) {
	b := setup(t)
	for name, c := range map[string]struct{ document, body, pointer string }{
		"nothing":                   {"risk", "", ""},
		"null":                      {"risk", "null", ""},
		"a list":                    {"risk", "[]", ""},
		"two objects":               {"risk", "{}{}", ""},
		"a member that is none":     {"risk", `{"levels":{}}`, "/levels"},
		"a member twice":            {"risk", `{"horizon_days":1,"horizon_days":2}`, "/horizon_days"},
		"a member in capitals":      {"risk", `{"Horizon_days":1}`, "/Horizon_days"},
		"null within":               {"risk", `{"risk_levels":null}`, "/risk_levels"},
		"another type":              {"risk", `{"risk_levels":[]}`, "/risk_levels"},
		"NaN":                       {"risk", `{"risk_weights":{"alive":NaN}}`, ""},
		"a number beyond floats":    {"risk", `{"risk_weights":{"alive":1e400}}`, "/risk_weights/alive"},
		"a weight below 0":          {"risk", `{"risk_weights":{"alive":-1}}`, "/risk_weights/alive"},
		"levels that part nothing":  {"risk", `{"risk_levels":{"medium":80}}`, "/risk_levels/high"},
		"days beyond int32":         {"risk", `{"horizon_days":3000000000}`, "/horizon_days"},
		"objects within objects":    {"risk", strings.Repeat(`{"a":`, 10_000), "/a"},
		"lists within lists":        {"occasions", `{"kinds":` + strings.Repeat("[", 60_000), "/kinds"},
		"a kind that is none":       {"occasions", `{"kinds":["name day"]}`, "/kinds"},
		"levels that fall":          {"occasions", `{"silence_days":[60,30]}`, "/silence_days"},
		"no margin":                 {"economics", `{}`, "/gross_margin"},
		"money that is no text":     {"economics", `{"gross_margin":0.3,"retention":[{"month":"2026-01","cost":12.5}]}`, "/retention/0/cost"},
		"money beyond the currency": {"economics", `{"gross_margin":0.3,"retention":[{"month":"2026-01","cost":"0.001"}]}`, "/retention/0/cost"},
		"fixed cuts":                {"recalculation", `{"binning":"fixed"}`, "/binning"},
		"a window of years":         {"recalculation", `{"window_days":100000}`, "/window_days"},
		"a model that is none":      {"recalculation", `{"model":"pareto"}`, "/model"},
		"tiers of no model":         {"tasks", `{"tier_model":"valu","due":{"high":"15m"}}`, "/tier_model"},
		"a tier that is no label":   {"tasks", `{"tier_model":"value","due":{"high":"15m","medium":"4h"}}`, "/due/medium"},
		"an owner of no label":      {"tasks", `{"owners":{"D":"ann"}}`, "/owners/D"},
		"a brand without a name":    {"brand", `{"colour":"#1d4ed8"}`, "/name"},
		"a name twice":              {"brand", `{"name":"a","name":"b"}`, "/name"},
		"a name that is null":       {"brand", `{"name":null}`, "/name"},
		"a colour by name":          {"brand", `{"name":"Shop","colour":"blue"}`, "/colour"},
		"a logo elsewhere":          {"brand", `{"name":"Shop","logo":"https://shop.example/logo.png"}`, "/logo"},
		"a logo of over 12 KB":      {"brand", `{"name":"Shop","logo":"` + logo + strings.Repeat("A", brand.MaxLogoBytes) + `"}`, "/logo"},
		"a shop that is no address": {"brand", `{"name":"Shop","shop_url":"shop.example"}`, "/shop_url"},
		"a font":                    {"brand", `{"name":"Shop","font":"serif"}`, "/font"},
		"a budget of no scene":      {"outreach", `{"prices":[{"channel":"sms","each":"0.05"}],"budget":{"scenes":{"winback":{"per_day":"1"}}}}`, "/budget/scenes/winback"},
		"a limit that is a word":    {"outreach", `{"limits":[{"scope":"all","max":1,"per":"7d"},{"scope":"all","max":"few","per":"7d"}]}`, "/limits/1/max"},
		"a limit that is a part":    {"outreach", `{"limits":[{"scope":"all","max":1.5,"per":"7d"}]}`, "/limits/0/max"},
		"a price that is a number":  {"outreach", `{"prices":[{"channel":"sms","each":0.05}]}`, "/prices/0/each"},
		"limits that are no list":   {"outreach", `{"limits":{"max":1}}`, "/limits"},
		"a topic without words":     {"outreach", `{"topics":{"tea_club":{"en":" "}}}`, "/topics/tea_club/en"},
		"a topic in no locale":      {"outreach", `{"topics":{"tea_club":{"english":"Tea"}}}`, "/topics/tea_club/english"},
		"a topic of no scene's":     {"outreach", `{"topics":{"Tea/club":{"en":"Tea"}}}`, "/topics/Tea~1club"},
		"a name that is a number":   {"brand", `{"name":5}`, "/name"},
		"quiet hours without end":   {"outreach", `{"quiet_hours":{"from":"21:00"}}`, "/quiet_hours"},
		"text that is no UTF-8":     {"recalculation", "{\"model\":\"\xff\"}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			status, body, out := b.do(t, "put_settings", func(r *api.Request) {
				r.PathParameters["name"], r.Body = c.document, c.body
			})
			pointer, _ := body["pointer"].(string)
			if detail, _ := body["detail"].(string); strings.Contains(detail, "unmarshal") || strings.Contains(detail, "Go ") {
				t.Errorf("%s", detail)
			}
			if status != http.StatusBadRequest || !strings.HasPrefix(pointer, c.pointer) || c.pointer == "" && pointer != "" || len(out.Body) > 20_000 {
				t.Errorf("%d %.300s, want a mistake at %q", status, out.Body, c.pointer)
			}
		})
	}
	if status, body, _ := b.do(t, "put_settings", withBody(strings.Repeat(" ", document.MaxBytes+1))); status != http.StatusRequestEntityTooLarge {
		t.Errorf("64 KB and more: %d %v", status, body)
	}
	for _, name := range []string{"", "..", "RISK", "risk\r\n", "model/rfm10", "../risk", strings.Repeat("x", 5000)} {
		for _, sample := range []string{"settings", "put_settings", "delete_settings"} {
			if status, body, _ := b.do(t, sample, named(name)); status != http.StatusNotFound {
				t.Errorf("%s %.20q: %d %v", sample, name, status, body)
			}
		}
	}
	if documents, err := b.store.Documents(t.Context()); err != nil || len(documents) != 0 {
		t.Errorf("%d documents were written, %v", len(documents), err)
	}
	if b.log.Len() != 0 {
		t.Errorf("a caller's mistakes were logged: %s", b.log)
	}
}

// logo is how a PNG begins, in base64.
const logo = "data:image/png;base64,iVBORw0KGgoA"

func TestTheBrandOfThePagesIsASetting(t *testing.T) {
	b := setup(t)
	if _, body, _ := b.do(t, "settings", named(brand.Document)); body["default"] != true || body["effective"] != nil {
		t.Errorf("before it is set: %v", body)
	}
	largest := logo + strings.Repeat("AAAA", (brand.MaxLogoBytes-len(logo))/4)
	written := `{"name":"Teehaus","logo":"` + largest + `","colour":"#FFCC00","shop_url":"https://shop.example/"}`
	put := func(r *api.Request) {
		named(brand.Document)(r)
		r.Body = written
		delete(r.Headers, "if-match")
	}
	status, body, out := b.do(t, "put_settings", put)
	if status != http.StatusOK || body["takes_effect"] != "within a minute" || out.Headers["etag"] != `"1"` {
		t.Fatalf("%d %.300s", status, out.Body)
	}
	_, body, _ = b.do(t, "settings", named(brand.Document))
	// Yellow can be read on the dark grounds as it is; on the light ones it takes the brown that is the nearest with 4.5 : 1.
	colours := "map[dark:map[fill:#ffcc00 on:#000000 text:#ffcc00] light:map[fill:#ffcc00 on:#000000 text:#876c00]]"
	if effective := body["effective"].(map[string]any); effective["logo"] != largest || effective["name"] != "Teehaus" || effective["shop_url"] != "https://shop.example/" || fmt.Sprint(effective["colours"]) != colours {
		t.Errorf("the brand %v comes to %v", effective["name"], effective["colours"])
	}
	d, err := b.store.Document(t.Context(), brand.Document)
	if err != nil || d.Body != written {
		t.Errorf("the pages find %.300s, %v", d.Body, err)
	}
	status, body, _ = b.do(t, "start_run", nil)
	if status != http.StatusAccepted {
		t.Fatalf("no recalculation minds: %d %v", status, body)
	}
	if kept, err := b.store.RunDocuments(t.Context(), body["run_id"].(string)); err != nil || len(kept) != 0 {
		t.Errorf("a run keeps %d documents that it does not go by, %v", len(kept), err)
	}
	if status, body, _ := b.do(t, "put_settings", func(r *api.Request) { put(r); r.Body = `{"name":"Teehaus"}` }); status != http.StatusOK || body["effective"].(map[string]any)["colours"] != nil {
		t.Errorf("without a colour: %d %v", status, body)
	}
	if status, body, _ := b.do(t, "delete_settings", func(r *api.Request) { named(brand.Document)(r); delete(r.Headers, "if-match") }); status != http.StatusOK || body["default"] != true || body["takes_effect"] != "within a minute" {
		t.Errorf("%d %v", status, body)
	}
}

func TestSettingsThatCannotBeReadAnyMoreAreMended(t *testing.T) {
	b := setup(t)
	old := document.Document{Name: recalc.RiskDocument, Version: 1, Body: `{"was":"otherwise"}`, Edited: now}
	must(t, b.store.PutDocument(t.Context(), &old, 0))
	if status, body, _ := b.do(t, "settings", nil); status != http.StatusConflict || !strings.Contains(body["detail"].(string), "write or delete") {
		t.Errorf("%d %v", status, body)
	}
	if status, body, _ := b.do(t, "delete_settings", nil); status != http.StatusOK || body["default"] != true {
		t.Errorf("%d %v", status, body)
	}
}

func TestARecalculationHoldsOutWhomTheSettingsSay(t *testing.T) {
	b := setup(t)
	put := func(r *api.Request) {
		named(outreach.Document)(r)
		r.Body = `{"holdout":"10%"}`
	}
	if status, body, _ := b.do(t, "put_settings", put); status != http.StatusOK || body["takes_effect"] != "within a minute" {
		t.Fatal(status, body)
	}
	status, body, _ := b.do(t, "start_run", withBody(`{}`))
	if status != http.StatusAccepted {
		t.Fatal(status, body)
	}
	run, err := b.store.Run(t.Context(), body["run_id"].(string))
	if err != nil || run.Terms.Holdout != (recalc.Held{Share: .1}) {
		t.Errorf("%+v, %v", run.Terms.Holdout, err)
	}
}

func TestSettingsThatLimitADeletedSceneCanBeWrittenBack(t *testing.T) {
	b := setup(t)
	for _, sample := range []string{"put_block", "put_scene"} {
		if status, _, out := b.do(t, sample, nil); status != http.StatusOK {
			t.Fatal(out.Body)
		}
	}
	put := func(scene string) (int, string) {
		status, _, out := b.do(t, "put_settings", func(r *api.Request) {
			named("outreach")(r)
			delete(r.Headers, "if-match")
			r.Body = `{"prices":[{"channel":"email","each":"0.0001"}],"budget":{"scenes":{"` + scene + `":{"in_all":"10"}}}}`
		})
		return status, out.Body
	}
	if status, said := put("greeting"); status != http.StatusOK {
		t.Fatal(said)
	}
	if status, _, out := b.do(t, "delete_scene", nil); status != http.StatusOK {
		t.Fatal(out.Body)
	}
	if status, said := put("greeting"); status != http.StatusOK {
		t.Errorf("what was read is not taken back: %s", said)
	}
	if status, said := put("greetings"); status != http.StatusBadRequest || !strings.Contains(said, "there is no scene greetings") {
		t.Errorf("a name that was not there before: %d %s", status, said)
	}
}
