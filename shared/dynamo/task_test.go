package dynamo_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/signal"
	"liuke/shared/task"
)

// pleaded is the entry and the task that a bad answer makes.
func pleaded(t *testing.T, c customer.ID, invitation, tier string) (message.Entry, task.Task) {
	t.Helper()
	data, err := json.Marshal(signal.AnswerData{Survey: "nps", Kind: "nps", Invitation: invitation, Score: 3})
	e := must[message.Entry](t)(message.New("recovery_task", 0, message.Task, signal.Signal{
		ID: signal.AnswerID("nps", invitation), Kind: signal.AnswerGiven, Customer: c, Time: decidedAt, Data: data,
	}).Finish(decidedAt))
	if err != nil {
		t.Fatal(err)
	}
	policy := task.Defaults()
	policy.Owners["A"] = "li"
	return e, task.New(&e, task.Brief{Title: "Mend", Text: "Call"}, tier, &policy, decidedAt)
}

func TestATaskComesBackAsItWasWritten(t *testing.T) {
	store, ctx := ledgerStore(t), t.Context()
	e, made := pleaded(t, "c1", "i1", "A")
	if _, err := store.Task(ctx, "c1", e.ID); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("before it was made: %v", err)
	}
	meter := &dynamo.Meter{}
	if err := store.MakeTask(dynamo.WithMeter(ctx, meter), "c1", e, made, nil); err != nil {
		t.Fatal(err)
	}
	_, write := meter.Units()
	t.Logf("a task without limits: %g write units, and one for its due time", write)
	if write > 5 {
		t.Errorf("%g write units", write)
	}
	made.Version = 1
	if d := cmp.Diff(made, must[task.Task](t)(store.Task(ctx, "c1", e.ID))); d != "" {
		t.Error(d)
	}
	if err := store.MakeTask(ctx, "c1", e, made, nil); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("made twice: %v", err)
	}
	note, done, outcome := "rang at 5", task.Done, task.Compensated
	policy := task.Defaults()
	policy.EscalateTo = "chief"
	next, _ := made.Escalate(&policy, made.Due)
	next, err := next.Apply(&task.Change{State: &done, Outcome: &outcome, Note: &note}, decidedAt.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	written := must[task.Task](t)(store.WriteTask(ctx, next))
	if d := cmp.Diff(written, must[task.Task](t)(store.Task(ctx, "c1", e.ID))); d != "" || written.Version != 2 {
		t.Error(written.Version, d)
	}
	if _, err := store.WriteTask(ctx, next); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a step from a version that is gone: %v", err)
	}
}

func TestATaskIsMadeWithItsEntryAndItsLimitOrNotAtAll(t *testing.T) {
	store, ctx := ledgerStore(t), t.Context()
	e, made := pleaded(t, "c1", "i1", "")
	contact, err := message.Contact{}.Add(message.Stamp{Time: decidedAt, Scene: message.SceneMarkOf("recovery_task"), Channel: message.Task, Service: true})
	if err != nil {
		t.Fatal(err)
	}
	meter := &dynamo.Meter{}
	if err := store.MakeTask(dynamo.WithMeter(ctx, meter), "c1", e, made, &contact); err != nil {
		t.Fatal(err)
	}
	_, write := meter.Units()
	t.Logf("a task with limits: %g write units, and one for its due time", write)
	other, another := pleaded(t, "c1", "i2", "")
	if err := store.MakeTask(ctx, "c1", other, another, &contact); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("over a contact record that has moved: %v", err)
	}
	if _, err := store.Entry(ctx, "c1", other.ID); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("its entry: %v", err)
	}
	if all := must[[]task.Task](t)(store.Tasks(ctx, "c1")); len(all) != 1 {
		t.Errorf("%d tasks", len(all))
	}
}

// listedAs pages through a list and names the customers.
func listedAs(t *testing.T, page func(after string) ([]task.Task, string, error)) (names []string) {
	t.Helper()
	for after, pages := "", 0; pages == 0 || after != ""; pages++ {
		list, next, err := page(after)
		if err != nil || pages > 20 {
			t.Fatal(pages, err)
		}
		for _, each := range list {
			names = append(names, string(each.Customer))
		}
		after = next
	}
	return names
}

func TestTasksAreListedByTheirTimes(t *testing.T) {
	store, ctx := ledgerStore(t), t.Context()
	done, cancelled, outcome := task.Done, task.Cancelled, task.Resolved
	var open, ofLi, mine []string
	for i, tier := range []string{"C", "A", "B", "A", "", "B", "C"} {
		id := customer.ID(fmt.Sprint(tier, i))
		e, made := pleaded(t, id, "i", tier)
		if err := store.MakeTask(ctx, id, e, made, nil); err != nil {
			t.Fatal(err)
		}
		if i > 4 { // closed again, in two months
			made.Version = 1
			change := task.Change{State: &done, Outcome: &outcome}
			if i == 6 {
				change = task.Change{State: &cancelled}
			}
			next, err := made.Apply(&change, decidedAt.AddDate(0, i-5, i))
			must[task.Task](t)(next, err)
			must[task.Task](t)(store.WriteTask(ctx, next))
			continue
		}
		if tier == "A" {
			ofLi = append(ofLi, string(id))
		}
		mine = append(mine, string(id))
	}
	list := func(limit int, l dynamo.ListedTasks, through time.Time) []string {
		return listedAs(t, func(after string) ([]task.Task, string, error) {
			l.After, l.Limit = after, limit
			return store.OpenTasks(ctx, &l, through)
		})
	}
	for limit := 1; limit < 7; limit++ {
		open = list(limit, dynamo.ListedTasks{}, time.Time{})
		if order := strings.Join(open, " "); !strings.HasPrefix(order, "A") || strings.Index(order, "B2") < 3 || len(open) != 5 {
			t.Errorf("pages of %d: %v", limit, open)
		}
		li, nobody := "li", ""
		got := list(limit, dynamo.ListedTasks{Owner: &li, State: task.Open}, time.Time{})
		slices.Sort(got)
		if !slices.Equal(got, ofLi) {
			t.Errorf("pages of %d of li: %v, want %v", limit, got, ofLi)
		}
		if got := list(limit, dynamo.ListedTasks{Owner: &nobody}, time.Time{}); len(got) != 3 || slices.Contains(got, "A1") {
			t.Errorf("pages of %d of nobody: %v", limit, got)
		}
		if got := list(limit, dynamo.ListedTasks{}, decidedAt.Add(16*time.Minute)); len(got) != 2 {
			t.Errorf("pages of %d of what is due within 16 minutes: %v", limit, got)
		}
		if got := list(limit, dynamo.ListedTasks{State: task.InProgress}, time.Time{}); len(got) != 0 {
			t.Errorf("in progress: %v", got)
		}
	}
	slices.Sort(open)
	slices.Sort(mine)
	if !slices.Equal(open, mine) {
		t.Errorf("open are %v, want %v", open, mine)
	}
	for month, want := range map[int]string{0: "B5", 1: "C6"} {
		got := listedAs(t, func(after string) ([]task.Task, string, error) {
			return store.ClosedTasks(ctx, &dynamo.ListedTasks{After: after, Limit: 1}, decidedAt.AddDate(0, month, 0))
		})
		if !slices.Equal(got, []string{want}) {
			t.Errorf("closed in month %d: %v", month, got)
		}
	}
	if err := store.Erase(ctx, "A1", decidedAt); err != nil {
		t.Fatal(err)
	}
	if got := list(10, dynamo.ListedTasks{}, time.Time{}); len(got) != 4 || slices.Contains(got, "A1") {
		t.Errorf("after an erasure: %v", got)
	}
	if all := must[[]task.Task](t)(store.Tasks(ctx, "A1")); len(all) != 0 {
		t.Errorf("%d tasks of the erased", len(all))
	}
}
