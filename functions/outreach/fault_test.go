package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/measure"
	"liuke/shared/measure/recount"
	"liuke/shared/message"
	"liuke/shared/signal"
	"liuke/shared/survey"
	"liuke/shared/telemetry"
)

// TestFaultsAskAndRemindOnce runs the handler over a store and queues that fail at random places: before or after they did
// what was asked, or by killing the process. A customer's tickets are resolved, some are asked about, some of those are
// answered. Whatever happens, nobody is asked before the survey's wait is over, nobody is reminded who was not invited or
// has answered, and once the faults are over every invitation that was sent and not answered has been reminded of once.
func TestFaultsAskAndRemindOnce(t *testing.T) {
	const seeds = 150
	business, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	shared, err := NewHandler(Handler{
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Count: telemetry.NewCounter(io.Discard, "outreach", func() time.Time { return arrival }),
	}, business)
	if err != nil {
		t.Fatal(err)
	}
	tally := map[string]int{}
	for seed := range uint64(seeds) {
		w := newWorld(t, shared, seed)
		for w.now.Before(arrival.Add(20 * 24 * time.Hour)) {
			w.turn()
		}
		w.quiet = true // the faults are over, and time passes: what is left comes to its end
		for w.now.Before(arrival.Add(26 * 24 * time.Hour)) {
			w.turn()
		}
		for id, e := range w.entries {
			if e.Step > 0 {
				continue
			}
			reminder := w.entries[message.ID(e.Customer, e.Scene, e.Occasion, 1, e.Channel)]
			answered, was := w.answers[e.Invitation.ID]
			switch {
			case e.Open() || e.State == message.Claimed:
				t.Fatalf("seed %d: %s is left %s", seed, id, e.State)
			case e.State == message.Sent && !was && reminder.State != message.Sent && reminder.State != message.Failed:
				t.Fatalf("seed %d: sent at %s and not answered, and its reminder is %q: %s", seed, e.Sent, reminder.State, reminder.Reason)
			case e.State != message.Sent && !reminder.Claimed.IsZero():
				t.Fatalf("seed %d: %s, and reminded of", seed, e.State)
			case was && reminder.Claimed.After(answered):
				t.Fatalf("seed %d: answered at %s and reminded of at %s", seed, answered, reminder.Claimed)
			}
			tally[string(e.State)+" "+e.Reason]++
			if reminder.ID != "" {
				tally["reminder "+string(reminder.State)+" "+reminder.Reason]++
			}
		}
		tally["kills"] += w.kills
		tally["faults"] += w.faults
	}
	t.Logf("seeds 0 to %d: %v", seeds-1, tally)
	if tally["kills"] < 500 || tally["reminder sent "] < 150 || tally["reminder held answered"] < 100 || tally["held asked_before"] < 100 {
		t.Error("the run shows too little")
	}
}

// world is one customer, what is stored of it, and the queues.
type world struct {
	Tasks    // none is made here
	Measures // no hours are counted here
	Budgets
	Offers

	t       *testing.T
	rnd     *rand.Rand
	now     time.Time
	handler *Handler
	quiet   bool
	calm    bool     // nothing fails
	queue   []string // the signals queue
	jobs    []string // the messages queue
	profile customer.Profile
	surveys survey.Catalogue
	tickets int
	kills   int
	faults  int

	contact []byte
	version int64
	entries map[string]message.Entry
	due     map[dynamo.Key]signal.Signal
	answers map[string]time.Time // by invitation
	invited []time.Time          // when invitations were claimed
	claimed map[string]bool
	drawn   map[string]*measure.Enrolment // by person, scene and trial
}

// killed is the panic of a process that is killed.
type killed struct{}

func newWorld(t *testing.T, shared *Handler, seed uint64) *world {
	w := &world{
		t: t, rnd: rand.New(rand.NewPCG(seed, 2)), now: arrival, entries: map[string]message.Entry{}, due: map[dynamo.Key]signal.Signal{},
		answers: map[string]time.Time{}, claimed: map[string]bool{}, drawn: map[string]*measure.Enrolment{},
		surveys: survey.Catalogue{"csat_ticket": {ID: "csat_ticket", Invite: survey.Invite{AgainAfter: 5 * 24 * time.Hour, Sample: 1, Reminders: []time.Duration{48 * time.Hour}}}},
	}
	w.profile = customer.Profile{Version: 1}
	for name, value := range map[string]string{customer.TraitEmail: "li@example.com", customer.ConsentTrait("email"): "true", customer.TraitTimeZone: "Asia/Shanghai"} {
		w.profile.Set(name, customer.Trait{Value: value, Time: 1})
	}
	h := *shared
	rules := *shared.rules
	rules.Policy.AskAgainAfter = 0
	h.rules = &rules
	h.Store, h.Surveys, h.Signals, h.Messages = w, w.Surveys, (*signals)(w), (*jobs)(w)
	h.Now = func() time.Time { return w.now }
	h.enroller = recount.NewEnroller(w, h.Now)
	w.handler = &h
	return w
}

// turn lets some time pass, and something happen.
func (w *world) turn() {
	w.now = w.now.Add(time.Duration(1+w.rnd.IntN(240)) * time.Minute)
	if !w.quiet && w.rnd.IntN(5) == 0 {
		w.tickets++
		body, _ := encode(resolved("c", fmt.Sprint("e-", w.tickets), w.now))
		w.queue = append(w.queue, body)
	}
	w.guard(func() error { return w.handler.sweepShard(context.Background(), 0, w.now) })
	for n := len(w.queue); n > 0; n-- {
		body := w.queue[0]
		w.queue = w.queue[1:]
		if !w.quiet && w.rnd.IntN(6) == 0 {
			w.queue = append(w.queue, body) // SQS delivers at least once
		}
		if !w.deliver(body) {
			w.queue = append(w.queue, body)
		}
	}
	w.dispatch()
	for _, id := range slices.Sorted(maps.Keys(w.entries)) {
		e := w.entries[id]
		if _, was := w.answers[id]; !w.quiet && !was && e.State == message.Sent && e.Step == 0 && w.rnd.IntN(30) == 0 {
			w.answers[id] = w.now
		}
	}
}

// guard runs a process until it ends or is killed, and reports whether it ended well.
func (w *world) guard(process func() error) (well bool) {
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(killed); !ok {
				panic(p)
			}
			well = false
		}
	}()
	return process() == nil
}

func (w *world) deliver(body string) bool {
	return w.guard(func() error {
		var p signal.Pack
		if err := json.Unmarshal([]byte(body), &p); err != nil {
			w.t.Fatal(err)
		}
		for _, err := range w.handler.answer(context.Background(), p.Signals) {
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// dispatch sends what is queued, or fails to; its own faults are tested where it is.
func (w *world) dispatch() {
	for _, body := range w.jobs {
		var j message.Job
		if err := json.Unmarshal([]byte(body), &j); err != nil {
			w.t.Fatal(err)
		}
		e := w.entries[j.Entry]
		if e.State != message.Claimed {
			continue
		}
		e, _ = e.Begin("try", w.now)
		if w.rnd.IntN(10) == 0 {
			e, _ = e.Fail("refused")
		} else {
			e, _ = e.Accept("p", "en", w.now)
		}
		e.Revision += 2
		w.entries[j.Entry] = e
	}
	w.jobs = nil
}
