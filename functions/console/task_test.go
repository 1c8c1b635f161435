package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"liuke/shared/api"
	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/queue"
	"liuke/shared/signal"
	"liuke/shared/task"
)

// give stores a task about an answer of the customer's, as outreach makes it at a time.
func (b *testBundle) give(t *testing.T, c customer.ID, invitation, tier string, at time.Time) task.Task {
	t.Helper()
	data, err := json.Marshal(signal.AnswerData{Survey: "nps", Kind: "nps", Invitation: invitation, Score: 3})
	must(t, err)
	e, err := message.New("recovery_task", 0, message.Task, signal.Signal{
		ID: signal.AnswerID("nps", invitation), Kind: signal.AnswerGiven, Customer: c, Time: at, Data: data,
	}).Finish(at)
	must(t, err)
	policy := task.Defaults()
	policy.Owners["A"] = "li"
	made := task.New(&e, task.Brief{Title: "<b>Mend</b>", Text: "=cmd"}, tier, &policy, at)
	must(t, b.store.MakeTask(t.Context(), c, e, made, nil))
	made.Version = 1
	return made
}

// about lets a request name a task.
func about(made *task.Task, change func(*api.Request)) func(*api.Request) {
	return func(r *api.Request) {
		r.PathParameters["id"] = string(made.ID())
		if change != nil {
			change(r)
		}
	}
}

func TestATaskIsShown(t *testing.T) {
	b := setup(t)
	made := b.give(t, user, "i-1", "A", now.Add(-time.Hour))
	status, body, out := b.do(t, "task", about(&made, nil))
	if status != http.StatusOK || out.Headers["etag"] != `"1"` {
		t.Fatal(status, out.Headers, body)
	}
	for name, want := range map[string]any{
		"task_id": string(made.ID()), "customer_id": string(user), "scene": "recovery_task", "occasion": "answer:nps:i-1", "title": "<b>Mend</b>",
		"text": "=cmd", "tier": "A", "owner": "li", "state": "open", "overdue": true, "level": 0.0, "created_at": "2026-03-01T07:31:01Z",
		"due_at": "2026-03-01T07:47:00Z", "escalates_at": "2026-03-01T07:47:00Z", "closed_at": nil, "started_at": nil, "version": 1.0,
	} {
		if body[name] != want {
			t.Errorf("%s is %v, want %v", name, body[name], want)
		}
	}
	if strings.Contains(out.Body, "<b>") || fmt.Sprint(body["answer"]) != "map[invitation:i-1 metric:nps score:3 survey:nps]" {
		t.Errorf("%s", out.Body)
	}
	for _, id := range []string{"", "x", "../secret", string(made.ID())[1:], string(made.ID()) + "A", strings.Repeat("A", 5000), "a\x00b"} {
		for _, sample := range []string{"task", "change_task"} {
			if status, body, _ := b.do(t, sample, func(r *api.Request) { r.PathParameters["id"] = id }); status != http.StatusNotFound {
				t.Errorf("%s of %.20q: %d %v", sample, id, status, body)
			}
		}
	}
	if b.log.Len() != 0 {
		t.Errorf("logged: %s", b.log)
	}
}

func TestATaskThatIsDoneAsksTheCustomerAgainOnce(t *testing.T) {
	b := setup(t)
	made := b.give(t, user, "i-1", "A", now.Add(-time.Minute))
	status, body, out := b.do(t, "change_task", about(&made, nil))
	if status != http.StatusOK || body["state"] != "done" || body["outcome"] != "resolved" || body["closed_at"] != "2026-03-01T08:31:01Z" || body["escalates_at"] != nil || out.Headers["etag"] != `"2"` {
		t.Fatal(status, body)
	}
	first := b.signals()
	if len(first) != 1 {
		t.Fatalf("sent %v", first)
	}
	var pack signal.Pack
	must(t, json.Unmarshal([]byte(first[0]), &pack))
	var data signal.RequestData
	must(t, json.Unmarshal(pack.Signals[0].Data, &data))
	if s := pack.Signals[0]; s.Kind != signal.Requested || s.Customer != user || data.Survey != "nps" || !data.Again || !strings.HasPrefix(data.Invitation, "again-") {
		t.Errorf("%+v %+v", s, data)
	}
	later := now.Add(time.Hour)
	b.handler.now = func() time.Time { return later }
	status, again, _ := b.do(t, "change_task", about(&made, nil)) // with the If-Match of before
	if second := b.signals(); status != http.StatusOK || fmt.Sprint(again) != fmt.Sprint(body) || len(second) != 1 || second[0] != first[0] {
		t.Errorf("repeated: %d %v, sent %v and then %v", status, again, first, second)
	}
	if _, _, out := b.do(t, "change_task", about(&made, func(r *api.Request) { r.Headers["if-match"], r.Body = `"2"`, `{"note":"Thanked us."}` })); out.StatusCode != http.StatusOK || len(b.signals()) != 0 {
		t.Errorf("a note: %s", out.Body)
	}
	asked := b.give(t, user, data.Invitation, "A", now)
	if status, _, _ := b.do(t, "change_task", about(&asked, nil)); status != http.StatusOK || len(b.signals()) != 0 {
		t.Errorf("%d: asked a third time", status)
	}
	if status, _, _ := b.do(t, "change_task", about(&made, func(r *api.Request) { r.Headers["if-match"], r.Body = `"3"`, `{"state":"open"}` })); status != http.StatusConflict {
		t.Errorf("opened again: %d", status)
	}
}

// broken is a queue that takes nothing.
type broken struct{}

func (broken) Send(context.Context, ...queue.Message) error {
	return fault.New(fault.Unavailable, "nobody there")
}

func TestWhatIsBrokenOffBehindTheWriteIsHealedByRepeatingIt(t *testing.T) {
	b := setup(t)
	made := b.give(t, user, "i-1", "A", now)
	whole := b.handler.signals
	b.handler.signals = broken{}
	if status, body, _ := b.do(t, "change_task", about(&made, nil)); status != http.StatusServiceUnavailable {
		t.Fatal(status, body)
	}
	if strings.Contains(b.log.String(), string(user)) || strings.Contains(b.log.String(), string(made.ID())) {
		t.Errorf("the log names somebody: %s", b.log)
	}
	b.handler.signals = whole
	if status, body, _ := b.do(t, "change_task", about(&made, nil)); status != http.StatusOK || body["version"] != 2.0 || len(b.signals()) != 1 {
		t.Error(status, body)
	}
}

func TestTasksOfNobodyAskNobody(t *testing.T) {
	b := setup(t)
	made := b.give(t, user, "i-1", "A", now)
	if status, _, _ := b.do(t, "change_task", about(&made, func(r *api.Request) { r.Body = `{"state":"cancelled"}` })); status != http.StatusOK || len(b.signals()) != 0 {
		t.Errorf("cancelled: %d", status)
	}
	gone := b.give(t, "user-0002", "i-1", "A", now)
	must(t, b.store.Erase(t.Context(), "user-0002", now))
	for _, sample := range []string{"task", "change_task"} {
		if status, body, _ := b.do(t, sample, about(&gone, nil)); status != http.StatusGone {
			t.Errorf("%s of the erased: %d %v", sample, status, body)
		}
	}
	if sent := b.signals(); len(sent) != 0 {
		t.Errorf("sent %v", sent)
	}
}

func TestATaskIsChangedOnlyAsItWasRead(t *testing.T) {
	b := setup(t)
	made := b.give(t, user, "i-1", "", now)
	for i, c := range []struct {
		tag, body string
		status    int
	}{
		{`"0"`, `{"owner":"li"}`, 409}, {`"1"`, `{"owner":"li","state":"in_progress"}`, 200}, {`"1"`, `{"owner":"wu"}`, 409},
		{`"1"`, `{"owner":"li","state":"in_progress"}`, 200}, {`"9"`, `{}`, 200}, {`"2"`, `{"state":"open","owner":""}`, 200},
		{`"2"`, `{"state":"done","outcome":"other"}`, 409}, {``, `{"state":"done","outcome":"other"}`, 200}, {`*`, `{"outcome":"unreachable"}`, 200},
	} {
		status, body, _ := b.do(t, "change_task", about(&made, func(r *api.Request) {
			r.Headers["if-match"], r.Body = c.tag, c.body
			if c.tag == "" {
				delete(r.Headers, "if-match")
			}
		}))
		if status != c.status {
			t.Errorf("%d: %s with %s: %d %v", i, c.body, c.tag, status, body)
		}
	}
	stored, err := b.store.Task(t.Context(), user, made.Entry)
	if err != nil || stored.Version != 5 || stored.Outcome != task.Unreachable || stored.Owner != "" {
		t.Errorf("%+v, %v", stored, err)
	}
}

func TestADueTimeThatIsMovedIsFiled(t *testing.T) {
	b := setup(t)
	made := b.give(t, user, "i-1", "A", now)
	due := now.Add(2 * time.Hour)
	status, body, _ := b.do(t, "change_task", about(&made, func(r *api.Request) { r.Body = `{"due":"2026-03-01T18:30:30+08:00"}` }))
	if status != http.StatusOK || body["due_at"] != "2026-03-01T10:31:00Z" || body["escalates_at"] != "2026-03-01T10:31:00Z" {
		t.Fatal(status, body)
	}
	filed := 0
	for shard := range 16 {
		list, err := b.store.Due(t.Context(), shard, due)
		must(t, err)
		for _, d := range list {
			if d.Signal.Kind == signal.TaskDue && d.Signal.Customer == user {
				filed++
			}
		}
	}
	if filed != 1 {
		t.Errorf("filed %d times", filed)
	}
}

func TestAChangeOfATaskThatIsWrongSaysWhatToChange(t *testing.T) {
	b := setup(t)
	made := b.give(t, user, "i-1", "A", now)
	for name, c := range map[string]struct {
		body, pointer string
		status        int
	}{
		"nothing":                  {"", "", 400},
		"a list":                   {"[]", "", 400},
		"null":                     {`{"owner":null}`, "/owner", 400},
		"a member that is none":    {`{"title":"x"}`, "/title", 400},
		"a version":                {`{"version":1}`, "/version", 400},
		"a member twice":           {`{"note":"a","note":"b"}`, "/note", 400},
		"another type":             {`{"note":5}`, "/note", 400},
		"an object":                {`{"state":{}}`, "/state", 400},
		"a state that is none":     {`{"state":"OPEN"}`, "/state", 400},
		"overdue, which is none":   {`{"state":"overdue"}`, "/state", 400},
		"an outcome that is none":  {`{"state":"done","outcome":"fine"}`, "/outcome", 400},
		"done without an outcome":  {`{"state":"done"}`, "/outcome", 400},
		"an outcome alone":         {`{"outcome":"resolved"}`, "/outcome", 400},
		"a due time that is none":  {`{"due":"tomorrow"}`, "/due", 400},
		"a due time of long ago":   {`{"due":"1999-01-01T00:00:00Z"}`, "/due", 400},
		"a due time far away":      {`{"due":"9999-01-01T00:00:00Z"}`, "/due", 400},
		"a note of 8 KB":           {`{"note":"` + strings.Repeat("x", 8<<10) + `"}`, "/note", 400},
		"a note of 100 KB":         {`{"note":"` + strings.Repeat("x", 100<<10) + `"}`, "", 413},
		"an owner without an end":  {`{"owner":"` + strings.Repeat("x", 200) + `"}`, "/owner", 400},
		"text that is no UTF-8":    {"{\"note\":\"\xff\"}", "", 400},
		"objects within objects":   {`{"note":` + strings.Repeat(`{"a":`, 2000), "/note", 400},
		"half of a surrogate pair": {`{"owner":"\ud800` + strings.Repeat("x", 200) + `"}`, "/owner", 400},
	} {
		t.Run(name, func(t *testing.T) {
			status, body, out := b.do(t, "change_task", about(&made, func(r *api.Request) { r.Body = c.body }))
			pointer, _ := body["pointer"].(string)
			if status != c.status || !strings.HasPrefix(pointer, c.pointer) || c.pointer == "" && pointer != "" || len(out.Body) > 2000 {
				t.Errorf("%d %.300s, want %d and a mistake at %q", status, out.Body, c.status, c.pointer)
			}
		})
	}
	if stored, err := b.store.Task(t.Context(), user, made.Entry); err != nil || stored.Version != 1 || len(b.signals()) != 0 {
		t.Errorf("%+v, %v", stored, err)
	}
	_, body, out := b.do(t, "change_task", about(&made, func(r *api.Request) {
		r.Body = `{"note":"=cmd|' /C calc'!A0\u0000\u001b[31m\r\n<script>alert(1)</script>\u202e 😀 顾客","owner":" li\r\nwu\u0007 "}`
	}))
	if body["note"] != "=cmd|' /C calc'!A0[31m\n<script>alert(1)</script> 😀 顾客" || body["owner"] != "li wu" || strings.Contains(out.Body, "<script>") {
		t.Errorf("%s", out.Body)
	}
	if b.log.Len() != 0 {
		t.Errorf("a caller's mistakes were logged: %s", b.log)
	}
}

// listed asks for a list page by page and returns its tasks' entries in order.
func (b *testBundle) listed(t *testing.T, query map[string]string) (ids []string) {
	t.Helper()
	cursor := ""
	for pages := 0; pages == 0 || cursor != ""; pages++ {
		status, body, out := b.do(t, "tasks", func(r *api.Request) {
			r.QueryStringParameters = map[string]string{"limit": "2"}
			for name, value := range query {
				r.QueryStringParameters[name] = value
			}
			if cursor != "" {
				r.QueryStringParameters["cursor"] = cursor
			}
		})
		if status != http.StatusOK || pages == 20 {
			t.Fatal(pages, out.Body)
		}
		for _, each := range body["tasks"].([]any) {
			ids = append(ids, each.(map[string]any)["task_id"].(string))
		}
		cursor, _ = body["next_cursor"].(string)
	}
	return ids
}

func TestTasksAreListed(t *testing.T) {
	b := setup(t)
	names := map[string]string{}
	give := func(name string, c customer.ID, tier string, at time.Time, change *task.Change, changed time.Time) {
		made := b.give(t, c, name, tier, at)
		names[string(made.ID())] = name
		if change == nil {
			return
		}
		next, err := made.Apply(change, changed)
		must(t, err)
		_, err = b.store.WriteTask(t.Context(), next)
		must(t, err)
	}
	done, cancelled, doing, outcome := task.Done, task.Cancelled, task.InProgress, task.Resolved
	give("late", "c1", "A", now.Add(-2*time.Hour), nil, now)
	give("later", "c2", "A", now.Add(-time.Hour), &task.Change{State: &doing}, now)
	give("soon", "c1", "B", now, nil, now)
	give("next", "c3", "C", now, nil, now)
	for i, at := range []time.Time{now.AddDate(0, 0, -5), now.AddDate(0, -1, 0), now.AddDate(0, -1, -1), now.AddDate(0, -12, 0), now.AddDate(0, -14, 0)} {
		give(fmt.Sprint("done ", i), "c1", "A", at.Add(-time.Minute), &task.Change{State: &done, Outcome: &outcome}, at)
	}
	give("dropped", "c4", "", now.Add(-time.Minute), &task.Change{State: &cancelled}, now)
	for _, c := range []struct {
		query map[string]string
		want  string
	}{
		{nil, "late, later, soon, next"},
		{map[string]string{"state": "open"}, "late, soon, next"},
		{map[string]string{"state": "in_progress"}, "later"},
		{map[string]string{"state": "overdue"}, "late, later"},
		{map[string]string{"state": "overdue", "owner": "li"}, "late, later"},
		{map[string]string{"state": "overdue", "owner": "wu"}, ""},
		{map[string]string{"owner": "li"}, "late, later"},
		{map[string]string{"owner": ""}, "soon, next"},
		{map[string]string{"state": "done"}, "done 0, done 1, done 2, done 3"},
		{map[string]string{"state": "done", "owner": ""}, ""},
		{map[string]string{"state": "cancelled"}, "dropped"},
		{map[string]string{"customer": "c1"}, "done 4, done 3, done 2, done 1, done 0, late, soon"},
		{map[string]string{"customer": "c1", "state": "overdue"}, "late"},
		{map[string]string{"customer": "c1", "state": "open", "owner": ""}, "soon"},
		{map[string]string{"customer": "nobody"}, ""},
	} {
		var got []string
		for _, id := range b.listed(t, c.query) {
			got = append(got, names[id])
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%v: %v, want %s", c.query, got, c.want)
		}
	}
}

func TestTasksAboutWhoWasAbsorbedAreTheSurvivors(t *testing.T) {
	b := setup(t)
	const visitor = "v-1"
	b.fold(t, placed(t, "1", "", visitor, "10.00"), placed(t, "2", string(user), "", "5.50"))
	first, second := b.give(t, customer.Visitor(visitor), "i-1", "A", now), b.give(t, user, "i-2", "B", now)
	b.fold(t, event.Event{ID: "link", Type: event.Identify, User: string(user), Anonymous: visitor, Time: started, Received: started, Source: event.SourceSegment})
	want := fmt.Sprint([]task.ID{first.ID(), second.ID()})
	for _, id := range []customer.ID{user, customer.Visitor(visitor)} {
		if got := fmt.Sprint(b.listed(t, map[string]string{"customer": string(id)})); got != want {
			t.Errorf("%s has %s, want %s", id, got, want)
		}
	}
	if status, body, _ := b.do(t, "change_task", about(&first, nil)); status != http.StatusOK || len(b.signals()) != 1 {
		t.Errorf("%d %v", status, body)
	}
}

func TestAListOfTasksThatCannotBeIsRefused(t *testing.T) {
	b := setup(t)
	for i := range 3 {
		b.give(t, customer.ID(fmt.Sprint("c", i)), "i", "A", now)
	}
	_, body, _ := b.do(t, "tasks", nil)
	cursor, _ := body["next_cursor"].(string)
	if cursor == "" {
		t.Fatal(body)
	}
	for name, c := range map[string]struct {
		query   map[string]string
		pointer string
	}{
		"a state that is none":           {map[string]string{"state": "all"}, "/state"},
		"an empty state":                 {map[string]string{"state": ""}, "/state"},
		"an owner without an end":        {map[string]string{"owner": strings.Repeat("x", 200)}, "/owner"},
		"a customer that cannot be":      {map[string]string{"customer": "a\x00"}, "/customer"},
		"no customer":                    {map[string]string{"customer": ""}, "/customer"},
		"too many":                       {map[string]string{"limit": "101"}, "/limit"},
		"a parameter that is none":       {map[string]string{"tier": "A"}, "/tier"},
		"a cursor that was altered":      {map[string]string{"state": "open", "cursor": cursor[:len(cursor)-1]}, "/cursor"},
		"the cursor of another list":     {map[string]string{"state": "overdue", "cursor": cursor}, "/cursor"},
		"the cursor of another owner":    {map[string]string{"state": "open", "owner": "", "cursor": cursor}, "/cursor"},
		"the cursor of another kind":     {map[string]string{"state": "done", "cursor": cursor}, "/cursor"},
		"the cursor of another customer": {map[string]string{"state": "open", "customer": "c1", "cursor": cursor}, "/cursor"},
	} {
		status, body, _ := b.do(t, "tasks", func(r *api.Request) { r.QueryStringParameters = c.query })
		if status != http.StatusBadRequest || body["pointer"] != c.pointer {
			t.Errorf("%s: %d %v", name, status, body)
		}
	}
	must(t, b.store.Erase(t.Context(), "c1", now))
	if status, _, _ := b.do(t, "tasks", func(r *api.Request) { r.QueryStringParameters = map[string]string{"customer": "c1"} }); status != http.StatusGone {
		t.Errorf("of the erased: %d", status)
	}
}

func TestWhatIsSaidOfTasksIsASetting(t *testing.T) {
	b := setup(t)
	_, _, out := b.do(t, "settings", named(task.Document))
	if !strings.Contains(out.Body, `"effective":{"tier_model":"abc","due":{"A":"15m","B":"4h","C":"24h"},"otherwise":"24h"`) {
		t.Errorf("%s", out.Body)
	}
	put := func(body string) (int, map[string]any) {
		status, answer, _ := b.do(t, "put_settings", func(r *api.Request) {
			r.PathParameters["name"], r.Body = task.Document, body
			delete(r.Headers, "if-match")
		})
		return status, answer
	}
	if status, body := put(`{"due":{"A":"soon"}}`); status != http.StatusBadRequest || body["pointer"] != "/due/A" {
		t.Errorf("%d %v", status, body)
	}
	status, body := put(`{"escalate_to":"chief","owners":{"A":"li"}}`)
	effective := body["effective"].(map[string]any)
	if status != http.StatusOK || effective["escalate_to"] != "chief" || effective["otherwise"] != "24h" || body["takes_effect"] != withNextTask {
		t.Errorf("%d %v", status, body)
	}
	if status, body, _ := b.do(t, "start_run", nil); status != http.StatusAccepted { // no recalculation minds
		t.Errorf("%d %v", status, body)
	}
	if status, body, _ := b.do(t, "delete_settings", named(task.Document)); status != http.StatusOK || body["default"] != true {
		t.Errorf("%d %v", status, body)
	}
}
