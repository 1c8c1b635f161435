package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"liuke/shared/api"
	"liuke/shared/batch"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/survey"
	"liuke/shared/survey/tally"
)

func by(name string) func(*api.Request) { return asked("by", name) }

func TestMetricsAreGroupedByWhatAnswersAreCountedBy(t *testing.T) {
	b := setup(t)
	cells := []survey.Cell{
		{Segment: "Champions", Tier: "A", Node: "delivery", Channel: "email"},
		{Segment: "Champions", Tier: "A", Node: "delivery", Channel: "email"},
		{Segment: "At Risk", Tier: "A", Node: "checkout", Channel: "email"},
		{},
	}
	locales := []string{"zh-CN", "en", "zh-CN", "de"}
	months := []int{0, 1, 1, 2}
	for i, cell := range cells {
		b.answer(t, customer.ID(fmt.Sprint("c", i)), "i", now.AddDate(0, -months[i], 0), func(a *survey.Answer) { a.Cell, a.Locale = cell, locales[i] })
	}
	for _, when := range []string{"read live", "counted"} {
		for name, want := range map[string]map[string]float64{
			"segment": {"Champions": 2, "At Risk": 1, "": 1},
			"tier":    {"A": 3, "": 1},
			"node":    {"delivery": 2, "checkout": 1, "": 1},
			"channel": {"email": 3, "": 1},
			"locale":  {"zh-CN": 2, "en": 1, "de": 1},
			"month":   {"2026-01": 1, "2026-02": 2, "2026-03": 1},
		} {
			status, body, out := b.do(t, "metrics", by(name))
			groups := body["groups"].([]any)
			if status != http.StatusOK || body["by"] != name || len(groups) != len(want) {
				t.Fatalf("%s, by %s: %d %s", when, name, status, out.Body)
			}
			for _, each := range groups {
				g := each.(map[string]any)
				if n := g["name"].(string); g["answers"] != want[n] || g["metric"].(map[string]any)["answers"] != want[n] {
					t.Errorf("%s, by %s: %s has %v answers, want %g", when, name, n, g["answers"], want[n])
				}
			}
		}
		_, body, _ := b.do(t, "metrics", nil)
		if months := body["trend"].(map[string]any)["months"].([]any); body["by"] != nil || len(body["groups"].([]any)) != 0 || len(months) != 3 {
			t.Errorf("%s, by nothing: %v", when, body)
		}
		b.count(t)
	}
	for _, name := range []string{"segments", "customer", "SEGMENT", "score"} {
		if status, body, _ := b.do(t, "metrics", by(name)); status != http.StatusBadRequest || body["pointer"] != "/by" {
			t.Errorf("by %q: %d %v", name, status, body)
		}
	}
	if status, body, _ := b.do(t, "metrics", asked("group", "month")); status != http.StatusBadRequest || body["pointer"] != "/group" {
		t.Errorf("%d %v", status, body)
	}
}

func TestMetricsAgreeBeforeAndAfterTheyAreCounted(t *testing.T) {
	b := setup(t)
	for i := range 40 {
		b.answer(t, customer.ID(fmt.Sprint("c", i)), "i", now.Add(-time.Duration(i)*time.Hour-30*time.Minute), func(a *survey.Answer) {
			a.Score = i % 11
			a.Values = survey.Values{"score": survey.Number(a.Score), "comment": {Text: "x"}}
			a.Cell.Segment = []string{"Champions", "At Risk", ""}[i%3]
			a.Insight = survey.Insight{Language: "en", Sentiment: []string{"positive", "negative"}[i%2], Topics: []string{"price"}, Keywords: []string{"box"}}
			if i%4 == 0 {
				a.Customer = ""
				a.Invitation = fmt.Sprint("form-", i)
			}
		})
	}
	without := func() map[string]any {
		t.Helper()
		_, body, _ := b.do(t, "metrics", by("segment"))
		delete(body, "through") // which time passes for
		return body
	}
	live := without()
	b.count(t)
	if marks, err := b.store.Marks(t.Context(), "nps"); err != nil || len(marks) != 0 {
		t.Fatalf("%d marks are left, %v", len(marks), err)
	}
	if counted := without(); fmt.Sprint(counted) != fmt.Sprint(live) || live["total"].(map[string]any)["answers"] != 40.0 {
		t.Errorf("counted %v, read live %v", counted, live)
	}
}

func TestHoursThatWaitToBeCountedAreSaid(t *testing.T) {
	b := setup(t)
	for i := range 60 { // as an import leaves them
		b.answer(t, user, fmt.Sprint("i", i), now.Add(-time.Duration(i)*time.Hour), nil)
	}
	status, body, _ := b.do(t, "metrics", nil)
	if total := body["total"].(map[string]any); status != http.StatusOK || body["hours_to_count"] != 12.0 || total["answers"] != 48.0 {
		t.Errorf("%d: of %v answers %v hours wait", status, total["answers"], body["hours_to_count"])
	}
	b.count(t)
	_, body, _ = b.do(t, "metrics", nil)
	if total := body["total"].(map[string]any); body["hours_to_count"] != 0.0 || total["answers"] != 60.0 {
		t.Errorf("counted, of %v answers %v hours wait", total["answers"], body["hours_to_count"])
	}
}

// TestMetricsCostOfAMillionAnswers stores what a year's hours come to of a survey with a million answers, none of which is
// stored: what is not read need not be there. The metrics take the read units of the counts alone, and no more.
func TestMetricsCostOfAMillionAnswers(t *testing.T) {
	if testing.Short() {
		t.Skip("8,760 hours are written")
	}
	b := setup(t)
	const hours, million = 365 * 24, 1_000_000
	begin := now.Truncate(time.Hour).Add(-hours * time.Hour)
	answers := make([]survey.Answer, million/hours+1)
	for i := range answers {
		answers[i] = survey.Answer{
			Survey: "nps", Version: 1, Customer: "c", Invitation: "i", Kind: survey.NPS, Score: i % 11, Complete: true,
			Values: survey.Values{"score": survey.Number(i % 11)}, Locale: []string{"en", "zh-CN"}[i%2], Answered: begin,
			Cell: survey.Cell{Segment: []string{"Champions", "At Risk", "Lost"}[i%3], Tier: []string{"A", "B"}[i/3%2], Channel: "email"},
		}
	}
	most := tally.Count("nps", begin, now, answers, nil)
	least := tally.Count("nps", begin, now, answers[1:], nil)
	errs := make([]error, hours)
	batch.Each(hours, 32, func(i int) {
		r := least
		if million*(i+1)/hours-million*i/hours == len(answers) {
			r = most
		}
		r.Hour = begin.Add(time.Duration(i) * time.Hour)
		r.Through = r.Hour.Add(time.Hour)
		errs[i] = b.store.PutRollup(t.Context(), &r)
	})
	for _, err := range errs {
		must(t, err)
	}
	meter := &dynamo.Meter{}
	r := sampled(t, "metrics")
	r.QueryStringParameters = map[string]string{"by": "segment"}
	started := time.Now()
	out, err := b.handler.Handle(dynamo.WithMeter(t.Context(), meter), r)
	took := time.Since(started)
	must(t, err)
	described(t, r.RouteKey, out)
	if !strings.Contains(out.Body, `"total":{"name":"","asked":0,"answers":1000000,`) {
		t.Errorf("%.300s", out.Body)
	}
	read, write := meter.Units()
	t.Logf("metrics of %d answers in %d hours: %.0f read units, %.0f KB answered, %v in all on this machine", million, hours, read, float64(len(out.Body))/1024, took.Round(time.Millisecond))
	var size int
	must(t, b.store.Rollups(t.Context(), "nps", begin, now, func(r *tally.Rollup) {
		raw, err := r.MarshalBinary()
		must(t, err)
		size += len(raw) + 100 // with the names and the keys
	}))
	if limit := float64(size)/4096 + 100; read > limit || write != 0 {
		t.Errorf("%g read and %g write units, want at most %g for %d bytes of counts", read, write, limit, size)
	}
}
