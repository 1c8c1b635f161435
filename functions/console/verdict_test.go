package main

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"liuke/shared/api"
	"liuke/shared/customer"
	"liuke/shared/document"
	"liuke/shared/dynamo"
	"liuke/shared/event"
	"liuke/shared/recalc"
	"liuke/shared/segment"
)

// varied stores some of the crowd with signs of all kinds, under names of their own.
func (b *testBundle) varied(t *testing.T) (ids []customer.ID) {
	t.Helper()
	day := customer.DayOf(started, business.Zone)
	for i, rec := range crowded(24, day) {
		rec.ID = customer.ID(fmt.Sprint("varied-", i))
		rec.Touch(started.AddDate(-1, 0, 0).Unix())
		for n := range i % 4 {
			month := customer.MonthOf(day) - customer.Month(n)
			rec.Signs.Add(customer.TicketOpened, month)
			rec.Signs.Add(customer.ComplaintFiled, month)
			rec.Signs.Add(customer.Referral, month)
		}
		if i%3 == 0 {
			rec.Signs.Answered(customer.NPS, customer.Opinion{Score: int64(i % 11), Time: started.AddDate(0, 0, -i).UnixMilli()})
			rec.Signs.Birthday = customer.Birthday{Month: 2, Day: 9}
		}
		must(t, b.store.Commit(t.Context(), &rec, nil))
		ids = append(ids, rec.ID)
	}
	return ids
}

// TestWhatIsShownOfACustomerIsWhatTheRunComputed holds labels, scores, forecasts and their reasons to the run's lines.
func TestWhatIsShownOfACustomerIsWhatTheRunComputed(t *testing.T) {
	b := setup(t)
	ids := b.varied(t)
	loyal := document.Document{Name: recalc.ModelDocument("loyal"), Version: 1, Body: loyal(1), Edited: now}
	d := b.publish(t, loyal)
	held := 0
	for _, id := range ids {
		line := d.lines[id]
		_, body, out := b.do(t, "customer", func(r *api.Request) { r.PathParameters["id"] = string(id) })
		scores := body["scores"].(map[string]any)
		if scores["up_to_date"] != true || scores["segment"] != line.Scores.Segment || scores["risk"] != line.Scores.Risk {
			t.Errorf("%s: %s", id, out.Body)
		}
		labels := scores["labels"].([]any)
		if len(labels) != len(d.options.Models.Names()) {
			t.Fatalf("%d labels", len(labels))
		}
		for i, name := range d.options.Models.Names() {
			l := labels[i].(map[string]any)
			if want := string(line.Labels.Get(name)); l["model"] != name || l["label"] != want || l["stands"] != want {
				t.Errorf("%s: %v, want %s", id, l, want)
			}
			if l["held"] == true {
				held++
			}
			checkReason(t, d.options, &line, l)
		}
		for score, want := range map[string]float64{"churn": line.Churn.Risk.Value, "health": line.Churn.Health.Value} {
			shown := scores[score].(map[string]any)
			sum := 0.0
			for _, p := range shown["parts"].([]any) {
				p := p.(map[string]any)
				sum += p["points"].(float64)
				if text := p["text"].(string); !strings.HasSuffix(text, ".") {
					t.Errorf("%s: %q", id, text)
				}
			}
			if shown["score"] != math.Round(want) || sum != shown["score"] {
				t.Errorf("%s: %s is %v, of parts that come to %v, want %v", id, score, shown["score"], sum, want)
			}
		}
		forecast := scores["forecast"].(map[string]any)
		if forecast["model"] != "bg_nbd" || forecast["p_alive"] != line.Forecast.Alive || forecast["expected_orders_90d"] != line.Forecast.Orders ||
			forecast["clv"] != fmt.Sprintf("%.2f", line.Forecast.Value) || (forecast["note"] != nil) != (line.Churn.Pattern.Purchases == 1) {
			t.Errorf("%s: %v, want %+v", id, forecast, line.Forecast)
		}
		rhythm := scores["rhythm"].(map[string]any)
		if rhythm["usual_gap_days"] != line.Churn.Usual || rhythm["overdue"] != line.Churn.Overdue || rhythm["next_order_due"] != *dayOf(line.Churn.Due) {
			t.Errorf("%s: %v, want %+v", id, rhythm, line.Churn)
		}
	}
	if held > 0 {
		t.Errorf("%d labels stand only because they stood, and none stood before the run", held)
	}
}

// checkReason holds the reason for a label to what the customer is: all conditions of a rule that gave it hold.
func checkReason(t *testing.T, o *recalc.Options, line *recalc.Line, l map[string]any) {
	t.Helper()
	m, _ := o.Models.Model(l["model"].(string))
	conditions, rule := l["conditions"].([]any), l["rule"]
	if rule == nil {
		if l["label"] != string(m.Rest) || len(conditions) > 0 {
			t.Errorf("no rule, and %v", l)
		}
		return
	}
	r := m.Rules[int(rule.(float64))-1]
	missing := len(l["missing"].([]any))
	if len(conditions) != len(r.When) || (l["label"] == "unknown") != (missing > 0) || missing == 0 && l["label"] != string(r.Label) {
		t.Errorf("%v of the rule %v", l, r)
	}
	for i, c := range conditions {
		shown := c.(map[string]any)
		want := l["points"]
		if in := r.When[i].Input; in != segment.Points {
			want = nil
			if v := number(line.Facts[in]); v != nil {
				want = *v
			}
		}
		if shown["is"] != want || shown["asks"] != r.When[i].Span.String() {
			t.Errorf("%v, want %v of %v", shown, want, r.When[i])
		}
	}
}

func TestACustomerWhoMovedSinceTheRunIsNotUpToDate(t *testing.T) {
	b := setup(t)
	b.seed(t)
	b.publish(t)
	_, body, _ := b.do(t, "customer", nil)
	before := body["scores"].(map[string]any)
	if before["up_to_date"] != true {
		t.Errorf("%v", before)
	}
	var more []event.Event
	for i := range 4 {
		more = append(more, placed(t, fmt.Sprint(i), string(user), "", "900.00"))
	}
	b.fold(t, more...)
	_, body, _ = b.do(t, "customer", nil)
	after := body["scores"].(map[string]any)
	rfm10 := func(scores map[string]any) (label, stands string) {
		for _, l := range scores["labels"].([]any) {
			if l := l.(map[string]any); l["model"] == "rfm10" {
				return l["label"].(string), l["stands"].(string)
			}
		}
		return "", ""
	}
	label, stands := rfm10(after)
	if after["up_to_date"] != false || after["segment"] != before["segment"] || stands != before["segment"] || label != "Champions" {
		t.Errorf("%s, %s: %v", label, stands, after)
	}
}

func TestACustomerWhomNoRunJudgedHasNoScores(t *testing.T) {
	b := setup(t)
	b.publish(t)
	b.fold(t, placed(t, "1", "new", "", "10.00"))
	_, body, out := b.do(t, "customer", func(r *api.Request) { r.PathParameters["id"] = "new" })
	if body["scores"] != nil || !strings.Contains(out.Body, `"signs":{"channel":null,"birthday":null,"counts":{},"open_tickets":0,"opinions":{"ces":null,"csat":null,"nps":null}}`) {
		t.Errorf("%s", out.Body)
	}
}

func TestSignsOfACustomerAreShown(t *testing.T) {
	b := setup(t)
	id := b.varied(t)[3] // three months with tickets, and an answer
	status, body, out := b.do(t, "customer", func(r *api.Request) { r.PathParameters["id"] = string(id) })
	if status != http.StatusOK {
		t.Fatal(status, body)
	}
	for _, want := range []string{
		`"channel":"friends","birthday":"02-09"`, `"tickets_opened":{"total":3,"last_month":"2026-03"}`, `"open_tickets":3`,
		`"nps":{"score":3,"answered_at":"2026-02-26T03:00:00Z"}`, `"csat":null`, `"scores":null`,
	} {
		if !strings.Contains(out.Body, want) {
			t.Errorf("%s is not in %s", want, out.Body)
		}
	}
}

// TestTheRunThatStandsIsReadOnce counts the read units of a customer: the run's record and documents are kept.
func TestTheRunThatStandsIsReadOnce(t *testing.T) {
	b := setup(t)
	b.seed(t)
	big := document.Document{Name: recalc.ModelDocument("loyal"), Version: 1, Body: loyal(1) + "#" + strings.Repeat("x", 60_000), Edited: now}
	b.publish(t, big)
	read := func() float64 {
		meter := &dynamo.Meter{}
		out, err := b.handler.Handle(dynamo.WithMeter(t.Context(), meter), sampled(t, "customer"))
		if err != nil || out.StatusCode != http.StatusOK {
			t.Fatal(err, out.StatusCode)
		}
		units, _ := meter.Units()
		return units
	}
	first, second := read(), read()
	if second > 8 || first < second+15 { // 60 KB of documents are 15 units
		t.Errorf("%v read units, then %v", first, second)
	}
	t.Logf("%v read units, then %v", first, second)
}

func TestARecordIsTheRowThatASnapshotWouldKeep(t *testing.T) {
	b := setup(t)
	b.varied(t)
	b.publish(t) // so that scores stand
	rows, _, err := b.store.ScanCustomers(t.Context(), 0, 1, "")
	must(t, err)
	for _, want := range rows {
		rec, err := b.store.Root(t.Context(), want.ID)
		must(t, err)
		if d := cmp.Diff(want, recalc.RowOf(&rec), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s: %s", want.ID, d)
		}
	}
	if len(rows) < 24 {
		t.Errorf("%d rows", len(rows))
	}
}
