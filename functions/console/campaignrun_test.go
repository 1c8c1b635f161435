package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"liuke/shared/api"
	"liuke/shared/campaign"
	"liuke/shared/document"
	"liuke/shared/recalc"
)

// runnable is a bundle with a recalculation that was applied, and scenes that were written long ago.
func runnable(t *testing.T) *testBundle {
	t.Helper()
	b := setup(t)
	b.seed(t)
	b.recalculated(t, recalc.JobID(now.Add(-time.Hour)), now.Add(-time.Hour), 0)
	for i, body := range []string{springSale, strings.Replace(springSale, "spring_sale", "asleep", 1) + "enabled: false\n"} {
		name := []string{"scene/spring_sale", "scene/asleep"}[i]
		must(t, b.store.PutSceneDocument(t.Context(), &document.Document{Name: name, Version: 1, Body: body, Edited: now.Add(-time.Hour)}, int64(i), nil))
	}
	b.phases()
	return b
}

func ofScene(id string) func(*api.Request) {
	return func(r *api.Request) { r.PathParameters["id"] = id }
}

func TestRunsAreStartedShownAndCancelled(t *testing.T) {
	b := runnable(t)
	for _, sample := range []string{"start_campaign", "simulate"} {
		b.handler.now = func() time.Time { return now.Add(time.Duration(len(sample)) * time.Second) }
		status, said, out := b.do(t, sample, withBody(`{}`))
		if status != http.StatusAccepted || said["state"] != "running" || len(b.phases()) != 1 {
			t.Fatalf("%s: %d %s", sample, status, out.Body)
		}
		if status, _, _ := b.do(t, sample, withBody(`{}`)); status != http.StatusConflict || len(b.phases()) != 0 {
			t.Errorf("%s, sent again in the same moment: %d", sample, status)
		}
		id := said["run_id"].(string)
		run := func(r *api.Request) { r.PathParameters["run"] = id }
		if status, v, _ := b.do(t, "campaign", run); status != http.StatusOK || v["state"] != "running" || v["simulated"] != (sample == "simulate") || v["result"] != nil {
			t.Errorf("%s: %d %v", sample, status, v)
		}
		if status, v, _ := b.do(t, "cancel_campaign", run); status != http.StatusOK || v["state"] != "cancelled" {
			t.Errorf("%s: %d %v", sample, status, v)
		}
		if status, _, _ := b.do(t, "cancel_campaign", run); status != http.StatusConflict {
			t.Errorf("%s, cancelled twice: %d", sample, status)
		}
	}
	if _, list, _ := b.do(t, "campaigns", nil); len(list["runs"].([]any)) != 2 {
		t.Errorf("%v", list)
	}
}

func TestARunThatIsAskedForAgainIsTheSame(t *testing.T) {
	b := runnable(t)
	by := func(key string) func(*api.Request) {
		return func(r *api.Request) { r.Headers["idempotency-key"] = key }
	}
	later := func(seconds int) {
		b.handler.now = func() time.Time { return now.Add(time.Duration(seconds) * time.Second) }
	}
	later(1)
	_, first, _ := b.do(t, "start_campaign", all(withBody(`{}`), by("spring-1")))
	later(2)
	if status, again, out := b.do(t, "start_campaign", all(withBody(`{}`), by("spring-1"))); status != http.StatusAccepted || again["run_id"] != first["run_id"] {
		t.Errorf("asked for again: %d %s", status, out.Body)
	}
	for _, key := range []string{"", "spring-2"} {
		later(3)
		if status, _, out := b.do(t, "start_campaign", all(withBody(`{}`), by(key))); status != http.StatusConflict || !strings.Contains(out.Body, "under way") {
			t.Errorf("another meanwhile: %d %s", status, out.Body)
		}
	}
	for _, key := range []string{"a b", strings.Repeat("x", 65), "\u00e9"} {
		if status, _, _ := b.do(t, "start_campaign", all(withBody(`{}`), by(key))); status != http.StatusBadRequest {
			t.Errorf("the key %q: %d", key, status)
		}
	}
	if _, _, out := b.do(t, "cancel_campaign", func(r *api.Request) { r.PathParameters["run"] = first["run_id"].(string) }); out.StatusCode != http.StatusOK {
		t.Fatal(out.Body)
	}
	later(4)
	if status, next, _ := b.do(t, "start_campaign", all(withBody(`{}`), by("spring-2"))); status != http.StatusAccepted || next["run_id"] == first["run_id"] {
		t.Errorf("another after its end: %d %v", status, next)
	}
	if status, again, _ := b.do(t, "start_campaign", all(withBody(`{}`), by("spring-1"))); status != http.StatusAccepted || again["run_id"] != first["run_id"] || again["state"] != "cancelled" {
		t.Errorf("asked for after its end: %d %v", status, again)
	}
}

func TestRunsOfWhatCannotRunAreRefused(t *testing.T) {
	b := runnable(t)
	for name, c := range map[string]struct {
		sample string
		change func(*api.Request)
		status int
	}{
		"a campaign of no scene":            {"start_campaign", all(ofScene("nobody"), withBody(`{}`)), 404},
		"a simulation of no scene":          {"simulate", all(ofScene("nobody"), withBody(`{}`)), 404},
		"a campaign of one switched off":    {"start_campaign", all(ofScene("asleep"), withBody(`{}`)), 409},
		"a campaign of what is no campaign": {"start_campaign", all(ofScene("win_back"), withBody(`{}`)), 409},
		"a member that nobody knows":        {"start_campaign", withBody(`{"limits":1}`), 400},
		"nobody at a time":                  {"start_campaign", withBody(`{"per_second":0}`), 400},
		"a text that is no scene":           {"simulate", withBody(`{"text":"id: other"}`), 400},
		"a run that never was":              {"campaign", func(r *api.Request) { r.PathParameters["run"] = "x" }, 404},
		"the end of one that never was":     {"cancel_campaign", func(r *api.Request) { r.PathParameters["run"] = recalc.JobID(now) }, 404},
	} {
		t.Run(name, func(t *testing.T) {
			if status, body, _ := b.do(t, c.sample, c.change); status != c.status || len(b.phases()) != 0 {
				t.Errorf("%d %v", status, body)
			}
		})
	}
	if status, _, out := b.do(t, "simulate", all(ofScene("asleep"), withBody(`{}`))); status != http.StatusAccepted {
		t.Errorf("a simulation of a scene that is switched off: %d %s", status, out.Body)
	}
}

func TestARunSaysForHowManyItsAudienceCouldNotBeJudged(t *testing.T) {
	h := &Handler{now: func() time.Time { return now }}
	for name, c := range map[string]struct {
		counts campaign.Counts
		reason string
		want   string
	}{
		"for everybody":                     {campaign.Counts{Seen: 50, Gone: 2, Unjudged: 48}, "", "the audience could not be judged for 48 of 48 customers"},
		"for nobody":                        {campaign.Counts{Seen: 50, Audience: 12}, "", ""},
		"a run that failed says why it did": {campaign.Counts{Seen: 50, Unjudged: 1}, "the worker was lost", "the worker was lost"},
	} {
		r := &campaign.Record{Counts: c.counts}
		r.Reason = c.reason
		if got := h.viewOfCampaign(r).Reason; !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s: %q", name, got)
		}
	}
}
