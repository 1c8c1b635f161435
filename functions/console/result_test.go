package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"liuke/shared/api"
	"liuke/shared/customer"
	"liuke/shared/document"
	"liuke/shared/measure"
	"liuke/shared/message"
	"liuke/shared/outreach"
)

const measuredScene = `id: win_back
kind: marketing
on: {signal: order_placed}
channel: email
holdout: 20%
goal: {signal: order_placed, within: 7d}
variants: [{id: plain, weight: 1, control: true}, {id: bold, weight: 1}]
content:
  en: {subject: Hello, text: "Hello {{ unsubscribe_link }}", html: "<a href=\"{{ unsubscribe_link }}\">stop</a>"}
`

// scene writes a scene as operators do.
func (b *testBundle) scene(t *testing.T, id, text string) {
	t.Helper()
	d := document.Document{Name: outreach.DocumentName(outreach.Scene, id), Version: 1, Body: text, Edited: now}
	must(t, b.store.PutSceneDocument(t.Context(), &d, 0, nil))
}

func TestASceneSaysWhatItBringsAbout(t *testing.T) {
	b := setup(t)
	b.scene(t, "win_back", measuredScene)
	sc, policy, err := b.handler.measuredScene(t.Context(), "win_back")
	must(t, err)
	terms := measure.Of(sc, policy)
	var sum measure.Tally
	for i := range 200 {
		e := terms.Enrolment(customer.ID(fmt.Sprint("c-", i)), now.Add(-time.Hour))
		e.Held = i%5 == 0
		if e.Held {
			e.Variant = ""
		}
		entry := message.Entry{State: message.Sent}
		if i%10 == 1 {
			entry, _ = entry.Convert(message.Goal{ID: "order:1", At: now, Worth: 1250})
		}
		sum.Add(&e, []message.Entry{entry})
	}
	hour := measure.HourAt("win_back", terms.ID, terms.Window, now.Add(-time.Hour))
	must(t, b.store.PutTally(t.Context(), hour, 3, &sum))
	must(t, b.store.MarkTrials(t.Context(), now, hour, measure.HourAt("win_back", "another", terms.Window, now.AddDate(0, 0, -3))))
	must(t, b.store.MarkCounted(t.Context(), measure.Mark{Hour: hour, Begun: now, Counted: now.Add(-7 * time.Minute)}))
	complete := now.Add(-8 * time.Minute).UTC() // of this trial; and a minute that the index may be behind
	status, body, out := b.do(t, "results", nil)
	variants, _ := body["variants"].([]any)
	if status != http.StatusOK || len(variants) != 2 || body["holdout"].(map[string]any)["assigned"] != 40.0 || body["window_days"] != 7.0 ||
		body["complete_to"] != complete.Format(time.RFC3339) {
		t.Fatalf("%d %s", status, out.Body)
	}
	var assigned, converted float64
	for _, v := range variants {
		assigned += v.(map[string]any)["assigned"].(float64)
		converted += v.(map[string]any)["converted"].(float64)
	}
	if assigned != 160 || converted != 20 {
		t.Errorf("%g assigned, %g converted", assigned, converted)
	}
	for name, change := range map[string]func(*api.Request){
		"by the query": func(r *api.Request) { r.QueryStringParameters["format"] = "text" },
		"by the header": func(r *api.Request) {
			delete(r.QueryStringParameters, "format")
			r.Headers["accept"] = "text/plain"
		},
	} {
		if _, _, out := b.do(t, "results", change); !strings.Contains(out.Body, "plain (control)") || !strings.Contains(out.Body, "held out") || !strings.Contains(out.Body, "; complete up to "+complete.Format("2006-01-02 15:04 MST")) {
			t.Errorf("%s: %s", name, out.Body)
		}
	}
	if _, body, _ := b.do(t, "results", func(r *api.Request) { r.QueryStringParameters["to"] = "2026-02-02" }); body["holdout"].(map[string]any)["assigned"] != 0.0 {
		t.Errorf("of another time: %v", body)
	}
}

func TestTheTextOfASceneThatNobodyCameToHasNoTable(t *testing.T) {
	b := setup(t)
	b.scene(t, "win_back", measuredScene)
	_, _, out := b.do(t, "results", func(r *api.Request) { r.QueryStringParameters["format"] = "text" })
	if !strings.HasPrefix(out.Body, "win_back: nobody is counted, so there is nothing to compare\n") || strings.Contains(out.Body, "–") {
		t.Error(out.Body)
	}
}

func TestResultsThatThereAreNotAreRefused(t *testing.T) {
	b := setup(t)
	b.scene(t, "win_back", strings.Replace(strings.Replace(strings.Replace(measuredScene, "holdout: 20%\n", "", 1), "goal: {signal: order_placed, within: 7d}\n", "", 1),
		"variants: [{id: plain, weight: 1, control: true}, {id: bold, weight: 1}]\n", "", 1))
	for _, c := range []struct {
		name   string
		change func(*api.Request)
		status int
	}{
		{"a scene of which nothing is measured", nil, http.StatusConflict},
		{"one that there is not", func(r *api.Request) { r.PathParameters["id"] = "nothing" }, http.StatusNotFound},
		{"a day that is none", func(r *api.Request) { r.QueryStringParameters["from"] = "soon" }, http.StatusBadRequest},
		{"a format that is none", func(r *api.Request) { r.QueryStringParameters["format"] = "svg" }, http.StatusBadRequest},
	} {
		if status, body, _ := b.do(t, "results", c.change); status != c.status {
			t.Errorf("%s: %d %v", c.name, status, body)
		}
	}
}
