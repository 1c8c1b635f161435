package main

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"liuke/shared/api"
	"liuke/shared/churn"
	"liuke/shared/clv"
	"liuke/shared/customer"
	"liuke/shared/recalc"
	"liuke/shared/trial"
)

// finished stores a run that is done, applied or not.
func (b *testBundle) finished(t *testing.T, id string, apply bool) {
	t.Helper()
	run := &recalc.Run{
		ID: id, State: recalc.Running, Started: started, Deadline: started.Add(recalc.Lease), Slices: 1,
		Terms: recalc.Terms{AsOf: customer.Date(2026, time.March, 1), WindowDays: 365, Apply: apply, Currency: "CNY", Model: clv.ModelBGNBD},
	}
	must(t, b.store.BeginRun(t.Context(), run, "", nil))
	must(t, b.store.FinishRun(t.Context(), run, &recalc.Report{}, started.Add(time.Minute)))
}

// work does what the function rfm does for a backtest, over as many customers.
func (b *testBundle) work(t *testing.T, id string, customers int) {
	t.Helper()
	record, err := b.store.Backtest(t.Context(), id)
	must(t, err)
	w, err := trial.Begin(trial.Basis{Terms: &record.Terms.Test, Model: clv.ModelBGNBD, Risk: churn.Default()}, []recalc.Part{{Name: "0-0-x", Rows: customers}}, record.Terms.Customers)
	must(t, err)
	var histories [][]byte
	for i := range customers {
		h := customer.History{}
		for k := range 1 + i%6 {
			h.Add(record.Terms.Test.AsOf-customer.Day((i*7+k*41)%300), int64(1000+i*k))
		}
		if i%3 == 0 || i%6 > 3 {
			h.Add(record.Terms.Test.AsOf+customer.Day(1+i%60), 500)
		}
		raw, _ := h.MarshalBinary()
		histories = append(histories, raw)
	}
	for range w.Steps() {
		must(t, w.Add(histories))
	}
	report, err := w.Report()
	must(t, err)
	raw, err := json.Marshal(report)
	must(t, err)
	must(t, b.lake.Put(t.Context(), trial.ReportKey(record), "application/json", raw))
	must(t, b.store.FinishBacktest(t.Context(), id, w.Steps(), now.Add(time.Minute)))
}

func TestABacktestIsStartedFollowedAndRead(t *testing.T) {
	b := setup(t)
	if status, body, _ := b.do(t, "start_backtest", nil); status != http.StatusConflict || !strings.Contains(body["detail"].(string), "no run stands yet") {
		t.Fatalf("before any run: %d %v", status, body)
	}
	b.finished(t, "tried", false)
	b.finished(t, applied, true)
	status, body, out := b.do(t, "start_backtest", nil)
	const id = "20260301T083101.000Z"
	if status != http.StatusAccepted || body["backtest_id"] != id || out.Headers["location"] != "backtests/"+id {
		t.Fatal(status, body, out.Headers)
	}
	if got := b.phases(); !slices.Equal(got, []string{`{"phase":"backtest","run":"` + applied + `","slice":0,"part":0,"backtest":"` + id + `"}`}) {
		t.Errorf("queued %v", got)
	}
	if status, body, _ := b.do(t, "start_backtest", nil); status != http.StatusConflict {
		t.Errorf("a second at the same moment: %d %v", status, body)
	}
	status, body, _ = b.do(t, "backtest", nil)
	if status != http.StatusOK || body["state"] != "running" || body["run_id"] != applied || body["as_of"] != "2025-12-31" || body["holdout_days"] != 60.0 || body["customers"] != 200000.0 || body["result"] != nil || body["finished_at"] != nil {
		t.Errorf("under way: %d %v", status, body)
	}
	for _, format := range []string{"text", "svg"} {
		if status, body, _ := b.do(t, "backtest", asked("format", format)); status != http.StatusConflict || !strings.Contains(body["detail"].(string), "running") {
			t.Errorf("%s of one under way: %d %v", format, status, body)
		}
	}
	b.work(t, id, 400)
	status, body, _ = b.do(t, "backtest", nil)
	result, _ := body["result"].(map[string]any)
	if status != http.StatusOK || body["state"] != "done" || body["parts_read"] != 2.0 || result["customers"] != 400.0 || len(result["settings"].([]any)) != 18 || len(result["others"].([]any)) != 3 {
		t.Errorf("done: %d %v", status, body)
	}
	if notes := result["notes"].([]any); !strings.HasPrefix(notes[len(notes)-1].(string), "BG/NBD is not fitted: ") { // and compares not
		t.Errorf("notes: %v", notes)
	}
	text := b.drawn(t, "text", plainText)
	if !strings.Contains(text, "400 customers as of 2025-12-31") || !strings.Contains(text, "recency alone") || !strings.Contains(text, "churn risk") {
		t.Error(text)
	}
	svg := b.drawn(t, "svg", svgImage)
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
	}
	if !strings.HasPrefix(svg, "<svg") || strings.Contains(svg, "<script") || strings.Count(svg, `class="cell"`) != 6 {
		t.Error(svg)
	}

	b.handler.now = func() time.Time { return now.Add(time.Hour) }
	_, body, _ = b.do(t, "start_backtest", func(r *api.Request) { r.Body = `{"run_id":"tried"}` })
	second := body["backtest_id"].(string)
	must(t, b.store.FailBacktest(t.Context(), second, "the reason", now))
	_, body, _ = b.do(t, "backtests", nil)
	all := body["backtests"].([]any)
	if len(all) != 2 || all[0].(map[string]any)["backtest_id"] != second || all[0].(map[string]any)["reason"] != "the reason" || all[1].(map[string]any)["result"] != nil {
		t.Errorf("the list: %v", all)
	}
	if _, body, _ := b.do(t, "backtests", asked("limit", "1")); len(body["backtests"].([]any)) != 1 {
		t.Errorf("one: %v", body)
	}
	record, err := b.store.Backtest(t.Context(), id)
	must(t, err)
	must(t, b.lake.Delete(t.Context(), trial.ReportKey(record)))
	if status, body, _ := b.do(t, "backtest", nil); status != http.StatusGone {
		t.Errorf("whose report has expired: %d %v", status, body)
	}
}

// asked returns a change that makes a request's one query parameter.
func asked(name, value string) func(*api.Request) {
	return func(r *api.Request) { r.QueryStringParameters = map[string]string{name: value} }
}

// drawn returns the sample backtest in a format that is not JSON, which the description must know.
func (b *testBundle) drawn(t *testing.T, format, contentType string) string {
	t.Helper()
	raw, err := os.ReadFile("../../events/console/backtest.json")
	must(t, err)
	var r api.Request
	must(t, json.Unmarshal(raw, &r))
	asked("format", format)(&r)
	out, err := b.handler.Handle(context.WithoutCancel(t.Context()), r)
	if err != nil || out.StatusCode != http.StatusOK || out.Headers["content-type"] != contentType {
		t.Fatal(out, err)
	}
	d := describedInterface(t)
	if content := d.Paths["/v1/rfm/backtests/{id}"]["get"].Responses["200"]["content"].(map[string]any); content[contentType] == nil {
		t.Errorf("the description knows no %s", contentType)
	}
	return out.Body
}

func TestBacktestsThatCannotBeAreRefused(t *testing.T) {
	b := setup(t)
	b.finished(t, applied, true)
	for _, c := range []struct{ name, body, pointer string }{
		{"nothing", "", ""},
		{"a member that is not known", `{"window":[1]}`, "/window"},
		{"a member that is null", `{"as_of":null}`, "/as_of"},
		{"no such run", `{"run_id":"gone"}`, "/run_id"},
		{"an id that no run has", `{"run_id":"../x"}`, "/run_id"},
		{"no date", `{"as_of":"yesterday"}`, "/as_of"},
		{"a holdout that has not passed", `{"as_of":"2026-02-01"}`, "/as_of"},
		{"a cut before 1970", `{"as_of":"1969-12-31"}`, "/as_of"},
		{"a holdout of no days", `{"holdout_days":0}`, "/holdout_days"},
		{"a holdout of ages", `{"holdout_days":3651}`, "/holdout_days"},
		{"no windows", `{"window_days":[]}`, "/window_days"},
		{"a window below 0", `{"window_days":[90,-1]}`, "/window_days/1"},
		{"a window twice", `{"window_days":[90,90]}`, "/window_days"},
		{"too many windows", `{"window_days":[1,2,3,4,5,6,7,8,9]}`, "/window_days"},
		{"one bin", `{"bins":[1]}`, "/bins"},
		{"eleven bins", `{"bins":[5,11]}`, "/bins"},
		{"two weights", `{"weights":[[1,1]]}`, "/weights/0"},
		{"weights of nothing", `{"weights":[[1,0,0],[0,0,0]]}`, "/weights/1"},
		{"a weight over 9", `{"weights":[[1,0,10]]}`, "/weights/0"},
		{"the same ratio twice", `{"weights":[[1,1,0],[2,2,0]]}`, "/weights"},
		{"no customers", `{"customers":0}`, "/customers"},
		{"too many customers", `{"customers":1000001}`, "/customers"},
		{"too many settings", `{"window_days":[1,2,3,4,5,6,7,8],"bins":[2,3,4,5,6,7,8,9,10],"weights":[` + manyWeights(150) + `]}`, "/weights"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body, _ := b.do(t, "start_backtest", func(r *api.Request) { r.Body = c.body })
			if pointer, _ := body["pointer"].(string); status != http.StatusBadRequest || pointer != c.pointer {
				t.Errorf("%d %v", status, body)
			}
		})
	}
	for _, id := range []string{"20260301T083101.000Z", "../x", ""} {
		if status, body, _ := b.do(t, "backtest", func(r *api.Request) { r.PathParameters["id"] = id }); status != http.StatusNotFound {
			t.Errorf("%q: %d %v", id, status, body)
		}
	}
	for _, change := range []func(*api.Request){asked("format", "png"), asked("format", ""), asked("most", "5")} {
		if status, body, _ := b.do(t, "backtest", change); status != http.StatusBadRequest {
			t.Errorf("%d %v", status, body)
		}
	}
	if got := b.phases(); len(got) != 0 {
		t.Errorf("what was refused queued %v", got)
	}
}

// manyWeights returns so many lists of weights.
func manyWeights(n int) string {
	var out []string
	for i := range n {
		out = append(out, "["+string(rune('0'+i/100))+","+string(rune('0'+i/10%10))+","+string(rune('0'+i%10))+"]")
	}
	return strings.Join(out, ",")
}
