package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"liuke/shared/customer"
	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/occasion"
	"liuke/shared/recalc"
)

func TestARunEqualsThePlainComputation(t *testing.T) {
	for _, c := range []struct {
		name    string
		counted int64 // what the table says of its size: makes slices
		rows    int   // a page of the scan
		part    int
	}{
		{"one slice in one part", 1, 1 << 20, 0},
		{"four slices of many parts", 200_000, 9, 15},
		{"many slices, some of them empty", 4_000_000, 9, 15},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.paged.counted, w.paged.rows = c.counted, c.rows
			w.handler = w.newHandler(Props{PartRows: c.part})
			histories := shop(7, 230)
			w.put(histories)
			run := w.run(`{}`)
			w.expect(run, w.compute(run, histories, stood{}), w.told())
			if run.Fit.Models.Orders.Orders() == nil || run.Fit.Models.Spend == nil || run.Fit.Models.Rhythm == nil || run.Fit.Models.Before.Orders() == nil {
				t.Errorf("models refused: %+v", run.Fit.Models)
			}

			again := w.run(`{}`)
			if told := w.told(); again.Report.Write != 0 || again.Report.Differing != 0 || len(told) != 0 {
				t.Errorf("the same run again writes %v units, differs in %d and tells %d", again.Report.Write, again.Report.Differing, len(told))
			}

			w.now = w.now.AddDate(0, 2, 0)
			standing := w.standing(histories)
			later := w.run(`{"window_days":180}`)
			told := w.told()
			w.expect(later, w.compute(later, histories, stood{standing, again}), told)
			if len(told) == 0 || len(later.Report.Moves) == 0 || later.Report.Warnings == 0 || later.Report.Occasions[occasion.Silence] == 0 || later.Fit.Drift == nil {
				t.Errorf("in two months hardly anything happened, so that the test shows little: %+v", later.Report)
			}
		})
	}
}

func TestARunAsOfAPastDayTouchesNothing(t *testing.T) {
	w := newWorld(t)
	histories := shop(3, 120)
	w.put(histories)
	w.run(`{}`)
	w.told()
	before := w.standing(histories)
	current, _ := w.store.CurrentRun(t.Context())
	past := w.run(`{"as_of":"2025-09-30","window_days":0}`)
	if told := w.told(); len(told) != 0 || past.Report.Write != 0 || len(past.Report.Moves) != 0 {
		t.Errorf("a past run tells %v, writes %v units and reports %v", told, past.Report.Write, past.Report.Moves)
	}
	if diff := cmp.Diff(before, w.standing(histories)); diff != "" {
		t.Error(diff)
	}
	if after, _ := w.store.CurrentRun(t.Context()); after != current {
		t.Errorf("the current run is %s, and was %s", after, current)
	}
	scores := w.scores(past)
	want := w.compute(past, histories, stood{scores: before})
	if int64(len(scores)) != want.result.Customers || len(scores) >= len(w.scores(w.run(`{}`))) {
		t.Errorf("%d customers, want the %d who had ordered by then", len(scores), want.result.Customers)
	}

	applied := w.run(`{"as_of":"2025-09-30","apply":true}`)
	if current, _ := w.store.CurrentRun(t.Context()); current != applied.ID || len(w.told()) == 0 {
		t.Error("a past run that is told to apply has no effect")
	}
}

func TestScoresGoWhereAllOrdersWereCancelled(t *testing.T) {
	w := newWorld(t)
	histories := shop(3, 60)
	w.put(histories)
	w.run(`{}`)
	gone := customer.ID("customer 001")
	histories[gone] = &customer.History{}
	w.put(map[customer.ID]*customer.History{gone: histories[gone]})
	w.write(gone, customer.Scores{R: 3, F: 3, M: 3, Segment: "Lost", Risk: "high", Labels: "rfm10\tLost", Run: 1})
	run := w.run(`{}`)
	if got := w.record(gone).Scores; got != (customer.Scores{Run: run.Started.UnixMilli()}) {
		t.Errorf("scores stand: %+v", got)
	}
	if told := w.told(); len(told[gone]) != 0 {
		t.Errorf("outreach is told %q", told[gone])
	}
}

func (w *world) write(id customer.ID, scores customer.Scores) {
	w.t.Helper()
	if ok, err := w.store.WriteScores(w.t.Context(), id, scores); !ok || err != nil {
		w.t.Fatal(ok, err)
	}
}

func TestSmallPopulations(t *testing.T) {
	day := customer.Date(2026, time.February, 1)
	for n, want := range map[int][]string{0: nil, 1: {"511"}, 4: {"511", "422", "244", "155"}} {
		t.Run(fmt.Sprintf("%d customers", n), func(t *testing.T) {
			w := newWorld(t)
			histories := make(map[customer.ID]*customer.History)
			for i := range n {
				h := &customer.History{}
				for range i + 1 {
					h.Add(day-customer.Day(i), 1000)
				}
				histories[customer.ID(fmt.Sprintf("=%d", i))] = h
			}
			w.put(histories)
			run := w.run(`{"window_days":0}`)
			scores := w.scores(run)
			for i, triple := range want {
				line := scores[fmt.Sprintf("'=%d", i)] // inert in a spreadsheet
				if got := line["r"] + line["f"] + line["m"]; got != triple || line["p_alive"] != "" || line["clv"] != "" {
					t.Errorf("customer %d scores %s with P(alive) %q, want %s without", i, got, line["p_alive"], triple)
				}
			}
			if len(scores) != n {
				t.Errorf("%d lines, want %d", len(scores), n)
			}
			view, _ := json.Marshal(run.View())
			if !strings.Contains(string(view), `"bg_nbd":{"refused":"too few customers bought again`) {
				t.Errorf("the model is not refused with its reason: %s", view)
			}
		})
	}
}

func TestAnOrderDuringTheScanStays(t *testing.T) {
	w := newWorld(t)
	w.paged.rows = 10
	w.handler = w.newHandler(Props{PartRows: 10})
	histories := shop(5, 60)
	w.put(histories)
	ids := slices.Sorted(maps.Keys(histories))
	day := customer.Date(2026, time.March, 1)
	w.paged.scanned = func(page int) { // to everybody, wherever the scan is: some are scanned already, some are not yet
		if page == 2 {
			for _, id := range ids {
				w.order(id, day, 777)
			}
		}
	}
	first := w.run(`{}`)
	for _, id := range ids {
		rec := w.record(id)
		if rec.Version != 2 || rec.History.Orders() != histories[id].Orders()+1 || rec.History.Net() != histories[id].Net()+777 {
			t.Errorf("%s has version %d, %d orders and %d", id, rec.Version, rec.History.Orders(), rec.History.Net())
		}
	}
	w.paged.scanned = nil
	w.told()
	standing := w.standing(histories)
	for _, id := range ids {
		histories[id].Add(day, 777)
	}
	next := w.run(`{}`)
	w.expect(next, w.compute(next, histories, stood{standing, first}), w.told())
}

func TestANewerRunIsNotOverwritten(t *testing.T) {
	w := newWorld(t)
	histories := shop(5, 60)
	w.put(histories)
	newer := customer.Scores{R: 5, F: 5, M: 5, Segment: "Champions", Risk: "low", Labels: "rfm10\tChampions", Run: w.now.Add(time.Hour).UnixMilli()}
	w.write("customer 001", newer)
	w.run(`{}`)
	if got := w.record("customer 001").Scores; got != newer {
		t.Errorf("a newer run's scores became %+v", got)
	}
	if told := w.told(); len(told["customer 001"]) != 0 {
		t.Errorf("outreach is told of what was not written: %s", told["customer 001"])
	}
}

func TestInvocationsThatRunOutOfTimeGoOnWhereTheyWere(t *testing.T) {
	for _, request := range []string{`{}`, `{"binning":"ntile"}`} {
		w := newWorld(t)
		w.paged.rows = 20
		looks := 0
		w.handler = w.newHandler(Props{PartRows: 20, Left: func(context.Context) time.Duration {
			if looks++; looks%3 == 0 {
				return 0
			}
			return time.Hour
		}})
		histories := shop(5, 120)
		w.put(histories)
		run := w.run(request)
		w.expect(run, w.compute(run, histories, stood{}), w.told())
	}
}

func TestOneRunAtATime(t *testing.T) {
	w := newWorld(t)
	w.put(shop(5, 60))
	at := w.now
	fire := func() error {
		_, err := w.handler.Handle(t.Context(), json.RawMessage(fmt.Sprintf(`{"schedule":"recalculate","scheduled_at":%q}`, at.Format(time.RFC3339))))
		return err
	}
	for range 2 { // a schedule that fires twice
		if err := fire(); err != nil {
			t.Fatal(err)
		}
	}
	const id = "scheduled-20260301T030000Z"
	p := recalc.Planner{Store: w.paged, Queue: w.phases, Now: func() time.Time { return w.now }, Settings: w.settings}
	_, err := p.Plan(t.Context(), recalc.Request{})
	if busy, ok := recalc.Busy(err); !ok || busy != id || fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), id) {
		t.Fatalf("a run beside another: %v", err)
	}
	at = at.Add(24 * time.Hour)
	if err := fire(); err != nil { // it waits for the other
		t.Fatal(err)
	}
	w.drain()
	w.done(id)
	w.done("scheduled-20260302T030000Z")
	runs, err := w.store.Runs(t.Context(), 10)
	if err != nil || len(runs) != 2 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
}

func TestALostRunIsTakenOver(t *testing.T) {
	w := newWorld(t)
	histories := shop(5, 60)
	w.put(histories)
	lost := w.plan(`{}`)
	body, _ := w.phases.take() // and never comes back
	w.now = w.now.Add(recalc.Lease + recalc.Grace - time.Second)
	p := recalc.Planner{Store: w.paged, Queue: w.phases, Now: func() time.Time { return w.now }, Settings: w.settings}
	if _, err := p.Plan(t.Context(), recalc.Request{}); fault.CodeOf(err) != fault.Conflict {
		t.Fatalf("within its lease: %v", err)
	}
	w.now = w.now.Add(time.Second)
	run := w.run(`{}`)
	w.expect(run, w.compute(run, histories, stood{}), w.told())
	old, err := w.store.Run(t.Context(), lost)
	if err != nil || old.State != recalc.Failed || old.Reason == "" {
		t.Fatalf("the lost run is %s (%s), %v", old.State, old.Reason, err)
	}
	if !w.deliver(body) { // the lost worker's message after all
		t.Error("a message of a lost run is not acknowledged")
	}
	w.drain()
	if holder, err := w.store.LeaseHolder(t.Context()); holder != "" || err != nil {
		t.Errorf("the lease is %q's, %v", holder, err)
	}
}

func TestSampleEvents(t *testing.T) {
	w := newWorld(t)
	w.put(shop(5, 60))
	for _, c := range []struct {
		file   string
		failed int
	}{{"schedule.json", 0}, {"snapshot.json", 0}, {"fit.json", 0}, {"score.json", 0}, {"publish.json", 0}, {"unknown_run.json", 1}, {"undecodable.json", 1}} {
		raw, err := os.ReadFile("../../events/rfm/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		out, err := w.handler.Handle(t.Context(), raw)
		if err != nil {
			t.Fatalf("%s: %v", c.file, err)
		}
		answer, _ := json.Marshal(out)
		if got := strings.Count(string(answer), "itemIdentifier"); got != c.failed {
			t.Errorf("%s: %s", c.file, answer)
		}
	}
	w.done("scheduled-20260301T030000Z")
	for _, bad := range []string{`[]`, `{}`, `{"schedule":"due","scheduled_at":"2026-03-01T03:00:00Z"}`, `{"schedule":"recalculate"}`} {
		if _, err := w.handler.Handle(t.Context(), json.RawMessage(bad)); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestAClockThatJumpsChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.paged.counted, w.paged.rows = 100_000, 20
	w.handler = w.newHandler(Props{PartRows: 20})
	histories := shop(5, 120)
	w.put(histories)
	id := w.plan(`{}`)
	start := w.now
	for n := 0; ; n++ {
		body, ok := w.phases.take()
		if !ok {
			break
		}
		// An hour back, half an hour ahead, over midnight: whatever the workers' clocks say within the lease.
		w.now = start.Add([]time.Duration{-time.Hour, 30 * time.Minute, 0, -26 * time.Hour}[n%4])
		if !w.deliver(body) {
			t.Fatalf("not acknowledged: %s", body)
		}
	}
	w.now = start
	run := w.done(id)
	w.expect(run, w.compute(run, histories, stood{}), w.told())
}

func TestARunIsJudgedByTheDocumentsThatStoodWhenItWasPlanned(t *testing.T) {
	w := newWorld(t)
	histories := shop(5, 120)
	w.put(histories)
	first := w.run(`{}`)
	w.told()
	model := "name: vip\nversion: 1\nsignals: true\ntitle: {en: VIP, zh-CN: 贵宾}\ndescription: {en: Big spenders, zh-CN: 大客户}\n" +
		"inputs: [monetary]\nlabels:\n  - {name: vip, title: {en: VIP, zh-CN: 贵宾}}\n  - {name: others, title: {en: Others, zh-CN: 其他}}\n" +
		"rules:\n  - {label: vip, when: {monetary: top 10%}}\nrest: others\n"
	documents := []document.Document{
		{Name: recalc.ModelDocument("vip"), Body: model},
		{Name: recalc.RecalculationDocument, Body: `{"window_days":90,"model":"mbg_nbd","grouped_by":"quarter"}`},
		{Name: recalc.RiskDocument, Body: `{"risk_levels":{"medium":10,"high":20,"margin":1}}`},
		{Name: recalc.EconomicsDocument, Body: `{"gross_margin":0.4,"holdout_from":"2026-01-01"}`},
	}
	for i := range documents {
		documents[i].Version, documents[i].Edited = 1, w.now
		if err := recalc.CheckDocument(documents[i], "EUR"); err != nil {
			t.Fatal(err)
		}
		if err := w.store.PutDocument(t.Context(), &documents[i], int64(i)); err != nil {
			t.Fatal(err)
		}
	}
	before := stood{w.standing(histories), first}
	id := w.plan(`{}`)
	for i := range documents { // taken back while the run is under way
		documents[i].Version, documents[i].Body = 2, ""
		if err := w.store.PutDocument(t.Context(), &documents[i], int64(len(documents)+i)); err != nil {
			t.Fatal(err)
		}
	}
	w.drain()
	run := w.done(id)
	told := w.told()
	w.expect(run, w.compute(run, histories, before), told)
	if run.Terms.WindowDays != 90 || run.Fit.Models.Groups == nil || run.Fit.Models.Orders.MBGNBD == nil || !slices.Equal(run.Fit.Edited, []string{"/risk", "vip"}) || run.Report.Warnings != 0 {
		t.Errorf("the run is made by %+v, fitted %+v, and knows as edited %v", run.Terms, run.Fit.Models.Orders, run.Fit.Edited)
	}
	if n := len(w.members(run.ID, "vip", "vip", 1000)); n == 0 || n > 15 {
		t.Errorf("%d customers are in the top tenth of about a hundred", n)
	}
}

func TestARunWhosePhaseFailsForGoodHoldsNobodyBack(t *testing.T) {
	w := newWorld(t)
	w.put(shop(5, 60))
	id := w.plan(`{}`)
	body, _ := w.phases.take()
	if !w.deliver(body) {
		t.Fatal("the snapshot is not acknowledged")
	}
	fit, _ := w.phases.take()
	slice, err := w.store.Slice(t.Context(), id, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.lake.Put(t.Context(), recalc.SummaryKey(id, slice.Parts[0]), "application/octet-stream", []byte("damaged")); err != nil {
		t.Fatal(err)
	}
	for try := 1; try <= lastTry; try++ {
		if run, err := w.store.Run(t.Context(), id); err != nil || run.State != recalc.Running {
			t.Fatalf("before try %d the run is %s, %v", try, run.State, err)
		}
		raw, err := json.Marshal(events.SQSEvent{Records: []events.SQSMessage{{
			MessageId: "1", Body: fit, Attributes: map[string]string{"ApproximateReceiveCount": strconv.Itoa(try)},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		if out, err := w.handler.Handle(t.Context(), raw); err != nil || len(out.(events.SQSEventResponse).BatchItemFailures) != 1 {
			t.Fatalf("try %d: %v, %v", try, out, err)
		}
	}
	failed, err := w.store.Run(t.Context(), id)
	if err != nil || failed.State != recalc.Failed || !strings.Contains(failed.Reason, "fit failed 5 times") {
		t.Errorf("the run is %s (%s), %v", failed.State, failed.Reason, err)
	}
	w.now = w.now.Add(time.Second)
	w.run(`{}`)
}
