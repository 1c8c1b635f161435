package message_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/signal"
)

var start = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func fresh() message.Entry {
	return message.New("win_back", 0, message.Email, signal.Signal{ID: "segment:1:rfm10", Customer: "c", Time: start})
}

func TestID(t *testing.T) {
	base := message.ID("c", "win_back", "segment:1:rfm10", 0, message.Email)
	if base != message.ID("c", "win_back", "segment:1:rfm10", 0, message.Email) {
		t.Error("the same occasion has two ids")
	}
	if len(base) != 26 {
		t.Errorf("an id has %d characters, not 26", len(base))
	}
	for name, other := range map[string]string{
		"another customer":               message.ID("d", "win_back", "segment:1:rfm10", 0, message.Email),
		"another scene":                  message.ID("c", "order_thanks", "segment:1:rfm10", 0, message.Email),
		"another occasion":               message.ID("c", "win_back", "segment:2:rfm10", 0, message.Email),
		"another step":                   message.ID("c", "win_back", "segment:1:rfm10", 1, message.Email),
		"another channel":                message.ID("c", "win_back", "segment:1:rfm10", 0, "sms"),
		"the same letters cut elsewhere": message.ID("c", "win_backs", "egment:1:rfm10", 0, message.Email),
	} {
		if other == base {
			t.Errorf("%s has the same id", name)
		}
	}
}

func TestAMessageInvitesOnceItIsSent(t *testing.T) {
	asked := fresh()
	asked.Invitation = message.Invitation{Survey: "nps", ID: asked.ID}
	reminder := asked
	reminder.Step = 1
	for _, c := range []struct {
		name  string
		from  message.Entry
		steps []string
		want  time.Time // when it invited; zero for not
	}{
		{"not before it is sent", asked, []string{"claim", "begin"}, time.Time{}},
		{"sent, it did when it was handed over", asked, []string{"claim", "begin", "accept"}, start},
		{"not while nobody can tell", asked, []string{"claim", "begin", "lose"}, time.Time{}},
		{"once that is settled, it did", asked, []string{"claim", "begin", "lose", "accept"}, start},
		{"refused, it did not", asked, []string{"claim", "begin", "fail"}, time.Time{}},
		{"without an invitation it did not", fresh(), []string{"claim", "begin", "accept"}, time.Time{}},
		{"a reminder does not", reminder, []string{"claim", "begin", "accept"}, time.Time{}},
	} {
		e := c.from
		for _, step := range c.steps {
			var err error
			if e, err = steps[step](e); err != nil {
				t.Fatal(err)
			}
		}
		if at, ok := e.Invited(); ok != !c.want.IsZero() || !at.Equal(c.want) {
			t.Errorf("%s: %s, %v", c.name, at, ok)
		}
	}
}

// steps are all steps by name, as a caller makes them.
var steps = map[string]func(message.Entry) (message.Entry, error){
	"hold": func(e message.Entry) (message.Entry, error) { return e.Hold("consent", "withdrawn", start) },
	"defer": func(e message.Entry) (message.Entry, error) {
		return e.Defer("quiet_hours", "night", start.Add(time.Hour), start)
	},
	"claim":    func(e message.Entry) (message.Entry, error) { return e.Claim(start) },
	"begin":    func(e message.Entry) (message.Entry, error) { return e.Begin("a", start) },
	"accept":   func(e message.Entry) (message.Entry, error) { return e.Accept("p", "en", start) },
	"fail":     func(e message.Entry) (message.Entry, error) { return e.Fail("refused") },
	"put back": func(e message.Entry) (message.Entry, error) { return e.PutBack("throttled") },
	"lose":     func(e message.Entry) (message.Entry, error) { return e.Lose("timeout") },
	"finish":   func(e message.Entry) (message.Entry, error) { return e.Finish(start) },
}

func TestSteps(t *testing.T) {
	allowed := map[message.State]map[string]message.State{
		"":               {"hold": message.Held, "defer": message.Deferred, "claim": message.Claimed},
		message.Deferred: {"hold": message.Held, "defer": message.Deferred, "claim": message.Claimed},
		message.Claimed:  {"begin": message.Sending, "hold": message.Held, "fail": message.Failed},
		message.Sending:  {"accept": message.Sent, "fail": message.Failed, "put back": message.Claimed, "lose": message.Unknown},
		message.Unknown:  {"accept": message.Sent},
		message.Sent:     {"accept": message.Sent}, // completes what a receipt settled first
		message.Held:     {},
		message.Failed:   {},
		message.Done:     {},
	}
	for from, to := range allowed {
		for name, step := range steps {
			e := fresh()
			e.State = from
			next, err := step(e)
			want, ok := to[name]
			switch {
			case ok && (err != nil || next.State != want):
				t.Errorf("%q, %s: got %q, %v; want %q", from, name, next.State, err, want)
			case !ok && fault.CodeOf(err) != fault.Conflict:
				t.Errorf("%q, %s: got %q, %v; want a conflict", from, name, next.State, err)
			case !ok && next.State != from:
				t.Errorf("%q, %s: a refused step moved the entry to %q", from, name, next.State)
			}
		}
	}
}

func TestAnEntryOfATaskIsDoneAndNothingElse(t *testing.T) {
	e := message.New("recovery_task", 0, message.Task, signal.Signal{ID: "answer:nps:i", Customer: "c", Time: start})
	waiting, err := e.Defer("quiet_hours", "night", start.Add(time.Hour), start)
	if err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string]message.Entry{"none": e, "deferred": waiting} {
		next, err := from.Finish(start.Add(time.Hour))
		if err != nil || next.State != message.Done || !next.Claimed.Equal(start.Add(time.Hour)) || next.Gate != "" || !next.Due.IsZero() {
			t.Errorf("from %s: %+v, %v", name, next, err)
		}
		if name == "deferred" && !next.Decided.Equal(start) {
			t.Errorf("the first decision moved: %+v", next)
		}
		for step, take := range steps {
			if _, err := take(next); fault.CodeOf(err) != fault.Conflict {
				t.Errorf("%s after it was done: %v", step, err)
			}
		}
		if after, _ := next.Apply(message.Receipt{Evidence: message.Rejection, Provider: "p", Time: start}); after.State != message.Done {
			t.Errorf("a receipt moved it to %s", after.State)
		}
	}
}

func TestTheFirstDecisionStays(t *testing.T) {
	e, err := fresh().Defer("quiet_hours", "night", start.Add(9*time.Hour), start)
	if err != nil {
		t.Fatal(err)
	}
	e, err = e.Claim(start.Add(9 * time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if !e.Decided.Equal(start) || !e.Claimed.Equal(start.Add(9*time.Hour)) || e.Gate != "" || !e.Due.IsZero() {
		t.Errorf("claimed after a deferral: %+v", e)
	}
}

func TestApply(t *testing.T) {
	sending := fresh()
	sending.State, sending.Attempted = message.Sending, start
	for _, c := range []struct {
		name  string
		state message.State
		kinds []message.Evidence
		want  message.State
	}{
		{"a delivery settles what was unknown", message.Unknown, []message.Evidence{message.Delivery}, message.Sent},
		{"an acceptance settles what was unknown", message.Unknown, []message.Evidence{message.Acceptance}, message.Sent},
		{"a rejection settles what was unknown", message.Unknown, []message.Evidence{message.Rejection}, message.Failed},
		{"a delivery settles what is still sending", message.Sending, []message.Evidence{message.Delivery}, message.Sent},
		{"a bounce shows that it was sent", message.Unknown, []message.Evidence{message.Bounce}, message.Sent},
		{"a rejection after the provider took it is a failure", message.Sent, []message.Evidence{message.Rejection}, message.Failed},
		{"what arrived was not rejected, whatever is said", message.Sent, []message.Evidence{message.Rejection, message.Delivery}, message.Sent},
		{"a soft bounce leaves sent as it is", message.Sent, []message.Evidence{message.SoftBounce}, message.Sent},
		{"a held entry has no receipts", message.Held, []message.Evidence{message.Acceptance, message.Delivery}, message.Held},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := sending
			e.State = c.state
			for i, k := range c.kinds {
				e, _ = e.Apply(message.Receipt{Evidence: k, Provider: "p", Time: start.Add(time.Duration(i) * time.Second)})
			}
			if e.State != c.want {
				t.Errorf("got %s, want %s", e.State, c.want)
			}
		})
	}
	t.Run("an acceptance waits while the sender may still write", func(t *testing.T) {
		r := message.Receipt{Evidence: message.Acceptance, Time: start}
		if !sending.Premature(r, start.Add(time.Second)) || sending.Premature(r, start.Add(message.SendingHorizon)) {
			t.Error("premature up to the horizon, and not from it on")
		}
	})
}

// TestReceiptsCommute applies the same receipts in two orders, with duplicates, and expects the same entry.
func TestReceiptsCommute(t *testing.T) {
	kinds := []message.Evidence{message.Acceptance, message.Delivery, message.Bounce, message.SoftBounce, message.Complaint, message.Delay, message.Rejection, message.Opening}
	states := []message.State{message.Claimed, message.Sending, message.Sent, message.Unknown, message.Failed, message.Held}
	rapid.Check(t, func(t *rapid.T) {
		e := fresh()
		e.State = rapid.SampledFrom(states).Draw(t, "state")
		receipts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) message.Receipt {
			return message.Receipt{
				Evidence: rapid.SampledFrom(kinds).Draw(t, "evidence"),
				Provider: "p",
				Time:     start.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "second")) * time.Second),
			}
		}), 0, 6).Draw(t, "receipts")
		apply := func(rs []message.Receipt) message.Entry {
			out := e
			for _, r := range rs {
				out, _ = out.Apply(r)
			}
			out.Sent = time.Time{} // when it was first known: depends on what was
			return out
		}
		once := apply(receipts)
		shuffled := append(slices.Clone(receipts), receipts...)
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		rnd.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if d := cmp.Diff(once, apply(shuffled)); d != "" {
			t.Fatalf("another order gives another entry: %s", d)
		}
		again := once
		for _, r := range receipts {
			var changed bool
			if again, changed = again.Apply(r); changed {
				t.Fatalf("%v changed an entry that had it already", r)
			}
		}
	})
}

// TestNeverTwo runs several senders over one entry, each reading, stepping and calling the provider in an order that
// rapid chooses, any of them dying anywhere, answers and receipts lost at will, and counts what the provider took.
func TestNeverTwo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		world := &provider{now: start}
		world.entry, _ = fresh().Claim(start)
		senders := make([]*sender, rapid.IntRange(1, 4).Draw(t, "senders"))
		for i := range senders {
			senders[i] = &sender{id: fmt.Sprint(i)}
		}
		for range rapid.IntRange(1, 60).Draw(t, "turns") {
			world.now = world.now.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "seconds")) * time.Second)
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0: // a receipt comes
				if len(world.taken) > 0 {
					world.entry, _ = world.entry.Apply(message.Receipt{Evidence: message.Delivery, Provider: world.taken[0], Time: world.now})
				}
			case 1: // a sender dies, and its message is delivered again
				s := rapid.SampledFrom(senders).Draw(t, "dies")
				*s = sender{id: s.id + "'"}
			default:
				rapid.SampledFrom(senders).Draw(t, "sender").turn(t, world)
			}
			if len(world.taken) > 1 {
				t.Fatalf("the provider took the message %d times", len(world.taken))
			}
			if len(world.taken) == 0 && world.entry.State == message.Sent {
				t.Fatal("sent, and the provider took nothing")
			}
			if len(world.taken) == 1 && (world.entry.State == message.Failed || world.entry.State == message.Claimed) {
				t.Fatalf("the provider took the message, and the entry is %s", world.entry.State)
			}
		}
	})
}

type provider struct {
	entry message.Entry
	taken []string
	now   time.Time
}

// write keeps the step on condition that the entry is as it was read, as the store does.
func (p *provider) write(read, next message.Entry) bool {
	if p.entry.Revision != read.Revision {
		return false
	}
	next.Revision++
	p.entry = next
	return true
}

type sender struct {
	id     string
	at     int
	read   message.Entry
	began  time.Time
	answer string
}

// turn is the next thing that a sender does. One that has been at it for a minute is stopped, as functions are.
func (s *sender) turn(t *rapid.T, p *provider) {
	if s.at > 0 && p.now.Sub(s.began) >= time.Minute {
		*s = sender{id: s.id + "'"}
	}
	switch s.at {
	case 0:
		s.read, s.began, s.at = p.entry, p.now, 1
	case 1:
		s.at = 0
		if s.read.State == message.Sending && p.now.Sub(s.read.Attempted) >= message.SendingHorizon {
			if next, err := s.read.Lose("crash"); err == nil {
				p.write(s.read, next)
			}
			return
		}
		next, err := s.read.Begin(s.id, p.now)
		if err == nil && p.write(s.read, next) {
			s.read, s.at = p.entry, 2
		}
	case 2:
		s.answer = rapid.SampledFrom([]string{"ok", "lost", "throttled", "refused", "never came"}).Draw(t, "answer")
		if s.answer == "ok" || s.answer == "lost" {
			p.taken = append(p.taken, s.id)
		}
		s.at = 3
	case 3:
		s.at = 0
		var next message.Entry
		var err error
		switch s.answer {
		case "ok":
			next, err = s.read.Accept(s.id, "en", p.now)
		case "throttled":
			next, err = s.read.PutBack("throttled")
		case "refused":
			next, err = s.read.Fail("refused")
		default:
			next, err = s.read.Lose("timeout")
		}
		if err == nil {
			p.write(s.read, next)
		}
	}
}
