package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"liuke/shared/api"
	"liuke/shared/document"
	"liuke/shared/outreach"
	"liuke/shared/recalc"
)

const springSale = "id: spring_sale\nkind: transactional\non: {signal: campaign}\nchannel: email\ncontent: {en: {subject: Sale, text: Sale, html: Sale}}\n"

// What reaches out may go by what stood a minute ago: a run of what was edited since would say the old words, or nothing.
func TestARunOfWhatWasEditedJustNowStartsWhenTheEditIsInEffect(t *testing.T) {
	const longAgo = time.Hour
	for name, c := range map[string]struct {
		scene, block, other, settings time.Duration // how long ago each was edited
		at                            string
		state                         string
		starts                        time.Duration
	}{
		"nothing was edited of late":           {longAgo, longAgo, longAgo, longAgo, "", "running", 0},
		"the scene was":                        {5 * time.Second, longAgo, longAgo, longAgo, "", "filed", 65 * time.Second},
		"what it may refer to was":             {longAgo, 10 * time.Second, longAgo, longAgo, "", "filed", 60 * time.Second},
		"the settings were, last":              {30 * time.Second, longAgo, longAgo, time.Second, "", "filed", 69 * time.Second},
		"another scene was":                    {longAgo, longAgo, time.Second, longAgo, "", "running", 0},
		"the scene was, and is in effect":      {70 * time.Second, longAgo, longAgo, longAgo, "", "running", 0},
		"it is to start sooner than in effect": {time.Second, longAgo, longAgo, longAgo, now.Add(10 * time.Second).Format(time.RFC3339), "filed", 69 * time.Second},
		"it is to start later than in effect":  {time.Second, longAgo, longAgo, longAgo, now.Add(longAgo).Format(time.RFC3339), "filed", longAgo},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			b.seed(t)
			b.recalculated(t, recalc.JobID(now.Add(-time.Hour)), now.Add(-time.Hour), 0)
			must(t, b.store.PutDocument(t.Context(), &document.Document{Name: outreach.Document, Version: 1, Body: `{"holdout":"10%"}`, Edited: now.Add(-c.settings)}, 0))
			for i, d := range []document.Document{
				{Name: "scene/spring_sale", Body: springSale, Edited: now.Add(-c.scene)},
				{Name: "block/thanks", Body: "en: {text: Thanks, html: Thanks}\n", Edited: now.Add(-c.block)},
				{Name: "scene/other", Body: strings.Replace(springSale, "spring_sale", "other", 1), Edited: now.Add(-c.other)},
			} {
				d.Version = 1
				must(t, b.store.PutSceneDocument(t.Context(), &d, int64(i), nil))
			}
			body := `{}`
			if c.at != "" {
				body = `{"at":"` + c.at + `"}`
			}
			status, said, out := b.do(t, "start_campaign", withBody(body))
			want := now.Add(c.starts).Format(time.RFC3339)
			if status != http.StatusAccepted || said["state"] != c.state || said["at"] != want {
				t.Fatalf("%d %s, want %s at %s", status, out.Body, c.state, want)
			}
			_, list, _ := b.do(t, "campaigns", nil)
			if run := list["runs"].([]any)[0].(map[string]any); run["at"] != want || run["state"] != c.state {
				t.Errorf("%v", run)
			}
		})
	}
}

func TestARunThatCannotStartIsRefusedThoughItWouldWait(t *testing.T) {
	b := setup(t)
	must(t, b.store.PutSceneDocument(t.Context(), &document.Document{Name: "scene/spring_sale", Version: 1, Body: springSale, Edited: now}, 0, nil))
	if status, body, _ := b.do(t, "start_campaign", nil); status != http.StatusConflict || !strings.Contains(body["detail"].(string), "recalculation") {
		t.Errorf("%d %v", status, body)
	}
}

func TestRequestsOfRunsThatAreWrongSayWhatToChange(t *testing.T) {
	b := setup(t)
	for name, c := range map[string]struct {
		sample          string
		change          func(*api.Request)
		status          int
		detail, pointer string
	}{
		"a run that starts at a word": {"start_campaign", withBody(`{"at":"tomorrow"}`), 400, "RFC 3339", "/at"},
		"a simulation at a word":      {"simulate", withBody(`{"at":"tomorrow"}`), 400, "RFC 3339", "/at"},
		"runs of a scene of no such":  {"campaigns", nil, 404, "no such scene", ""},
		"settings of nothing":         {"put_settings", all(named(outreach.Document), withBody(" ")), 400, "the body is empty", ""},
		"settings that are null":      {"put_settings", all(named(outreach.Document), withBody("null")), 400, "not a JSON object", ""},
		"a template edited meanwhile": {"put_template", header("if-match", `"7"`), 412, "it was edited since", ""},
	} {
		t.Run(name, func(t *testing.T) {
			status, body, _ := b.do(t, c.sample, c.change)
			detail, _ := body["detail"].(string)
			pointer, _ := body["pointer"].(string)
			if status != c.status || !strings.Contains(detail, c.detail) || pointer != c.pointer {
				t.Errorf("%d %v", status, body)
			}
		})
	}
}
