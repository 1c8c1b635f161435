package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/budget"
	"liuke/shared/campaign"
	"liuke/shared/customer"
	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/offer"
	"liuke/shared/outreach"
	"liuke/shared/recalc"
)

const springSale = `
id: spring_sale
kind: transactional
on: {signal: campaign}
audience: 'segment != "Lost"'
channels: [sms, email]
content: {en: {text: 'A sale, {{ customer.name | default: "you" }}'}}
pieces:
  - for: {channel: email}
    content: {en: {subject: Sale, text: Sale, html: Sale}}
steps:
  - {id: again, after: 2d, channel: email, content: {en: {subject: Again, text: Again, html: Again}}}
`

// stocked is a world with a recalculation that was applied, and a scene.
func stocked(t *testing.T, customers int) *world {
	t.Helper()
	w := newWorld(t)
	w.paged.rows = 20
	w.handler = w.newHandler(Props{PartRows: 20})
	histories := shop(11, customers)
	w.put(histories)
	i := 0
	for id := range histories {
		p := customer.Profile{Version: 1}
		set := func(name, value string) { p.Set(name, customer.Trait{Value: value, Time: 1, Event: "e"}) }
		if i++; i%2 == 0 {
			set(customer.TraitEmail, string(id)+"@example.com")
			set(customer.ConsentTrait("email"), "true")
		}
		if i%3 == 0 {
			set(customer.TraitPhone, "+8613800138000")
			set(customer.ConsentTrait("sms"), "true")
		}
		if err := w.store.PutProfile(t.Context(), id, &p); err != nil {
			t.Fatal(err)
		}
	}
	d := document.Document{Name: outreach.DocumentName(outreach.Scene, "spring_sale"), Version: 1, Body: springSale, Edited: w.now}
	if err := w.store.PutSceneDocument(t.Context(), &d, 0, nil); err != nil {
		t.Fatal(err)
	}
	w.run(`{}`)
	w.told()
	return w
}

func (w *world) campaign(terms campaign.Terms) *campaign.Record {
	w.t.Helper()
	terms.At = w.now
	p := campaign.Planner{Store: w.store, Queue: w.phases, Now: func() time.Time { return w.now }}
	r, err := p.Plan(w.t.Context(), "spring_sale", terms)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// ended returns a run as it is now, which must be done.
func (w *world) ended(r *campaign.Record) *campaign.Record {
	w.t.Helper()
	now, err := w.store.Campaign(w.t.Context(), r.Scene, r.ID)
	if err != nil || now.State != recalc.Done || now.Step != now.Steps || now.Counts.Seen != int64(now.Steps) {
		w.t.Fatalf("%+v, %v", now, err)
	}
	w.now = w.now.Add(time.Second)
	return now
}

func (w *world) object(key string) string {
	w.t.Helper()
	raw, err := w.lake.Get(w.t.Context(), key)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(raw)
}

func TestACampaignTellsTheAudienceAndItsSimulationTellsNobodyWhereverWorkersDie(t *testing.T) {
	w := stocked(t, 90)
	terms := campaign.Terms{PerSecond: 50, Seed: 3}
	plain := w.campaign(terms)
	w.drain()
	done, want := w.ended(plain), w.told()
	if len(want) < 20 || int64(len(want)) != done.Counts.Signalled || done.Counts.Audience == done.Counts.Seen {
		t.Fatalf("%d told, %+v", len(want), done.Counts)
	}
	for id, told := range want {
		rec := w.record(id)
		if rec.Scores.Segment == "Lost" || len(told) != 1 || !strings.HasPrefix(told[0], "campaign:"+plain.ID) {
			t.Errorf("%s in %s is told %q", id, rec.Scores.Segment, told)
		}
	}
	terms.Simulated = true
	simulated := w.campaign(terms)
	w.drain()
	counts := w.ended(simulated).Counts
	report, rows := w.object(campaign.ReportKey(simulated)), w.object(campaign.RowsKey(simulated))
	if counts.Signalled != done.Counts.Signalled || counts.Audience != done.Counts.Audience {
		t.Errorf("the simulation counts %+v, and the campaign %+v", counts, done.Counts)
	}
	if told := w.told(); len(told) > 0 {
		t.Errorf("a simulation tells outreach %v", told)
	}
	var r campaign.Report
	if err := json.Unmarshal([]byte(report), &r); err != nil || r.Messages == 0 || len(r.Steps) != 2 || r.Steps[0].Decided != counts.Seen || strings.Contains(report, "examples") {
		t.Errorf("%v, %s", err, report)
	}
	table, err := csv.NewReader(strings.NewReader(rows)).ReadAll()
	if err != nil || int64(len(table)) != 1+r.Steps[0].Decided+r.Steps[1].Decided {
		t.Errorf("%d rows, %v", len(table), err)
	}
	looks := 0
	w.handler.Left = func(context.Context) time.Duration { // enough for two chunks
		if looks++; looks%3 == 0 {
			return 0
		}
		return time.Hour
	}
	for _, simulate := range []bool{false, true} {
		terms.Simulated = simulate
		again := w.campaign(terms)
		deaths := w.stubborn(func(n int) bool { return n%2 == 0 }, true)
		if deaths < 15 {
			t.Errorf("%d workers died: the test shows little", deaths)
		}
		if w.ended(again); !simulate {
			if d := cmp.Diff(keysOf(want), keysOf(w.told())); d != "" {
				t.Error(d)
			}
			continue
		}
		if got := w.object(campaign.RowsKey(again)); len(got) != len(rows) { // the clock is seconds on, and all else the same
			t.Errorf("%d bytes of rows, want %d", len(got), len(rows))
		}
		if got := w.object(campaign.ReportKey(again)); got != report {
			t.Error(cmp.Diff(report, got))
		}
	}
}

func keysOf(told map[customer.ID][]string) map[customer.ID]int {
	out := map[customer.ID]int{}
	for id, all := range told {
		out[id] = len(all)
	}
	return out
}

func TestACampaignStopsWhereItIsCancelledOrFull(t *testing.T) {
	w := stocked(t, 60)
	t.Run("at its limit", func(t *testing.T) {
		r := w.campaign(campaign.Terms{Customers: 5, PerSecond: 50})
		w.drain()
		now, err := w.store.Campaign(t.Context(), r.Scene, r.ID)
		if told := w.told(); err != nil || len(told) != 5 || now.State != recalc.Done || now.Counts.Signalled != 5 {
			t.Errorf("%d told, %+v, %v", len(told), now, err)
		}
		w.now = w.now.Add(time.Second)
	})
	t.Run("cancelled before the next part", func(t *testing.T) {
		r := w.campaign(campaign.Terms{PerSecond: 50})
		chunks := 0
		w.handler.Left = func(context.Context) time.Duration {
			if chunks++; chunks == 2 { // the second part has begun
				if _, err := w.store.CancelCampaign(context.Background(), r.Scene, r.ID, w.now); err != nil {
					t.Error(err)
				}
			}
			return time.Hour
		}
		w.drain()
		w.handler.Left = untilDeadline
		now, err := w.store.Campaign(t.Context(), r.Scene, r.ID)
		told := w.told()
		if err != nil || now.State != campaign.Cancelled || len(told) == 0 || len(told) > 40 {
			t.Errorf("%d told, %+v, %v", len(told), now, err)
		}
		w.now = w.now.Add(time.Second)
	})
	t.Run("of a scene that is gone", func(t *testing.T) {
		p := campaign.Planner{Store: w.store, Queue: w.phases, Now: func() time.Time { return w.now.Add(time.Minute) }}
		r, err := p.Plan(t.Context(), "no_scene", campaign.Terms{At: w.now})
		if err != nil {
			t.Fatal(err)
		}
		w.drain()
		if now, err := w.store.Campaign(t.Context(), r.Scene, r.ID); err != nil || now.State != recalc.Failed || now.Reason == "" {
			t.Errorf("%+v, %v", now, err)
		}
	})
	t.Run("that never was", func(t *testing.T) {
		if w.deliver(`{"phase":"campaign","scene":"spring_sale","campaign":"x","run":"r"}`) {
			t.Error("the message of no campaign is acknowledged")
		}
		if _, err := w.store.Campaign(t.Context(), "spring_sale", "x"); fault.CodeOf(err) != fault.NotFound {
			t.Error(err)
		}
	})
}

// What others have spent and been given before is lacking to a simulation, unless its clock stands on another day.
func TestASimulationBeginsWithWhatIsLeftOfMoneyAndCodes(t *testing.T) {
	w := stocked(t, 60)
	edited := strings.NewReplacer("channels: [sms, email]", "channels: [sms, email]\noffer: {pool: spring}", "text: Again, html", "text: '{{ offer.code }}', html",
		`| default: "you"`, "").Replace(springSale)
	pool := &offer.Pool{ID: "spring"}
	settings := `{"prices":[{"channel":"sms","each":"0.05"},{"channel":"email","each":"0.10"}],"budget":{"per_day":"10.00","per_message":"0.15"}}`
	if err := errors.Join(
		w.store.PutSceneDocument(t.Context(), &document.Document{Name: outreach.DocumentName(outreach.Scene, "spring_sale"), Version: 2, Body: edited, Edited: w.now}, 1, nil),
		w.store.PutDocument(t.Context(), &document.Document{Name: outreach.Document, Version: 1, Body: settings, Edited: w.now}, 0),
		w.store.PutPool(t.Context(), pool), w.store.PutCodes(t.Context(), pool, []string{"A-1", "A-2", "A-3", "A-4"}),
	); err != nil {
		t.Fatal(err)
	}
	simulate := func(at time.Time) map[string]int64 {
		t.Helper()
		p := campaign.Planner{Store: w.store, Queue: w.phases, Now: func() time.Time { return w.now }}
		r, err := p.Plan(t.Context(), "spring_sale", campaign.Terms{Simulated: true, At: at, PerSecond: 50})
		if err != nil {
			t.Fatal(err)
		}
		w.drain()
		w.ended(r)
		var report campaign.Report
		if err := json.Unmarshal([]byte(w.object(campaign.ReportKey(r))), &report); err != nil {
			t.Fatal(err)
		}
		out := map[string]int64{"message": report.Steps[0].Messages}
		for _, h := range append(report.Steps[0].Held, report.Steps[0].Failed...) {
			out[strings.TrimSpace(h.Gate+" "+h.Reason)] += h.Customers
		}
		return out
	}
	if got := simulate(w.now); got["message"]+got["missing_variable:customer.name"] != 4 || got["missing_variable:customer.name"] == 0 || got["offer offer_pool_empty"] == 0 || got["budget budget_spent"] != 0 {
		t.Errorf("with four codes: %v", got)
	}
	limits := budget.Limits{Day: new(budget.Micro), Dearest: 150_000}
	*limits.Day = 10_000_000
	for i := range 200 { // all that there is
		r := limits.NewReserve(limits.Accounts("", budget.Day(w.now, w.settings.Zone)), strconv.Itoa(i), 50_000, 1)
		if _, err := w.store.Reserve(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if got := simulate(w.now); got["message"] != 0 || got["offer offer_pool_empty"] != 0 || got["budget budget_spent"] == 0 {
		t.Errorf("where the day's budget is spent: %v", got)
	}
	if got := simulate(w.now.Add(24 * time.Hour)); got["budget budget_spent"] != 0 || got["offer offer_pool_empty"] == 0 {
		t.Errorf("of the day after: %v", got)
	}
}
