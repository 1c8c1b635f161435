package campaign

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/cron"
	"liuke/shared/fault"
	"liuke/shared/recalc"
)

// memory is a store and a queue whose calls may fail, before or after they had their effect.
type memory struct {
	run         string
	records     map[string]*Record
	filed       []Filing
	recurrences map[string]Recurrence
	last        map[string]string // by scene
	sent        map[string]int    // messages by the run that they are of
	fails       func() (before, after bool)
}

func newMemory() *memory {
	return &memory{run: "r", records: map[string]*Record{}, recurrences: map[string]Recurrence{}, last: map[string]string{}, sent: map[string]int{},
		fails: func() (bool, bool) { return false, false }}
}

// faults lets so many of twelve calls fail before their effect, and as many after it.
func faults(seed uint64, failing int) func() (before, after bool) {
	rng := rand.New(rand.NewPCG(seed, 1))
	return func() (bool, bool) {
		n := rng.IntN(12)
		return n < failing, n >= failing && n < 2*failing
	}
}

func (m *memory) call(effect func() error) error {
	before, after := m.fails()
	if before {
		return fault.New(fault.Unavailable, "nobody there")
	}
	if err := effect(); err != nil || !after {
		return err
	}
	return fault.New(fault.Unavailable, "nobody knows")
}

func (m *memory) CurrentRun(context.Context) (run string, err error) {
	return m.run, m.call(func() error { return nil })
}

func (m *memory) BeginCampaign(_ context.Context, r *Record) error {
	return m.call(func() error {
		if m.records[r.Name()] != nil {
			return fault.New(fault.Conflict, "there is one")
		}
		kept := *r
		m.records[r.Name()] = &kept
		if r.State == Filed {
			m.filed = append(m.filed, r.Filing())
		}
		return nil
	})
}

func (m *memory) LastCampaign(_ context.Context, scene string) (id string, err error) {
	return m.last[scene], m.call(func() error { return nil })
}

func (m *memory) BeginNextCampaign(ctx context.Context, r *Record, last string) error {
	if m.last[r.Scene] != last {
		return fault.New(fault.Conflict, "there was another")
	}
	err := m.BeginCampaign(ctx, r)
	if m.records[r.Name()] != nil && fault.CodeOf(err) != fault.Conflict {
		m.last[r.Scene] = r.ID
	}
	return err
}

func (m *memory) Campaigns(_ context.Context, scene string, limit int) (all []*Record, err error) {
	err = m.call(func() error {
		for _, name := range slices.Backward(slices.Sorted(maps.Keys(m.records))) {
			if r := *m.records[name]; r.Scene == scene && len(all) < limit {
				all = append(all, &r)
			}
		}
		return nil
	})
	return all, err
}

func (m *memory) Campaign(_ context.Context, scene, id string) (r *Record, err error) {
	err = m.call(func() error {
		if r = m.records[scene+"/"+id]; r == nil {
			return fault.New(fault.NotFound, "there is none")
		}
		copied := *r
		r = &copied
		return nil
	})
	return r, err
}

func (m *memory) StartCampaign(_ context.Context, scene, id, run string, at time.Time) error {
	return m.call(func() error {
		r := m.records[scene+"/"+id]
		if r == nil || r.State != Filed {
			return fault.New(fault.Conflict, "it is not on file")
		}
		r.State, r.Run, r.Updated = recalc.Running, run, at
		return nil
	})
}

func (m *memory) FailCampaign(_ context.Context, scene, id, reason string, at time.Time) error {
	return m.call(func() error {
		if r := m.records[scene+"/"+id]; r != nil && (r.State == Filed || r.State == recalc.Running) {
			r.State, r.Reason, r.Finished = recalc.Failed, reason, at
		}
		return nil
	})
}

func (m *memory) FiledCampaigns(_ context.Context, now time.Time) (due []Filing, err error) {
	for _, f := range m.filed {
		if !f.At.After(now) {
			due = append(due, f)
		}
	}
	return due, m.call(func() error { return nil })
}

func (m *memory) UnfileCampaign(_ context.Context, f Filing) error {
	return m.call(func() error {
		m.filed = slices.DeleteFunc(m.filed, func(o Filing) bool { return o == f })
		return nil
	})
}

func (m *memory) Recurrences(context.Context) (map[string]Recurrence, error) {
	return maps.Clone(m.recurrences), m.call(func() error { return nil })
}

func (m *memory) PutRecurrence(_ context.Context, scene string, r Recurrence) error {
	return m.call(func() error {
		if old, ok := m.recurrences[scene]; ok && old.Cron == r.Cron && !old.At.Before(r.At) {
			return fault.New(fault.Conflict, "it is further")
		}
		m.recurrences[scene] = r
		return nil
	})
}

func (m *memory) SendPhases(_ context.Context, messages ...recalc.Message) error {
	return m.call(func() error {
		for _, p := range messages {
			m.sent[p.Scene+"/"+p.Campaign]++
			if p.Phase != recalc.PhaseCampaign || p.Run != "r" || p.Step != 0 {
				panic(fmt.Sprintf("%+v", p))
			}
		}
		return nil
	})
}

var start = time.Date(2026, 3, 6, 22, 17, 31, 0, time.UTC)

func TestASceneStartsOnceForEachTimeThatTicksFindWhateverFails(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York") // whose clock is put forward two days on
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		m := newMemory()
		failing := rapid.IntRange(0, 3).Draw(rt, "failing")
		m.fails = faults(rapid.Uint64().Draw(rt, "seed"), failing)
		text := rapid.SampledFrom([]string{"0 * * * *", "*/20 * * * *", "30 2 * * *", "15,45 0-4 * * *", "0 10 * * 1"}).Draw(rt, "cron")
		schedule, err := cron.Parse(text)
		if err != nil {
			rt.Fatal(err)
		}
		now := start
		c := &Clock{Files: m, Queue: m, Now: func() time.Time { return now }, Zone: zone}
		fresh := 24 * time.Hour
		seen, want := time.Time{}, map[string]bool{}
		started := 0
		for range rapid.IntRange(1, 40).Draw(rt, "ticks") {
			now = now.Add(time.Duration(rapid.SampledFrom([]int{30, 60, 60, 61, 1_200, 7_000, 40_000, 100_000}).Draw(rt, "seconds")) * time.Second)
			on := rapid.IntRange(0, 4).Draw(rt, "on") > 0
			for tries := 0; ; tries++ {
				n, err := c.Tick(t.Context(), []Scheduled{{"sale", text, fresh, on}})
				started += n
				if err == nil {
					break
				}
				if fault.CodeOf(err) != fault.Unavailable || tries > 1000 {
					rt.Fatal(err)
				}
			}
			if !seen.IsZero() {
				if at, due := schedule.Last(seen, now, zone); due {
					if on && now.Sub(at) <= fresh {
						want["sale/"+recalc.JobID(at)] = true
					}
				}
			}
			seen = now
		}
		if d := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(m.records))); d != "" {
			rt.Fatal(d)
		}
		for name := range want {
			if m.sent[name] == 0 || failing == 0 && m.sent[name] != 1 {
				rt.Fatalf("%d messages start %s", m.sent[name], name)
			}
		}
		if failing == 0 && started != len(want) {
			rt.Fatalf("%d started, want %d", started, len(want))
		}
	})
}

func TestARunOnFileStartsOnceAtItsMinuteWhateverFails(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newMemory()
		now := start
		p := &Planner{m, m, func() time.Time { return now }}
		t1, err := ParseRun([]byte(`{"at":"2026-03-06T23:00:10+00:00","limit":7,"per_second":3}`), now)
		if err != nil {
			rt.Fatal(err)
		}
		r, err := p.Plan(t.Context(), "sale", t1)
		if err != nil || r.State != Filed || len(m.sent) != 0 {
			rt.Fatalf("%+v, %v", r, err)
		}
		cancelled := rapid.Bool().Draw(rt, "cancelled")
		if cancelled {
			m.records[r.Name()].State = Cancelled
		}
		none := rapid.Bool().Draw(rt, "without a recalculation")
		if none {
			m.run = ""
		}
		failing := rapid.IntRange(0, 3).Draw(rt, "failing")
		m.fails = faults(rapid.Uint64().Draw(rt, "seed"), failing)
		c := &Clock{Files: m, Queue: m, Now: func() time.Time { return now }, Zone: time.UTC}
		for now = start; now.Before(start.Add(time.Hour)); now = now.Add(time.Minute) {
			for {
				if _, err := c.Tick(t.Context(), nil); err == nil {
					break
				} else if fault.CodeOf(err) != fault.Unavailable {
					rt.Fatal(err)
				}
			}
			if now.Before(t1.At) && m.records[r.Name()].State == recalc.Running {
				rt.Fatalf("started at %s", now)
			}
		}
		got := m.records[r.Name()]
		switch {
		case cancelled && (got.State != Cancelled || m.sent[r.Name()] > 0):
			rt.Fatalf("%+v", got)
		case !cancelled && none && (got.State != recalc.Failed || !strings.Contains(got.Reason, "recalculation")):
			rt.Fatalf("%+v", got)
		case !cancelled && !none && (got.State != recalc.Running || got.Run != "r" || m.sent[r.Name()] < 1):
			rt.Fatalf("%+v, %v", got, m.sent)
		case len(m.filed) > 0:
			rt.Fatalf("%v is still on file", m.filed)
		}
	})
}

func TestPlanningNow(t *testing.T) {
	m := newMemory()
	p := &Planner{m, m, func() time.Time { return start }}
	terms, err := ParseSimulate([]byte(`{"seed":9,"sample":100,"text":"id: x"}`), start)
	if err != nil || terms.Text != "id: x" || terms.Seed != 9 || terms.Customers != 100 {
		t.Fatal(terms, err)
	}
	r, err := p.Plan(t.Context(), "sale", terms)
	if err != nil || r.State != recalc.Running || m.sent[r.Name()] != 1 || r.Run != "r" || !r.Terms.At.Equal(start) {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, err := p.Plan(t.Context(), "sale", terms); fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "try again") {
		t.Errorf("two at once: %v", err)
	}
	m.run = ""
	if _, err := p.Plan(t.Context(), "other", Terms{At: start}); fault.CodeOf(err) != fault.Conflict || len(m.records) != 1 {
		t.Errorf("without a recalculation: %v", err)
	}
	m.run = "r"
	broken := &Planner{m, unsent{}, p.Now}
	if _, err := broken.Plan(t.Context(), "other", Terms{At: start}); fault.CodeOf(err) != fault.Unavailable || m.records["other/"+r.ID].State != recalc.Failed {
		t.Errorf("without a queue: %v", err)
	}
}

// TestARunThatIsAskedForAgainStartsOnce asks for a run by a key until somebody answers, whatever fails, at other times each, with
// others that ask by other keys or none meanwhile.
func TestARunThatIsAskedForAgainStartsOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newMemory()
		now := start
		p := &Planner{m, m, func() time.Time { return now }}
		m.fails = faults(rapid.Uint64().Draw(rt, "seed"), rapid.IntRange(0, 3).Draw(rt, "failing"))
		later := rapid.Bool().Draw(rt, "later")
		at := func() time.Time {
			if later {
				return start.Add(time.Hour)
			}
			return now
		}
		ids := map[string]bool{}
		for range rapid.IntRange(1, 4).Draw(rt, "requests") {
			for {
				now = now.Add(time.Second)
				if rapid.IntRange(0, 2).Draw(rt, "another") == 0 {
					other, err := p.Plan(t.Context(), "sale", Terms{At: at(), Key: rapid.SampledFrom([]string{"", "b"}).Draw(rt, "by")})
					if err == nil && len(ids) > 0 && other.ID == recalc.JobID(now) {
						rt.Fatal("another was started beside it")
					}
				}
				r, err := p.Plan(t.Context(), "sale", Terms{At: at(), Key: "a"})
				if err == nil {
					ids[r.ID] = true
					break
				}
				if fault.CodeOf(err) == fault.Conflict { // another was first: it ends
					for _, other := range m.records {
						if other.Terms.Key != "a" && other.State != recalc.Failed {
							other.State = recalc.Done
						}
					}
				}
			}
		}
		n := 0
		for _, r := range m.records {
			if r.Terms.Key == "a" {
				n++
				if r.State == recalc.Running && m.sent[r.Name()] == 0 {
					rt.Fatalf("%+v was never sent", r)
				}
			}
		}
		if n != 1 || len(ids) != 1 {
			rt.Fatalf("%d were started, %v answered", n, ids)
		}
	})
}

// overtaken is a store to which others come first: they begin what they like right before a run is begun.
type overtaken struct {
	*memory
	others []func()
}

func (o *overtaken) BeginNextCampaign(ctx context.Context, r *Record, last string) error {
	if len(o.others) > 0 {
		first := o.others[0]
		o.others = o.others[1:]
		first()
	}
	return o.memory.BeginNextCampaign(ctx, r, last)
}

func TestOfRequestsAtOneTimeOneStartsItsRunAndTheOthersFindIt(t *testing.T) {
	later := Terms{At: start.Add(time.Hour), Key: "a"}
	for _, c := range []struct {
		name         string
		asked, other Terms
		overtakes    int
		same         bool // the answer is the other's run
		says         string
	}{
		{"the same request", Terms{At: start, Key: "a"}, Terms{At: start, Key: "a"}, 1, true, ""},
		{"the same request for later", later, later, 1, true, ""},
		{"one that another is in the way of", Terms{At: start}, Terms{At: start}, 1, false, "is under way"},
		{"one that another is not in the way of", later, Terms{At: start.Add(2 * time.Hour)}, 1, false, ""},
		{"more than it waits for", later, Terms{At: start.Add(2 * time.Hour)}, planTries, false, "try again"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMemory()
			now := start
			clock := func() time.Time { return now }
			store := &overtaken{memory: m}
			var other *Record
			for range c.overtakes {
				store.others = append(store.others, func() {
					terms := c.other
					terms.At = terms.At.Add(time.Duration(len(m.records)) * time.Minute)
					now = now.Add(time.Second)
					var err error
					if other, err = (&Planner{m, m, clock}).Plan(t.Context(), "sale", terms); err != nil {
						t.Fatal(err)
					}
				})
			}
			r, err := (&Planner{store, m, clock}).Plan(t.Context(), "sale", c.asked)
			if c.says != "" {
				if fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%+v, %v", r, err)
				}
				return
			}
			if err != nil || (r.ID == other.ID) != c.same {
				t.Errorf("%+v, %v, the other is %s", r, err, other.ID)
			}
		})
	}
}

func TestARunUnderWayIsSeenBehindManySimulations(t *testing.T) {
	m := newMemory()
	now := start
	p := &Planner{m, m, func() time.Time { return now }}
	first, err := p.Plan(t.Context(), "sale", Terms{At: start, Key: "a"})
	if err != nil {
		t.Fatal(err)
	}
	for range recent {
		now = now.Add(time.Minute)
		if _, err := p.Plan(t.Context(), "sale", Terms{At: now, Simulated: true}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.Plan(t.Context(), "sale", Terms{At: now}); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("another beside it: %v", err)
	}
	if again, err := p.Plan(t.Context(), "sale", Terms{At: now, Key: "a"}); err != nil || again.ID != first.ID {
		t.Errorf("asked for again: %+v, %v", again, err)
	}
}

func TestOneRunOfASceneAtATime(t *testing.T) {
	m := newMemory()
	now := start
	p := &Planner{m, m, func() time.Time { return now }}
	plan := func(at time.Time) (string, fault.Code) {
		now = now.Add(time.Millisecond)
		r, err := p.Plan(t.Context(), "sale", Terms{At: at})
		if err != nil {
			return "", fault.CodeOf(err)
		}
		return r.ID, ""
	}
	tomorrow := start.Add(24 * time.Hour)
	first, err := plan(start)
	if err != "" {
		t.Fatal(err)
	}
	if _, err := plan(start); err != fault.Conflict {
		t.Errorf("while one is under way: %v", err)
	}
	m.records["sale/"+first].State = recalc.Done
	if _, err := plan(tomorrow); err != "" {
		t.Errorf("tomorrow's: %v", err)
	}
	if _, err := plan(tomorrow); err != fault.Conflict {
		t.Errorf("tomorrow's twice: %v", err)
	}
	if _, err := plan(tomorrow.Add(time.Hour)); err != "" {
		t.Errorf("another of tomorrow: %v", err)
	}
	now = now.Add(time.Millisecond)
	if _, err := p.Plan(t.Context(), "sale", Terms{Simulated: true, At: now}); err != nil {
		t.Errorf("a simulation meanwhile: %v", err)
	}
	if err := m.BeginNextCampaign(t.Context(), &Record{Job: recalc.Job{ID: "x"}, Scene: "sale"}, first); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("after one that is not the last: %v", err)
	}
}

type unsent struct{}

func (unsent) SendPhases(context.Context, ...recalc.Message) error {
	return fault.New(fault.Unavailable, "nobody there")
}

func FuzzRequests(f *testing.F) {
	for _, seed := range []string{`{}`, `{"at":"2026-03-07T10:00:00Z","limit":10,"per_second":5}`, `{"at":"2020-01-01T00:00:00Z"}`, `{"limit":0}`,
		`{"seed":18446744073709551615,"sample":1000,"text":"id: a"}`, `{"at":"0001-01-01T00:00:00Z"}`, `{"at":"9999-12-31T23:59:59Z"}`, `{"per_second":1e9}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		check := func(terms Terms, err error) {
			switch {
			case err != nil && fault.CodeOf(err) != fault.Invalid:
				t.Fatal(err)
			case err == nil && (terms.Customers < 0 || terms.PerSecond < 1 || terms.At.Sub(start).Abs() > MaxAhead || !terms.Simulated && terms.At.Before(start)):
				t.Fatalf("%+v", terms)
			}
		}
		check(ParseRun(body, start))
		terms, err := ParseSimulate(body, start)
		check(terms, err)
	})
}
