package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"liuke/shared/api"
	"liuke/shared/document"
	"liuke/shared/recalc"
)

// costs is a document of economics whose history has a bend.
const costs = `{"gross_margin":0.4,"holdout_from":"2026-01-01",
"acquisition":[{"month":"2025-11","channel":"ads","marketing":"1000.00"},{"month":"2025-12","channel":"=cmd|'x'","sales":"5.00"}],
"retention":[{"month":"2026-01","cost":"200.00"}],
"history":[{"spend":"0.00","incremental_margin":"0.00"},{"spend":"100.00","incremental_margin":"260.00"},{"spend":"200.00","incremental_margin":"420.00"},
{"spend":"300.00","incremental_margin":"525.00"},{"spend":"400.00","incremental_margin":"588.00"},{"spend":"600.00","incremental_margin":"648.00"},{"spend":"800.00","incremental_margin":"680.00"}]}`

func economicsOf(body string) document.Document {
	return document.Document{Name: recalc.EconomicsDocument, Version: 1, Body: body, Edited: now}
}

func as(form string) func(*api.Request) {
	return func(r *api.Request) { r.QueryStringParameters["format"] = form }
}

func TestTheAnalysisOfARunIsShown(t *testing.T) {
	b := setup(t)
	for _, sample := range []string{"analysis", "cohorts", "economics"} {
		if status, body, _ := b.do(t, sample, nil); status != http.StatusNotFound {
			t.Errorf("%s before the first run: %d %v", sample, status, body)
		}
	}
	b.publish(t, economicsOf(costs))
	_, body, out := b.do(t, "analysis", nil)
	raw, err := b.lake.Get(t.Context(), recalc.AnalysisKey(applied))
	if err != nil || out.Body != string(raw) || body["calibration"] == nil {
		t.Errorf("%v %.300s", err, out.Body)
	}
	if _, body, _ := b.do(t, "cohorts", nil); body["run_id"] != applied || body["currency"] != "CNY" || body["customers"] != 403.0 {
		t.Errorf("%v", body)
	}
	if _, body, _ := b.do(t, "economics", nil); body["run_id"] != applied || body["curve"] == nil || body["retention"] == nil {
		t.Errorf("%v", body)
	}
	for sample, want := range map[string]string{"cohorts": "2026-02", "economics": "ads"} {
		status, _, out := b.do(t, sample, as("text"))
		if status != http.StatusOK || out.Headers["content-type"] != "text/plain; charset=utf-8" || !strings.Contains(out.Body, want) {
			t.Errorf("%d %v %.300s", status, out.Headers, out.Body)
		}
	}
	status, _, out := b.do(t, "economics", as("svg"))
	if status != http.StatusOK || !strings.HasPrefix(out.Body, "<svg") || out.Headers["content-security-policy"] == "" {
		t.Errorf("%d %v %.300s", status, out.Headers, out.Body)
	}
	for d := xml.NewDecoder(strings.NewReader(out.Body)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for sample, form := range map[string]string{"cohorts": "svg", "economics": "pdf"} {
		if status, body, _ := b.do(t, sample, as(form)); status != http.StatusBadRequest || body["pointer"] != "/format" {
			t.Errorf("%s as %s: %d %v", sample, form, status, body)
		}
	}
}

func TestWhereThereIsNoCurveTheReasonIsGiven(t *testing.T) {
	for body, reason := range map[string]string{"": "there is no document of costs", `{"gross_margin":0.4}`: "different"} {
		b := setup(t)
		b.publish(t, economicsOf(body))
		status, problem, _ := b.do(t, "economics", as("svg"))
		if detail, _ := problem["detail"].(string); status != http.StatusNotFound || !strings.Contains(detail, reason) {
			t.Errorf("%d %v, want %q", status, problem, reason)
		}
		for _, form := range []string{"json", "text"} {
			if status, _, out := b.do(t, "economics", as(form)); status != http.StatusOK {
				t.Errorf("%d %s", status, out.Body)
			}
		}
	}
}

func TestARunThatIsNotDoneHasNoAnalysis(t *testing.T) {
	b := setup(t)
	_, body, _ := b.do(t, "start_run", nil)
	of := func(id string) func(*api.Request) { return func(r *api.Request) { r.PathParameters["id"] = id } }
	if status, body, _ := b.do(t, "analysis", of(body["run_id"].(string))); status != http.StatusConflict {
		t.Errorf("%d %v", status, body)
	}
	for _, id := range []string{"../x", "nope", ""} {
		if status, body, _ := b.do(t, "analysis", of(id)); status != http.StatusNotFound {
			t.Errorf("%q: %d %v", id, status, body)
		}
	}
}

func TestAnAnalysisThatIsTooLargeIsDownloaded(t *testing.T) {
	b := setup(t)
	d := b.publish(t)
	raw, err := json.Marshal(d.analysis)
	must(t, err)
	must(t, b.lake.Put(t.Context(), recalc.AnalysisKey(applied), "application/json", append(raw, make([]byte, maxInline)...)))
	if status, _, out := b.do(t, "analysis", nil); status != http.StatusSeeOther || !strings.Contains(out.Headers["location"], "analysis.json") {
		t.Errorf("%d %v", status, out.Headers)
	}
}

func TestARunIsShownWithItsModelsRiskAndDrift(t *testing.T) {
	b := setup(t)
	b.publish(t)
	_, body, out := b.do(t, "run", nil)
	if body["drift"] != nil || !strings.Contains(out.Body, `"used":"bg_nbd","customers":403,"bg_nbd":{"r":`) || !strings.Contains(out.Body, `"grouped_by":"channel","groups":{"model":"bg_nbd"`) {
		t.Errorf("%s", out.Body)
	}
	risk := body["risk"].(map[string]any)
	if sum := risk["low"].(float64) + risk["medium"].(float64) + risk["high"].(float64) + risk["unknown"].(float64); sum != 403 || risk["warnings"] != 0.0 {
		t.Errorf("%v", risk)
	}
	const next = "20260401T030000.000Z"
	b.recalculated(t, next, started.AddDate(0, 1, 0), 300)
	_, body, out = b.do(t, "run", func(r *api.Request) { r.PathParameters["id"] = next })
	if drift, ok := body["drift"].(map[string]any); !ok || drift["limits"].(map[string]any)["psi"] != 0.2 {
		t.Errorf("%s", out.Body)
	}
	b.handler.now = func() time.Time { return started.AddDate(0, 1, 1) }
	if _, body, _ := b.do(t, "segments", nil); body["run_id"] != next {
		t.Errorf("%v", body)
	}
	status, body, _ := b.do(t, "start_run", withBody(`{"binning":"ntile","model":"mbg_nbd","grouped_by":"quarter"}`))
	if status != http.StatusAccepted {
		t.Fatal(status, body)
	}
	_, body, out = b.do(t, "run", func(r *api.Request) { r.PathParameters["id"] = body["run_id"].(string) })
	if body["binning"] != "ntile" || !strings.Contains(out.Body, `"used":"mbg_nbd"`) || !strings.Contains(out.Body, `"grouped_by":"quarter"`) {
		t.Errorf("%s", out.Body)
	}
}
