package task_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/signal"
	"liuke/shared/task"
)

var start = time.Date(2026, 3, 1, 8, 30, 20, 0, time.UTC)

func entryOf(t testing.TB, c customer.ID, data signal.AnswerData) *message.Entry {
	t.Helper()
	raw, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	e := message.New("recovery_task", 0, message.Task, signal.Signal{
		ID: signal.AnswerID(data.Survey, data.Invitation), Kind: signal.AnswerGiven, Customer: c, Time: start, Data: raw,
	})
	return &e
}

func made(t testing.TB) task.Task {
	p := task.Defaults()
	return task.New(entryOf(t, "c", signal.AnswerData{Survey: "nps", Kind: "nps", Invitation: "i-1", Score: 3}), task.Brief{Title: "Mend", Text: "Call"}, "A", &p, start)
}

func ptr[T any](v T) *T { return &v }

func TestANewTaskIsDueByItsTierOnAWholeMinute(t *testing.T) {
	got := made(t)
	want := task.Task{
		Customer: "c", Entry: got.Entry, Scene: "recovery_task", Occasion: "answer:nps:i-1", Survey: "nps", Invitation: "i-1", Metric: "nps", Score: 3,
		Title: "Mend", Text: "Call", Tier: "A", State: task.Open, Created: start,
		Due: time.Date(2026, 3, 1, 8, 46, 0, 0, time.UTC), Alarm: time.Date(2026, 3, 1, 8, 46, 0, 0, time.UTC),
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	p := task.Defaults()
	p.Levels = 0
	never := task.New(entryOf(t, "c", signal.AnswerData{}), task.Brief{}, "", &p, start)
	if !never.Alarm.IsZero() || never.Due.IsZero() {
		t.Errorf("where nothing escalates: %+v", never)
	}
	other := message.New("call_back", 0, message.Task, signal.Signal{ID: "order:1", Kind: signal.OrderPlaced, Customer: "c", Data: json.RawMessage(`{"survey":"x"}`)})
	if about := task.New(&other, task.Brief{}, "", &p, start); about.Survey != "" {
		t.Errorf("a task about an order: %+v", about)
	}
}

func TestWhatASceneSaysIsMadeHarmlessAndShort(t *testing.T) {
	p := task.Defaults()
	e := entryOf(t, "c", signal.AnswerData{})
	got := task.New(e, task.Brief{Title: " a\tb\r\nc\x00\u202e ", Text: "one\r\ntwo\x07\x1b[31m" + strings.Repeat("顾", 1000)}, "", &p, start)
	if got.Title != "a b c" || !strings.HasPrefix(got.Text, "one\ntwo[31m顾") || len(got.Text) > task.MaxTextBytes || !utf8.ValidString(got.Text) || !strings.HasSuffix(got.Text, "…") {
		t.Errorf("%q, %q", got.Title, got.Text)
	}
}

func TestATasksIDHoldsItsKeyAndNothingElseIsOne(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		id, err := customer.ParseID(rapid.StringN(1, 40, customer.MaxIDBytes).Draw(r, "customer"))
		if err != nil {
			r.Skip()
		}
		one := made(t)
		one.Customer = id
		c, entry, err := one.ID().Parse()
		if err != nil || c != id || entry != one.Entry {
			r.Fatalf("%q, %q, %v", c, entry, err)
		}
		altered := []byte(one.ID())
		altered[rapid.IntRange(0, len(altered)-1).Draw(r, "at")] = rapid.Byte().Draw(r, "byte")
		c, entry, err = task.ID(altered).Parse()
		if err != nil && fault.CodeOf(err) != fault.NotFound {
			r.Fatal(err)
		}
		again := task.Task{Customer: c, Entry: entry}
		if err == nil && again.ID() != task.ID(altered) {
			r.Fatalf("two ids name one task: %q and %q", altered, again.ID())
		}
	})
	for _, id := range []task.ID{"", "x", "....", task.ID(strings.Repeat("A", 100_000)), "dGVzdA", "\x00", task.ID(ptr(made(t)).ID()[:35])} {
		if _, _, err := id.Parse(); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("%.40q: %v", id, err)
		}
	}
}

func TestSteps(t *testing.T) {
	allowed := map[task.State]map[task.State]bool{
		task.Open:       {task.Open: true, task.InProgress: true, task.Done: true, task.Cancelled: true},
		task.InProgress: {task.Open: true, task.InProgress: true, task.Done: true, task.Cancelled: true},
		task.Done:       {task.Done: true},
		task.Cancelled:  {task.Cancelled: true},
	}
	later := start.Add(time.Hour)
	for from, to := range allowed {
		for _, state := range []task.State{task.Open, task.InProgress, task.Done, task.Cancelled} {
			before := made(t)
			before.State = from
			change := task.Change{State: &state}
			if state == task.Done {
				change.Outcome = ptr(task.Resolved)
			}
			next, err := before.Apply(&change, later)
			switch {
			case to[state] && (err != nil || next.State != state):
				t.Errorf("%s to %s: %s, %v", from, state, next.State, err)
			case !to[state] && (fault.CodeOf(err) != fault.Conflict || !cmp.Equal(next, before)):
				t.Errorf("%s to %s: %+v, %v", from, state, next, err)
			case to[state] && from != state && state.Closed() && (!next.Closed.Equal(later) || !next.Alarm.IsZero()):
				t.Errorf("%s to %s: %+v", from, state, next)
			case to[state] && from != state && state == task.InProgress && !next.Started.Equal(later):
				t.Errorf("%s to %s: %+v", from, state, next)
			}
		}
	}
}

func TestAChangeThatMakesNoSenseIsRefused(t *testing.T) {
	done := made(t)
	done.State, done.Outcome, done.Alarm = task.Done, task.Resolved, time.Time{}
	for _, c := range []struct {
		name    string
		of      task.Task
		change  task.Change
		code    fault.Code
		pointer string
	}{
		{"a state that is none", made(t), task.Change{State: ptr(task.State("asleep"))}, fault.Invalid, "/state"},
		{"an outcome that is none", made(t), task.Change{State: ptr(task.Done), Outcome: ptr(task.Outcome("fine"))}, fault.Invalid, "/outcome"},
		{"done without an outcome", made(t), task.Change{State: ptr(task.Done)}, fault.Invalid, "/outcome"},
		{"an outcome of what is not done", made(t), task.Change{Outcome: ptr(task.Resolved)}, fault.Invalid, "/outcome"},
		{"an outcome of what is cancelled", made(t), task.Change{State: ptr(task.Cancelled), Outcome: ptr(task.Resolved)}, fault.Invalid, "/outcome"},
		{"a note without an end", made(t), task.Change{Note: ptr(strings.Repeat("x", 100_000))}, fault.Invalid, "/note"},
		{"an owner without an end", made(t), task.Change{Owner: ptr(strings.Repeat("x", 129))}, fault.Invalid, "/owner"},
		{"a due time that has passed", made(t), task.Change{Due: ptr(start.Add(-time.Hour))}, fault.Invalid, "/due"},
		{"a due time at once", made(t), task.Change{Due: ptr(start.Add(time.Minute))}, fault.Invalid, "/due"},
		{"a due time beyond a month", made(t), task.Change{Due: ptr(start.Add(29 * 24 * time.Hour))}, fault.Invalid, "/due"},
		{"no due time", made(t), task.Change{Due: ptr(time.Time{})}, fault.Invalid, "/due"},
		{"an owner of what is done", done, task.Change{Owner: ptr("li")}, fault.Conflict, ""},
		{"a due time of what is done", done, task.Change{Due: ptr(start.Add(time.Hour))}, fault.Conflict, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			next, err := c.of.Apply(&c.change, start)
			var pointer string
			if f, ok := err.(*fault.Error); ok {
				pointer = f.Pointer
			}
			if fault.CodeOf(err) != c.code || pointer != c.pointer || !cmp.Equal(next, c.of) {
				t.Errorf("%v at %q; %+v", err, pointer, next)
			}
		})
	}
	next, err := done.Apply(&task.Change{Note: ptr(" said\x00 thanks\r\nand\tmore "), Outcome: ptr(task.Compensated)}, start)
	if err != nil || next.Note != "said thanks\nand more" || next.Outcome != task.Compensated {
		t.Errorf("a note on what is done: %+v, %v", next, err)
	}
}

// TestAChangeTwiceIsAChangeOnce draws any change and applies it again.
func TestAChangeTwiceIsAChangeOnce(t *testing.T) {
	maybe := func(r *rapid.T, name string) bool { return rapid.Bool().Draw(r, name) }
	rapid.Check(t, func(r *rapid.T) {
		var c task.Change
		if maybe(r, "state?") {
			c.State = ptr(rapid.SampledFrom([]task.State{task.Open, task.InProgress, task.Done, task.Cancelled, "x"}).Draw(r, "state"))
		}
		if maybe(r, "outcome?") {
			c.Outcome = ptr(rapid.SampledFrom(append(task.Outcomes(), "x")).Draw(r, "outcome"))
		}
		if maybe(r, "owner?") {
			c.Owner = ptr(rapid.String().Draw(r, "owner"))
		}
		if maybe(r, "note?") {
			c.Note = ptr(rapid.String().Draw(r, "note"))
		}
		if maybe(r, "due?") {
			c.Due = ptr(start.Add(time.Duration(rapid.IntRange(-100, 50_000).Draw(r, "minutes")) * time.Minute))
		}
		once, err := made(t).Apply(&c, start)
		if err != nil {
			if code := fault.CodeOf(err); code != fault.Invalid && code != fault.Conflict {
				r.Fatal(err)
			}
			return
		}
		if strings.ContainsFunc(once.Note+once.Owner, func(c rune) bool { return c != '\n' && unicode.IsControl(c) }) || strings.Contains(once.Owner, "\n") || !utf8.ValidString(once.Note+once.Owner) {
			r.Fatalf("%q, %q", once.Owner, once.Note)
		}
		twice, err := once.Apply(&c, start.Add(time.Hour))
		if err != nil || !cmp.Equal(once, twice) {
			r.Fatalf("%v\n%s", err, cmp.Diff(once, twice))
		}
	})
}

// TestEscalationsAreOfTheTimesThatPassed sends a task's alarms late, twice and in any order, lets sweeps be missed and
// writes be lost, and holds what comes of it to a model: one escalation for each alarm that passed before the task ended,
// as long as levels are left.
func TestEscalationsAreOfTheTimesThatPassed(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := task.Defaults()
		p.Levels = rapid.IntRange(1, 4).Draw(r, "levels")
		p.EscalateTo = rapid.SampledFrom([]string{"", "chief"}).Draw(r, "to")
		now, stored := start, task.New(entryOf(t, "c", signal.AnswerData{Survey: "nps", Invitation: "i"}), task.Brief{}, "A", &p, start)
		filed := map[time.Time]bool{stored.Alarm: true}
		var sent []time.Time // alarms on the queue, delivered or not
		due, level, closed := stored.Due, 0, false
		for range rapid.IntRange(1, 40).Draw(r, "steps") {
			switch rapid.SampledFrom([]string{"wait", "sweep", "deliver", "deliver", "end", "postpone"}).Draw(r, "step") {
			case "wait":
				now = now.Add(time.Duration(rapid.IntRange(1, 90).Draw(r, "minutes")) * time.Minute)
			case "sweep":
				for at := range filed {
					if !now.Before(at) {
						sent = append(sent, at)
						if rapid.Bool().Draw(r, "deleted") { // else it comes again
							delete(filed, at)
						}
					}
				}
			case "deliver":
				if len(sent) == 0 {
					break
				}
				at := rapid.SampledFrom(sent).Draw(r, "alarm")
				expect := !closed && level < p.Levels && !now.Before(due)
				next, ok := stored.Escalate(&p, now)
				if ok && next.Level() == level { // it was postponed with no level left, and stops waiting
					if level < p.Levels || !next.Alarm.IsZero() {
						r.Fatalf("it did not escalate: %+v", next)
					}
					stored = next
					break
				}
				if ok != expect || ok && next.Level() != level+1 {
					r.Fatalf("the alarm of %v at %v: %t, and the model says %t; %+v", at, now, ok, expect, stored)
				}
				if !ok {
					break
				}
				if !next.Alarm.IsZero() {
					filed[next.Alarm] = true
					if next.Alarm.Sub(now) < task.MinDue {
						r.Fatalf("the next alarm is at %v, and it is %v", next.Alarm, now)
					}
				}
				if rapid.Bool().Draw(r, "killed") {
					break // filed, and not written
				}
				if p.EscalateTo != "" && next.Owner != p.EscalateTo {
					r.Fatalf("it belongs to %q", next.Owner)
				}
				stored, level, due = next, level+1, next.Alarm
			case "end":
				next, err := stored.Apply(&task.Change{State: ptr(task.Cancelled)}, now)
				if err != nil {
					r.Fatal(err)
				}
				stored, closed = next, true
			case "postpone":
				to := now.Add(time.Hour)
				next, err := stored.Apply(&task.Change{Due: &to}, now)
				if err != nil && !closed {
					r.Fatal(err)
				}
				if err == nil && !next.Due.Equal(stored.Due) {
					filed[next.Alarm] = true
					stored, due = next, next.Alarm
				}
			}
			if stored.Level() != level || stored.Level() > p.Levels {
				r.Fatalf("level %d, and the model says %d", stored.Level(), level)
			}
			if level < p.Levels && closed != stored.Alarm.IsZero() {
				r.Fatalf("%+v has no alarm, or one too many", stored)
			}
		}
	})
}

func TestWhoIsAskedAgain(t *testing.T) {
	done, err := made(t).Apply(&task.Change{State: ptr(task.Done), Outcome: ptr(task.Resolved)}, start.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	sig, ok, err := done.Again()
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	var data signal.RequestData
	if err := json.Unmarshal(sig.Data, &data); err != nil || data.Survey != "nps" || !data.Again || !strings.HasPrefix(data.Invitation, "again-") ||
		sig.ID != signal.RequestID("nps", data.Invitation) || sig.Kind != signal.Requested || sig.Customer != "c" || !sig.Time.Equal(start.Add(time.Hour)) {
		t.Errorf("%+v, %+v, %v", sig, data, err)
	}
	noted, err := done.Apply(&task.Change{Note: ptr("x")}, start.Add(2*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if same, _, _ := noted.Again(); !cmp.Equal(same, sig) {
		t.Errorf("another signal: %s", cmp.Diff(same, sig))
	}
	for name, change := range map[string]func(*task.Task){
		"of what is not done":             func(t *task.Task) { t.State = task.InProgress },
		"of what was cancelled":           func(t *task.Task) { t.State = task.Cancelled },
		"of what is about no answer":      func(t *task.Task) { t.Survey, t.Invitation = "", "" },
		"of whom we asked again already":  func(t *task.Task) { t.Invitation = data.Invitation },
		"of an answer without invitation": func(t *task.Task) { t.Invitation = "" },
	} {
		other := done
		change(&other)
		if sig, ok, err := other.Again(); ok || err != nil {
			t.Errorf("%s: %+v, %v", name, sig, err)
		}
	}
	second := made(t)
	second.Customer = "d"
	second.State = task.Done
	if sig2, _, _ := second.Again(); sig2.ID == sig.ID {
		t.Error("two tasks ask by one invitation")
	}
}
