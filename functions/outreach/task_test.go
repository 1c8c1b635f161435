package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"liuke/shared/customer"
	"liuke/shared/document"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/queue"
	"liuke/shared/signal"
	todo "liuke/shared/task"
)

// disliked is the signal of a bad answer.
func disliked(id customer.ID, invitation string, at time.Time) signal.Signal {
	data, _ := json.Marshal(signal.AnswerData{Survey: "nps", Kind: "nps", Invitation: invitation, Score: 2, Complete: true})
	return signal.Signal{ID: signal.AnswerID("nps", invitation), Kind: signal.AnswerGiven, Customer: id, Time: at, Data: data}
}

// settings are what operators have set for tasks.
func (b *bundle) settings(body string) {
	b.t.Helper()
	all, err := b.store.Documents(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	d := document.Document{Name: todo.Document, Version: document.Edits(all) + 1, Body: body, Edited: arrival}
	if err := b.store.PutDocument(b.t.Context(), &d, document.Edits(all)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bundle) tasks(id customer.ID) []todo.Task {
	b.t.Helper()
	all, err := b.store.Tasks(b.t.Context(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

// pass lets a minute's sweep come, and what it sends.
func (b *bundle) pass(at time.Time) {
	b.t.Helper()
	*b.now = at
	b.invoke(b.handler, sample(b.t, "due"))
	b.deliver()
}

// deliver hands over whatever is on the signals queue.
func (b *bundle) deliver() {
	b.t.Helper()
	for _, body := range b.drain(b.signals) {
		signals, err := decode(body)
		if err != nil {
			b.t.Fatal(err)
		}
		if failures, _, _ := b.invoke(b.handler, envelope(b.t, signals...)); len(failures) > 0 {
			b.t.Fatalf("failures %v", failures)
		}
	}
}

// labelled stores a customer of a tier.
func (b *bundle) labelled(id customer.ID, class string) {
	b.t.Helper()
	rec := customer.Record{ID: id, Version: 1}
	rec.Touch(arrival.Unix())
	if err := b.store.Commit(b.t.Context(), &rec, nil); err != nil {
		b.t.Fatal(err)
	}
	if class == "" {
		return
	}
	if ok, err := b.store.WriteScores(b.t.Context(), id, customer.Scores{R: 5, F: 5, M: 5, Segment: "Champions", Risk: "low", Labels: "abc\t" + class + "\nrfm10\tChampions", Run: arrival.UnixMilli()}); !ok || err != nil {
		b.t.Fatal(ok, err)
	}
}

func TestABadAnswerBecomesOneTaskDueByItsTier(t *testing.T) {
	for class, in := range map[string]time.Duration{"A": 15 * time.Minute, "B": 4 * time.Hour, "C": 24 * time.Hour, "D": 24 * time.Hour, "": 24 * time.Hour} {
		t.Run("of the class "+class, func(t *testing.T) {
			b := setup(t)
			b.labelled("user-0001", class)
			sig := disliked("user-0001", "i-1", arrival)
			failures, read, write := b.invoke(b.handler, envelope(t, sig))
			t.Logf("a task: %g read units, %g write units", read, write)
			if len(failures) > 0 || write > 7 {
				t.Errorf("failures %v, %g write units", failures, write)
			}
			all := b.tasks("user-0001")
			if len(all) != 1 {
				t.Fatalf("%d tasks", len(all))
			}
			made := all[0]
			if made.Tier != class || !made.Due.Equal(arrival.Add(in)) || made.Survey != "nps" || made.Invitation != "i-1" || made.Score != 2 || made.State != todo.Open ||
				!strings.Contains(made.Title, "2") || made.Text == "" || made.Owner != "" {
				t.Errorf("%+v", made)
			}
			e, err := b.store.Entry(t.Context(), "user-0001", made.Entry)
			if err != nil || e.State != message.Done || e.Channel != message.Task || e.Scene != "recovery_task" {
				t.Errorf("%+v, %v", e, err)
			}
			if got := b.drain(b.messages); len(got) != 0 {
				t.Errorf("queued %v", got)
			}
			if _, _, write := b.invoke(b.handler, envelope(t, sig)); write != 0 || len(b.tasks("user-0001")) != 1 {
				t.Errorf("the same signal again: %g write units", write)
			}
		})
	}
}

func TestOnlyABadAnswerIsSomebodysToMend(t *testing.T) {
	for _, c := range []struct {
		metric string
		score  int
		want   int
	}{{"nps", 6, 1}, {"nps", 7, 0}, {"csat", 2, 1}, {"csat", 3, 0}, {"ces", 2, 1}, {"ces", 3, 0}, {"", 0, 0}} {
		b := setup(t)
		b.labelled("user-0001", "A")
		sig := disliked("user-0001", "i-1", arrival)
		sig.Data, _ = json.Marshal(signal.AnswerData{Survey: "any", Kind: c.metric, Invitation: "i-1", Score: c.score})
		b.invoke(b.handler, envelope(t, sig))
		if all := b.tasks("user-0001"); len(all) != c.want {
			t.Errorf("%s %d: %d tasks, want %d", c.metric, c.score, len(all), c.want)
		}
	}
}

func TestATaskBelongsToWhomTheSettingsSay(t *testing.T) {
	b := setup(t)
	b.labelled("user-0001", "A")
	b.labelled("user-0002", "B")
	b.settings(`{"due":{"A":"5m"},"otherwise":"2h","owners":{"A":"li"},"owner":"desk","escalate_to":"chief","escalate_again_after":"30m","levels":2}`)
	b.invoke(b.handler, envelope(t, disliked("user-0001", "i-1", arrival), disliked("user-0002", "i-1", arrival)))
	first, second := b.tasks("user-0001")[0], b.tasks("user-0002")[0]
	if first.Owner != "li" || !first.Due.Equal(arrival.Add(5*time.Minute)) || second.Owner != "desk" || !second.Due.Equal(arrival.Add(2*time.Hour)) {
		t.Errorf("%+v\n%+v", first, second)
	}
	b.settings(`{"was":"otherwise"}`)
	b.invoke(b.handler, envelope(t, disliked("user-0002", "i-2", arrival)))
	if len(b.tasks("user-0002")) != 2 || !strings.Contains(b.metrics.String(), "TaskSettingsUnreadable") {
		t.Errorf("settings that cannot be read: %s", b.metrics)
	}
}

func TestAnOverdueTaskEscalatesWhileLevelsAreLeft(t *testing.T) {
	b := setup(t)
	b.labelled("user-0001", "A")
	b.settings(`{"escalate_to":"chief","escalate_again_after":"30m","levels":2,"owner":"li"}`)
	b.invoke(b.handler, envelope(t, disliked("user-0001", "i-1", arrival)))
	due := arrival.Add(15 * time.Minute)
	b.pass(due.Add(-time.Second))
	if made := b.tasks("user-0001")[0]; made.Level() != 0 {
		t.Fatalf("a second early: %+v", made)
	}
	for i, level := range []int{1, 2, 2, 2} {
		b.pass(due.Add(time.Duration(i)*30*time.Minute + 5*time.Second))
		made := b.tasks("user-0001")[0]
		if made.Level() != level || made.Owner != "chief" || !made.Due.Equal(due) || made.Escalations[0].From != "li" {
			t.Errorf("after %d times: %+v", i, made)
		}
	}
	if n := strings.Count(b.metrics.String(), `"TasksEscalated":1`); n != 2 {
		t.Errorf("counted %d times", n)
	}
	if strings.Contains(b.logged.String(), "user-0001") || strings.Contains(b.logged.String(), string(ptr(b.tasks("user-0001")[0]).ID())) {
		t.Errorf("the log names somebody: %s", b.logged)
	}
}

func ptr[T any](v T) *T { return &v }

func TestATaskThatIsDoneInTimeIsLeftAlone(t *testing.T) {
	b := setup(t)
	b.labelled("user-0001", "A")
	b.invoke(b.handler, envelope(t, disliked("user-0001", "i-1", arrival)))
	made := b.tasks("user-0001")[0]
	next, err := made.Apply(&todo.Change{State: ptr(todo.Done), Outcome: ptr(todo.Resolved)}, arrival.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.store.WriteTask(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	b.pass(made.Due)
	if after := b.tasks("user-0001")[0]; after.Level() != 0 || after.Version != 2 || strings.Contains(b.metrics.String(), "TasksEscalated") {
		t.Errorf("%+v", after)
	}
}

func TestATaskGoesWithItsCustomerAndItsAlarmIsPassedOver(t *testing.T) {
	b := setup(t)
	b.labelled("user-0001", "A")
	b.invoke(b.handler, envelope(t, disliked("user-0001", "i-1", arrival)))
	b.erase("user-0001")
	b.pass(arrival.Add(15 * time.Minute))
	if all := b.tasks("user-0001"); len(all) != 0 || !strings.Contains(b.metrics.String(), `"AlarmsWithoutTask":1`) {
		t.Errorf("%+v, %s", all, b.metrics)
	}
	b.invoke(b.handler, envelope(t, disliked("user-0001", "i-2", *b.now)))
	if all := b.tasks("user-0001"); len(all) != 0 {
		t.Errorf("the erased got a task: %+v", all)
	}
}

func TestATaskOfWhoWasAbsorbedGoesOn(t *testing.T) {
	b := setup(t)
	b.labelled("old", "")
	b.invoke(b.handler, envelope(t, disliked("old", "i-1", arrival)))
	b.merge("old", "new")
	b.pass(arrival.Add(24 * time.Hour))
	if all := b.tasks("old"); len(all) != 1 || all[0].Level() != 1 {
		t.Errorf("%+v", all)
	}
	b.invoke(b.handler, envelope(t, disliked("old", "i-1", arrival)))
	if len(b.tasks("old"))+len(b.tasks("new")) != 1 {
		t.Error("the same answer made another task")
	}
}

func TestAnAlarmThatNamesNoTaskIsPoison(t *testing.T) {
	b := setup(t)
	b.labelled("user-0001", "A")
	b.invoke(b.handler, envelope(t, disliked("user-0001", "i-1", arrival)))
	made := b.tasks("user-0001")[0]
	good, err := made.DueSignal()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*signal.Signal){
		"no data":          func(s *signal.Signal) { s.Data = nil },
		"another task":     func(s *signal.Signal) { s.Data = json.RawMessage(`{"task":"x"}`) },
		"another customer": func(s *signal.Signal) { s.Customer = "user-0002" },
	} {
		sig := good
		change(&sig)
		if failures, _, write := b.invoke(b.handler, envelope(t, sig)); len(failures) != 1 || write != 0 {
			t.Errorf("%s: failures %v, %g write units", name, failures, write)
		}
	}
}

// tripping is a store whose calls fail, before or after they took effect, when their turn comes.
type tripping struct {
	Store
	turn  int // of the call that fails, from 1; 0 for none
	after bool
	calls int
}

func (s *tripping) trip(call func() error) error {
	s.calls++
	if s.calls != s.turn {
		return call()
	}
	if s.after {
		if err := call(); err != nil {
			return err
		}
	}
	return fault.New(fault.Unavailable, "the process was killed here")
}

func (s *tripping) PutDue(ctx context.Context, minute time.Time, id string, sig signal.Signal) error {
	return s.trip(func() error { return s.Store.PutDue(ctx, minute, id, sig) })
}

func (s *tripping) MakeTask(ctx context.Context, person customer.ID, e message.Entry, made todo.Task, c *message.Contact) error {
	return s.trip(func() error { return s.Store.MakeTask(ctx, person, e, made, c) })
}

func (s *tripping) WriteTask(ctx context.Context, next todo.Task) (out todo.Task, err error) {
	err = s.trip(func() error { out, err = s.Store.WriteTask(ctx, next); return err })
	return out, err
}

func (s *tripping) DeleteDue(ctx context.Context, k dynamo.Key) error {
	return s.trip(func() error { return s.Store.DeleteDue(ctx, k) })
}

// forgetful drops what is to be sent when its turn comes, as a process that is killed then.
type forgetful struct {
	Sender
	on *tripping
}

func (f forgetful) Send(ctx context.Context, messages ...queue.Message) error {
	return f.on.trip(func() error { return f.Sender.Send(ctx, messages...) })
}

// TestACrashAtAnyCallMakesOneTaskThatEscalatesAsOften breaks the making and the escalating of a task off at each of their
// calls, once before and once after its effect; the signals come again, twice.
func TestACrashAtAnyCallMakesOneTaskThatEscalatesAsOften(t *testing.T) {
	b := setup(t)
	b.settings(`{"escalate_to":"chief","escalate_again_after":"30m","levels":2}`)
	most := 0
	for turn := 0; turn <= max(most, 8); turn++ {
		for _, after := range []bool{false, true} {
			id := customer.ID(fmt.Sprint("user-", turn, after))
			b.labelled(id, "A")
			*b.now = arrival
			whole := b.another()
			broken := b.another()
			store := &tripping{Store: b.store, turn: turn, after: after}
			broken.Store, broken.Signals = store, forgetful{broken.Signals, store}
			sig := envelope(t, disliked(id, "i-1", arrival))
			try := func(raw []byte) {
				_, _ = broken.Handle(t.Context(), raw) // a sweep says that it broke off
				b.invoke(whole, raw)
				b.invoke(whole, raw)
			}
			try(sig)
			for i := range 4 {
				*b.now = arrival.Add(15*time.Minute + time.Duration(i)*30*time.Minute)
				_, _ = broken.Handle(t.Context(), sample(t, "due"))
				b.invoke(whole, sample(t, "due"))
				for _, body := range b.drain(b.signals) {
					signals, err := decode(body)
					if err != nil {
						t.Fatal(err)
					}
					try(envelope(t, signals...))
				}
			}
			most = max(most, store.calls)
			all := b.tasks(id)
			if len(all) != 1 || all[0].Level() != 2 || all[0].Owner != "chief" || !all[0].Alarm.IsZero() {
				t.Errorf("broken off at call %d, after its effect %t: %+v", turn, after, all)
			}
		}
	}
	t.Logf("broken off at each of %d calls", most)
	if most < 8 {
		t.Errorf("there were only %d calls", most)
	}
	if failed := strings.Count(b.logged.String(), "user-"); failed > 0 {
		t.Errorf("the log names a customer: %s", b.logged)
	}
}
