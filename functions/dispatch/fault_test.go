package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"liuke/shared/channel"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/lately"
	"liuke/shared/message"
	"liuke/shared/queue"
	"liuke/shared/scene"
	"liuke/shared/signal"
	"liuke/shared/survey"
)

// TestFaultsNeverSendTwice runs the handler over a store and a provider that fail at random places: before or after
// they did what was asked, or by killing the process. The queue delivers again whatever was not acknowledged, and now
// and then what was. At the end each message was taken by the provider at most once, and the ledger is right about it
// or says that it does not know, and so is the contact record, which counts what was sent or may have been. A webhook that gives codes fails likewise: whatever it is asked, it is by one id, and the code that
// goes out is the one that the ledger has.
func TestFaultsNeverSendTwice(t *testing.T) {
	for _, c := range []struct {
		scene   string
		channel message.Channel
		seeds   int
	}{{"win_back", message.Email, 3000}, {"by_sms", message.SMS, 1000}, {"by_push", message.Push, 1000}, {"by_webhook", message.Webhook, 1000}, {"with_code", message.Email, 1000}} {
		t.Run(c.scene, func(t *testing.T) { faultsBy(t, c.scene, c.channel, c.seeds) })
	}
}

func faultsBy(t *testing.T, id string, ch message.Channel, seeds int) {
	surveys, err := survey.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	shared, err := NewHandler(Handler{
		Keys: keys{}, Surveys: catalogued(surveys).Surveys, Settings: settings{Sender: "Shop <hello@example.com>", BaseURL: base},
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if id != "win_back" {
		shared.scenes = loadEveryWay(t)
	}
	tally := map[message.State]int{}
	kills, faults, lost, again := 0, 0, 0, 0
	for seed := range uint64(seeds) {
		w := newWorld(shared, id, ch, seed)
		for turn := 0; turn < 40 && len(w.queue) > 0; turn++ {
			w.turn()
		}
		w.quiet = true // the faults are over, and time passes: what is left comes to its end
		for range 4 {
			w.queue = []string{w.job}
			w.now = w.now.Add(message.SendingHorizon)
			w.turn()
		}
		if w.taken > 1 {
			t.Fatalf("seed %d: taken %d times", seed, w.taken)
		}
		switch s := w.entry.State; {
		case id == "with_code" && s == message.Held && w.entry.Gate == scene.GateOffer && w.taken == 0:
		case w.taken == 1 && s != message.Sent && s != message.Unknown, w.taken == 0 && s != message.Failed && s != message.Unknown && s != message.Sent:
			t.Fatalf("seed %d: taken %d times, and the entry is %s", seed, w.taken, s)
		case w.taken == 0 && s == message.Sent:
			t.Fatalf("seed %d: sent, and nothing was taken", seed)
		case w.taken == 0 && s == message.Unknown:
			lost++
			if w.inWindow == 0 {
				t.Fatalf("seed %d: lost, and nothing happened between the step to sending and the answer", seed)
			}
		}
		if counts := w.entry.State == message.Sent || w.entry.State == message.Unknown; counts == w.contact.Empty() || len(w.contact.Stamps) > 1 {
			t.Fatalf("seed %d: the entry is %s, and the contact record says %+v", seed, w.entry.State, w.contact)
		}
		if at, ok := w.entry.Invited(); ok {
			if mark, ok := w.marked[survey.HourAt("leaving", at)]; !ok || mark.After(at) {
				t.Fatalf("seed %d: the invitation of %s was sent and its hour not marked before: %v", seed, at, w.marked)
			}
		}
		if w.wrong != "" {
			t.Fatalf("seed %d: %s", seed, w.wrong)
		}
		again += max(w.asked-1, 0)
		tally[w.entry.State]++
		kills += w.kills
		faults += w.faults
	}
	t.Logf("seeds 0 to %d: %d kills, %d faults; %v; %d of the unknown were never taken", seeds-1, kills, faults, tally, lost)
	if tally[message.Sent] < seeds/2 || tally[message.Unknown] == 0 || kills < seeds/6 {
		t.Error("the run shows too little")
	}
	if id == "with_code" && (again < seeds/4 || tally[message.Held] < seeds/20) {
		t.Errorf("asked again %d times, %d held: the run shows too little of codes", again, tally[message.Held])
	}
}

// world is one message, its store, its provider and its queue.
type world struct {
	rnd     *rand.Rand
	now     time.Time
	entry   message.Entry
	contact message.Contact
	profile customer.Profile
	handler *Handler
	job     string
	queue   []string
	quiet   bool
	taken   int
	kills   int
	faults  int
	// suppressed says that the address is.
	suppressed bool
	inWindow   int // kills and faults while the entry was sending
	attempts   int
	marked     map[survey.Hour]time.Time
	asked      int    // how often the webhook was asked
	given      string // the code that it gave
	wrong      string // what was seen that must not be
}

// killed is the panic of a process that is killed.
type killed struct{}

// newWorld sets up a claimed message. The handler is a copy of one that was made before: loading scenes takes long.
func newWorld(shared *Handler, id string, ch message.Channel, seed uint64) *world {
	w := &world{rnd: rand.New(rand.NewPCG(seed, 1)), now: arrival, marked: map[survey.Hour]time.Time{}}
	w.profile = customer.Profile{Version: 1}
	w.profile.Set(customer.TraitEmail, customer.Trait{Value: "li@example.com", Time: 1})
	w.profile.Set(customer.TraitFirstName, customer.Trait{Value: "Li", Time: 1})
	w.profile.Set(customer.TraitPhone, customer.Trait{Value: "+4915112345678", Time: 1})
	w.profile.Set(customer.TraitPush, customer.Trait{Value: phone, Time: 1})
	w.profile.Set(customer.ConsentTrait(string(ch)), customer.Trait{Value: "true", Time: 1})
	w.entry, _ = message.New(id, 0, ch, signal.Signal{
		ID: "s", Kind: signal.SegmentChanged, Customer: "c", Time: arrival, Data: json.RawMessage(`{"from":"Champions","to":"At Risk"}`),
	}).Claim(arrival)
	if id == "win_back" {
		invited(&w.entry)
	}
	w.entry.Revision = 1
	w.contact, _ = w.contact.Add(message.Stamp{Time: arrival, Scene: message.SceneMarkOf(id), Channel: ch})
	if w.entry.Invitation.Survey != "" {
		w.contact = w.contact.Ask(w.entry.Invitation.Survey, arrival)
	}
	body, _ := json.Marshal(message.Job{Customer: "c", Entry: w.entry.ID})
	w.job = string(body)
	w.queue = []string{w.job}
	h := *shared
	h.marks, h.silent = &marks{last: map[survey.Hour]time.Time{}}, lately.NewNames(askAgain)
	h.Offers = w
	h.Store, h.Messages, h.Channels = w, w, map[message.Channel]channel.Channel{ch: sender{w}}
	h.Now = func() time.Time { return w.now }
	h.pacer = newPacer(nil, 0, 1, h.Now)
	h.NewAttempt = func() string { w.attempts++; return fmt.Sprint("try-", w.attempts) }
	w.handler = &h
	return w
}

// turn delivers the first message of the queue to a process.
func (w *world) turn() {
	body := w.queue[0]
	w.queue = w.queue[1:]
	w.now = w.now.Add(time.Duration(w.rnd.IntN(60)) * time.Second)
	if !w.quiet && w.rnd.IntN(6) == 0 {
		w.queue = append(w.queue, body) // SQS delivers at least once
	}
	out, alive := w.invoke(body)
	if !alive || len(out.BatchItemFailures) > 0 {
		w.queue = append(w.queue, body)
	}
}

// invoke runs the handler's own part of a delivery: a panic of the kill leaves everything as it is.
func (w *world) invoke(body string) (out events.SQSEventResponse, alive bool) {
	dead := false
	guarded := *w.handler.runner
	guarded.Back = w
	guarded.Handle = func(ctx context.Context, jobs []message.Job) (errs []error) {
		defer func() {
			if p := recover(); p != nil {
				if _, ok := p.(killed); !ok {
					panic(p)
				}
				dead, errs = true, make([]error, len(jobs))
			}
		}()
		return w.handler.handle(ctx, jobs)
	}
	out, _ = guarded.Run(context.Background(), events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m", Body: body}}})
	return out, !dead
}

// do runs one call to a service: it may fail before, fail after, or the process may be killed before or after.
func (w *world) do(call func() error) error {
	fate := w.rnd.IntN(24)
	if w.quiet {
		fate = 23
	}
	if fate < 5 && w.entry.State == message.Sending {
		w.inWindow++
	}
	switch fate {
	case 0:
		w.faults++
		return fault.New(fault.Unavailable, "before")
	case 1:
		w.faults++
		return fault.New(fault.Throttled, "slower")
	case 2:
		w.kills++
		panic(killed{})
	}
	err := call()
	if fate < 5 && w.entry.State == message.Sending {
		w.inWindow++
	}
	switch fate {
	case 3:
		w.faults++
		return fault.New(fault.Unavailable, "after")
	case 4:
		w.kills++
		panic(killed{})
	}
	return err
}

func (w *world) Dossier(context.Context, message.Wanted) (d message.Dossier, err error) {
	err = w.do(func() error {
		d = message.Dossier{Person: "c", Profile: w.profile, Contact: w.contact, Entries: map[string]message.Entry{w.entry.ID: w.entry}}
		return nil
	})
	return d, err
}

func (w *world) Suppressed(context.Context, message.Channel, string) (bool, error) {
	return w.suppressed, w.do(func() error { return nil })
}

func (w *world) Suppress(context.Context, message.Channel, string, string, time.Time) error {
	return w.do(func() error { w.suppressed = true; return nil })
}

func (w *world) PutTest(context.Context, message.TestRecord) error {
	return w.do(func() error { return nil })
}

func (w *world) Entry(context.Context, customer.ID, string) (e message.Entry, err error) {
	err = w.do(func() error { e = w.entry; return nil })
	return e, err
}

func (w *world) WriteEntry(_ context.Context, e message.Entry) (message.Entry, error) {
	err := w.do(func() error {
		if e.Revision != w.entry.Revision {
			return fault.New(fault.Conflict, "moved")
		}
		e.Revision++
		w.entry = e
		return nil
	})
	return e, err
}

func (w *world) WriteUncounted(_ context.Context, _ customer.ID, e message.Entry, c message.Contact) (message.Entry, error) {
	err := w.do(func() error {
		if e.Revision != w.entry.Revision || c.Version != w.contact.Version+1 {
			return fault.New(fault.Conflict, "moved")
		}
		e.Revision++
		w.entry, w.contact = e, c
		return nil
	})
	return e, err
}

func (w *world) Answer(context.Context, customer.ID, string, string) (*survey.Answer, error) {
	return nil, w.do(func() error { return nil })
}

func (w *world) MarkHours(_ context.Context, now time.Time, hours ...survey.Hour) error {
	return w.do(func() error {
		for _, h := range hours {
			w.marked[h] = now
		}
		return nil
	})
}

// Ask gives one code, whatever it is asked, or has none, or answers in any way that is no answer.
func (w *world) Ask(_ context.Context, to, id string, _ json.RawMessage) (reply []byte, some bool, err error) {
	if w.asked++; to != "shop" || id != w.entry.ID || w.entry.State != message.Claimed || w.entry.Code.Code != "" {
		w.wrong = fmt.Sprintf("%s is asked as %s of an entry that is %s with the code %q", to, id, w.entry.State, w.entry.Code.Code)
	}
	answer := w.rnd.IntN(16)
	if w.quiet {
		answer = 15
	}
	switch answer {
	case 0:
		return nil, false, &channel.Error{Outcome: channel.Throttled, Reason: "HTTP_429"}
	case 1:
		return nil, false, &channel.Error{Outcome: channel.Blocked, Reason: "HTTP_401"}
	case 2:
		return []byte(`{"code":"<b>1</b>"}`), true, nil
	case 3:
		if w.given == "" {
			return nil, false, nil
		}
	case 4:
		if w.given == "" {
			return nil, false, &channel.Error{Outcome: channel.Refused, Reason: "HTTP_422"}
		}
	}
	if err := w.do(func() error { w.given = "C-1"; return nil }); err != nil {
		return nil, false, &channel.Error{Outcome: channel.Unknown, Reason: "timeout"}
	}
	return []byte(`{"code":"C-1"}`), true, nil
}

// Send takes what goes back to the queue.
func (w *world) Send(_ context.Context, messages ...queue.Message) error {
	for _, m := range messages {
		w.queue = append(w.queue, m.Body)
	}
	return nil
}

// sender is a channel whose provider may say no for good, and of the address as well.
type sender struct{ w *world }

func (m sender) Send(_ context.Context, out channel.Message) (id string, err error) {
	if code := m.w.entry.Code.Code; code != m.w.given || m.w.entry.State != message.Sending || code != "" && !strings.Contains(out.Text, "Take "+code+".") {
		m.w.wrong = fmt.Sprintf("%q goes out, and the entry is %s with the code %q", out.Text, m.w.entry.State, code)
	}
	answer := m.w.rnd.IntN(10)
	if m.w.quiet {
		answer = 9
	}
	switch answer {
	case 0:
		return "", &channel.Error{Outcome: channel.Throttled, Reason: "slower"}
	case 1:
		return "", &channel.Error{Outcome: channel.Blocked, Reason: "paused"}
	case 2:
		if m.w.rnd.IntN(4) == 0 {
			return "", &channel.Error{Outcome: channel.Refused, Reason: "gone", Suppress: true}
		}
	}
	err = m.w.do(func() error { m.w.taken++; return nil })
	if err != nil {
		return "", &channel.Error{Outcome: channel.Unknown, Reason: "timeout"}
	}
	return "p", nil
}
